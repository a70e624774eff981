"""Describes where each layer of a picture is: box, rotated corners, ink, lines of text.

All lengths are in CSS pixels of the template.
"""

from collections.abc import Mapping, Sequence

from postcard.canvas.mask import PixelBounds
from postcard.geometry import Box
from postcard.rendering.drawing_context import CanvasSpec
from postcard.rendering.inspection.layer_ink import (
    Chain,
    Corners,
    corners_on_canvas,
    find_layer_inks,
    walk_placed,
)
from postcard.rendering.placed_layer import PlacedLayer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.text import TextLayer


@dataclass(frozen=True, slots=True)
class TextLineGeometry:
    """A line of text: its box, and the y coordinate of its baseline."""

    box: Box
    baseline: float


@dataclass(frozen=True, slots=True)
class TextGeometry:
    """The lines of a text, before its rotation, and how it fits its box.

    `size` is the font size of its largest letters as they are drawn. `shrunk`: it is smaller than
    the document states. `cut`: part of the text is not shown. `missing` are the characters that no
    font has.
    """

    lines: tuple[TextLineGeometry, ...]
    size: float
    shrunk: bool
    cut: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayerGeometry:
    """A layer where it was drawn.

    `box` is before its rotation and those of its groups. `corners` are those of the box after all
    of them: top left, top right, bottom right, bottom left. `ink` encloses the pixels that the
    layer paints, with its shadow; None if none of them is on the canvas.
    """

    pointer: str
    rotation: float
    box: Box
    corners: Corners
    ink: Box | None
    text: TextGeometry | None


def describe_layers(
    placed_layers: Sequence[PlacedLayer], canvas_spec: CanvasSpec
) -> list[LayerGeometry]:
    """Every layer in drawing order; each copy of a repeated group has entries of its own."""
    inks = find_layer_inks(placed_layers, canvas_spec)
    return [_describe(chain, inks, canvas_spec) for chain in walk_placed(placed_layers)]


def to_css_box(bounds: PixelBounds, canvas_spec: CanvasSpec) -> Box:
    """Device pixels as a box in CSS pixels."""
    scale_x, scale_y = canvas_spec.scales
    left, top, right, bottom = bounds
    return Box(left / scale_x, top / scale_y, (right - left) / scale_x, (bottom - top) / scale_y)


def _describe(
    chain: Chain, inks: Mapping[PlacedLayer, PixelBounds | None], canvas_spec: CanvasSpec
) -> LayerGeometry:
    placed_layer, ink = chain[-1], inks[chain[-1]]
    return LayerGeometry(
        placed_layer.node.pointer,
        placed_layer.layer.rotation,
        placed_layer.box,
        corners_on_canvas(chain),
        to_css_box(ink, canvas_spec) if ink else None,
        _describe_text(placed_layer),
    )


def _describe_text(placed_layer: PlacedLayer) -> TextGeometry | None:
    layer = placed_layer.layer
    if not isinstance(layer, TextLayer):
        return None
    layout, box = layer.layout(placed_layer), placed_layer.box
    runs, _ = layer.styled_runs(placed_layer)
    top = box.y + layout.text_y(box.height)
    lines = (
        TextLineGeometry(
            Box(box.x + layout.line_x(line, box.width), top + line.top, line.width, line.height),
            top + line.baseline,
        )
        for line in layout.lines
    )
    return TextGeometry(
        tuple(lines),
        layout.font_scale * max(run.style.size for run in runs),
        layout.font_scale < 1,
        layout.truncated,
        layout.missing_characters,
    )
