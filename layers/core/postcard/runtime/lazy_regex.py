"""Regular expressions that are compiled at their first use.

Compiling the project's hundred patterns took a fifth of a cold start, and a picture needs few.
"""

import re
from typing import TYPE_CHECKING, Any


class _LazyPattern:
    """Compiles its pattern when a method is first read, and then holds that method itself."""

    def __init__(self, source: Any, flags: int = 0) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, attribute)
        return attribute


if TYPE_CHECKING:
    from re import compile as lazy_regex
else:
    lazy_regex = _LazyPattern

__all__ = ["lazy_regex"]
