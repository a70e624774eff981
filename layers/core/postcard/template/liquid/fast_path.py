"""Parses and renders the Liquid that most texts use: names, our filters, `if` with a comparison.

python-liquid renders all of it the same, but importing it takes longer than drawing a picture.
"""

import operator
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.liquid.bounds import LiquidFailed, check_value
from postcard.template.liquid.context import (
    LiquidContext,
    call_filter,
    check_output_length,
)
from postcard.template.liquid.locale_filters import CASE_FILTERS, FILTER_NAMES

LiteralValue = str | int | float | bool | None


class LiquidCondition(Protocol):
    """A Liquid expression that is true or false."""

    def evaluate(self, context: LiquidContext) -> bool:
        """Whether it is true; raises `LiquidFailed`."""


class LiquidNode(Protocol):
    """A part of a template."""

    def render(self, context: LiquidContext) -> str:
        """The text of this part; raises `LiquidFailed`."""


@dataclass(frozen=True, slots=True)
class TextNode:
    """Text without Liquid."""

    text: str

    def render(self, context: LiquidContext) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True, slots=True)
class OutputNode:
    """`{{ name | filter: argument }}`."""

    name: str
    filters: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def render(self, context: LiquidContext) -> str:
        """The value's text after all filters."""
        value = context.values[self.name]
        for name, arguments in self.filters:
            if name in _BUILTIN_FILTERS:
                text = value if isinstance(value, str) else "" if value is None else str(value)
                context.budget.spend_on(text)
                value = _BUILTIN_FILTERS[name](text, context)
            else:
                value = call_filter(context, name, value, arguments)
            check_value(value)
        return context.to_text(value)


@dataclass(frozen=True, slots=True)
class IfNode:
    """`{% if … %}…{% else %}…{% endif %}`."""

    condition: LiquidCondition
    then_nodes: tuple[LiquidNode, ...]
    else_nodes: tuple[LiquidNode, ...] = ()

    def render(self, context: LiquidContext) -> str:
        """The text of one branch; empty if both branches are only white space, as in Liquid."""
        nodes = self.then_nodes if self.condition.evaluate(context) else self.else_nodes
        both = (*self.then_nodes, *self.else_nodes)
        if all(isinstance(node, TextNode) and node.text.isspace() for node in both):
            return ""
        return "".join(node.render(context) for node in nodes)


@dataclass(frozen=True, slots=True)
class FastTemplate:
    """A template of these nodes."""

    nodes: tuple[LiquidNode, ...]

    def render(self, context: LiquidContext) -> str:
        """The text with its Liquid replaced; raises `LiquidFailed`."""
        context.budget.start_text()
        context.budget.spend(len(self.nodes))
        return check_output_length("".join(node.render(context) for node in self.nodes))


@dataclass(frozen=True, slots=True)
class TruthyCondition:
    """A bare name as a condition: true unless it is nil or false."""

    name: str

    def evaluate(self, context: LiquidContext) -> bool:
        """Whether the value is neither nil nor false."""
        value = context.values[self.name]
        return value is not None and value is not False


@dataclass(frozen=True, slots=True)
class ComparisonCondition:
    """A name compared with a literal; nil is neither less nor greater than anything."""

    name: str
    operator: str
    literal: LiteralValue

    def evaluate(self, context: LiquidContext) -> bool:
        """Whether the comparison is true; raises `LiquidFailed` for types that have no order."""
        value = context.values[self.name]
        same_type = _comparable_type(value) == _comparable_type(self.literal)
        if self.operator in ("==", "!="):
            return (same_type and value == self.literal) == (self.operator == "==")
        if value is None:
            return False
        if not same_type or isinstance(value, bool):
            raise LiquidFailed(f"{self.name} {self.operator} … has no order")
        order: Callable[[Any, Any], bool] = _ORDER_OPERATORS[self.operator]
        return order(value, self.literal)


def _url_encode(text: str, context: LiquidContext) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text)


def _case_filter(name: str) -> Callable[[str, LiquidContext], str]:
    return lambda text, context: context.filters.change_case(name, text)


_BUILTIN_FILTERS: Mapping[str, Callable[[str, LiquidContext], str]] = {  # Liquid's most used
    **{name: _case_filter(name) for name in CASE_FILTERS},
    "url_encode": _url_encode,
}
_ORDER_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _comparable_type(value: Any) -> type:
    if isinstance(value, str):
        return str
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


