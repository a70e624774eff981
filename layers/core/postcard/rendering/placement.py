"""Where a layer is measured and drawn: its box, and what it needs from around it."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, Protocol

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.picture import Picture
from postcard.color import Paint, parse_color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.rendering.reading_direction import reads_rtl
from postcard.rendering.render_tree import Node
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import Document
from postcard.template.properties.effects import to_shadow
from postcard.template.properties.text_style import said
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout
from postcard.text.style import Direction

Near = tuple[int, int] | None
WIDTH, HEIGHT = 0, 1


class Pictures(Protocol):
    """Finds the picture of an image layer."""

    def __call__(self, node: Node, near: Near) -> Picture | None:
        """The picture, decoded with at least `near` pixels; None if there is none to draw."""

    def found(self, reference: str, near: Near) -> Picture | None:
        """The picture of a reference that the document itself names; None if it is missing."""


@dataclass(slots=True)
class Scene:
    """One picture being drawn. `document` has its Liquid run; `scale` is device pixels a pixel."""

    document: Document
    fonts: Fonts
    scale: float
    pictures: Pictures
    warnings: list[Fault] = field(default_factory=list)
    boxes: list[tuple[str, Box]] = field(default_factory=list)

    def stages(self, nodes: Sequence[Node], around: "Stage | None" = None) -> "list[Stage]":
        """The stages of nodes in the group `around`; those not ready are left out."""
        stages = (Stage(self, node, around) for node in nodes)
        return [stage for stage in stages if stage.layer.ready(stage)]

    def warn(self, code: str, where: str, detail: str) -> None:
        """Adds a warning, once."""
        self.note(Fault(code, where, detail))

    def note(self, fault: Fault) -> None:
        """The same for one that was made before."""
        if fault not in self.warnings:
            self.warnings.append(fault)


class Stage:
    """One layer's place: from the corner of the content of the group `around`, or the canvas.

    `given` are width and height: what the layer says or its group gives it, None where it follows
    from what is inside.
    """

    def __init__(self, scene: Scene, node: Node, around: "Stage | None" = None) -> None:
        self.scene, self.node, self.layer, self.around = scene, node, node.layer, around
        layer = node.layer
        self.place = [layer.x, layer.y]
        self.given = [None if side == "fill" else side for side in (layer.width, layer.height)]
        self.layout: TextLayout | None = None

    @property
    def group(self) -> GroupLayer | None:
        """The layer, if it is a group."""
        return self.layer if isinstance(self.layer, GroupLayer) else None

    def side(self, axis: int) -> float | str | None:
        """What the layer says of its width (0) or height (1)."""
        return self.layer.height if axis == HEIGHT else self.layer.width

    def give(self, axis: int, side: float) -> None:
        """Sets the width (0) or height (1)."""
        self.given[axis] = side
        if self.layout and not (axis == HEIGHT and side >= self.layout.height):
            self.layout = None

    @property
    def document(self) -> Document:
        """The document, its Liquid run."""
        return self.scene.document

    @property
    def fonts(self) -> Fonts:
        """The fonts there are."""
        return self.scene.fonts

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return self.scene.scale

    @property
    def color(self) -> Paint:
        """What every text starts from."""
        return parse_color(self.document.color)

    @property
    def rtl(self) -> bool:
        """Whether the document reads from right to left."""
        return reads_rtl(self.document.direction, self.document.locale)

    @property
    def families(self) -> str | tuple[str, ...]:
        """The document's font."""
        return self.document.font

    @property
    def color_text(self) -> str:
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
        x, y = self.around.corner if self.around else (0.0, 0.0)
        return Box(x + self.place[0], y + self.place[1], *self.size)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return self.layer.measure(self)

    @property
    def corner(self) -> tuple[float, float]:
        """Where a group's content begins on the canvas."""
        left, top = self.group.corner if self.group else (0.0, 0.0)
        return self.box.x + left, self.box.y + top

    @cached_property
    def children(self) -> "list[Stage]":
        """The stages of a group's layers."""
        return self.scene.stages(self.node.children, self)

    @cached_property
    def picture(self) -> Picture | None:
        """The picture of an image layer; None if there is none to draw."""
        return self.scene.pictures(self.node, near(self.layer, self.document, self.scale))

    def named(self, reference: str, side: float) -> Picture | None:
        """A picture that the layer names beside its own, to be drawn `side` pixels large."""
        device = max(1, round(side * self.scale))
        return self.scene.pictures.found(reference, (device, device))

    def look(self, style: str | None) -> Mapping[str, Any]:
        """The text properties of a named style."""
        return said(self.document.styles[style]) if style else {}

    def warn(self, code: str, detail: str) -> None:
        """Adds a warning about this layer."""
        self.scene.warn(code, self.node.pointer, detail)

    def draw(self, canvas: Canvas) -> None:
        """Draws the layer; its effects are those of one picture."""
        layer = self.layer
        self.scene.boxes.append((self.node.pointer, self.box))
        if layer.opacity == 0:
            return
        if layer.direct:
            layer.draw(canvas, self)
            return
        with canvas.layer(
            self.box,
            opacity=layer.opacity,
            rotation=layer.rotation,
            shadow=to_shadow(layer.shadow),
            blend=layer.blend,
            ink=self.box if layer.contained else None,
        ) as inner:
            layer.draw(inner, self)

    def draw_children(self, canvas: Canvas) -> None:
        """Draws what a group holds."""
        for child in self.children:
            child.draw(canvas)


def near(layer: AnyLayer, document: Document, scale: float) -> Near:
    """The device pixels that a layer's box has, at most those of the canvas where it fills.

    None where a side follows from the picture.
    """
    if layer.width is None or layer.height is None:
        return None
    width = document.width if layer.width == "fill" else layer.width
    height = document.height if layer.height == "fill" else layer.height
    return max(1, round(width * scale)), max(1, round(height * scale))
