"""python-liquid, set up: the one room that imports it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.exceptions import LiquidError
from liquid.filter import with_context
from liquid.undefined import Undefined

from postcard.template.liquid.context import LiquidFailed, Speech, call_filter, joined
from postcard.template.liquid.locale_filters import FILTERS
from postcard.template.liquid.text_markers import without_isolates

SPEECH = " speech"  # no template can name it
MAX_TURNS = 1000
_MAX_BYTES = 100_000  # of output, before its graphemes are counted


class _OutputNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        speech: Speech = context.globals[SPEECH]  # type: ignore[assignment]
        return buffer.write(speech.spoken(self.expression.evaluate(context)))


class _Output(Output):
    node_class = _OutputNode


class _EchoNode(EchoNode):
    __slots__ = ()
    render_to_output = _OutputNode.render_to_output


class _Echo(EchoTag):
    node_class = _EchoNode


class _CaptureNode(CaptureNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        super().render_to_output(context, buffer)
        context.locals[self.name] = without_isolates(str(context.locals[self.name]))
        return 0


class _Capture(CaptureTag):
    node_class = _CaptureNode


class _Environment(Environment):
    loop_iteration_limit = MAX_TURNS
    local_namespace_limit = 1_000_000
    output_stream_limit = _MAX_BYTES
    logical_not_operator = True
    logical_parentheses = True


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Liquid with our filters, without files."""
    made = _Environment()  # names are checked at publish; what is not in a value is nil
    for tag in (_Output, _Echo, _Capture):
        made.add_tag(tag)
    for name in ("include", "render"):
        del made.tags[name]
    for name in FILTERS:
        made.add_filter(name, _filter(name))
    made.add_filter("join", _join)
    made.add_filter("sort", _sort)
    return made


def _filter(name: str) -> Any:
    @with_context
    def say(value: Any, *arguments: Any, context: RenderContext) -> Any:
        speech: Speech = context.globals[SPEECH]  # type: ignore[assignment]
        return call_filter(speech.wording, name, _nil(value), arguments)

    return say


@with_context
def _join(value: Any, between: Any = " ", *, context: RenderContext) -> Any:
    speech: Speech = context.globals[SPEECH]  # type: ignore[assignment]
    return joined(speech, _sequence(value), speech.spoken(between))


def _sort(value: Any, key: Any = None) -> list[Any]:
    """Liquid's `sort`, with what is missing at its end."""
    items = _sequence(value)
    keys = [_sortable(one.get(key) if key and isinstance(one, Mapping) else one) for one in items]
    order = sorted(range(len(items)), key=lambda index: _last_if_none(keys[index]))
    return [items[index] for index in order]


def _sortable(value: Any) -> Any:
    return value.__liquid__() if hasattr(value, "__liquid__") else value


def _last_if_none(key: Any) -> tuple[bool, Any]:
    return key is None, 0 if key is None else key


def _sequence(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | range):
        return list(value)
    return [] if _nil(value) is None else [value]


def _nil(value: Any) -> Any:
    return None if isinstance(value, Undefined) else value


class Parsed:
    """A text, or a condition, that python-liquid has parsed; raises `LiquidFailed` if it cannot."""

    __slots__ = ("condition", "template")

    def __init__(self, source: str, *, condition: bool) -> None:
        if condition and any(mark in source for mark in ("{{", "}}", "{%", "%}", "\n")):
            raise LiquidFailed("`if` takes a bare expression, such as points > 100")
        self.condition = condition
        text = f"{{% if {source} %}}x{{% endif %}}" if condition else source
        try:
            self.template = environment().from_string(text)
        except (LiquidError, RecursionError) as error:
            raise LiquidFailed(f"Liquid cannot read this: {error.args[0]}") from None

    def run(self, speech: Speech) -> str:
        """What it yields; raises `LiquidFailed`."""
        values = {**speech.values, SPEECH: speech}
        try:
            return self.template.render(values)
        except LiquidError as error:
            raise LiquidFailed(str(error.args[0] if error.args else error)) from None
        except (ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
            raise LiquidFailed(f"Liquid failed: {error}") from None
