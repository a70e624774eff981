"""Marks that stand in a text between Liquid and layout: noncharacters, which no value can hold.

Values of fields with `emphasis` carry their `*words*` between EMPHASIS and PLAIN; every text
value stands between ISOLATE and POP (Unicode's own characters, as HTML's <bdi> sets them).
"""

import re
from collections.abc import Iterator

from postcard.runtime.lazy_regex import lazy_regex

EMPHASIS_START, EMPHASIS_END = "\ufdd0", "\ufdd1"
FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
_STARRED = lazy_regex(r"\*(?=\S)([^*\n]*[^*\s])\*")
_EMPHASIS_MARKERS = str.maketrans("", "", EMPHASIS_START + EMPHASIS_END)
_ALL_MARKERS = str.maketrans(
    "", "", EMPHASIS_START + EMPHASIS_END + FIRST_STRONG_ISOLATE + POP_DIRECTIONAL_ISOLATE
)


def mark_emphasis(value: str) -> str:
    """A value with marks for its stars.

    >>> mark_emphasis("a *b c* 2 * 3 * 4") == "a \ufdd0b c\ufdd1 2 * 3 * 4"
    True
    """
    return _STARRED.sub(rf"{EMPHASIS_START}\1{EMPHASIS_END}", value) if "*" in value else value


def split_emphasis(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a marked text, and whether each is emphasised."""
    if EMPHASIS_START not in text:
        yield text.translate(_EMPHASIS_MARKERS) if EMPHASIS_END in text else text, False
        return
    strong = False
    for part in re.split(f"([{EMPHASIS_START}{EMPHASIS_END}])", text):
        if part in (EMPHASIS_START, EMPHASIS_END):
            strong = part == EMPHASIS_START
        elif part:
            yield part, strong


def isolate(value: str) -> str:
    """A value fenced from its neighbours, if it has a letter whose direction could reach them."""
    return (
        f"{FIRST_STRONG_ISOLATE}{value}{POP_DIRECTIONAL_ISOLATE}"
        if any(map(str.isalpha, value))
        else value
    )


def is_blank(text: str) -> bool:
    """Whether there is nothing but marks and white space."""
    return all(letter.isspace() or ord(letter) in _ALL_MARKERS for letter in text)


def strip_markers(text: str) -> str:
    """The text for other uses than a line."""
    return text.translate(_ALL_MARKERS)


def strip_isolates(text: str) -> str:
    """A captured text, to be compared and shown again."""
    return text.replace(FIRST_STRONG_ISOLATE, "").replace(POP_DIRECTIONAL_ISOLATE, "")
