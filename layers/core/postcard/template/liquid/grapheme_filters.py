"""Liquid's filters that cut a text, at graphemes: no letter, flag or emoji is torn.

Graphemes that fonts draw as one shape are one, such as a letter of Burmese and its vowel.
Markers of emphasis belong to the grapheme beside them and do not count.
"""

from typing import Any

from liquid.builtin.filters.string import slice_
from liquid.exceptions import FilterArgumentError
from liquid.filter import string_filter
from liquid.limits import to_int
from liquid.undefined import Undefined

from postcard.template.liquid.text_markers import EMPHASIS_END, EMPHASIS_START
from postcard.text.segmentation import typographic_units

_NO_BREAK_SPACES = "\u00a0\u202f\u2007"  # which belong to a word


def slice_graphemes(value: Any, start: Any, length: Any = 1) -> Any:
    """Liquid's `slice`: of a list its items, of any other value its graphemes."""
    if isinstance(value, list | tuple | range):
        return slice_(value, start, length)
    letters = _letters("" if _is_nil(value) else str(value))
    return "".join(slice_(letters, start, length))


@string_filter
def truncate(value: str, number: Any = 50, end: Any = "...") -> str:
    """Liquid's `truncate`: at most `number` graphemes, those of `end` included."""
    limit, ending = _to_count(number), "" if _is_nil(end) else str(end)
    letters = _letters(value)
    if len(letters) <= limit:
        return value
    return "".join(letters[: max(0, limit - len(typographic_units(ending)))]) + ending


@string_filter
def truncatewords(value: str, number: Any = 15, end: Any = "...") -> str:
    """Liquid's `truncatewords`: at most `number` words, and `end` if there were more."""
    limit, ending = max(1, _to_count(number)), "" if _is_nil(end) else str(end)
    words = [""]
    for letter in _letters(value):
        if letter.isspace() and letter not in _NO_BREAK_SPACES:
            words.append("")
        else:
            words[-1] += letter
    words = [word for word in words if word]
    return value if len(words) <= limit else " ".join(words[:limit]) + ending


@string_filter
def split(value: str, separator: Any) -> list[str]:
    """Liquid's `split`: without a separator into graphemes."""
    if _is_nil(separator) or separator == "":
        return _letters(value)
    between = str(separator)
    if value in ("", between):
        return []
    return value.split(None if between == " " else between)


def _letters(text: str) -> list[str]:
    """The graphemes, markers of emphasis with the letter that they begin or end."""
    letters: list[str] = []
    start = ""
    for grapheme in typographic_units(text):
        if grapheme == EMPHASIS_START:
            start += grapheme
        elif grapheme == EMPHASIS_END and letters:
            letters[-1] += grapheme
        else:
            letters.append(start + grapheme)
            start = ""
    return letters


def _to_count(number: Any) -> int:
    if isinstance(number, Undefined):  # which `int` reads as 0
        raise FilterArgumentError("expected a whole number", token=None)
    return int(to_int(number))


def _is_nil(value: Any) -> bool:
    return value is None or isinstance(value, Undefined)
