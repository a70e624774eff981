"""Static checks of parsed Liquid: unknown names and filters, wrong types. Used at publish."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

from postcard.name_suggestions import closest_name
from postcard.template.liquid.bounds import MAX_ITERATIONS, MAX_NUMBER
from postcard.template.liquid.formatting.strftime import unknown_codes
from postcard.template.liquid.loops import NameTypes, item_types
from postcard.template.liquid.metered_tags import CONTEXT_KEY
from postcard.template.liquid.python_liquid import ParsedLiquid, environment

_COMPARISONS = (
    EqExpression,
    NeExpression,
    LtExpression,
    LeExpression,
    GtExpression,
    GeExpression,
)
_LITERAL_TYPES: Mapping[type, str] = {
    StringLiteral: "text",
    IntegerLiteral: "number",
    FloatLiteral: "number",
    TrueLiteral: "boolean",
    FalseLiteral: "boolean",
}
_OBJECT_TYPES = ("countdown", "item", "loop")
_TYPE_NOUNS = {"item": "an item", "loop": "forloop"}
_ITEM_FILTERS = frozenset(  # their first argument may be a field of the items
    ("compact", "find", "find_index", "has", "map", "reject", "sort", "sort_natural", "sum")
) | frozenset(("uniq", "where"))
_LIST_FILTERS = frozenset(("concat", "default", "first", "last", "reverse", "size", "slice"))
_LIST_RETURNING_FILTERS = frozenset(
    ("compact", "concat", "reject", "reverse", "slice", "sort", "sort_natural", "uniq", "where")
)
_ITEM_RETURNING_FILTERS = frozenset(("find", "first", "last"))
_COMPARED_AS = {"color": "text", "image": "text"}
_MAX_MESSAGES = 10
_MAX_SHOWN = 200  # characters of an expression


def parsed_liquid_errors(parsed: ParsedLiquid, types: NameTypes) -> Sequence[str]:
    """Messages about unknown names and filters, and values that cannot be compared: the first ten.

    Each message may take a while to write, as names are compared with all known names.
    """
    messages: dict[str, None] = {}
    for message in _all_errors(parsed, types):
        messages[message] = None
        if len(messages) == _MAX_MESSAGES:
            break
    return list(messages)


def _all_errors(parsed: ParsedLiquid, types: NameTypes) -> Iterator[str]:
    analysis = parsed.template.analyze()
    for name in analysis.globals:
        if name not in types and name != CONTEXT_KEY:
            yield unknown_name_message(name, types)
    filters = environment().filters
    yield from (f"unknown filter {n!r}" for n in analysis.filters if n not in filters)
    for node, types_here in _walk_nodes(parsed.template.nodes, _hide_names(types, analysis.locals)):
        yield from _node_errors(node, types_here)


def unknown_date_codes(parsed: ParsedLiquid) -> Sequence[str]:
    """The codes in literal patterns of `date` and `time` that strftime does not have."""
    codes: dict[str, None] = {}
    for node, _ in _walk_nodes(parsed.template.nodes, {}):
        for expression in node.expressions():
            for inner in _walk_expressions(expression):
                if isinstance(inner, FilteredExpression):
                    codes.update(dict.fromkeys(_unknown_codes_of(inner)))
    return list(codes)[:_MAX_MESSAGES]


def _unknown_codes_of(expression: FilteredExpression) -> Iterator[str]:
    for each in expression.filters or ():
        pattern = _argument_value(each.args[0]) if each.args else None
        if each.name in ("date", "time") and isinstance(pattern, StringLiteral):
            yield from unknown_codes(pattern.value)


def unknown_name_message(name: str, types: NameTypes) -> str:
    """The message for an unknown name, with a suggestion if a known name is close."""
    close = closest_name(name, [known for known in types if "[]" not in known])
    return f"unknown name {name[:_MAX_SHOWN]!r}" + (f"; did you mean {close}?" if close else "")


def _walk_nodes(nodes: Sequence[Node], types: NameTypes) -> Iterator[tuple[Node, NameTypes]]:
    """Every node with the names that it may use."""
    for node in nodes:
        yield node, types
        inner_types = types
        for expression in node.expressions():
            if isinstance(expression, LoopExpression):
                inner_types = _types_in_loop(expression, types)
        yield from _walk_nodes(list(node.children(_NO_CONTEXT)), inner_types)


def _node_errors(node: Node, types: NameTypes) -> Iterator[str]:
    for expression in node.expressions():
        for inner in _walk_expressions(expression):
            yield from _expression_errors(inner, types)
        if isinstance(node, OutputNode | EchoNode) and isinstance(expression, FilteredExpression):
            yield from _whole_item_errors(expression, types)


def _types_in_loop(loop: LoopExpression, types: NameTypes) -> NameTypes:
    """The names inside a `for`: its loop variable hides a field of that name."""
    outer_types = _hide_names(types, [loop.identifier, "forloop"])
    source = loop.iterable
    if isinstance(source, Path) and types.get(_path_name(source)) == "list":
        return {**outer_types, **item_types(types, _path_name(source), loop.identifier)}
    return outer_types


_NO_CONTEXT: Any = None  # only `include` and `render` need it, and both are removed


def _walk_expressions(expression: Expression) -> Iterator[Expression]:
    yield expression
    for inner in expression.children() or ():
        yield from _walk_expressions(inner)


def _expression_errors(expression: Expression, types: NameTypes) -> Iterator[str]:
    if isinstance(expression, _COMPARISONS):
        left, right = (
            _expression_type(expression.left, types),
            _expression_type(expression.right, types),
        )
        if left and right and left != right:
            yield f"{_shown(expression)} compares a {left} with a {right}"
    yield from _bound_errors(expression)
    if isinstance(expression, FilteredExpression):
        inner = [expression.left, *(a for f in expression.filters or () for a in f.children())]
        if any(isinstance(_argument_value(part), RangeLiteral) for part in inner):
            yield f"{_shown(expression)}: a range is allowed in `for` only"
        yield from _list_filter_errors(expression, types)
    if isinstance(expression, Path):
        yield from _path_errors(expression, types)


def _bound_errors(expression: Expression) -> Iterator[str]:
    """A number or range that is too large by itself; other bounds depend on values."""
    if (
        isinstance(expression, IntegerLiteral | FloatLiteral)
        and abs(expression.value) >= MAX_NUMBER
    ):
        yield f"{_shown(expression)} has more than 15 digits"
    if isinstance(expression, LoopExpression) and expression.limit is None:
        items = expression.iterable
        if isinstance(items, RangeLiteral) and _literal_length(items) > MAX_ITERATIONS:
            yield f"{items} has more than {MAX_ITERATIONS} numbers"


def _literal_length(items: RangeLiteral) -> int:
    """The length of a range between two literal numbers; 0 if a value decides it."""
    start, stop = items.start, items.stop
    is_literal = isinstance(start, IntegerLiteral) and isinstance(stop, IntegerLiteral)
    return stop.value - start.value + 1 if is_literal else 0  # type: ignore[attr-defined]


def _list_filter_errors(expression: FilteredExpression, types: NameTypes) -> Iterator[str]:
    """A list used as a text, and filters that name a field which the items do not have."""
    left, filters = expression.left, expression.filters or []
    if not isinstance(left, Path) or types.get(_path_name(left)) != "list":
        return
    shown = _shown(expression)
    if not filters or filters[0].name not in _ITEM_FILTERS | _LIST_FILTERS:
        yield f'{shown}: {left} is a list: write {left} | map: "…" | join: ", "'
    for each in filters:
        key = _argument_value(each.args[0]) if each.args else None
        known = not isinstance(key, StringLiteral) or f"{left}[].{key.value}" in types
        if each.name in _ITEM_FILTERS and not known:
            yield f"{shown}: an item of {left} has no {key}"
        if each.name not in _LIST_RETURNING_FILTERS:
            return


def _whole_item_errors(output: FilteredExpression, types: NameTypes) -> Iterator[str]:
    """An output of a whole item, which cannot be written as a text."""
    left, filters = output.left, output.filters or []
    if not isinstance(left, Path):
        return
    yields_item = _is_whole_item(left, types)
    if not yields_item and types.get(_path_name(left)) != "list":
        return
    for each in filters:
        if each.name in _ITEM_RETURNING_FILTERS:
            yields_item = True
        elif each.name not in _LIST_RETURNING_FILTERS and (
            not yields_item or each.name in _ITEM_FILTERS | _LIST_FILTERS
        ):
            return
    if yields_item:
        fields = (name.partition("[].") for name in types)
        keys = ", ".join(key for head, _, key in fields if key and head == str(left.path[0]))
        yield f"{_shown(output)} is a whole item: name one of its fields ({keys})"


def _path_errors(path: Path, types: NameTypes) -> Iterator[str]:
    head, path_name = str(path.path[0]), _path_name(path)
    if len(path.path) == 1:
        if types.get(head) in _OBJECT_TYPES:
            parts = ", ".join(name for name in types if name.startswith(f"{head}."))
            yield f"{path} has parts: name one of {parts}"
    elif head in types and path_name not in types and not _is_whole_item(path, types):
        parent = _path_name(path, stop=-1)
        if not (path.path[-1] == "size" and types.get(parent) in ("text", "list")):
            noun = _TYPE_NOUNS.get(types[head], f"a {types[head]}")
            yield f"{path}: {noun} has no {path.path[-1]!r}"


def _is_whole_item(path: Path, types: NameTypes) -> bool:
    """Whether a path is a list's item, such as `products[0]` or `products.first`."""
    return (
        len(path.path) == 2
        and types.get(str(path.path[0])) == "list"
        and _selects_item(path.path[1])
    )


