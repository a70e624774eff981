"""Liquid in a document: parsed once, run for each picture.

What most texts use runs by `quick`; all else goes to python-liquid, which waits to be imported
until a text needs it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from postcard.runtime.lazy_regex import pattern
from postcard.template.liquid.context import LiquidFailed, Speech, within_bounds
from postcard.template.liquid.fast_path import Condition, quick_condition, quick_text

__all__ = [
    "Condition",
    "Program",
    "asks_time",
    "faults",
    "names_in",
    "parse_condition",
    "parse_text",
    "paths_in",
]

Kinds = Mapping[str, str]  # what names there are, and of which type: text, number, date, …


class Program(Protocol):
    """Liquid that yields a text."""

    def run(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""


@lru_cache(maxsize=4096)
def parse_text(source: str) -> Program:
    """The program of a text with Liquid in it."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return quick_text(source) or _Later(source, condition=False)


@lru_cache(maxsize=4096)
def parse_condition(source: str) -> Condition:
    """The condition of an `if`."""
    return quick_condition(source) or _Later(source, condition=True)


def faults(source: str, kinds: Kinds, *, condition: bool = False) -> Sequence[str]:
    """What is wrong with it, whatever the values are: sentences."""
    from postcard.template.liquid import checks as liquid_checks
    from postcard.template.liquid import engine as library

    try:
        return liquid_checks.faults(library.Parsed(source, condition=condition), kinds)
    except LiquidFailed as error:
        return (str(error),)


_WORD = "[a-z_][a-z0-9_]*"
_ASKS_TIME = pattern(r"(?<![.\w])(?:now|countdown)\b")
_MARKUP = pattern(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = pattern("\"[^\"]*\"|'[^']*'")


def asks_time(source: str, *, condition: bool = False) -> bool:
    """Whether Liquid names `now` or `countdown`."""
    marked = [source] if condition else _MARKUP.findall(source)
    return any(_ASKS_TIME.search(_QUOTED.sub("", part)) for part in marked)


def names_in(source: str) -> Sequence[str]:
    """The words that Liquid names in a text, in their order."""
    marked = (_QUOTED.sub("", part) for part in _MARKUP.findall(source))
    return [name for part in marked for name in re.findall(rf"(?<![.\w]){_WORD}", part)]


def paths_in(source: str) -> Sequence[tuple[str, ...]]:
    """The paths that Liquid names in a text, in their order: `product.image` has two steps."""
    marked = (_QUOTED.sub("", part) for part in _MARKUP.findall(source))
    found = (
        path for part in marked for path in re.findall(rf"(?<![.\w]){_WORD}(?:\.{_WORD})*", part)
    )
    return [tuple(path.split(".")) for path in found]


class _Later:
    """Liquid that python-liquid parses and runs, imported at the first need."""

    __slots__ = ("_made", "condition", "source")

    def __init__(self, source: str, *, condition: bool) -> None:
        self.source, self.condition = source, condition
        self._made: Any = None

    def run(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""
        text: str = self._program().run(speech)
        return within_bounds(text)

    def holds(self, speech: Speech) -> bool:
        """The truth; raises `LiquidFailed`."""
        return bool(self._program().run(speech))

    def _program(self) -> Any:
        if self._made is None:
            from postcard.template.liquid.engine import Parsed

            self._made = Parsed(self.source, condition=self.condition)
        return self._made
