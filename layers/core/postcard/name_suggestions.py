"""Suggests the known name that a misspelled one resembles most."""

from collections.abc import Sequence

MAX_NAME_LENGTH = 64  # of a known name; comparing takes time in proportion to the length


def closest_name(name: str, known: Sequence[str], *, similarity: float = 0.6) -> str | None:
    """The known name that resembles `name` most; None if none does. `similarity`: 0 to 1.

    >>> closest_name("colour", ["color", "width"])
    'color'
    """
    if len(name) > MAX_NAME_LENGTH:
        return None
    from difflib import get_close_matches  # only a wrong name needs it

    return next(iter(get_close_matches(name, known, 1, similarity)), None)
