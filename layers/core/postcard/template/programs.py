"""Liquid in a document: parsed once, run for each picture.

Most texts are words and plain `{{ name }}`; they run here, in a few lines. All others go to
python-liquid, whose import takes longer than drawing a picture, so it waits until one needs it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from postcard.template.graphemes import too_many_graphemes
from postcard.template.marks import ISOLATE, POP, isolated
from postcard.template.moments import Moment
from postcard.template.rules import MAX_TEXT, has_liquid
from postcard.template.values import number_text
from postcard.template.wording import FILTERS, Wording, WordingError

Kinds = Mapping[str, str]  # what names there are, and of which type: text, number, date, …


class LiquidFailed(Exception):
    """Liquid that cannot be run with these values; the text says why."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What programs see: `values` by name (None is nil) and the `wording` of their locale."""

    values: Mapping[str, Any]
    wording: Wording
    isolate: bool = field(default=False)

    def spoken(self, value: Any) -> str:
        """A value as text; None is nothing."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return number_text(value) if abs(value) < 1e15 else str(value)
        if isinstance(value, list | tuple):
            return "".join(map(self.spoken, value))
        text = str(value)
        return isolated(text) if self.isolate and not isinstance(value, Moment) else text


class Program(Protocol):
    """Liquid that yields a text."""

    def run(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""

    def faults(self, kinds: Kinds) -> Sequence[str]:
        """What is wrong with it, whatever the values are: sentences."""


class Condition(Protocol):
    """A Liquid expression that is true or false."""

    def holds(self, speech: Speech) -> bool:
        """Its truth; raises `LiquidFailed`."""

    def faults(self, kinds: Kinds) -> Sequence[str]:
        """What is wrong with it, whatever the values are: sentences."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Words and `{{ name | filter }}`: each part a text, or a name with our filters after it."""

    parts: tuple["str | Output", ...]

    def run(self, speech: Speech) -> str:
        """The text; raises `LiquidFailed`."""
        text = "".join(
            part if isinstance(part, str) else speech.spoken(part.value(speech))
            for part in self.parts
        )
        return within_bounds(text)

    def faults(self, kinds: Kinds) -> Sequence[str]:
        """Names that there are not."""
        names = [part.name for part in self.parts if isinstance(part, Output)]
        return [unknown_name(name, kinds) for name in names if name not in kinds]


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ name | filter: argument }}`."""

    name: str
    filters: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def value(self, speech: Speech) -> Any:
        """The value behind the last filter."""
        value = speech.values[self.name]
        for name, arguments in self.filters:
            value = call_filter(speech.wording, name, value, arguments)
        return value


@dataclass(frozen=True, slots=True)
class Given:
    """A bare name as a condition: true unless it is nil or false."""

    name: str

    def holds(self, speech: Speech) -> bool:
        """Its truth."""
        value = speech.values[self.name]
        return value is not None and value is not False

    def faults(self, kinds: Kinds) -> Sequence[str]:
        """The name, if there is none like it."""
        return () if self.name in kinds else (unknown_name(self.name, kinds),)


def call_filter(wording: Wording, name: str, value: Any, arguments: Sequence[Any]) -> Any:
    """One of our filters; raises `LiquidFailed`."""
    try:
        return getattr(wording, name)(value, *arguments)
    except WordingError as error:
        raise LiquidFailed(f"{name}: {error}") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise LiquidFailed(f"{name} cannot be called like this: {error}") from None


def within_bounds(text: str) -> str:
    """The text; `LiquidFailed` over 5,000 graphemes."""
    if too_many_graphemes(text, MAX_TEXT):
        raise LiquidFailed(f"it yields more than {MAX_TEXT} characters")
    return text


def unknown_name(name: str, kinds: Kinds) -> str:
    """A sentence for a name that Liquid does not know here."""
    from difflib import get_close_matches

    close = get_close_matches(name, kinds, 1)
    return f"unknown name {name!r}" + (f"; did you mean {close[0]}?" if close else "")


_WORD = "[a-z_][a-z0-9_]*"
_ARGUMENT = r"""(?:"[^"{}%|\\]*"|'[^'{}%|\\]*'|[0-9]{1,4})"""
_CALL = rf"\|\s*(?:{'|'.join(FILTERS)})\b\s*(?::\s*{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*)?"
_OUTPUT = re.compile(rf"\{{\{{\s*({_WORD})\s*((?:{_CALL})*)\}}\}}")
_CALLS = re.compile(rf"\|\s*({'|'.join(FILTERS)})\b\s*:?([^|]*)")
_ARGUMENTS = re.compile(_ARGUMENT)
_KEYWORDS = frozenset(("true", "false", "nil", "null", "empty", "blank", "and", "or", "contains"))
_ASKS_TIME = re.compile(r"(?<![.\w])now\b")
_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile("\"[^\"]*\"|'[^']*'")


@lru_cache(maxsize=4096)
def parse_text(source: str) -> Program:
    """The program of a text with Liquid in it."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[str | Output] = []
    end = 0
    for match in _OUTPUT.finditer(source):
        parts += [source[end : match.start()], _output(match)]
        end = match.end()
    parts.append(source[end:])
    ours = all(not isinstance(part, str) or not _has_other(part) for part in parts)
    names = (part.name for part in parts if isinstance(part, Output))
    if ours and not any(name in _KEYWORDS for name in names):
        return Plain(tuple(part for part in parts if part))
    return _Later(source, condition=False)


@lru_cache(maxsize=4096)
def parse_condition(source: str) -> Condition:
    """The condition of an `if`."""
    bare = source.strip(" ")
    if re.fullmatch(_WORD, bare) and bare not in _KEYWORDS:
        return Given(bare)
    return _Later(source, condition=True)


def asks_time(source: str, *, condition: bool = False) -> bool:
    """Whether Liquid names `now`."""
    marked = [source] if condition else _MARKUP.findall(source)
    return any(_ASKS_TIME.search(_QUOTED.sub("", part)) for part in marked)


def names_in(source: str) -> Sequence[str]:
    """The words that Liquid names in a text, in their order."""
    marked = (_QUOTED.sub("", part) for part in _MARKUP.findall(source))
    return [name for part in marked for name in re.findall(rf"(?<![.\w]){_WORD}", part)]


def _has_other(text: str) -> bool:
    return has_liquid(text) or "}}" in text or "%}" in text


def _output(match: re.Match[str]) -> Output:
    calls = [
        (name, tuple(_argument(text) for text in _ARGUMENTS.findall(arguments)))
        for name, arguments in _CALLS.findall(match[2])
    ]
    return Output(match[1], tuple(calls))


def _argument(text: str) -> str | int:
    return int(text) if text[0].isdigit() else text[1:-1]


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

    def faults(self, kinds: Kinds) -> Sequence[str]:
        """What the library says about it, and what we ask beyond."""
        from postcard.template.liquid_checks import faults

        try:
            return faults(self._program(), kinds)
        except LiquidFailed as error:
            return (str(error),)

    def _program(self) -> Any:
        if self._made is None:
            from postcard.template.library import Parsed

            self._made = Parsed(self.source, condition=self.condition)
        return self._made


def without_isolates(text: str) -> str:
    """A captured text, to be compared and shown again."""
    return text.replace(ISOLATE, "").replace(POP, "")
