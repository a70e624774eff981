"""Counts and cuts graphemes: the characters that readers see (grapheme clusters, UAX #29)."""

import unicodedata

from postcard.runtime.lazy_regex import lazy_regex
from postcard.text.simple_latin import is_simple_latin

MAX_COMBINING_MARKS = 8  # on one letter


def count_graphemes(text: str) -> int:
    """The number of graphemes in a text.

    >>> count_graphemes("Zoë")
    3
    >>> count_graphemes("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
    1
    """
    if text.isascii():
        return len(text) - text.count("\r\n")
    return len(_split_graphemes(text))


def too_many_graphemes(text: str, limit: int) -> bool:
    """Whether a text has more than `limit` graphemes; counts only if it has more characters."""
    return len(text) > limit and count_graphemes(text) > limit


def first_graphemes(text: str, limit: int) -> str:
    """The first `limit` graphemes of a text."""
    if text.isascii():
        return text[:limit]
    return "".join(_split_graphemes(text)[:limit])


def _split_graphemes(text: str) -> tuple[str, ...]:
    from postcard.text.segmentation import graphemes  # ICU, which texts in ASCII never need

    return graphemes(text)


_NO_COMBINING_MARKS = lazy_regex(
    "[\\x00-\u02ff\u2010-\u2029\u20a0-\u20bf\u3000-\u3029\u3040-\u3096\u3400-\u9fff\uac00-\ud7a3]*"
)


def longest_mark_run(text: str) -> int:
    """The largest number of combining marks in a row."""
    if is_simple_latin(text) or _NO_COMBINING_MARKS.fullmatch(text):
        return 0
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest
