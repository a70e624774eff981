"""Liquid in a document: parsed once, run for each picture.

What most texts use runs by `quick`; all else goes to python-liquid, which waits to be imported
until a text needs it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.liquid.context import LiquidContext, LiquidFailed, check_output_length
from postcard.template.liquid.fast_path import (
    LiquidCondition,
    parse_fast_condition,
    parse_fast_template,
)

__all__ = [
    "LiquidCondition",
    "LiquidTemplate",
    "liquid_errors",
    "names_used",
    "parse_condition",
    "parse_template",
    "paths_used",
    "uses_time",
]

NameTypes = Mapping[str, str]  # what names there are, and of which type: text, number, date, …


class LiquidTemplate(Protocol):
    """Liquid that yields a text."""

    def render(self, context: LiquidContext) -> str:
        """The text; raises `LiquidFailed`."""


@lru_cache(maxsize=4096)
def parse_template(source: str) -> LiquidTemplate:
    """The program of a text with Liquid in it."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return parse_fast_template(source) or _LazyLiquid(source, condition=False)


@lru_cache(maxsize=4096)
def parse_condition(source: str) -> LiquidCondition:
    """The condition of an `if`."""
    return parse_fast_condition(source) or _LazyLiquid(source, condition=True)


def liquid_errors(source: str, types: NameTypes, *, condition: bool = False) -> Sequence[str]:
    """What is wrong with it, whatever the values are: sentences."""
    from postcard.template.liquid import checks as liquid_checks
    from postcard.template.liquid import python_liquid as library

    try:
        return liquid_checks.parsed_liquid_errors(
            library.ParsedLiquid(source, condition=condition), types
        )
    except LiquidFailed as error:
        return (str(error),)


_NAME = "[a-z_][a-z0-9_]*"
_TIME_NAMES = lazy_regex(r"(?<![.\w])(?:now|countdown)\b")
_MARKUP = lazy_regex(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STRING_LITERALS = lazy_regex("\"[^\"]*\"|'[^']*'")


def uses_time(source: str, *, condition: bool = False) -> bool:
    """Whether Liquid names `now` or `countdown`."""
    marked = [source] if condition else _MARKUP.findall(source)
    return any(_TIME_NAMES.search(_STRING_LITERALS.sub("", part)) for part in marked)


def names_used(source: str) -> Sequence[str]:
    """The words that Liquid names in a text, in their order."""
    marked = (_STRING_LITERALS.sub("", part) for part in _MARKUP.findall(source))
    return [name for part in marked for name in re.findall(rf"(?<![.\w]){_NAME}", part)]


def paths_used(source: str) -> Sequence[tuple[str, ...]]:
    """The paths that Liquid names in a text, in their order: `product.image` has two steps."""
    marked = (_STRING_LITERALS.sub("", part) for part in _MARKUP.findall(source))
    found = (
        path for part in marked for path in re.findall(rf"(?<![.\w]){_NAME}(?:\.{_NAME})*", part)
    )
    return [tuple(path.split(".")) for path in found]


class _LazyLiquid:
    """Liquid that python-liquid parses and runs, imported at the first need."""

    __slots__ = ("_parsed", "condition", "source")

    def __init__(self, source: str, *, condition: bool) -> None:
        self.source, self.condition = source, condition
        self._parsed: Any = None

    def render(self, context: LiquidContext) -> str:
        """The text; raises `LiquidFailed`."""
        text: str = self._parse_once().render(context)
        return check_output_length(text)

    def evaluate(self, context: LiquidContext) -> bool:
        """The truth; raises `LiquidFailed`."""
        return bool(self._parse_once().render(context))

    def _parse_once(self) -> Any:
        if self._parsed is None:
            from postcard.template.liquid.python_liquid import ParsedLiquid

            self._parsed = ParsedLiquid(self.source, condition=self.condition)
        return self._parsed