_COUNTDOWN_PATH = r"countdown\.(?:days|hours|minutes|seconds|total_hours|ended)\b"
_FORLOOP_PATH = r"forloop\.(?:first|last)\b"
_MEMBER = r"\.(?!(?:size|first|last)\b)[a-z_][a-z0-9_]*"  # in Liquid those three are computed
_NAME = rf"(?:{_COUNTDOWN_PATH}|{_FORLOOP_PATH}|[a-z_][a-z0-9_]*(?:{_MEMBER})?)"
_ARGUMENT = r"""(?:"[^"{}%|\\]*"|'[^'{}%|\\]*'|[0-9]{1,4})"""
_LOCALE_FILTER_CALL = (
    rf"(?:{'|'.join(FILTER_NAMES)})\b\s*(?::\s*{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*)?"
)
_FILTER_CALL = rf"\|\s*(?:{_LOCALE_FILTER_CALL}|(?:{'|'.join(_BUILTIN_FILTERS)})\b\s*)"
_LITERAL = r"""(?:"[^"{}%|\\]*"|'[^'{}%|\\]*'|-?[0-9]{1,15}(?:\.[0-9]{1,9})?|true|false|nil)"""
_CONDITION = rf"({_NAME})(?:\s*(==|!=|<=|>=|<|>)\s*({_LITERAL}))?"
_MARKUP = lazy_regex(
    rf"\{{\{{\s*(?P<name>{_NAME})\s*(?P<calls>(?:{_FILTER_CALL})*)\}}\}}"
    rf"|\{{%\s*if\s+(?P<if>{_CONDITION})\s*%\}}|\{{%\s*(?P<tag>else|endif)\s*%\}}"
)
_FILTER_CALLS = lazy_regex(rf"\|\s*({'|'.join([*FILTER_NAMES, *_BUILTIN_FILTERS])})\b\s*:?([^|]*)")
_ARGUMENTS = lazy_regex(_ARGUMENT)
_ANY_DELIMITER = lazy_regex(r"\{\{|\}\}|\{%|%\}")
_KEYWORDS = frozenset(
    ("true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains")
)
_CONSTANTS = {"true": True, "false": False, "nil": None}
Token = LiquidNode | LiquidCondition | str


def parse_fast_template(source: str) -> FastTemplate | None:
    """Parses a text; None if it has any Liquid that is not supported here."""
    tokens = deque(_tokenize(source))
    nodes: list[LiquidNode] = []
    while tokens:
        if (node := _parse_node(tokens)) is None:
            return None
        nodes.append(node)
    return FastTemplate(tuple(nodes))


def parse_fast_condition(source: str) -> LiquidCondition | None:
    """Parses a condition; None unless it is a name, or a name compared with a literal."""
    match = re.fullmatch(_CONDITION, source.strip(" "))
    if match is None or match[1] in _KEYWORDS:
        return None
    return (
        ComparisonCondition(match[1], match[2], _parse_literal(match[3]))
        if match[2]
        else TruthyCondition(match[1])
    )


def _tokenize(source: str) -> Iterator[Token]:
    """Nodes, the conditions of `if`, `"else"` and `"endif"`; `"?"` for unsupported Liquid."""
    end = 0
    for match in _MARKUP.finditer(source):
        yield from _text_token(source[end : match.start()])
        yield _markup_token(match)
        end = match.end()
    yield from _text_token(source[end:])


def _text_token(text: str) -> Iterator[Token]:
    if text:
        yield "?" if _ANY_DELIMITER.search(text) else TextNode(text)


def _markup_token(match: re.Match[str]) -> Token:
    if match["name"]:
        return "?" if match["name"] in _KEYWORDS else _parse_output(match)
    return match["tag"] or parse_fast_condition(match["if"]) or "?"


def _parse_node(tokens: deque[Token]) -> LiquidNode | None:
    """Removes the next node's tokens and returns the node; None if they are not a node."""
    token = tokens.popleft()
    if isinstance(token, TextNode | OutputNode):
        return token
    if not isinstance(token, TruthyCondition | ComparisonCondition):
        return None
    then_nodes, end = _parse_branch(tokens)
    else_nodes, end = _parse_branch(tokens) if end == "else" else ((), end)
    return IfNode(token, then_nodes, else_nodes) if end == "endif" else None


def _parse_branch(tokens: deque[Token]) -> tuple[tuple[LiquidNode, ...], Token]:
    """Removes the nodes of an `if`'s branch and the token that ends it, and returns both."""
    nodes: list[LiquidNode] = []
    while tokens and isinstance(tokens[0], TextNode | OutputNode):
        nodes.append(tokens.popleft())  # type: ignore[arg-type]
    return tuple(nodes), tokens.popleft() if tokens else "?"


def _parse_output(match: re.Match[str]) -> OutputNode:
    calls = [
        (name, tuple(_parse_argument(text) for text in _ARGUMENTS.findall(arguments)))
        for name, arguments in _FILTER_CALLS.findall(match["calls"])
    ]
    return OutputNode(match["name"], tuple(calls))


def _parse_argument(text: str) -> str | int:
    return int(text) if text[0].isdigit() else text[1:-1]


def _parse_literal(text: str) -> LiteralValue:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "\"'":
        return text[1:-1]
    return float(text) if "." in text else int(text)
