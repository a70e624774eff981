"""Chooses the regional variant of Han characters: simplified, traditional, Japanese or Korean."""

from postcard.runtime.lazy_regex import lazy_regex

_CHINESE_LANGUAGES = ("zh", "cmn", "yue", "nan", "hak", "wuu", "lzh")
_TRADITIONAL_LANGUAGES = ("yue", "nan", "hak", "lzh")
_TRADITIONAL_REGIONS = frozenset(("tw", "hk", "mo"))
_HAN_CHARACTERS = lazy_regex("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = lazy_regex("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = lazy_regex("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


def han_variant(language: str, text: str) -> str:
    """The variant "zh", "zh-Hant", "ja" or "ko" by language, else by text; "" if neither tells.

    >>> han_variant("ja-JP", "直"), han_variant("en", "さくら直"), han_variant("en", "直")
    ('ja', 'ja', '')
    >>> han_variant("zh", "直"), han_variant("zh-TW", "直"), han_variant("en", "陳怡君")
    ('zh', 'zh-Hant', 'zh-Hant')
    """
    primary, *subtags = language.lower().replace("_", "-").split("-")
    if primary in _CHINESE_LANGUAGES:
        return _chinese_variant(primary, frozenset(subtags))
    if primary in ("ja", "ko"):
        return primary
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hant" if _is_traditional(text) else ""


def _chinese_variant(language: str, subtags: frozenset[str]) -> str:
    """By the script subtag, else by the region, else by what is usual for the language."""
    if "hans" in subtags or "cn" in subtags:
        return "zh-Hant" if "hant" in subtags else "zh"
    is_traditional = (
        language in _TRADITIONAL_LANGUAGES or "hant" in subtags or subtags & _TRADITIONAL_REGIONS
    )
    return "zh-Hant" if is_traditional else "zh"


def _is_traditional(text: str) -> bool:
    """Whether all Han characters are in Big5 (Taiwan) but not all in GB 2312 (China)."""
    characters = "".join(_HAN_CHARACTERS.findall(text))
    return _encodable(characters, "big5") and not _encodable(characters, "gb2312")


def _encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
