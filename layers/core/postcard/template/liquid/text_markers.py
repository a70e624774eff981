"""Markers in rendered texts that tell the layout which characters are emphasised or isolated.

In values of fields with `emphasis`, `*words*` are put between EMPHASIS_START and EMPHASIS_END:
noncharacters, which are removed from values. Text values are put between Unicode's
FIRST_STRONG_ISOLATE and POP_DIRECTIONAL_ISOLATE, as HTML's <bdi> does.
"""

import re
from collections.abc import Iterator

from postcard.runtime.lazy_regex import lazy_regex

EMPHASIS_START, EMPHASIS_END = "\ufdd0", "\ufdd1"
FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
_STARRED = lazy_regex(r"\*(?=\S)([^*\n]*[^*\s])\*")
_PLAIN_NUMBER = lazy_regex(r"\d+(?:[.,:/\u066b\u066c]\d+)*")
_EMPHASIS_MARKERS = str.maketrans("", "", EMPHASIS_START + EMPHASIS_END)
_ALL_MARKERS = str.maketrans(
    "", "", EMPHASIS_START + EMPHASIS_END + FIRST_STRONG_ISOLATE + POP_DIRECTIONAL_ISOLATE
)


def mark_emphasis(value: str) -> str:
    """Replaces the stars around `*words*` with emphasis markers.

    >>> mark_emphasis("a *b c* 2 * 3 * 4") == "a \ufdd0b c\ufdd1 2 * 3 * 4"
    True
    """
    return _STARRED.sub(rf"{EMPHASIS_START}\1{EMPHASIS_END}", value) if "*" in value else value


def split_emphasis(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text with emphasis markers, and whether each is emphasised."""
    if EMPHASIS_START not in text:
        yield text.translate(_EMPHASIS_MARKERS) if EMPHASIS_END in text else text, False
        return
    emphasised = False
    for part in re.split(f"([{EMPHASIS_START}{EMPHASIS_END}])", text):
        if part in (EMPHASIS_START, EMPHASIS_END):
            emphasised = part == EMPHASIS_START
        elif part:
            yield part, emphasised


def isolate(value: str) -> str:
    """A value between isolate characters, so that neither it nor its neighbours are reordered.

    A plain number is left as it is: it is never reordered, and stays with a sign beside it, such
    as `%`. Each line of a value is an isolate, because an isolate ends with its line.

    >>> [isolate(value).isascii() for value in ("1,250", "4242 1111", "-15%")]
    [True, False, False]
    """
    if _PLAIN_NUMBER.fullmatch(value):
        return value
    if "\n" in value:
        return "\n".join(map(isolate, value.split("\n")))
    if not value or value.isspace():
        return value
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_DIRECTIONAL_ISOLATE}"


def is_blank(text: str) -> bool:
    """Whether a text has nothing but markers and white space."""
    return all(letter.isspace() or ord(letter) in _ALL_MARKERS for letter in text)


def strip_markers(text: str) -> str:
    """The text without any markers, for uses other than text layout."""
    return text.translate(_ALL_MARKERS)


def strip_emphasis(text: str) -> str:
    """The text without emphasis markers."""
    return text.translate(_EMPHASIS_MARKERS)


def strip_isolates(text: str) -> str:
    """The text without isolate characters, so that `capture` yields a text that compares equal."""
    return text.replace(FIRST_STRONG_ISOLATE, "").replace(POP_DIRECTIONAL_ISOLATE, "")
