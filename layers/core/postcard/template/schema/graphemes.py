"""Counts and cuts graphemes: the characters that readers see (grapheme clusters, UAX #29)."""

import unicodedata

from postcard.runtime.lazy_regex import lazy_regex
from postcard.text.simple_latin import is_simple_latin
from postcard.text.style import ELLIPSIS

MAX_COMBINING_MARKS = 8  # on one letter
_MAX_COMBINING_RUN = 30  # as in Unicode's stream-safe text format (UAX #15)
_MAX_AVERAGE_CHARACTERS = 20  # of a grapheme; the longest emoji have ten
_DECOMPOSED_TO_COMBINING = "\u0f73\u0f75\u0f81"  # the only ones that do not combine themselves


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
    """Whether a text has more than `limit` graphemes; counts only if it has more characters.

    A grapheme may have any number of characters. A text with 20 times as many characters as
    `limit` is too long in any case.
    """
    if len(text) > limit * _MAX_AVERAGE_CHARACTERS:
        return True
    return len(text) > limit and count_graphemes(text) > limit


def first_graphemes(text: str, limit: int) -> str:
    """The first `limit` graphemes of a text."""
    if text.isascii():
        return text[:limit]
    return "".join(_split_graphemes(text)[:limit])


def first_letter(text: str) -> str:
    """The first grapheme, with those that fonts draw as one shape with it.

    >>> first_letter("ಶ್ರೀನಿವಾಸ")
    'ಶ್ರೀ'
    """
    if text.isascii():
        return text[:1]
    from postcard.text.segmentation import typographic_units

    return next(iter(typographic_units(text)), "")


def shorten_graphemes(text: str, limit: int) -> str | None:
    """A text of more than `limit` graphemes, cut to so many with an ellipsis as the last.

    None if its graphemes have more characters than a value may have.

    >>> shorten_graphemes("Zoë Maria", 5)
    'Zoë…'
    """
    start = text[: limit * _MAX_AVERAGE_CHARACTERS]  # the last of its graphemes may be cut
    if count_graphemes(start) < limit:
        return None
    return first_graphemes(start, limit - 1).rstrip() + ELLIPSIS


def _split_graphemes(text: str) -> tuple[str, ...]:
    from postcard.text.segmentation import graphemes  # ICU, which texts in ASCII never need

    return graphemes(text)


_NO_COMBINING_MARKS = lazy_regex(
    "[\\x00-\u02ff\u2010-\u2029\u20a0-\u20bf\u3000-\u3029\u3040-\u3096\u3400-\u9fff\uac00-\ud7a3]*"
)


def limit_combining_runs(text: str) -> str:
    """The text without what follows 30 combining characters in a row.

    Normalisation sorts each run, in quadratic time. No text of a field may have so many.

    >>> len(limit_combining_runs("a" + "\u0315\u0300" * 99 + "b"))
    32
    """
    if (
        len(text) <= _MAX_COMBINING_RUN
        or is_simple_latin(text)
        or _has_no_combining_characters(text)
    ):
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) or char in _DECOMPOSED_TO_COMBINING else 0
        if run <= _MAX_COMBINING_RUN:
            kept.append(char)
    return "".join(kept)


def longest_mark_run(text: str) -> int:
    """The largest number of combining marks in a row."""
    if is_simple_latin(text) or _has_no_combining_characters(text):
        return 0
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest


def _has_no_combining_characters(text: str) -> bool:
    return bool(_NO_COMBINING_MARKS.fullmatch(text))
