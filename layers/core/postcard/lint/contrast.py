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
from postcard.lint.srgb import to_linear
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.qr import QrLayer
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
class DrawnLayer:
    """A layer that was drawn.

    `shows_own_colors`: its colours are seen as they are stated, over its whole box. `is_rotated`:
    it, or a group around it, is rotated.
    """

    layer: AnyLayer
    pointer: str
    box: Box
    shows_own_colors: bool
    is_rotated: bool


@dataclass(frozen=True, slots=True)
class TextContrast:
    """The contrast of one span of a drawn text to the plain colour behind it.

    `color` is the span's as it is written, which may be translucent; `seen` is how it is seen.
    """

    pointer: str
    span: int
    color: Color
    seen: Color
    background: Color
    minimum: float

    @property
    def ratio(self) -> float:
        """The ratio of the two colours, 1 to 21."""
        return contrast_ratio(self.seen, self.background)

    @property
    def is_low(self) -> bool:
        """Whether letters of this size need more."""
        return self.ratio < self.minimum


def low_contrast(document: Document, boxes: LayerBoxes) -> Iterator[Fault]:
    """`low_contrast` for every drawn text that has too little contrast to its background.

    A text that is drawn for each item of a list is reported once, by its worst span.
    """
    worst: dict[str, TextContrast] = {}
    for contrast in text_contrasts(document, boxes):
        reported = worst.get(contrast.pointer)
        if contrast.is_low and (reported is None or contrast.ratio < reported.ratio):
            worst[contrast.pointer] = contrast
    for pointer, contrast in worst.items():
        yield Fault("low_contrast", pointer, _message(contrast))


def text_contrasts(
    document: Document, boxes: LayerBoxes, behind: Color | None = None
) -> Iterator[TextContrast]:
    """The contrast of every span whose colour and background are known.

    `behind` is what shows through where the document is transparent; None: that is unknown.
    """
    for drawn, background in layers_on_backgrounds(document, boxes, behind):
        if isinstance(drawn.layer, TextLayer) and drawn.layer.shadow is None:
            yield from _span_contrasts(drawn.layer, drawn.pointer, background, document)


def layers_on_backgrounds(
    document: Document, boxes: LayerBoxes, behind: Color | None = None
) -> Iterator[tuple[DrawnLayer, Background]]:
    """Each text and code that shows its own colours, and the colour behind its whole box."""
    below: list[DrawnLayer] = []
    for drawn in _drawn_layers(document, boxes):
        if isinstance(drawn.layer, TextLayer | QrLayer | BarcodeLayer) and drawn.shows_own_colors:
            background = opaque_color(document.background, behind)
            for lower in below:
                background = _background_after(background, lower, drawn.box, document)
            yield drawn, background
        below.append(drawn)


def contrast_ratio(first: Color, second: Color) -> float:
    """The ratio of two opaque colours, 1 to 21.

    >>> round(contrast_ratio((0, 0, 0, 255), (255, 255, 255, 255)), 2)
    21.0
    """
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def is_lighter(first: Color, second: Color) -> bool:
    """Whether the first of two opaque colours is lighter than the second."""
    return _luminance(first) > _luminance(second)


def _drawn_layers(document: Document, boxes: LayerBoxes) -> Iterator[DrawnLayer]:
    """Drawn layers from back to front; a group before its layers."""
    layers = {layer_pointer: layer for layer, layer_pointer, _ in walk_layers(document.layers)}
    last: dict[str, DrawnLayer] = {}  # by pointer; each copy of a group is before its layers
    for pointer, box in boxes:
        layer, group = layers[pointer], last.get(pointer.rpartition("/layers/")[0])
        is_rotated = layer.rotation % 360 != 0 or (group is not None and group.is_rotated)
        shows_own_colors = (
            not is_rotated
            and layer.blend == "normal"
            and (group is None or _shows_children_unchanged(group))
        )
        last[pointer] = DrawnLayer(layer, pointer, box, shows_own_colors, is_rotated)
        yield last[pointer]


def _shows_children_unchanged(group: DrawnLayer) -> bool:
    """Whether the layers of a group are seen as they are drawn."""
    layer = group.layer
    clips = isinstance(layer, GroupLayer) and layer.clip
    return group.shows_own_colors and layer.opacity == 1 and not clips


def _background_after(
    background: Background, drawn: DrawnLayer, area: Box, document: Document
) -> Background:
    """The background behind `area` after another layer is drawn."""
    layer = drawn.layer
    if not _paint_bounds(drawn).overlaps(area):
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


def _paint_bounds(drawn: DrawnLayer) -> Box:
    """The bounds of everything that a layer may paint."""
    layer, box = drawn.layer, drawn.box
    margin = _UNBOUNDED if drawn.is_rotated else 0.0
    if isinstance(layer, LineLayer):
        margin += layer.stroke.width if layer.stroke else 0.0
    if layer.shadow is not None:
        shadow = layer.shadow
        margin += max(abs(shadow.x), abs(shadow.y)) + 2 * shadow.blur
    return box.inset(-margin)


def _contains(outer: Box, inner: Box) -> bool:
    across = outer.x <= inner.x and inner.right <= outer.right
    return across and outer.y <= inner.y and inner.bottom <= outer.bottom


def _span_contrasts(
    layer: TextLayer, pointer: str, background: Background, document: Document
) -> Iterator[TextContrast]:
    positions = {id(span): index for index, span in enumerate(layer.spans)}
    for span, properties in span_styles(layer, document.styles):
        behind = _span_background(properties, background)
        color = _solid_color(properties.get("color", document.color))
        if behind is None or color is None or properties.get("stroke"):
            continue
        seen = composite(color, behind, layer.opacity)
        minimum = _min_contrast(properties)
        yield TextContrast(pointer, positions.get(id(span), 0), color, seen, behind, minimum)


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


def _message(contrast: TextContrast) -> str:
    rounded = math.floor(contrast.ratio * 10) / 10  # rounded down, so that it is below the minimum
    return (
        f"{hex_color(contrast.seen)} on {hex_color(contrast.background)} is hard to read: its "
        f"contrast is {rounded}, and letters of this size need {contrast.minimum}."
    )


def _solid_color(paint: Any) -> Background:
    """The colour of a paint without gradient and Liquid; it may be translucent."""
    return parse_color(paint) if isinstance(paint, str) and not has_liquid(paint) else None


def opaque_color(paint: str, behind: Color | None = None) -> Background:
    """The colour of a paint over `behind`; None if that is not known."""
    color = _solid_color(paint)
    return None if color is None else _composite(color, 1.0, behind)


def _composite(color: Color, opacity: float, background: Background) -> Background:
    """A colour over the background."""
    if background is None:
        return color if color[3] / 255 * opacity == 1 else None
    return composite(color, background, opacity)


def _luminance(color: Color) -> float:
    red, green, blue = map(to_linear, color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def hex_color(color: Color) -> str:
    """The colour as `#rrggbb`, without its alpha."""
    return "#" + bytes(color[:3]).hex()
