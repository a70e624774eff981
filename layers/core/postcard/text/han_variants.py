"""Whose shapes Chinese letters take: China's, Taiwan's and Hong Kong's, Japan's or Korea's."""

from postcard.runtime.lazy_regex import lazy_regex

_CHINESE_LANGUAGES = ("zh", "cmn", "yue", "nan", "hak", "wuu", "lzh")
_TRADITIONAL_LANGUAGES = ("yue", "nan", "hak", "lzh")
_TRADITIONAL_REGIONS = frozenset(("tw", "hk", "mo"))
_HAN_CHARACTERS = lazy_regex("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = lazy_regex("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = lazy_regex("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


def han_variant(language: str, text: str) -> str:
    """Whose shapes they take: "zh", "zh-Hant", "ja", "ko"; "" if nothing tells.

    >>> han_of("ja-JP", "直"), han_of("en", "さくら直"), han_of("en", "直")
    ('ja', 'ja', '')
    >>> han_of("zh", "直"), han_of("zh-TW", "直"), han_of("en", "陳怡君")
    ('zh', 'zh-Hant', 'zh-Hant')
    """
    spoken, *said = language.lower().replace("_", "-").split("-")
    if spoken in _CHINESE_LANGUAGES:
        return _chinese_variant(spoken, frozenset(said))
    if spoken in ("ja", "ko"):
        return spoken
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hant" if _is_traditional(text) else ""


def _chinese_variant(language: str, subtags: frozenset[str]) -> str:
    """The script decides if it is said, then the region, then what is usual."""
    if "hans" in subtags or "cn" in subtags:
        return "zh-Hant" if "hant" in subtags else "zh"
    usual = language in _TRADITIONAL_LANGUAGES
    return "zh-Hant" if usual or "hant" in subtags or subtags & _TRADITIONAL_REGIONS else "zh"


def _is_traditional(text: str) -> bool:
    """Whether its Chinese letters are all in Taiwan's standard and not all in China's."""
    letters = "".join(_HAN_CHARACTERS.findall(text))
    return _encodable(letters, "big5") and not _encodable(letters, "gb2312")


def _encodable(letters: str, codec: str) -> bool:
    try:
        letters.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
