"""The rectangle layer."""

from typing import TYPE_CHECKING, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Dimension, Radius
from postcard.template.properties.paints import Paint, Stroke, to_paint

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class RectangleLayer(BaseLayer):
    """A rectangle; its stroke is inside the outline, its corners may be rounded."""

    draws_within_box: ClassVar = True
    modifiable: ClassVar = {"color": "fill"}

    type: Literal["rectangle"] = "rectangle"
    width: Dimension
    height: Dimension
    fill: Paint | None = None
    stroke: Stroke | None = None
    radius: Radius = 0.0

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the fill, then the stroke."""
        if self.fill is not None:
            canvas.fill_rectangle(context.box, to_paint(self.fill), radius=self.radius)
        if self.stroke is not None and self.stroke.width:
            color, width, dash = parse_color(self.stroke.color), self.stroke.width, self.stroke.dash
            canvas.stroke_rectangle(context.box, color, width, radius=self.radius, dash=dash)
