"""Chooses regional letterforms: of Han characters (simplified …), and Nastaliq for Urdu."""

from collections.abc import Sequence

from postcard.runtime.lazy_regex import lazy_regex

_CHINESE_LANGUAGES = ("zh", "cmn", "yue", "nan", "hak", "wuu", "lzh")
_TRADITIONAL_LANGUAGES = ("yue", "nan", "hak", "lzh")
_TRADITIONAL_REGIONS = frozenset(("tw", "hk", "mo"))
_NASTALIQ_LANGUAGES = ("ur", "pnb", "skr", "ks")  # Urdu, Western Punjabi, Saraiki, Kashmiri
_ARABIC_LETTERS = lazy_regex("[\u0620-\u06ff\u0750-\u077f]")
_HAN_CHARACTERS = lazy_regex("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = lazy_regex("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = lazy_regex("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


def regional_variant(language: str, text: str) -> str:
    """The variant "zh", "zh-Hant", "ja", "ko" or "ur", by language, else by text.

    "" if neither tells.

    >>> regional_variant("ja-JP", "直"), regional_variant("en", "さくら直")
    ('ja', 'ja')
    >>> [regional_variant(language, "直") for language in ("zh", "zh-TW", "en")]
    ['zh', 'zh-Hant', '']
    >>> [regional_variant(language, "علی") for language in ("ur-PK", "ar")]
    ['ur', '']
    """
    primary, *subtags = language.lower().replace("_", "-").split("-")
    if _is_nastaliq(primary, subtags) and _ARABIC_LETTERS.search(text):
        return "ur"
    if primary in _CHINESE_LANGUAGES:
        return _chinese_variant(primary, frozenset(subtags))
    if primary in ("ja", "ko"):
        return primary
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hant" if _is_traditional(text) else ""


def _is_nastaliq(language: str, subtags: Sequence[str]) -> bool:
    """Whether the language's Arabic letters are Nastaliq; Punjabi's are in Pakistan."""
    return language in _NASTALIQ_LANGUAGES or (
        language == "pa" and ("arab" in subtags or "pk" in subtags)
    )


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
