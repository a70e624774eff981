"""Regular expressions that are compiled when they are first asked something.

A hundred of them took a fifth of a cold start, and a picture asks few.
"""

import re
from typing import TYPE_CHECKING, Any


class _LazyPattern:
    """A regular expression whose methods come with the first use of each."""

    def __init__(self, source: Any, flags: int = 0) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:
    from re import compile as lazy_regex
else:
    lazy_regex = _LazyPattern

__all__ = ["lazy_regex"]
