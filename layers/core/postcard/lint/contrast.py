"""Finds texts with too little contrast to the plain colour behind them (WCAG 2.2, 1.4.3 at AA).

Only certain cases are reported: behind a gradient, a picture, a shape that is partly behind the
text, or a colour from Liquid, the background is unknown until something opaque covers it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postcard.color import Color, composite, parse_color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.rectangle import RectangleLayer
from postcard.template.layers.text import TextLayer, span_styles
from postcard.template.model import Document, walk_layers
from postcard.template.schema.validators import has_liquid

_MIN_CONTRAST, _MIN_CONTRAST_LARGE = 4.5, 3.0
_UNBOUNDED = 20_000.0  # pixels: the bounds of rotated layers are not calculated
_LARGE_SIZE, _LARGE_BOLD_SIZE, _BOLD_WEIGHT = 24.0, 56 / 3, 700  # pixels: 18 and 14 points

LayerBoxes = Sequence[tuple[str, Box]]  # JSON pointers and boxes, in drawing order
Background = Color | None  # an opaque colour; None if it is not known


@dataclass(frozen=True, slots=True)
class _DrawnLayer:
    """A layer that was drawn.

    `shows_own_colors`: its colours are seen as they are stated, over its whole box. `is_rotated`:
    it, or a group around it, is rotated.
    """

    layer: AnyLayer
    pointer: str
    box: Box
    shows_own_colors: bool
    is_rotated: bool


def low_contrast(document: Document, boxes: LayerBoxes) -> Iterator[Fault]:
    """`low_contrast` for every drawn text that has too little contrast to its background.

    A text that is drawn for each item of a list is reported once.
    """
    below: list[_DrawnLayer] = []
    reported: set[str] = set()
    for drawn in _drawn_layers(document, boxes):
        if (
            isinstance(drawn.layer, TextLayer)
            and drawn.shows_own_colors
            and drawn.pointer not in reported
        ):
            background = _opaque_color(document.background)
            for lower in below:
                background = _background_after(background, lower, drawn.box, document)
            if detail := _contrast_message(drawn.layer, background, document):
                reported.add(drawn.pointer)
                yield Fault("low_contrast", drawn.pointer, detail)
        below.append(drawn)


def contrast_ratio(first: Color, second: Color) -> float:
    """The ratio of two opaque colours, 1 to 21.

    >>> round(contrast_ratio((0, 0, 0, 255), (255, 255, 255, 255)), 2)
    21.0
    """
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _drawn_layers(document: Document, boxes: LayerBoxes) -> Iterator[_DrawnLayer]:
    """Drawn layers from back to front; a group before its layers."""
    layers = {layer_pointer: layer for layer, layer_pointer, _ in walk_layers(document.layers)}
    last: dict[str, _DrawnLayer] = {}  # by pointer; each copy of a group is before its layers
    for pointer, box in boxes:
        layer, group = layers[pointer], last.get(pointer.rpartition("/layers/")[0])
        is_rotated = layer.rotation % 360 != 0 or (group is not None and group.is_rotated)
        shows_own_colors = (
            not is_rotated
            and layer.blend == "normal"
            and (group is None or _shows_children_unchanged(group))
        )
        last[pointer] = _DrawnLayer(layer, pointer, box, shows_own_colors, is_rotated)
        yield last[pointer]


def _shows_children_unchanged(group: _DrawnLayer) -> bool:
    """Whether the layers of a group are seen as they are drawn."""
    layer = group.layer
    clips = isinstance(layer, GroupLayer) and layer.clip
    return group.shows_own_colors and layer.opacity == 1 and not clips


def _background_after(
    background: Background, drawn: _DrawnLayer, area: Box, document: Document
) -> Background:
    """The background behind `area` after another layer is drawn."""
    layer = drawn.layer
    if not _intersects(_paint_bounds(drawn), area):
        return background
    if isinstance(layer, TextLayer):
        has_highlight = any(
            properties.get("highlight") for _, properties in span_styles(layer, document.styles)
        )
        return None if has_highlight else background
    if not isinstance(layer, RectangleLayer | GroupLayer) or not drawn.shows_own_colors:
        return None
    outline = layer.border if isinstance(layer, GroupLayer) else layer.stroke
    inside = _contains(drawn.box.inset(outline.width if outline else 0.0), area)
    if layer.fill is None:
        return background if inside or outline is None else None
    color = _solid_color(layer.fill)
    if color is None or not inside:
        return None
    return _composite(color, layer.opacity, background)


def _paint_bounds(drawn: _DrawnLayer) -> Box:
    """The bounds of everything that a layer may paint."""
    layer, box = drawn.layer, drawn.box
    margin = _UNBOUNDED if drawn.is_rotated else 0.0
    if isinstance(layer, LineLayer):
        margin += layer.stroke.width if layer.stroke else 0.0
    if layer.shadow is not None:
        shadow = layer.shadow
        margin += max(abs(shadow.x), abs(shadow.y)) + 2 * shadow.blur
    return box.inset(-margin)


def _intersects(first: Box, second: Box) -> bool:
    across = first.x < second.right and second.x < first.right
    return across and first.y < second.bottom and second.y < first.bottom


def _contains(outer: Box, inner: Box) -> bool:
    across = outer.x <= inner.x and inner.right <= outer.right
    return across and outer.y <= inner.y and inner.bottom <= outer.bottom


def _contrast_message(layer: TextLayer, background: Background, document: Document) -> str | None:
    """A message about the span with the least contrast, if it has too little."""
    worst: tuple[float, str] | None = None
    for _, properties in span_styles(layer, document.styles):
        span_background = _span_background(properties, background)
        color = _solid_color(properties.get("color", document.color))
        if span_background is None or color is None or properties.get("stroke"):
            continue
        text_color = _composite(color, layer.opacity, span_background)
        assert text_color is not None  # a colour over an opaque one is opaque
        ratio, minimum = contrast_ratio(text_color, span_background), _min_contrast(properties)
        if ratio < minimum and (worst is None or ratio < worst[0]):
            worst = ratio, _message(text_color, span_background, ratio, minimum)
    return worst[1] if worst and layer.shadow is None else None


def _span_background(properties: Mapping[str, Any], background: Background) -> Background:
    if (highlight := properties.get("highlight")) is None:
        return background
    color = _solid_color(highlight.color)
    return None if color is None else _composite(color, 1.0, background)


def _min_contrast(properties: Mapping[str, Any]) -> float:
    size, bold = properties.get("size", 16.0), properties.get("weight", 400) >= _BOLD_WEIGHT
    return (
        _MIN_CONTRAST_LARGE
        if size >= (_LARGE_BOLD_SIZE if bold else _LARGE_SIZE)
        else _MIN_CONTRAST
    )


def _message(text_color: Color, background: Color, ratio: float, minimum: float) -> str:
    rounded = math.floor(ratio * 10) / 10  # rounded down, so that it is below the minimum
    return (
        f"{_hex(text_color)} on {_hex(background)} is hard to read: its contrast is {rounded}, "
        f"and letters of this size need {minimum}."
    )


def _solid_color(paint: Any) -> Background:
    """The colour of a paint without gradient and Liquid; it may be translucent."""
    return parse_color(paint) if isinstance(paint, str) and not has_liquid(paint) else None


def _opaque_color(paint: str) -> Background:
    color = _solid_color(paint)
    return color if color and color[3] == 255 else None


def _composite(color: Color, opacity: float, background: Background) -> Background:
    """A colour over the background."""
    if background is None:
        return color if color[3] / 255 * opacity == 1 else None
    return composite(color, background, opacity)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear_channel(channel / 255) for channel in color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear_channel(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _hex(color: Color) -> str:
    return "#" + bytes(color[:3]).hex()
