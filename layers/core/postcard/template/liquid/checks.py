"""What is wrong with Liquid whatever the values are: asked at publish, over the parsed tree."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
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
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.echo_tag import EchoNode
from liquid.expression import Expression

from postcard.template.liquid.engine import SPEECH, Parsed, environment
from postcard.template.liquid.loops import item_kinds

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
_WITH_PARTS = ("countdown", "item", "loop")
_A = {"item": "an item", "loop": "forloop"}
_OF_ITEMS = frozenset(  # filters that may ask each item for a field
    ("compact", "find", "find_index", "has", "map", "reject", "sort", "sort_natural", "sum")
) | frozenset(("uniq", "where"))
_OF_LISTS = frozenset(("concat", "default", "first", "last", "reverse", "size", "slice"))
_KEEPING = frozenset(  # … and those that give items again
    ("compact", "concat", "reject", "reverse", "slice", "sort", "sort_natural", "uniq", "where")
)
_OF_ONE = frozenset(("find", "first", "last"))  # … and those that give one of them
_AS_TEXT = {"color": "text", "image": "text"}


def faults(parsed: Parsed, kinds: Kinds) -> Sequence[str]:
    """Sentences: unknown names and filters, values that cannot be compared."""
    analysis = parsed.template.analyze()
    unknown = [unknown_name(n, kinds) for n in analysis.globals if n not in kinds and n != SPEECH]
    filters = environment().filters
    unknown += [f"unknown filter {n!r}" for n in analysis.filters if n not in filters]
    own = _without(kinds, analysis.locals)
    found = [
        sentence
        for node, here in _nodes(parsed.template.nodes, own)
        for sentence in _wrong_in(node, here)
    ]
    return list(dict.fromkeys(unknown + found))


def unknown_name(name: str, kinds: Kinds) -> str:
    """A sentence for a name that Liquid does not know here."""
    close = get_close_matches(name, [kind for kind in kinds if "[]" not in kind], 1)
    return f"unknown name {name!r}" + (f"; did you mean {close[0]}?" if close else "")


def _nodes(nodes: Sequence[Node], kinds: Kinds) -> Iterator[tuple[Node, Kinds]]:
    """Every node, and what it may name where it stands."""
    for node in nodes:
        yield node, kinds
        here = kinds
        for expression in node.expressions():
            if isinstance(expression, LoopExpression):
                here = _looped(expression, kinds)
        yield from _nodes(list(node.children(_NO_CONTEXT)), here)


def _wrong_in(node: Node, kinds: Kinds) -> Iterator[str]:
    for expression in node.expressions():
        for inner in _within(expression):
            yield from _wrong(inner, kinds)
        if isinstance(node, OutputNode | EchoNode) and isinstance(expression, FilteredExpression):
            yield from _wrong_item(expression, kinds)


def _looped(loop: LoopExpression, kinds: Kinds) -> Kinds:
    """What may be named inside a `for`: its own word hides a field of that name."""
    rest = _without(kinds, [loop.identifier, "forloop"])
    source = loop.iterable
    if isinstance(source, Path) and kinds.get(_said(source)) == "list":
        return {**rest, **item_kinds(kinds, _said(source), loop.identifier)}
    return rest


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
        yield from _wrong_list(expression, kinds)
    if isinstance(expression, Path):
        yield from _wrong_path(expression, kinds)


def _wrong_list(expression: FilteredExpression, kinds: Kinds) -> Iterator[str]:
    """A list where a text is wanted, and filters that ask items for what they do not have."""
    left, filters = expression.left, expression.filters or []
    if not isinstance(left, Path) or kinds.get(_said(left)) != "list":
        return
    if not filters or filters[0].name not in _OF_ITEMS | _OF_LISTS:
        yield f'{expression}: {left} is a list; {left} | map: "…" | join: ", " writes one'
    for each in filters:
        key = _bare(each.args[0]) if each.args else None
        known = not isinstance(key, StringLiteral) or f"{left}[].{key.value}" in kinds
        if each.name in _OF_ITEMS and not known:
            yield f"{expression}: an item of {left} has no {key}"
        if each.name not in _KEEPING:
            return


def _wrong_item(shown: FilteredExpression, kinds: Kinds) -> Iterator[str]:
    """What shows a whole item, which has no words of its own."""
    left, filters = shown.left, shown.filters or []
    if not isinstance(left, Path):
        return
    one = _is_whole_item(left, kinds)
    if not one and kinds.get(_said(left)) != "list":
        return
    for each in filters:
        if each.name in _OF_ONE:
            one = True
        elif each.name not in _KEEPING and (not one or each.name in _OF_ITEMS | _OF_LISTS):
            return
    if one:
        fields = (name.partition("[].") for name in kinds)
        keys = ", ".join(key for head, _, key in fields if key and head == str(left.path[0]))
        yield f"{shown} is a whole item: name one of its fields ({keys})"


def _wrong_path(path: Path, kinds: Kinds) -> Iterator[str]:
    head, said = str(path.path[0]), _said(path)
    if len(path.path) == 1:
        if kinds.get(head) in _WITH_PARTS:
            parts = ", ".join(name for name in kinds if name.startswith(f"{head}."))
            yield f"{path} has parts: name one of {parts}"
    elif head in kinds and said not in kinds and not _is_whole_item(path, kinds):
        before = _said(path, upto=-1)
        if not (path.path[-1] == "size" and kinds.get(before) in ("text", "list")):
            yield f"{path}: {_A.get(kinds[head], f'a {kinds[head]}')} has no {path.path[-1]!r}"


def _is_whole_item(path: Path, kinds: Kinds) -> bool:
    """`products[0]` or `products.first`, as filters and `assign` take it."""
    return len(path.path) == 2 and kinds.get(str(path.path[0])) == "list" and _picks(path.path[1])


def _picks(step: object) -> bool:
    """Whether a step after a list is one of its items."""
    return step in ("first", "last") or not isinstance(step, str)


def _said(path: Path, upto: int | None = None) -> str:
    """A path as `kinds` has it: `products[0].name` and `products.first.name` are alike there.

    With `upto` the path without its last steps.
    """
    head, *rest = path.path[:upto]
    if len(rest) == 2 and _picks(rest[0]):
        return f"{head}[].{rest[1]}"
    return ".".join(map(str, [head, *rest]))


def _without(kinds: Kinds, names: Iterable[str]) -> Kinds:
    """Kinds but for some names and their parts."""
    hidden = set(names)
    return {name: kind for name, kind in kinds.items() if re.split(r"[.[]", name)[0] not in hidden}


def _bare(expression: Any) -> Any:
    return expression.value if isinstance(expression, PositionalArgument) else expression


def _kind(expression: Any, kinds: Kinds) -> str | None:
    if isinstance(expression, BooleanExpression):
        return _kind(expression.expression, kinds)
    if isinstance(expression, Path):
        kind = kinds.get(_said(expression))
        if kind is None and expression.path[-1] == "size":
            return "number"
        return _AS_TEXT.get(kind, kind) if kind else None
    return _LITERALS.get(type(expression))
