"""Liquid as most texts use it, run in a few lines: names, our filters, `if` with a comparison.

python-liquid says the same of all of it, but its import takes longer than drawing a picture.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern
from postcard.template.liquid.context import LiquidFailed, Speech, call_filter, within_bounds
from postcard.template.liquid.locale_filters import FILTERS

Literal = str | int | float | bool | None


class Condition(Protocol):
    """A Liquid expression that is true or false."""

    def holds(self, speech: Speech) -> bool:
        """Its truth; raises `LiquidFailed`."""


class Part(Protocol):
    """Some of a text."""

    def said(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it stands."""

    text: str

    def said(self, speech: Speech) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ name | filter: argument }}`."""

    name: str
    filters: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def said(self, speech: Speech) -> str:
        """The value behind the last filter."""
        value = speech.values[self.name]
        for name, arguments in self.filters:
            if name in _OWN:
                text = value if isinstance(value, str) else "" if value is None else str(value)
                value = _OWN[name](text)
            else:
                value = call_filter(speech.wording, name, value, arguments)
        return speech.spoken(value)


@dataclass(frozen=True, slots=True)
class Branch:
    """`{% if … %}…{% else %}…{% endif %}`."""

    condition: Condition
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...] = ()

    def said(self, speech: Speech) -> str:
        """One of the two; nothing where both are white space alone."""
        parts = self.then if self.condition.holds(speech) else self.otherwise
        both = (*self.then, *self.otherwise)
        if all(isinstance(part, Words) and part.text.isspace() for part in both):
            return ""
        return "".join(part.said(speech) for part in parts)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text of such parts."""

    parts: tuple[Part, ...]

    def run(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""
        return within_bounds("".join(part.said(speech) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Given:
    """A bare name as a condition: true unless it is nil or false."""

    name: str

    def holds(self, speech: Speech) -> bool:
        """Its truth."""
        value = speech.values[self.name]
        return value is not None and value is not False


@dataclass(frozen=True, slots=True)
class Compared:
    """A name compared with a literal of its own type; nil is neither less nor more."""

    name: str
    operator: str
    literal: Literal

    def holds(self, speech: Speech) -> bool:
        """Its truth; raises `LiquidFailed` for types that have no order."""
        value = speech.values[self.name]
        alike = _kind(value) == _kind(self.literal)
        if self.operator in ("==", "!="):
            return (alike and value == self.literal) == (self.operator == "==")
        if value is None:
            return False
        if not alike or isinstance(value, bool):
            raise LiquidFailed(f"{self.name} {self.operator} … has no order")
        order: Callable[[Any, Any], bool] = _ORDERS[self.operator]
        return order(value, self.literal)


def _url_encode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text)


_OWN: Mapping[str, Callable[[str], str]] = {  # Liquid's own filters that texts and codes use most
    "upcase": str.upper,
    "downcase": str.lower,
    "capitalize": str.capitalize,
    "url_encode": _url_encode,
}
_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _kind(value: Any) -> type:
    if isinstance(value, str):
        return str
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


_COUNTED = r"countdown\.(?:days|hours|minutes|seconds|total_hours|ended)\b"
_OF_LOOP = r"forloop\.(?:first|last)\b"
_PART = r"\.(?!(?:size|first|last)\b)[a-z_][a-z0-9_]*"  # those three mean more than a name
_WORD = rf"(?:{_COUNTED}|{_OF_LOOP}|[a-z_][a-z0-9_]*(?:{_PART})?)"
_ARGUMENT = r"""(?:"[^"{}%|\\]*"|'[^'{}%|\\]*'|[0-9]{1,4})"""
_WITH_ARGUMENTS = rf"(?:{'|'.join(FILTERS)})\b\s*(?::\s*{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*)?"
_CALL = rf"\|\s*(?:{_WITH_ARGUMENTS}|(?:{'|'.join(_OWN)})\b\s*)"
_LITERAL = r"""(?:"[^"{}%|\\]*"|'[^'{}%|\\]*'|-?[0-9]{1,15}(?:\.[0-9]{1,9})?|true|false|nil)"""
_CONDITION = rf"({_WORD})(?:\s*(==|!=|<=|>=|<|>)\s*({_LITERAL}))?"
_MARK = pattern(
    rf"\{{\{{\s*(?P<name>{_WORD})\s*(?P<calls>(?:{_CALL})*)\}}\}}"
    rf"|\{{%\s*if\s+(?P<if>{_CONDITION})\s*%\}}|\{{%\s*(?P<tag>else|endif)\s*%\}}"
)
_CALLS = pattern(rf"\|\s*({'|'.join([*FILTERS, *_OWN])})\b\s*:?([^|]*)")
_ARGUMENTS = pattern(_ARGUMENT)
_OTHER = pattern(r"\{\{|\}\}|\{%|%\}")
_KEYWORDS = frozenset(
    ("true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains")
)
_CONSTANTS = {"true": True, "false": False, "nil": None}
Token = Part | Condition | str


def quick_text(source: str) -> Plain | None:
    """The program of a text, if it is all of this kind."""
    tokens = list(_tokens(source))
    parts: list[Part] = []
    while tokens:
        if (part := _part(tokens)) is None:
            return None
        parts.append(part)
    return Plain(tuple(parts))


def quick_condition(source: str) -> Condition | None:
    """The condition, if it is a name or a name compared with a literal."""
    match = re.fullmatch(_CONDITION, source.strip(" "))
    if match is None or match[1] in _KEYWORDS:
        return None
    return Compared(match[1], match[2], _literal(match[3])) if match[2] else Given(match[1])


def _tokens(source: str) -> Iterator[Token]:
    """Parts, the conditions of `if`, and the words `else` and `endif`; `?` for anything else."""
    end = 0
    for match in _MARK.finditer(source):
        yield from _words(source[end : match.start()])
        yield _token(match)
        end = match.end()
    yield from _words(source[end:])


def _words(text: str) -> Iterator[Token]:
    if text:
        yield "?" if _OTHER.search(text) else Words(text)


def _token(match: re.Match[str]) -> Token:
    if match["name"]:
        return "?" if match["name"] in _KEYWORDS else _output(match)
    return match["tag"] or quick_condition(match["if"]) or "?"


def _part(tokens: list[Token]) -> Part | None:
    """The next part, taken off the tokens; None if they make no sense here."""
    token = tokens.pop(0)
    if isinstance(token, Words | Output):
        return token
    if not isinstance(token, Given | Compared):
        return None
    then, end = _block(tokens)
    otherwise, end = _block(tokens) if end == "else" else ((), end)
    return Branch(token, then, otherwise) if end == "endif" else None


def _block(tokens: list[Token]) -> tuple[tuple[Part, ...], Token]:
    """The parts up to a word, and that word."""
    parts: list[Part] = []
    while tokens and isinstance(tokens[0], Words | Output):
        parts.append(tokens.pop(0))  # type: ignore[arg-type]
    return tuple(parts), tokens.pop(0) if tokens else "?"


def _output(match: re.Match[str]) -> Output:
    calls = [
        (name, tuple(_argument(text) for text in _ARGUMENTS.findall(arguments)))
        for name, arguments in _CALLS.findall(match["calls"])
    ]
    return Output(match["name"], tuple(calls))


def _argument(text: str) -> str | int:
    return int(text) if text[0].isdigit() else text[1:-1]


def _literal(text: str) -> Literal:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "\"'":
        return text[1:-1]
    return float(text) if "." in text else int(text)
