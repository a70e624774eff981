"""What all layers of one picture share while they are drawn: document, fonts, pictures, canvas."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Protocol

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import Color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.group import AnyLayer
from postcard.template.model import Document
from postcard.text.fonts import Fonts

TargetPixels = tuple[int, int] | None
"""The device pixels that a picture is shown at; None where its own size decides."""


class PictureFinder(Protocol):
    """Finds the decoded pictures of layers."""

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage | None:
        """The picture of an image layer, with at least `target_pixels`; None if none is drawn."""

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage | None:
        """The picture of a reference that the document itself names; None if it is missing."""


class WarningList:
    """Warnings in the order in which they came up, each once."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults = list(faults)

    def add(self, fault: Fault) -> None:
        """Adds a warning, unless it is in the list."""
        if fault not in self.faults:
            self.faults.append(fault)

    def warn(self, code: str, pointer: str, detail: str) -> None:
        """Adds a warning made of these parts."""
        self.add(Fault(code, pointer, detail))


@dataclass(frozen=True, slots=True)
class CanvasSpec:
    """The canvas of a picture: its size in CSS pixels and in device pixels, its background."""

    size: tuple[int, int]
    pixels: tuple[int, int]
    background: Color

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return sum(self.scales) / 2

    @property
    def scales(self) -> tuple[float, float]:
        """Device pixels per CSS pixel, across and down; they differ only by rounding."""
        return self.pixels[0] / self.size[0], self.pixels[1] / self.size[1]

    def new_canvas(self, deadline: Deadline) -> Canvas:
        """An empty canvas, on which drawing ends at `deadline`."""
        return Canvas.new(*self.size, self.pixels, self.background, deadline)


@dataclass(slots=True)
class DrawingContext:
    """One picture that is being drawn.

    `document` has its Liquid evaluated; `scale` is in device pixels per CSS pixel. Drawing adds to
    `boxes` each layer's JSON pointer and box, in the order in which they are drawn. At `deadline`
    layout and drawing end with `DeadlineExceeded`.
    """

    document: Document
    fonts: Fonts
    scale: float
    pictures: PictureFinder
    warnings: WarningList = field(default_factory=WarningList)
    boxes: list[tuple[str, Box]] = field(default_factory=list)
    deadline: Deadline = NO_DEADLINE


StartCanvas = Callable[[DrawingContext, CanvasSpec, Sequence[RenderNode]], tuple[Canvas, int]]
"""Returns a canvas to draw on, and how many of the nodes are drawn on it already."""


def target_pixels(layer: AnyLayer, document: Document, scale: float) -> TargetPixels:
    """The device pixels of a layer's box; a side of `fill` counts as the whole canvas.

    None where a side follows from the picture.
    """
    if layer.width is None or layer.height is None:
        return None
    width = document.width if layer.width == "fill" else layer.width
    height = document.height if layer.height == "fill" else layer.height
    return max(1, round(width * scale)), max(1, round(height * scale))
