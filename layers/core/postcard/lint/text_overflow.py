"""Finds texts that do not fit their boxes, with the examples or with the longest values."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.errors import Fault
from postcard.rendering.drawing_context import DrawingContext, TargetPixels
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode, build_tree
from postcard.template.bind import BoundValues, bind, bind_examples, example_value
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.fields.field_types import AnyField, ListField, TextField
from postcard.template.layers.text import TextLayer
from postcard.template.liquid.parse import paths_used
from postcard.template.modifications import Modifications
from postcard.template.properties.text_style import written_properties
from postcard.text.fonts import Fonts

_WIDE_LETTERS = "Wilhelmina Hammersmith Montgomery "  # repeated to make a long value


class _NoImages:
    """Finds no pictures: without them, the texts beside them have the most space."""

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage | None:
        return None

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage | None:
        return None


def overflowing_texts(template: Template, fonts: Fonts, *, now: float) -> Iterator[Fault]:
    """`text_overflow` for every text that is cut although its author expects all of it.

    An author who writes `overflow`, or `max_lines` without shrinking, expects a text to be cut.
    """
    reported = set()
    for placed_layer in _truncated_texts(template, bind_examples(template), fonts, now):
        if placed_layer.node.pointer in reported:  # another item's
            continue
        reported.add(placed_layer.node.pointer)
        detail = "Not all of this text can be shown with the examples: give it more room."
        yield Fault("text_overflow", placed_layer.node.pointer, detail)
    longest = _longest_values(template)
    for placed_layer in _truncated_texts(template, _bind_values(template, longest), fonts, now):
        names = [name for name in _field_names(template, placed_layer) if name in longest]
        if names and placed_layer.node.pointer not in reported:
            reported.add(placed_layer.node.pointer)
            detail = f"Not all of this text can be shown {_overflow_cause(names, longest)}{_ADVICE}"
            yield Fault("text_overflow", placed_layer.node.pointer, detail)


def truncated_texts(
    template: Template, values: BoundValues, fonts: Fonts, *, now: float
) -> Iterator[Fault]:
    """`text_overflow` for every text that these values overflow although its author expects all."""
    placed_layers = _truncated_texts(template, values, fonts, now)
    for pointer in dict.fromkeys(placed_layer.node.pointer for placed_layer in placed_layers):
        yield Fault("text_overflow", pointer, f"Not all of this text can be shown{_ADVICE}")


_ADVICE = ": give it more room or shorter values, or write overflow to say that it may be cut."


def _overflow_cause(names: Sequence[str], longest: Mapping[str, str]) -> str:
    sizes = [f"{name} has {len(longest[name])} wide letters" for name in names]
    return f"when {' and '.join(sizes)}"


def _longest_values(template: Template) -> dict[str, str]:
    """The widest value of each text field with a limit of its length; those of items too."""
    fields: dict[str, AnyField] = dict(template.fields)
    for name, field in template.fields.items():
        if isinstance(field, ListField):
            fields |= {f"{name}[].{key}": inner for key, inner in field.items.items()}
    return {
        name: value
        for name, field in fields.items()
        if isinstance(field, TextField) and (value := _widest_value(field))
    }


def _widest_value(field: TextField) -> str | None:
    if field.choices:
        return max(field.choices, key=len)
    if field.max_length is None or field.pattern:
        return None
    return wide_letters(field.max_length)


def wide_letters(length: int) -> str:
    """A text of so many wide letters, in words.

    >>> wide_letters(12)
    'Wilhelmina H'
    """
    letters = "".join(islice(cycle(_WIDE_LETTERS), length))
    return letters[:-1] + "m" if letters.endswith(" ") else letters


def _bind_values(template: Template, longest: Mapping[str, str]) -> BoundValues:
    samples = {n: _sample_value(n, f, longest) for n, f in template.fields.items()}
    return bind(template, Modifications(samples), mode="link")


def _sample_value(name: str, field: AnyField, longest: Mapping[str, str]) -> Any:
    """The longest value, else the example; a list gets its maximum of items."""
    example = example_value(field)
    if not isinstance(field, ListField):
        return longest.get(name, example)
    own = {key: longest[f"{name}[].{key}"] for key in field.items if f"{name}[].{key}" in longest}
    items = cycle(example or field.default or [{}])
    return [{**one, **own} for one in islice(items, field.max_items)] if own else example


def _truncated_texts(
    template: Template, bound: BoundValues, fonts: Fonts, now: float
) -> Iterator[PlacedLayer]:
    """The texts that are cut although nothing in the document allows it."""
    evaluator = Evaluator(template, bound.values, now, lambda *_: None)
    nodes = build_tree(template.document.layers, "/layers", evaluator, bound.layers)
    drawing = DrawingContext(evaluator.document, fonts, 1.0, _NoImages())
    for placed_layer in _walk(layout_nodes(drawing, nodes)):
        layer = placed_layer.layer
        if not isinstance(layer, TextLayer) or _may_be_truncated(layer, placed_layer):
            continue
        if layer.layout(placed_layer).truncated:
            yield placed_layer


def _walk(layers: Sequence[PlacedLayer]) -> Iterator[PlacedLayer]:
    for layer in layers:
        yield layer
        if layer.group:
            yield from _walk(layer.children)


def _may_be_truncated(layer: TextLayer, placed_layer: PlacedLayer) -> bool:
    properties = {**placed_layer.style_properties(layer.style), **written_properties(layer)}
    if "overflow" in properties:
        return True
    return properties.get("max_lines") is not None and properties.get("fit", "none") != "shrink"


def _field_names(template: Template, placed_layer: PlacedLayer) -> list[str]:
    """The names of the fields in a text, each once."""
    slots = template.liquid_slots.get(placed_layer.node.pointer, ())
    paths = [path for slot in slots if slot.path[0] == "text" for path in paths_used(slot.source)]
    return list(dict.fromkeys(_field_name(path, placed_layer) for path in paths))


def _field_name(path: Sequence[str], placed_layer: PlacedLayer) -> str:
    """The field that a Liquid path names; that of an item as `products[].name`."""
    iteration = placed_layer.node.iteration
    if iteration is not None and path[0] == iteration.item_name and len(path) > 1:
        return f"{iteration.list_name}[].{path[1]}"
    return path[0]
