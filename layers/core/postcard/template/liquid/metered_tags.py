"""python-liquid's tags and render context, which count their steps against the picture's budget."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import LoopExpression, StringLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.builtin.tags.for_tag import ForLoop, ForTag
from liquid.builtin.tags.liquid_tag import LiquidTag
from liquid.builtin.tags.tablerow_tag import TableRow, TablerowTag
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EXPRESSION, Token
from liquid.undefined import UNDEFINED

from postcard.template.liquid.bounds import (
    MAX_ITERATIONS,
    LiquidFailed,
    StepBudget,
)
from postcard.template.liquid.context import LiquidContext
from postcard.template.liquid.lexer import tokenize_lines
from postcard.template.liquid.text_markers import strip_isolates

_CODE_PER_STEP = 5  # characters of an expression
_STEPS_PER_CYCLE_VALUE = 5
CONTEXT_KEY = " liquid_context"  # starts with a space, so no template can name it


class MeteredContext(RenderContext):
    """A render context that counts the iterations of loops and the size of variables."""

    __slots__ = ("budget", "liquid_context")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        self.liquid_context: LiquidContext | None = self.globals.get(CONTEXT_KEY)  # type: ignore[assignment]
        self.budget = self.liquid_context.budget if self.liquid_context else StepBudget()

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        """The value at a path; what is done with it takes steps for its size."""
        value = super().get(path, token=token, default=default)
        self.budget.spend_on(value)
        return value

    def loop(self, namespace: Mapping[str, object], forloop: ForLoop | TableRow) -> Any:
        """Begins a loop, whose steps are taken at once."""
        self.budget.spend(forloop.length)
        return super().loop(namespace, forloop)

    def assign(self, key: str, val: Any) -> None:
        """Sets a variable; python-liquid then adds up the sizes of all of them."""
        self.budget.spend(len(self.locals))
        super().assign(key, val)


class MeteredTemplate(BoundTemplate):
    """A template that is rendered in a `MeteredContext`."""

    context_class = MeteredContext


def metered(tag: type[Tag]) -> type[Tag]:
    """The tag with nodes that take steps each time they are rendered."""
    if not (node_class := getattr(tag, "node_class", None)):
        return tag  # `break` and `continue`, which end what takes steps
    metered_node = type(node_class.__name__, (_MeteredNode, node_class), {"__slots__": ("steps",)})
    return type(tag.__name__, (_MeteredTag, tag), {"node_class": metered_node})


class _MeteredTag(Tag):
    def get_node(self, stream: TokenStream) -> Node:
        start = stream.pos
        node = super().get_node(stream)
        tokens = stream.tokens[start : stream.pos + 1]
        code = sum(len(token.value) for token in tokens if token.kind == TOKEN_EXPRESSION)
        node.steps = 1 + code // _CODE_PER_STEP  # type: ignore[attr-defined]
        return node


class _MeteredNode:
    __slots__ = ()
    steps: int

    def render(self, context: MeteredContext, buffer: TextIO) -> int:
        context.budget.spend(self.steps)
        return super().render(context, buffer)  # type: ignore[misc,no-any-return]


class _OutputNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, MeteredContext) and context.liquid_context is not None
        text = context.liquid_context.to_text(self.expression.evaluate(context))
        context.budget.spend_on(text)
        return buffer.write(text)


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


class _CycleNode(CycleNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, MeteredContext)
        for expression in self.expressions():  # all of them are a key that is kept
            context.budget.spend(_STEPS_PER_CYCLE_VALUE)
            context.budget.spend_on(expression.evaluate(context))
        return super().render_to_output(context, buffer)


class _CycleTag(CycleTag):
    node_class = _CycleNode


class _LiquidTag(LiquidTag):
    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._tokenize: Any = tokenize_lines


class _LoopExpression(LoopExpression):
    """A loop's items, counted before any of them is made."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> tuple[Iterator[object], int]:
        items = _loop_items(self.iterable.evaluate(context))
        key = f"{self.identifier}-{self.iterable}"
        start = self._start(context, key)
        length = items.stop - items.start if isinstance(items, range) else len(items)
        limit = self.limit and self._to_int(self.limit.evaluate(context), token=self.limit.token)
        stop = (limit + start if self.limit else 0) or length  # type: ignore[operator]
        start, stop = min(max(start, 0), length), min(stop, length)
        context.stopindex(key, stop)
        if stop - start > MAX_ITERATIONS:
            raise LiquidFailed(f"a loop takes more than {MAX_ITERATIONS} items")
        if stop <= start:
            return iter(()), 0
        taken = items[start:stop]
        return iter(reversed(taken) if self.reversed else taken), stop - start

    def _start(self, context: RenderContext, key: str) -> int:
        if self.offset is None:
            return 0
        if isinstance(self.offset, StringLiteral) and self.offset.value == "continue":
            return context.stopindex(key)
        return self._to_int(self.offset.evaluate(context), token=self.offset.token)


def _loop_items(value: object) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, str):
        return [value] if value else []
    return value if isinstance(value, Sequence) else []


class _ForTag(ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node: Node = _with_bounded_loop(super().parse(stream))
        return node


class _TablerowTag(TablerowTag):
    def parse(self, stream: TokenStream) -> Any:
        return _with_bounded_loop(super().parse(stream))


def _with_bounded_loop(node: Any) -> Any:
    loop: LoopExpression = node.expression
    node.expression = _LoopExpression(
        loop.token,
        loop.identifier,
        loop.iterable,
        limit=loop.limit,
        offset=loop.offset,
        reversed_=loop.reversed,
        cols=loop.cols,
    )
    return node


REPLACED_TAGS: Sequence[type[Tag]] = (
    _OutputTag,
    _EchoTag,
    _CaptureTag,
    _CycleTag,
    _LiquidTag,
    _ForTag,
    _TablerowTag,
)
