"""Where a layer is measured and drawn: its box, and what it needs from around it."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, Protocol

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import Paint, parse_color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.rendering.reading_direction import reads_rtl
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import Document
from postcard.template.properties.effects import to_shadow
from postcard.template.properties.text_style import written_properties
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout
from postcard.text.style import Direction

TargetPixels = tuple[int, int] | None
WIDTH, HEIGHT = 0, 1


class PictureFinder(Protocol):
    """Finds the picture of an image layer."""

    def __call__(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage | None:
        """The picture, decoded with at least `near` pixels; None if there is none to draw."""

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage | None:
        """The picture of a reference that the document itself names; None if it is missing."""


@dataclass(slots=True)
class DrawingContext:
    """One picture being drawn. `document` has its Liquid run; `scale` is device pixels a pixel."""

    document: Document
    fonts: Fonts
    scale: float
    find_picture: PictureFinder
    warnings: list[Fault] = field(default_factory=list)
    boxes: list[tuple[str, Box]] = field(default_factory=list)

    def place_layers(
        self, nodes: Sequence[RenderNode], parent: "PlacedLayer | None" = None
    ) -> "list[PlacedLayer]":
        """The stages of nodes in the group `around`; those not ready are left out."""
        placed_layers = (PlacedLayer(self, node, parent) for node in nodes)
        return [
            placed_layer
            for placed_layer in placed_layers
            if placed_layer.layer.is_drawn(placed_layer)
        ]

    def warn(self, code: str, pointer: str, detail: str) -> None:
        """Adds a warning, once."""
        self.add_warning(Fault(code, pointer, detail))

    def add_warning(self, fault: Fault) -> None:
        """The same for one that was made before."""
        if fault not in self.warnings:
            self.warnings.append(fault)


class PlacedLayer:
    """One layer's place: from the corner of the content of the group `around`, or the canvas.

    `given` are width and height: what the layer says or its group gives it, None where it follows
    from what is inside.
    """

    def __init__(
        self, drawing: DrawingContext, node: RenderNode, parent: "PlacedLayer | None" = None
    ) -> None:
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
        """What the layer says of its width (0) or height (1)."""
        return self.layer.height if axis == HEIGHT else self.layer.width

    def set_size(self, axis: int, size: float) -> None:
        """Sets the width (0) or height (1)."""
        self.definite_size[axis] = size
        if self.text_layout and not (axis == HEIGHT and size >= self.text_layout.height):
            self.text_layout = None

    @property
    def document(self) -> Document:
        """The document, its Liquid run."""
        return self.drawing.document

    @property
    def fonts(self) -> Fonts:
        """The fonts there are."""
        return self.drawing.fonts

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return self.drawing.scale

    @property
    def text_color(self) -> Paint:
        """What every text starts from."""
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
        """The stages of a group's layers."""
        return self.drawing.place_layers(self.node.children, self)

    @cached_property
    def picture(self) -> DecodedImage | None:
        """The picture of an image layer; None if there is none to draw."""
        return self.drawing.find_picture(
            self.node, target_pixels(self.layer, self.document, self.scale)
        )

    def find_picture(self, reference: str, side: float) -> DecodedImage | None:
        """A picture that the layer names beside its own, to be drawn `side` pixels large."""
        pixels = max(1, round(side * self.scale))
        return self.drawing.find_picture.find(reference, (pixels, pixels))

    def style_properties(self, style: str | None) -> Mapping[str, Any]:
        """The text properties of a named style."""
        return written_properties(self.document.styles[style]) if style else {}

    def warn(self, code: str, detail: str) -> None:
        """Adds a warning about this layer."""
        self.drawing.warn(code, self.node.pointer, detail)

    def draw(self, canvas: Canvas) -> None:
        """Draws the layer; its effects are those of one picture."""
        layer = self.layer
        self.drawing.boxes.append((self.node.pointer, self.box))
        if layer.opacity == 0:
            return
        if layer.draws_directly:
            layer.draw(canvas, self)
            return
        with canvas.group(
            self.box,
            opacity=layer.opacity,
            rotation=layer.rotation,
            shadow=to_shadow(layer.shadow),
            blend=layer.blend,
            ink_box=self.box if layer.draws_within_box else None,
        ) as inner:
            layer.draw(inner, self)

    def draw_children(self, canvas: Canvas) -> None:
        """Draws what a group holds."""
        for child in self.children:
            child.draw(canvas)


def target_pixels(layer: AnyLayer, document: Document, scale: float) -> TargetPixels:
    """The device pixels that a layer's box has, at most those of the canvas where it fills.

    None where a side follows from the picture.
    """
    if layer.width is None or layer.height is None:
        return None
    width = document.width if layer.width == "fill" else layer.width
    height = document.height if layer.height == "fill" else layer.height
    return max(1, round(width * scale)), max(1, round(height * scale))
