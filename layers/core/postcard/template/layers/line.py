"""The line layer."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Dimension
from postcard.template.properties.paints import Stroke

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLayer(BaseLayer):
    """A line from the top left of its box to the bottom right, its stroke centred on it.

    A horizontal or vertical one (a side of 0) is aligned to whole pixels.
    """

    modifiable: ClassVar = {"color": "stroke"}

    type: Literal["line"] = "line"
    width: Dimension
    height: Dimension
    stroke: Stroke | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no stroke."""
        return self.stroke is None or not self.stroke.width

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the stroke."""
        assert self.stroke is not None  # otherwise `is_empty`
        color, width, dash = parse_color(self.stroke.color), self.stroke.width, self.stroke.dash
        canvas.draw_line(context.box, color, width, dash=dash)


def stroke_with_color(layer: LineLayer, color: str) -> Stroke:
    """The layer's stroke in another colour."""
    return replace(layer.stroke, color=color) if layer.stroke else Stroke(color=color)
