"""python-liquid with this project's filters and limits. Its import is slow: import it late."""

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

from postcard.template.liquid.context import LiquidContext, LiquidFailed, call_filter, join_values
from postcard.template.liquid.locale_filters import FILTER_NAMES
from postcard.template.liquid.text_markers import strip_isolates

CONTEXT_KEY = " liquid_context"  # starts with a space, so no template can name it
MAX_ITERATIONS = 1000
_MAX_OUTPUT_BYTES = 100_000


class _OutputNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        liquid_context: LiquidContext = context.globals[CONTEXT_KEY]  # type: ignore[assignment]
        return buffer.write(liquid_context.to_text(self.expression.evaluate(context)))


class _OutputTag(Output):
    node_class = _OutputNode


class _EchoNode(EchoNode):
    __slots__ = ()
    render_to_output = _OutputNode.render_to_output


class _EchoTag(EchoTag):
    node_class = _EchoNode


class _CaptureNode(CaptureNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        super().render_to_output(context, buffer)
        context.locals[self.name] = strip_isolates(str(context.locals[self.name]))
        return 0


class _CaptureTag(CaptureTag):
    node_class = _CaptureNode


class _Environment(Environment):
    loop_iteration_limit = MAX_ITERATIONS
    local_namespace_limit = 1_000_000
    output_stream_limit = _MAX_OUTPUT_BYTES
    logical_not_operator = True
    logical_parentheses = True


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The Liquid environment: our filters are added, the tags that load files are removed."""
    liquid = _Environment()  # not strict: names are checked at publish, a missing value is nil
    for tag in (_OutputTag, _EchoTag, _CaptureTag):
        liquid.add_tag(tag)
    for name in ("include", "render"):
        del liquid.tags[name]
    for name in FILTER_NAMES:
        liquid.add_filter(name, _make_filter(name))
    liquid.add_filter("join", _join_filter)
    liquid.add_filter("sort", _sort_filter)
    return liquid


def _make_filter(name: str) -> Any:
    @with_context
    def apply(value: Any, *arguments: Any, context: RenderContext) -> Any:
        liquid_context: LiquidContext = context.globals[CONTEXT_KEY]  # type: ignore[assignment]
        return call_filter(liquid_context.filters, name, _none_if_undefined(value), arguments)

    return apply


@with_context
def _join_filter(value: Any, separator: Any = " ", *, context: RenderContext) -> Any:
    liquid_context: LiquidContext = context.globals[CONTEXT_KEY]  # type: ignore[assignment]
    return join_values(liquid_context, _to_list(value), liquid_context.to_text(separator))


def _sort_filter(value: Any, key: Any = None) -> list[Any]:
    """Liquid's `sort`, with missing values last."""
    items = _to_list(value)
    keys = [
        _sort_key(item.get(key) if key and isinstance(item, Mapping) else item) for item in items
    ]
    order = sorted(range(len(items)), key=lambda index: _none_last(keys[index]))
    return [items[index] for index in order]


def _sort_key(value: Any) -> Any:
    return value.__liquid__() if hasattr(value, "__liquid__") else value


def _none_last(key: Any) -> tuple[bool, Any]:
    return key is None, 0 if key is None else key


def _to_list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | range):
        return list(value)
    return [] if _none_if_undefined(value) is None else [value]


def _none_if_undefined(value: Any) -> Any:
    return None if isinstance(value, Undefined) else value


class ParsedLiquid:
    """A text or condition parsed by python-liquid; raises `LiquidFailed` if it cannot be parsed."""

    __slots__ = ("condition", "template")

    def __init__(self, source: str, *, condition: bool) -> None:
        if condition and any(delimiter in source for delimiter in ("{{", "}}", "{%", "%}", "\n")):
            raise LiquidFailed("`if` takes a bare expression, such as points > 100")
        self.condition = condition
        text = f"{{% if {source} %}}x{{% endif %}}" if condition else source
        try:
            self.template = environment().from_string(text)
        except (LiquidError, RecursionError) as error:
            raise LiquidFailed(f"Liquid cannot read this: {error.args[0]}") from None

    def render(self, context: LiquidContext) -> str:
        """The output; for a condition, not empty if it is true. Raises `LiquidFailed`."""
        values = {**context.values, CONTEXT_KEY: context}
        try:
            return self.template.render(values)
        except LiquidError as error:
            raise LiquidFailed(str(error.args[0] if error.args else error)) from None
        except (ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
            raise LiquidFailed(f"Liquid failed: {error}") from None
