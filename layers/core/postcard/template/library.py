"""python-liquid, set up: the one room that imports it."""

from functools import lru_cache
from typing import Any, TextIO

from liquid import Environment, RenderContext, StrictUndefined
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.exceptions import LiquidError
from liquid.filter import with_context

from postcard.template.marks import without_isolates
from postcard.template.speech import LiquidFailed, Speech, call_filter
from postcard.template.wording import FILTERS

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
    made = _Environment(undefined=StrictUndefined)
    for tag in (_Output, _Echo, _Capture):
        made.add_tag(tag)
    for name in ("include", "render"):
        del made.tags[name]
    for name in FILTERS:
        made.add_filter(name, _filter(name))
    return made


def _filter(name: str) -> Any:
    @with_context
    def say(value: Any, *arguments: Any, context: RenderContext) -> Any:
        speech: Speech = context.globals[SPEECH]  # type: ignore[assignment]
        return call_filter(speech.wording, name, value, arguments)

    return say


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
