"""Where a layer is measured and drawn: its box, and what it needs from around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from postcard.canvas.canvas import Canvas
from postcard.canvas.picture import Picture
from postcard.color import Paint, parse_color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.template.base import four
from postcard.template.group import AnyLayer, GroupLayer
from postcard.template.letters import said
from postcard.template.nodes import Node
from postcard.template.properties import Document
from postcard.template.reading import reads_rtl
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout

Near = tuple[int, int] | None


class Pictures(Protocol):
    """Finds the picture of an image layer."""

    def __call__(self, node: Node, near: Near) -> Picture | None:
        """The picture, decoded with at least `near` pixels; None if there is none to draw."""


@dataclass(slots=True)
class Scene:
    """One picture being drawn. `document` has its Liquid run; `scale` is device pixels a pixel."""

    document: Document
    fonts: Fonts
    scale: float
    pictures: Pictures
    warnings: list[Fault] = field(default_factory=list)
    boxes: list[tuple[str, Box]] = field(default_factory=list)

    def draw(self, canvas: Canvas, nodes: Sequence[Node]) -> None:
        """Draws nodes over the whole canvas."""
        for stage in self.stages(nodes, 0.0, 0.0):
            stage.draw(canvas)

    def stages(self, nodes: Sequence[Node], x: float, y: float) -> "list[Stage]":
        """The stages of nodes whose places are from `x`, `y`; those not ready are left out."""
        stages = (Stage(self, node, x, y) for node in nodes)
        return [stage for stage in stages if stage.layer.ready(stage)]

    def warn(self, code: str, where: str, detail: str) -> None:
        """Adds a warning, once."""
        if (fault := Fault(code, where, detail)) not in self.warnings:
            self.warnings.append(fault)


class Stage:
    """One layer's place. `x` and `y` are where its parent's places are counted from."""

    def __init__(self, scene: Scene, node: Node, x: float, y: float) -> None:
        self.scene, self.node, self.layer = scene, node, node.layer
        self.x, self.y = x + node.layer.x, y + node.layer.y
        self.layout: TextLayout | None = None

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
        return reads_rtl(self.document)

    @property
    def locale(self) -> str:
        """The document's locale."""
        return self.document.locale

    @cached_property
    def box(self) -> Box:
        """The layer's box on the canvas, before its rotation."""
        return Box(self.x, self.y, *self.layer.measure(self))

    @cached_property
    def children(self) -> "list[Stage]":
        """The stages of a group's layers."""
        padding = self.layer.padding if isinstance(self.layer, GroupLayer) else 0
        top, _, _, left = four(padding)
        return self.scene.stages(self.node.children, self.x + left, self.y + top)

    @cached_property
    def picture(self) -> Picture | None:
        """The picture of an image layer; None if there is none to draw."""
        return self.scene.pictures(self.node, near(self.layer, self.scale))

    def look(self, style: str | None) -> Mapping[str, Any]:
        """The text properties of a named style."""
        return said(self.document.styles[style]) if style else {}

    def warn(self, code: str, detail: str) -> None:
        """Adds a warning about this layer."""
        self.scene.warn(code, self.node.pointer, detail)

    def draw(self, canvas: Canvas) -> None:
        """Draws the layer, faded and turned as one picture."""
        layer = self.layer
        self.scene.boxes.append((self.node.pointer, self.box))
        if layer.opacity == 0:
            return
        if layer.opacity == 1 and not layer.rotation % 360:
            layer.draw(canvas, self)
            return
        with canvas.layer(self.box, opacity=layer.opacity, rotation=layer.rotation) as inner:
            layer.draw(inner, self)

    def draw_children(self, canvas: Canvas) -> None:
        """Draws what a group holds."""
        for child in self.children:
            child.draw(canvas)


def near(layer: AnyLayer, scale: float) -> Near:
    """The device pixels that a layer's box has, where both sides are known."""
    if layer.width is None or layer.height is None:
        return None
    return max(1, round(layer.width * scale)), max(1, round(layer.height * scale))
