"""Finds delimited parts of a text, such as `{{ … }}` or `*|…|*`, in linear time.

A regular expression such as `\\{\\{.*?\\}\\}` searches the whole rest of the text at each opening
delimiter that is never closed, which takes quadratic time for a text that is full of them.
"""

import re
from collections.abc import Iterator, Mapping


def find_delimited(
    text: str, opening: re.Pattern[str], closing: Mapping[str, str]
) -> Iterator[tuple[int, int]]:
    """The start and end of each part, from left to right; parts do not overlap.

    `opening` matches before an opening delimiter, which is its group 1; `closing` maps it to its
    closing delimiter. A part ends at the first of those. What is never closed is no part.
    """
    end = 0
    never_closed: set[str] = set()
    for match in opening.finditer(text):
        closer = closing[match[1]]
        if match.start() < end or closer in never_closed:
            continue
        found = text.find(closer, match.end(1))
        if found < 0:
            never_closed.add(closer)
            continue
        end = found + len(closer)
        yield match.start(), end


def without_delimited(text: str, opening: re.Pattern[str], closing: Mapping[str, str]) -> str:
    """The text without its delimited parts."""
    kept, end = [], 0
    for start, part_end in find_delimited(text, opening, closing):
        kept.append(text[end:start])
        end = part_end
    return "".join([*kept, text[end:]])
