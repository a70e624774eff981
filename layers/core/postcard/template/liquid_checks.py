"""What is wrong with Liquid whatever the values are: asked at publish, over the parsed tree."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.arguments import PositionalArgument
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import (
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    RangeLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.expression import Expression

from postcard.template.library import SPEECH, Parsed, environment

Kinds = Mapping[str, str]  # what names there are, and of which type: text, number, date, …

_COMPARING = (
    EqExpression,
    NeExpression,
    LtExpression,
    LeExpression,
    GtExpression,
    GeExpression,
)
_LITERALS: Mapping[type, str] = {
    StringLiteral: "text",
    IntegerLiteral: "number",
    FloatLiteral: "number",
    TrueLiteral: "boolean",
    FalseLiteral: "boolean",
}
_AS_TEXT = {"color": "text", "image": "text"}


def faults(parsed: Parsed, kinds: Kinds) -> Sequence[str]:
    """Sentences: unknown names and filters, values that cannot be compared."""
    analysis = parsed.template.analyze()
    unknown = [unknown_name(n, kinds) for n in analysis.globals if n not in kinds and n != SPEECH]
    filters = environment().filters
    unknown += [f"unknown filter {n!r}" for n in analysis.filters if n not in filters]
    own = {name: kind for name, kind in kinds.items() if name not in analysis.locals}
    found = [
        sentence
        for expression in _expressions(parsed.template.nodes)
        for sentence in _wrong(expression, own)
    ]
    return list(dict.fromkeys(unknown + found))


def unknown_name(name: str, kinds: Kinds) -> str:
    """A sentence for a name that Liquid does not know here."""
    close = get_close_matches(name, kinds, 1)
    return f"unknown name {name!r}" + (f"; did you mean {close[0]}?" if close else "")


def _expressions(nodes: Sequence[Node]) -> Iterator[Expression]:
    for node in nodes:
        for expression in node.expressions():
            yield from _within(expression)
        yield from _expressions(list(node.children(_NO_CONTEXT)))


_NO_CONTEXT: Any = None  # only `include` and `render` ask their context for children


def _within(expression: Expression) -> Iterator[Expression]:
    yield expression
    for inner in expression.children() or ():
        yield from _within(inner)


def _wrong(expression: Expression, kinds: Kinds) -> Iterator[str]:
    if isinstance(expression, _COMPARING):
        left, right = _kind(expression.left, kinds), _kind(expression.right, kinds)
        if left and right and left != right:
            yield f"{expression} compares a {left} with a {right}"
    if isinstance(expression, FilteredExpression):
        inner = [expression.left, *(a for f in expression.filters or () for a in f.children())]
        if any(isinstance(_bare(part), RangeLiteral) for part in inner):
            yield f"{expression}: a range stands in `for` only"
    if isinstance(expression, Path):
        yield from _wrong_path(expression, kinds)


def _wrong_path(path: Path, kinds: Kinds) -> Iterator[str]:
    head = str(path.path[0])
    if len(path.path) > 1:
        then = path.path[1]
        whole = ".".join(map(str, path.path))
        known = whole in kinds or (then == "size" and kinds.get(head) == "text")
        if head in kinds and not known:
            yield f"{path}: a {kinds[head]} has no {then!r}"
    elif kinds.get(head) == "countdown":
        parts = ", ".join(name for name in kinds if name.startswith("countdown."))
        yield f"{path} has parts: name one of {parts}"


def _bare(expression: Any) -> Any:
    return expression.value if isinstance(expression, PositionalArgument) else expression


def _kind(expression: Any, kinds: Kinds) -> str | None:
    if isinstance(expression, BooleanExpression):
        return _kind(expression.expression, kinds)
    if isinstance(expression, Path):
        kind = kinds.get(".".join(map(str, expression.path)))
        return _AS_TEXT.get(kind, kind) if kind else None
    return _LITERALS.get(type(expression))
