"""Upper and lower case by language."""

import re

_TURKIC = ("tr", "az")
_DUTCH_IJ = re.compile("^ij")
_WORD = re.compile(r"[^\W\d_](?:[\w'’\u00ad\u0300-\u036f]*)")


def transformed(text: str, transform: str, language: str) -> str:
    """The text in the letters that CSS's text-transform gives it.

    >>> transformed("istanbul", "uppercase", "tr"), transformed("o'neil's şehir", "capitalize", "")
    ('İSTANBUL', "O'neil's Şehir")
    """
    cases = {"uppercase": _upper, "lowercase": _lower, "capitalize": _capitals}
    return cases[transform](text, language.split("-")[0].lower()) if transform in cases else text


def _upper(text: str, language: str) -> str:
    if language in _TURKIC:
        text = text.replace("i", "İ")
    return _without_greek_accents(text.upper()) if language == "el" else text.upper()


def _lower(text: str, language: str) -> str:
    if language in _TURKIC:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()


def _capitals(text: str, language: str) -> str:
    return _WORD.sub(lambda match: _capital(match.group(), language), text)


def _capital(word: str, language: str) -> str:
    if language == "nl" and _DUTCH_IJ.match(word):
        return "IJ" + word[2:]
    first = "İ" if language in _TURKIC and word[0] == "i" else word[0].title()
    return first + word[1:]


def _without_greek_accents(text: str) -> str:
    return text.translate(_GREEK)


_GREEK = str.maketrans("ΆΈΉΊΌΎΏΪ́Ϋ́"[:7], "ΑΕΗΙΟΥΩ")
