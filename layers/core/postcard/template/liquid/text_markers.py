"""Marks that stand in a text between Liquid and layout: noncharacters, which no value can hold.

Values of fields with `emphasis` carry their `*words*` between EMPHASIS and PLAIN; every text
value stands between ISOLATE and POP (Unicode's own characters, as HTML's <bdi> sets them).
"""

import re
from collections.abc import Iterator

from postcard.runtime.lazy_regex import pattern

EMPHASIS, PLAIN = "\ufdd0", "\ufdd1"
ISOLATE, POP = "\u2068", "\u2069"
_STARS = pattern(r"\*(?=\S)([^*\n]*[^*\s])\*")
_MARKS = str.maketrans("", "", EMPHASIS + PLAIN)
_ALL = str.maketrans("", "", EMPHASIS + PLAIN + ISOLATE + POP)


def mark_emphasis(value: str) -> str:
    """A value with marks for its stars.

    >>> mark_emphasis("a *b c* 2 * 3 * 4") == "a \ufdd0b c\ufdd1 2 * 3 * 4"
    True
    """
    return _STARS.sub(rf"{EMPHASIS}\1{PLAIN}", value) if "*" in value else value


def emphasised(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a marked text, and whether each is emphasised."""
    if EMPHASIS not in text:
        yield text.translate(_MARKS) if PLAIN in text else text, False
        return
    strong = False
    for part in re.split(f"([{EMPHASIS}{PLAIN}])", text):
        if part in (EMPHASIS, PLAIN):
            strong = part == EMPHASIS
        elif part:
            yield part, strong


def isolated(value: str) -> str:
    """A value fenced from its neighbours, if it has a letter whose direction could reach them."""
    return f"{ISOLATE}{value}{POP}" if any(map(str.isalpha, value)) else value


def blank(text: str) -> bool:
    """Whether there is nothing but marks and white space."""
    return all(letter.isspace() or ord(letter) in _ALL for letter in text)


def without_marks(text: str) -> str:
    """The text for other uses than a line."""
    return text.translate(_ALL)


def without_isolates(text: str) -> str:
    """A captured text, to be compared and shown again."""
    return text.replace(ISOLATE, "").replace(POP, "")