def _selects_item(step: object) -> bool:
    """Whether a path step after a list selects one item: `first`, `last` or an index."""
    return step in ("first", "last") or not isinstance(step, str)


def _path_name(path: Path, stop: int | None = None) -> str:
    """A path as a key of `NameTypes`: `products[0].name` and `products.first.name` are both
    `products[].name`. `stop` cuts the path's end off, as in a slice.
    """
    head, *rest = path.path[:stop]
    if len(rest) == 2 and _selects_item(rest[0]):
        return f"{head}[].{rest[1]}"
    return ".".join(map(str, [head, *rest]))


def _hide_names(types: NameTypes, names: Iterable[str]) -> NameTypes:
    """The types without some names and their parts."""
    hidden = set(names)
    return {
        name: type_
        for name, type_ in types.items()
        if name.partition(".")[0].partition("[")[0] not in hidden
    }


def _shown(expression: Expression) -> str:
    text = str(expression)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _argument_value(expression: Any) -> Any:
    return expression.value if isinstance(expression, PositionalArgument) else expression


def _expression_type(expression: Any, types: NameTypes) -> str | None:
    if isinstance(expression, BooleanExpression):
        return _expression_type(expression.expression, types)
    if isinstance(expression, Path):
        type_ = types.get(_path_name(expression))
        if type_ is None and expression.path[-1] == "size":
            return "number"
        return _COMPARED_AS.get(type_, type_) if type_ else None
    return _LITERAL_TYPES.get(type(expression))
