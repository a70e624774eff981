"""A layer in its place on the canvas: it is measured, laid out and drawn here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import Paint, parse_color
from postcard.geometry import Box
from postcard.rendering.drawing_context import DrawingContext, target_pixels
from postcard.rendering.reading_direction import reads_rtl
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.group import GroupLayer
from postcard.template.model import Document
from postcard.template.properties.effects import to_shadow
from postcard.template.properties.text_style import written_properties
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout
from postcard.text.style import Direction

WIDTH, HEIGHT = 0, 1  # the axes of a size


class PlacedLayer:
    """A layer with its size and its place in the group `parent`, or on the canvas.

    `offset` is from the corner of the parent's content. `definite_size` is width and height: what
    the layer states or its group assigns, None where it follows from the content. Implements
    `LayerContext` for the layer.
    """

    def __init__(
        self, drawing: DrawingContext, node: RenderNode, parent: "PlacedLayer | None" = None
    ) -> None:
        drawing.deadline.check()
        self.drawing, self.node, self.layer, self.parent = drawing, node, node.layer, parent
        layer = node.layer
        self.offset = [layer.x, layer.y]
        self.definite_size = [
            None if side == "fill" else side for side in (layer.width, layer.height)
        ]
        self.text_layout: TextLayout | None = None

    @property
    def group(self) -> GroupLayer | None:
        """The layer, if it is a group."""
        return self.layer if isinstance(self.layer, GroupLayer) else None

    def specified_size(self, axis: int) -> float | str | None:
        """The width (0) or height (1) as the document states it."""
        return self.layer.height if axis == HEIGHT else self.layer.width

    def set_size(self, axis: int, size: float) -> None:
        """Sets the width (0) or height (1); drops a text layout that may not fit any more."""
        self.definite_size[axis] = size
        if self.text_layout and not (axis == HEIGHT and size >= self.text_layout.height):
            self.text_layout = None

    @property
    def document(self) -> Document:
        """The document, its Liquid evaluated."""
        return self.drawing.document

    @property
    def fonts(self) -> Fonts:
        """The fonts that may be used."""
        return self.drawing.fonts

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return self.drawing.scale

    @property
    def text_color(self) -> Paint:
        """The document's colour, which texts, bars and ratings take if they state none."""
        return parse_color(self.document.color)

    @property
    def rtl(self) -> bool:
        """Whether the document reads from right to left."""
        return reads_rtl(self.document.direction, self.document.locale)

    @property
    def font_families(self) -> str | tuple[str, ...]:
        """The document's font."""
        return self.document.font

    @property
    def document_color(self) -> str:
        """The document's colour as it is written."""
        return self.document.color

    @property
    def direction(self) -> Direction:
        """The document's direction."""
        return self.document.direction

    @property
    def locale(self) -> str:
        """The document's locale."""
        return self.document.locale

    @cached_property
    def box(self) -> Box:
        """The layer's box on the canvas, before its rotation."""
        x, y = self.parent.content_origin if self.parent else (0.0, 0.0)
        return Box(x + self.offset[0], y + self.offset[1], *self.size)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return self.layer.measure(self)

    @property
    def content_origin(self) -> tuple[float, float]:
        """Where a group's content begins on the canvas."""
        left, top = self.group.content_offset if self.group else (0.0, 0.0)
        return self.box.x + left, self.box.y + top

    @cached_property
    def children(self) -> "list[PlacedLayer]":
        """The layers of a group."""
        return place_layers(self.drawing, self.node.children, self)

    @cached_property
    def picture(self) -> DecodedImage | None:
        """The picture of an image layer; None if none is drawn."""
        box = target_pixels(self.layer, self.document, self.scale)
        return self.drawing.pictures.resolve(self.node, box)

    def find_picture(self, reference: str, side: float) -> DecodedImage | None:
        """Another picture that the layer names, drawn in a square of `side` CSS pixels."""
        pixels = max(1, round(side * self.scale))
        return self.drawing.pictures.find(reference, (pixels, pixels))

    def style_properties(self, style: str | None) -> Mapping[str, Any]:
        """The text properties of a named style."""
        return written_properties(self.document.styles[style]) if style else {}

    def warn(self, code: str, detail: str) -> None:
        """Adds a warning about this layer."""
        self.drawing.warnings.warn(code, self.node.pointer, detail)

    def draw(self, canvas: Canvas) -> None:
        """Draws the layer; rotation, opacity, shadow and blending apply to it as a whole."""
        layer = self.layer
        self.drawing.deadline.check()
        self.drawing.boxes.append((self.node.pointer, self.box))
        if layer.opacity == 0:
            return
        if layer.draws_directly:
            layer.draw(canvas, self)
            layer.check_drawn(canvas, self)
            return
        with self.offscreen(canvas) as inner:
            layer.draw(inner, self)
            if layer.rotation % 360:
                layer.check_drawn(inner, self)
        if not layer.rotation % 360:
            layer.check_drawn(canvas, self)

    @contextmanager
    def offscreen(self, canvas: Canvas) -> Iterator[Canvas]:
        """The canvas to draw the layer on: another one if it has effects, which end the block."""
        layer = self.layer
        if layer.draws_directly:
            yield canvas
            return
        with canvas.group(
            self.box,
            opacity=layer.opacity,
            rotation=layer.rotation,
            shadow=to_shadow(layer.shadow),
            blend=layer.blend,
            ink_box=self.box if layer.draws_within_box else None,
        ) as inner:
            yield inner

    def draw_children(self, canvas: Canvas) -> None:
        """Draws the layers of a group."""
        for child in self.children:
            child.draw(canvas)


def place_layers(
    drawing: DrawingContext, nodes: Sequence[RenderNode], parent: PlacedLayer | None = None
) -> list[PlacedLayer]:
    """The layers of nodes inside `parent`; left out are those that cannot be drawn."""
    placed = (PlacedLayer(drawing, node, parent) for node in nodes)
    return [layer for layer in placed if layer.layer.is_drawn(layer)]
