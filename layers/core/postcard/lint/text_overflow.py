"""Texts that do not fit their boxes: as drawn at publish, or with the longest values."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from postcard.canvas.codecs.picture import Picture
from postcard.errors import Fault
from postcard.rendering.flex_layout import placed
from postcard.rendering.placement import Near, Scene, Stage
from postcard.rendering.render_tree import Node, nodes_of
from postcard.template.bind import bind, example_value, bind_examples
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.fields.field_types import AnyField, ListField, TextField
from postcard.template.layers.text import TextLayer
from postcard.template.liquid.programs import paths_used
from postcard.template.modifications import Modifications
from postcard.template.properties.text_style import said
from postcard.text.fonts import Fonts

_WIDE = "Wilhelmina Hammersmith Montgomery "  # what a long value of wide letters looks like


class _NoPictures:
    """None is at hand: a text has the most room without the pictures beside it."""

    def __call__(self, node: Node, near: Near) -> Picture | None:
        return None

    def found(self, reference: str, near: Near) -> Picture | None:
        return None


def tight(template: Template, fonts: Fonts, *, now: float) -> Iterator[Fault]:
    """`overflow` for every text of which some is not shown where its author expects all of it.

    An author who writes `overflow`, or `max_lines` without shrinking, expects a text to be cut.
    """
    told = set()
    for stage in _cut(template, bind_examples(template).values, fonts, now):
        if stage.node.pointer in told:  # another item's
            continue
        told.add(stage.node.pointer)
        detail = "Not all of this text can be shown with the examples: give it more room."
        yield Fault("overflow", stage.node.pointer, detail)
    longest = _longest(template)
    for stage in _cut(template, _bound(template, longest), fonts, now):
        names = [name for name in _named(template, stage) if name in longest]
        if names and stage.node.pointer not in told:
            told.add(stage.node.pointer)
            detail = f"Not all of this text can be shown {_cause(names, longest)}{_ADVICE}"
            yield Fault("overflow", stage.node.pointer, detail)


_ADVICE = ": give it more room or shorter values, or write overflow to say that it may be cut."


def _cause(names: Sequence[str], longest: Mapping[str, str]) -> str:
    sizes = [f"{name} has {len(longest[name])} wide letters" for name in names]
    return f"when {' and '.join(sizes)}"


def _longest(template: Template) -> dict[str, str]:
    """The widest value of each text field that says how long one may be; those of items too."""
    fields: dict[str, AnyField] = dict(template.fields)
    for name, field in template.fields.items():
        if isinstance(field, ListField):
            fields |= {f"{name}[].{key}": inner for key, inner in field.items.items()}
    return {
        name: value
        for name, field in fields.items()
        if isinstance(field, TextField) and (value := _widest(field))
    }


def _widest(field: TextField) -> str | None:
    if field.choices:
        return max(field.choices, key=len)
    if field.max_length is None or field.pattern:
        return None
    letters = "".join(islice(cycle(_WIDE), field.max_length))
    return letters[:-1] + "m" if letters.endswith(" ") else letters


def _bound(template: Template, longest: Mapping[str, str]) -> Mapping[str, Any]:
    shown = {n: _shown(n, f, longest) for n, f in template.fields.items()}
    return bind(template, Modifications(shown), mode="link").values


def _shown(name: str, field: AnyField, longest: Mapping[str, str]) -> Any:
    """The longest value, else the example; a list has all the items that it may have."""
    example = example_value(field)
    if not isinstance(field, ListField):
        return longest.get(name, example)
    own = {key: longest[f"{name}[].{key}"] for key in field.items if f"{name}[].{key}" in longest}
    items = cycle(example or field.default or [{}])
    return [{**one, **own} for one in islice(items, field.max_items)] if own else example


def _cut(
    template: Template, values: Mapping[str, Any], fonts: Fonts, now: float
) -> Iterator[Stage]:
    """The texts that are cut, though nothing says that they may be."""
    speaker = Evaluator(template, values, now, lambda *_: None)
    nodes = nodes_of(template.document.layers, "/layers", speaker, {})
    scene = Scene(speaker.document, fonts, 1.0, _NoPictures())
    for stage in _all(placed(scene, nodes)):
        layer = stage.layer
        if not isinstance(layer, TextLayer) or _may_be_cut(layer, stage):
            continue
        if layer.layout(stage).cut:
            yield stage


def _all(stages: Sequence[Stage]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        if stage.group:
            yield from _all(stage.children)


def _may_be_cut(layer: TextLayer, stage: Stage) -> bool:
    look = {**stage.look(layer.style), **said(layer)}
    if "overflow" in look:
        return True
    return look.get("max_lines") is not None and look.get("fit", "none") != "shrink"


def _named(template: Template, stage: Stage) -> list[str]:
    """The fields in a text, each once."""
    slots = template.slots.get(stage.node.pointer, ())
    paths = [path for slot in slots if slot.path[0] == "text" for path in paths_used(slot.source)]
    return list(dict.fromkeys(_name(path, stage) for path in paths))


def _name(path: Sequence[str], stage: Stage) -> str:
    """A path's field, that of an item as `products[].name`."""
    turn = stage.node.turn
    if turn is not None and path[0] == turn.item_name and len(path) > 1:
        return f"{turn.list_name}[].{path[1]}"
    return path[0]
