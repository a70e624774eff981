"""The ellipse layer."""

from typing import TYPE_CHECKING, ClassVar, Literal

from postcard.canvas.vector.shapes import Ellipse
from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Dimension
from postcard.template.properties.paints import Paint, Stroke, to_paint

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class EllipseLayer(BaseLayer):
    """An ellipse that fills its box; its stroke is inside the outline."""

    draws_within_box: ClassVar = True
    modifiable: ClassVar = {"color": "fill"}

    type: Literal["ellipse"] = "ellipse"
    width: Dimension
    height: Dimension
    fill: Paint | None = None
    stroke: Stroke | None = None

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the fill, then the stroke."""
        if self.fill is not None:
            canvas.fill_shape(Ellipse(), context.box, to_paint(self.fill))
        if self.stroke is not None and self.stroke.width:
            color, width, dash = parse_color(self.stroke.color), self.stroke.width, self.stroke.dash
            canvas.stroke_shape(Ellipse(), context.box, color, width, dash=dash)
