"""CSS's text-transform: upper case, lower case and capitals by the rules of the language."""

import re
import unicodedata

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.schema.graphemes import first_letter

_GEORGIAN = lazy_regex("[\u10d0-\u10ff]")
_TURKIC = ("tr", "az")
_LEADING_IJ = lazy_regex("^ij")
_LEADING_VOWEL = lazy_regex(  # of Thai and Lao, written before the consonant that it follows
    "^[\u0e40-\u0e44\u0ec0-\u0ec4]([\u0e01-\u0e2e\u0e81-\u0eae])"
)
_WORD = lazy_regex(r"(?<!\w)[^\W\d_](?:[\w'’\u00ad\u0300-\u036f]*)")
# Lithuanian keeps an i's dot below an accent: i̇́
_LITHUANIAN_DOTTED = lazy_regex("([ij]\u0328?)\u0307")
_LITHUANIAN_ACCENTED = lazy_regex("([IJ]\u0328?)(?=[\u0300\u0301\u0303])")
_DIAERESIS, _IOTA_SUBSCRIPT = "\u0308", "\u0345"  # the diacritics that Greek capitals keep
_GREEK_DIACRITICS = f"[\u0300\u0301\u0304\u0306{_DIAERESIS}\u0313\u0314\u0342{_IOTA_SUBSCRIPT}]"
_GREEK_HIATUS = lazy_regex(rf"([αεηουωΑΕΗΟΥΩ][\u0300\u0301])([ιυΙΥ])(?!{_GREEK_DIACRITICS})")
_GREEK_ACCENTED = lazy_regex(rf"(?<!\w)[ηΗ]\u0301(?!\w)|([αεηιουωρΑΕΗΙΟΥΩΡ])({_GREEK_DIACRITICS}+)")


def apply_text_transform(text: str, transform: str, language: str) -> str:
    """The text in the case that CSS's text-transform gives it.

    >>> apply_text_transform("istanbul", "uppercase", "tr")
    'İSTANBUL'
    >>> apply_text_transform("o'neil's şehir", "capitalize", "")
    "O'neil's Şehir"
    """
    cases = {"uppercase": _to_upper, "lowercase": _to_lower, "capitalize": _capitalize_words}
    return cases[transform](text, language.split("-")[0].lower()) if transform in cases else text


def initial(word: str, language: str) -> str:
    """The first letter of a word as a capital of the language; Dutch IJ is one letter.

    >>> initial("ilker", "tr"), initial("ijsbrand", "nl"), initial("\u10d0\u10dc\u10d0", "ka")
    ('İ', 'IJ', 'ა')
    """
    if language.split("-")[0].lower() == "nl" and _LEADING_IJ.match(word.lower()):
        return "IJ"
    if _GEORGIAN.match(word):  # its capitals are for words in capitals only
        return first_letter(word)
    if language.split("-")[0].lower() == "el":  # its accents depend on the whole word
        return first_letter(apply_text_transform(word, "uppercase", "el"))
    letter = first_letter(_LEADING_VOWEL.sub(r"\1", word))
    return apply_text_transform(letter, "uppercase", language)


def capitalize_first(text: str, language: str) -> str:
    """The text with its first letter as a capital of the language; the others stay.

    >>> capitalize_first("ilker", "tr"), capitalize_first("ijssel", "nl")
    ('İlker', 'IJssel')
    """
    if language == "nl" and _LEADING_IJ.match(text):
        return "IJ" + text[2:]
    if language == "hy" and text.startswith("և"):
        return "Եվ" + text[1:]
    if language == "lt" and (dotted := _LITHUANIAN_DOTTED.match(letters := _decompose(text))):
        return _compose(dotted[1].upper() + letters[dotted.end() :])
    first = "İ" if language in _TURKIC and text[:1] == "i" else text[:1].title()
    return first + text[1:]


def _to_upper(text: str, language: str) -> str:
    if language in _TURKIC:
        text = text.replace("i", "İ")
    if language == "lt":
        text = _LITHUANIAN_DOTTED.sub(r"\1", _decompose(text))
    if language == "hy":
        text = text.replace("և", "ԵՎ")
    return _compose((_strip_greek_accents(text) if language == "el" else text).upper())


def _to_lower(text: str, language: str) -> str:
    if language in _TURKIC:
        text = text.replace("I\u0307", "i").replace("I", "ı").replace("İ", "i")
    if language == "lt":
        text = _LITHUANIAN_ACCENTED.sub("\\1\u0307", _decompose(text))
    return _compose(text.lower())


def _capitalize_words(text: str, language: str) -> str:
    return _WORD.sub(lambda match: capitalize_first(match.group(), language), text)


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _strip_greek_accents(text: str) -> str:
    """Greek capitals have no accents, except Ή ("or"); the ι of `άι` gets a diaeresis: `ΑΪ`."""
    parts = _GREEK_HIATUS.sub(rf"\1\2{_DIAERESIS}", _decompose(text))
    return _GREEK_ACCENTED.sub(_without_accents, parts)


def _without_accents(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    return match[1] + "".join(mark for mark in match[2] if mark in (_DIAERESIS, _IOTA_SUBSCRIPT))
