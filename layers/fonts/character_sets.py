"""Which characters of the very large fonts ship: those of the countries' own standards.

A character that one of the four lacks is drawn from another one, as `text/fonts.py` orders them.
"""

_CJK_BLOCKS = (  # blocks; letters of other scripts are wide in these fonts, and left to Noto Sans
    (0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x203B), (0x2116, 0x2122), (0x2160, 0x217F),
    (0x2190, 0x2199), (0x2460, 0x259F), (0x25A0, 0x25FF), (0x2605, 0x2606), (0x2660, 0x266F),
    (0x2E80, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
_CHINESE_NAME_CHARACTERS = (  # of people and places, in the general list of 2013 and in none of the standards below
    "喆堃珺犇芃翀赟颋垚旸瑄玘䶮祎彧婳嬛昉湉禛纮翃翙谞遹锳镕頔飏骎骙鹓龑龢曈翾嫚琤媃玹璠璥"
    "玥昇珩璟玹珮珣琎珝瑀瑗瑭璁璘昳晗晞暎曌焜烜炘煊熠燊骁骦骕骧鹮翯翎裎祺祾禤筠筱箬篪綦缦缨翊"
    "淏淼渼湝溦滟潋潞潆澍澔濛瀚灏垍垲埇埼堉塬墁墉姞姮娉娴娅婠婵嫄嫱嬿孖孚屾岍岚峣峥崟崧嵘嵩"
    "钊钰钲铖铧铱铄锜锴镆镛镠闫闿阚隽陟雩雱霁霈霏靓靖韫韬頫颀颢飔馨驎髙鲲鸾麂黛黻鼐龁"
)
_JAPANESE_NAME_CHARACTERS = "𠮷𡈽𣘺𦚰"
_MATHEMATICAL_BLOCKS = ((0x2100, 0x214F), (0x2190, 0x22FF), (0x27C0, 0x27FF), (0x1D400, 0x1D7FF))


def simplified_chinese() -> frozenset[str]:
    """GB 2312, rare letters of names, and of GBK what none of the others has."""
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
    """Big5 with Hong Kong's supplement."""
    return _in_cjk_blocks(_encodable_in("big5") | _encodable_in("big5hkscs"))


def japanese() -> frozenset[str]:
    """JIS X 0208 and 0213, what NEC and IBM added, variants in names; all boxes and blocks."""
    standard = _encodable_in("shift_jis_2004") | _encodable_in("cp932")
    kana, boxes = _block_characters((0x3041, 0x30FF)), _block_characters((0x2500, 0x259F))
    return _in_cjk_blocks(standard | kana | boxes | frozenset(_JAPANESE_NAME_CHARACTERS))


def korean() -> frozenset[str]:
    """Every syllable, and the Chinese letters of KS X 1001."""
    return _in_cjk_blocks(_encodable_in("euc_kr") | _block_characters((0xAC00, 0xD7A3)))


def mathematical() -> frozenset[str]:
    """Letters as mathematics styles them, which people put into their names, and operators."""
    return frozenset().union(*map(_block_characters, _MATHEMATICAL_BLOCKS))


def _in_cjk_blocks(letters: frozenset[str]) -> frozenset[str]:
    ascii_letters = _block_characters((0x20, 0x7E))
    return (letters | ascii_letters) & frozenset().union(*map(_block_characters, _CJK_BLOCKS))


def _block_characters(block: tuple[int, int]) -> frozenset[str]:
    return frozenset(map(chr, range(block[0], block[1] + 1)))


def _encodable_in(codec: str) -> frozenset[str]:
    letters = (chr(code) for code in range(0xA0, 0x30000) if not 0xD800 <= code < 0xE000)
    return frozenset(letter for letter in letters if letter.encode(codec, "ignore"))
