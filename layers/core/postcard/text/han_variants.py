"""Whose shapes Chinese letters take: China's, Taiwan's and Hong Kong's, Japan's or Korea's."""

from postcard.runtime.lazy_regex import pattern

_SPEAKS_CHINESE = ("zh", "cmn", "yue", "nan", "hak", "wuu", "lzh")
_OFTEN_TRADITIONAL = ("yue", "nan", "hak", "lzh")
_TRADITIONAL = frozenset(("tw", "hk", "mo"))
_CHINESE = pattern("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = pattern("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = pattern("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


def han_of(language: str, text: str) -> str:
    """Whose shapes they take: "zh", "zh-Hant", "ja", "ko"; "" if nothing tells.

    >>> han_of("ja-JP", "直"), han_of("en", "さくら直"), han_of("en", "直")
    ('ja', 'ja', '')
    >>> han_of("zh", "直"), han_of("zh-TW", "直"), han_of("en", "陳怡君")
    ('zh', 'zh-Hant', 'zh-Hant')
    """
    spoken, *said = language.lower().replace("_", "-").split("-")
    if spoken in _SPEAKS_CHINESE:
        return _chinese(spoken, frozenset(said))
    if spoken in ("ja", "ko"):
        return spoken
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hant" if _is_traditional(text) else ""


def _chinese(spoken: str, said: frozenset[str]) -> str:
    """The script decides if it is said, then the region, then what is usual."""
    if "hans" in said or "cn" in said:
        return "zh-Hant" if "hant" in said else "zh"
    usual = spoken in _OFTEN_TRADITIONAL
    return "zh-Hant" if usual or "hant" in said or said & _TRADITIONAL else "zh"


def _is_traditional(text: str) -> bool:
    """Whether its Chinese letters are all in Taiwan's standard and not all in China's."""
    letters = "".join(_CHINESE.findall(text))
    return _within(letters, "big5") and not _within(letters, "gb2312")


def _within(letters: str, codec: str) -> bool:
    try:
        letters.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
