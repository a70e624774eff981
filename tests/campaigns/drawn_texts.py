"""Draws a picture and tells how its texts were drawn: the same as preflight predicts."""

from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import parse_color
from postcard.geometry import output_size
from postcard.rendering.drawing_context import CanvasSpec, DrawingContext, TargetPixels
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.rendering.renderer import PreparedRender
from postcard.runtime.deadline import NO_DEADLINE
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.text.fonts import Fonts

DrawnText = tuple[str, float, bool, tuple[str, ...]]  # pointer, font scale, cut, missing letters


class SmallPictures:
    """A picture of four pixels, as large as the canvas, for every reference."""

    def __init__(self, canvas: tuple[int, int]) -> None:
        self._picture = DecodedImage(Image.new("RGB", (2, 2), "#888"), canvas)

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage:
        return self._picture

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage:
        return self._picture


def drawn_texts(
    template: Template, values: BoundValues, fonts: Fonts, *, width: int, now: float
) -> tuple[list[DrawnText], Mapping[str, int]]:
    """The texts that were shrunk, cut or lack letters, in the picture `width` pixels wide.

    And how often drawing warned, by code.
    """
    size = output_size(template.width, template.height, width=width)
    prepared = PreparedRender(template, values, size, now=now)
    frame = prepared.frame()
    canvas_size = (template.width, template.height)
    spec = CanvasSpec(
        canvas_size, (size.width, size.height), parse_color(frame.document.background)
    )
    drawing = DrawingContext(
        frame.document, template.fonts or fonts, spec.scale, SmallPictures(canvas_size)
    )
    canvas = spec.new_canvas(NO_DEADLINE)
    layers = layout_nodes(drawing, frame.nodes)
    for layer in layers:
        layer.draw(canvas)
    warnings = [*frame.warnings, *drawing.warnings.faults]
    codes = {fault.code for fault in warnings}
    return list(_shrunk_or_cut(layers)), {
        code: sum(fault.code == code for fault in warnings) for code in codes
    }


def _shrunk_or_cut(layers: Sequence[PlacedLayer]) -> Iterator[DrawnText]:
    for layer in layers:
        if layer.layer.opacity == 0:
            continue  # it is laid out, but nobody sees it
        layout = layer.text_layout
        if layout and (layout.truncated or layout.font_scale != 1 or layout.missing_characters):
            missing = tuple(sorted(layout.missing_characters))
            yield layer.node.pointer, layout.font_scale, layout.truncated, missing
        if layer.group:
            yield from _shrunk_or_cut(layer.children)
