"""The characters that are kept of very large fonts: those of each country's own standards.

A character that one CJK font lacks is drawn with another one, in the order of `text/fonts.py`.
"""

# Other scripts are left out: their letters are wide in these fonts, so Noto Sans draws them.
_CJK_BLOCKS = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x203B), (0x2116, 0x2122), (0x2160, 0x217F),
    (0x2190, 0x2199), (0x2460, 0x259F), (0x25A0, 0x25FF), (0x2605, 0x2606), (0x2660, 0x266F),
    (0x2E80, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
# Of names of people and places: in China's Table of General Standard Characters (2013), but not in
# the encodings below.
_CHINESE_NAME_CHARACTERS = (
    "喆堃珺犇芃翀赟颋垚旸瑄玘䶮祎彧婳嬛昉湉禛纮翃翙谞遹锳镕頔飏骎骙鹓龑龢曈翾嫚琤媃玹璠璥"
    "玥昇珩璟玹珮珣琎珝瑀瑗瑭璁璘昳晗晞暎曌焜烜炘煊熠燊骁骦骕骧鹮翯翎裎祺祾禤筠筱箬篪綦缦缨翊"
    "淏淼渼湝溦滟潋潞潆澍澔濛瀚灏垍垲埇埼堉塬墁墉姞姮娉娴娅婠婵嫄嫱嬿孖孚屾岍岚峣峥崟崧嵘嵩"
    "钊钰钲铖铧铱铄锜锴镆镛镠闫闿阚隽陟雩雱霁霈霏靓靖韫韬頫颀颢飔馨驎髙鲲鸾麂黛黻鼐龁"
)
_JAPANESE_NAME_CHARACTERS = "𠮷𡈽𣘺𦚰"
_MATHEMATICAL_BLOCKS = ((0x2100, 0x214F), (0x2190, 0x22FF), (0x27C0, 0x27FF), (0x1D400, 0x1D7FF))


def simplified_chinese() -> frozenset[str]:
    """GB 2312, rare characters of names, and those of GBK that no other country's standard has."""
    others = (
        _encodable_in("big5hkscs")
        | _encodable_in("shift_jis_2004")
        | _encodable_in("cp932")
        | _encodable_in("euc_kr")
    )
    return _in_cjk_blocks(
        _encodable_in("gb2312")
        | frozenset(_CHINESE_NAME_CHARACTERS)
        | (_encodable_in("gbk") - others)
    )


def traditional_chinese() -> frozenset[str]:
    """Big5 with the Hong Kong supplement."""
    return _in_cjk_blocks(_encodable_in("big5") | _encodable_in("big5hkscs"))


def japanese() -> frozenset[str]:
    """JIS X 0208 and 0213, NEC's and IBM's extensions, name variants, kana, box drawing."""
    standard = _encodable_in("shift_jis_2004") | _encodable_in("cp932")
    kana, boxes = _block_characters((0x3041, 0x30FF)), _block_characters((0x2500, 0x259F))
    return _in_cjk_blocks(standard | kana | boxes | frozenset(_JAPANESE_NAME_CHARACTERS))


def korean() -> frozenset[str]:
    """Every Hangul syllable, and the Chinese characters of KS X 1001."""
    return _in_cjk_blocks(_encodable_in("euc_kr") | _block_characters((0xAC00, 0xD7A3)))


def mathematical() -> frozenset[str]:
    """Operators, and the styled mathematical letters that people put into their names."""
    return frozenset().union(*map(_block_characters, _MATHEMATICAL_BLOCKS))


def _in_cjk_blocks(characters: frozenset[str]) -> frozenset[str]:
    ascii_characters = _block_characters((0x20, 0x7E))
    cjk_characters = frozenset().union(*map(_block_characters, _CJK_BLOCKS))
    return (characters | ascii_characters) & cjk_characters


def _block_characters(block: tuple[int, int]) -> frozenset[str]:
    return frozenset(map(chr, range(block[0], block[1] + 1)))


def _encodable_in(codec: str) -> frozenset[str]:
    characters = (chr(code) for code in range(0xA0, 0x30000) if not 0xD800 <= code < 0xE000)
    return frozenset(char for char in characters if char.encode(codec, "ignore"))
