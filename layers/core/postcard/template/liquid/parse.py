"""Parses a document's Liquid into templates and conditions, each source once.

`fast_path` parses what most texts use; all else goes to python-liquid, which is imported only
when a text needs it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.template.liquid.bounds import LiquidFailed
from postcard.template.liquid.context import LiquidContext, check_output_length
from postcard.template.liquid.fast_path import (
    LiquidCondition,
    parse_fast_condition,
    parse_fast_template,
)
from postcard.template.liquid.loops import NameTypes
from postcard.template.schema.delimiters import find_delimited

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


class LiquidTemplate(Protocol):
    """A text with Liquid in it."""

    def render(self, context: LiquidContext) -> str:
        """The text with its Liquid replaced; raises `LiquidFailed`."""


def parse_template(source: str) -> LiquidTemplate:
    """Parses a text; Liquid that cannot be parsed fails when it is rendered."""
    parsed: LiquidTemplate
    _, parsed = _sized_template(source.replace("\r\n", "\n").replace("\r", "\n"))
    return parsed


def parse_condition(source: str) -> LiquidCondition:
    """Parses a layer's `if`; a condition that cannot be parsed fails when it is evaluated."""
    parsed: LiquidCondition
    _, parsed = _sized_condition(source)
    return parsed


def _size_of(sized: tuple[int, Any]) -> int:
    return sized[0]


_PARSED_BYTES_PER_CHARACTER = 250  # measured with `{{ a | b | b … }}`


@memoize_by_bytes(_size_of)
def _sized_template(source: str) -> tuple[int, LiquidTemplate]:
    parsed = parse_fast_template(source) or _LazyLiquid(source, condition=False)
    return len(source) * _PARSED_BYTES_PER_CHARACTER, parsed


@memoize_by_bytes(_size_of)
def _sized_condition(source: str) -> tuple[int, LiquidCondition]:
    parsed = parse_fast_condition(source) or _LazyLiquid(source, condition=True)
    return len(source) * _PARSED_BYTES_PER_CHARACTER, parsed


def liquid_errors(source: str, types: NameTypes, *, condition: bool = False) -> Sequence[str]:
    """Messages about Liquid that fails or is wrong whatever the values are."""
    from postcard.template.liquid.checks import parsed_liquid_errors
    from postcard.template.liquid.python_liquid import ParsedLiquid

    try:
        return parsed_liquid_errors(ParsedLiquid(source, condition=condition), types)
    except LiquidFailed as error:
        return (str(error),)


def unknown_date_codes(source: str) -> Sequence[str]:
    """The `%` codes of literal date patterns that strftime does not have."""
    if "%" not in source or not re.search(r"\|\s*(?:date|time)\b", source):
        return ()
    from postcard.template.liquid.checks import unknown_date_codes as codes_of
    from postcard.template.liquid.python_liquid import ParsedLiquid

    try:
        return codes_of(ParsedLiquid(source, condition=False))
    except LiquidFailed:
        return ()


_NAME = "[a-z_][a-z0-9_]*"
_TIME_NAMES = lazy_regex(r"(?<![.\w])(?:now|countdown)\b")
_OPENING = lazy_regex(r"(?=(\{\{|\{%))")
_CLOSING = {"{{": "}}", "{%": "%}"}
_STRING_LITERALS = lazy_regex("\"[^\"]*\"|'[^']*'")


def _markup(source: str) -> Iterator[str]:
    """Each `{{ … }}` and `{% … %}` of a text."""
    return (source[start:end] for start, end in find_delimited(source, _OPENING, _CLOSING))


def uses_time(source: str, *, condition: bool = False) -> bool:
    """Whether Liquid uses `now` or `countdown`."""
    parts = [source] if condition else _markup(source)
    return any(_TIME_NAMES.search(_STRING_LITERALS.sub("", part)) for part in parts)


def names_used(source: str) -> Sequence[str]:
    """The names in a text's Liquid, in their order; keywords and filters are among them."""
    parts = (_STRING_LITERALS.sub("", part) for part in _markup(source))
    return [name for part in parts for name in re.findall(rf"(?<![.\w]){_NAME}", part)]


def paths_used(source: str) -> Sequence[tuple[str, ...]]:
    """`names_used` with the steps of each path: `product.image` has two."""
    parts = (_STRING_LITERALS.sub("", part) for part in _markup(source))
    paths = (
        path for part in parts for path in re.findall(rf"(?<![.\w]){_NAME}(?:\.{_NAME})*", part)
    )
    return [tuple(path.split(".")) for path in paths]


class _LazyLiquid:
    """Liquid that python-liquid parses when it is first rendered or evaluated."""

    __slots__ = ("_parsed", "condition", "source")

    def __init__(self, source: str, *, condition: bool) -> None:
        self.source, self.condition = source, condition
        self._parsed: Any = None

    def render(self, context: LiquidContext) -> str:
        """The text with its Liquid replaced; raises `LiquidFailed`."""
        text: str = self._parse_once().render(context)
        return check_output_length(text)

    def evaluate(self, context: LiquidContext) -> bool:
        """Whether the condition is true; raises `LiquidFailed`."""
        return bool(self._parse_once().render(context))

    def _parse_once(self) -> Any:
        if self._parsed is None:
            from postcard.template.liquid.python_liquid import ParsedLiquid

            self._parsed = ParsedLiquid(self.source, condition=self.condition)
        return self._parsed
