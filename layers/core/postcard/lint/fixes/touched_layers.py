"""Finds which areas of a picture a patch may change; all other pixels have to stay the same."""

from collections.abc import Iterator
from typing import Any

from postcard.geometry import Box
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.json_patch import Patch, pointer_steps
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.layers.text import TextLayer, span_styles
from postcard.template.liquid.parse import names_used
from postcard.template.model import walk_layers

_NEVER_DRAWN = frozenset(
    ("alt", "countdown", "fallback", "ended", "format", "max_bytes", "quality", "name", "meta")
)
_MIN_MARGIN = 4.0  # CSS pixels, for anti-aliased edges
_OVERHANG = 0.6  # of the font size: how far letters may reach out of their line
_CODE_SIDE = 200.0  # the side of a QR code of a long value, however small its box is
_UNBOUNDED = 20_000.0


def touched_areas(patch: Patch, before: Examination, after: Examination) -> list[Box] | None:
    """Where the layers that a patch touches were drawn, in CSS pixels; None: anywhere."""
    touched: set[int] = set()
    for operation in patch:
        layers = _touched_layers(operation["path"], before)
        if layers is None:
            return None
        touched |= layers
    return [area for one in (before, after) for area in _painted_areas(one, touched)]


def _touched_layers(path: str, examined: Examination) -> set[int] | None:
    """The indices of the top-level layers that a change at a path may change; None: any."""
    part, *rest = pointer_steps(path)
    if part in _NEVER_DRAWN:
        return set()
    if part == "layers" and rest:
        return {int(rest[0])}
    if part == "fields" and rest:
        return _layers_with_field(rest[0], examined)
    if part == "styles" and rest:
        return _layers_with_style(rest[0], examined)
    if part == "font":
        return _layers_of_types(examined, (TextLayer, BarcodeLayer))
    return None


def _layers_with_field(name: str, examined: Examination) -> set[int]:
    template, found = examined.template, set()
    for layer, pointer, _ in walk_layers(template.document.layers):
        sources = [slot.source for slot in template.liquid_slots.get(pointer, ())]
        sources.append("{{" + (layer.if_ or "") + "}}")
        repeats = isinstance(layer, GroupLayer) and layer.repeat == name
        if repeats or any(name in names_used(source) for source in sources):
            found.add(_top(pointer))
    return found


def _layers_with_style(name: str, examined: Examination) -> set[int]:
    found = set()
    for layer, pointer, _ in walk_layers(examined.template.document.layers):
        if isinstance(layer, TextLayer):
            named = {layer.style, layer.emphasis, *(span.style for span in layer.spans)}
            if name in named:
                found.add(_top(pointer))
    return found


def _layers_of_types(examined: Examination, types: tuple[type, ...]) -> set[int]:
    layers = walk_layers(examined.template.document.layers)
    return {_top(pointer) for layer, pointer, _ in layers if isinstance(layer, types)}


def _painted_areas(examined: Examination, touched: set[int]) -> Iterator[Box]:
    layers = {p: layer for layer, p, _ in walk_layers(examined.template.document.layers)}
    margins: dict[int, float] = {}
    for pointer, layer in layers.items():
        top = _top(pointer)
        margins[top] = max(margins.get(top, _MIN_MARGIN), _margin(layer, examined))
    for pointer, box in examined.boxes:
        if (top := _top(pointer)) in touched:
            yield box.inset(-margins[top])


def _margin(layer: AnyLayer, examined: Examination) -> float:
    """How far outside of its box a layer may paint."""
    if layer.rotation % 360:
        return _UNBOUNDED
    margin = _MIN_MARGIN
    if layer.shadow is not None:
        margin += max(abs(layer.shadow.x), abs(layer.shadow.y)) + 2 * layer.shadow.blur
    if isinstance(layer, QrLayer | BarcodeLayer):
        sides = [side for side in (layer.width, layer.height) if isinstance(side, float)]
        margin += max(0.0, _CODE_SIDE - min(sides, default=0.0)) / 2
    stroke: Any = getattr(layer, "stroke", None)
    margin += stroke.width if stroke else 0.0
    if isinstance(layer, TextLayer):
        styles = examined.template.document.styles
        margin += max((_text_margin(each) for _, each in span_styles(layer, styles)), default=0)
    return margin


def _text_margin(properties: dict[str, Any]) -> float:
    if properties.get("overflow") == "visible" or properties.get("wrap") == "none":
        return _UNBOUNDED
    highlight, stroke = properties.get("highlight"), properties.get("stroke")
    padding = highlight.padding if highlight else 0.0
    widest = max(padding) if isinstance(padding, tuple) else padding
    return float(
        properties.get("size", 16.0) * _OVERHANG + widest + (stroke.width if stroke else 0.0)
    )


def _top(pointer: str) -> int:
    """The index of the top-level layer that a pointer is in."""
    return int(pointer.split("/")[2])
