"""The rating layer: stars, hearts or circles."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from postcard import color as colors
from postcard.canvas.vector.shapes import Ellipse, Heart, Shape, Star
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Dimension, Length
from postcard.template.properties.numbers import Number
from postcard.template.properties.paints import Paint, to_paint
from postcard.template.schema.constraints import Ge, Le

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

SYMBOLS: dict[str, Shape] = {"star": Star(), "heart": Heart(), "circle": Ellipse()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingLayer(BaseLayer):
    """`count` symbols as high as the layer, from the side where reading starts.

    `value` of them, which may be a fraction, are in `color` (by default the document's), the
    others in the colour of the `track`.
    """

    modifiable: ClassVar = {"value": "value", "color": "color", "background": "track"}

    type: Literal["rating"] = "rating"
    height: Dimension
    value: Number = 0.0
    count: Annotated[int, Ge(1), Le(50)] = 5
    shape: Literal["star", "heart", "circle"] = "star"
    color: Paint | None = None
    track: Paint = "#0000001a"
    gap: Length = 0.0

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """As wide as its symbols and the gaps between them, unless it states a width."""
        width, height = context.definite_size
        side = height or 0.0
        natural_width = self.count * side + (self.count - 1) * self.gap
        return natural_width if width is None else width, side

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws each symbol in one colour, or in two side by side."""
        color = context.text_color if self.color is None else to_paint(self.color)
        track, box, side = to_paint(self.track), context.box, context.box.height
        for index in range(self.count):
            along = index * (side + self.gap)
            x = box.right - along - side if context.rtl else box.x + along
            full = min(1.0, max(0.0, float(self.value) - index))
            self._draw_symbol(
                canvas, Box(x, box.y, side, side), box, (color, track), full, context.rtl
            )

    def _draw_symbol(
        self,
        canvas: "Canvas",
        box: Box,
        paint_box: Box,
        paints: tuple[colors.Paint, colors.Paint],
        filled: float,
        rtl: bool,
    ) -> None:
        symbol = SYMBOLS[self.shape]
        if filled in (0.0, 1.0):
            canvas.fill_shape(symbol, box, paints[0 if filled else 1], gradient_box=paint_box)
            return
        first, second = reversed(paints) if rtl else paints
        left = box.width * (1 - filled if rtl else filled)
        for paint, part in (
            (first, Box(box.x, box.y, left, box.height)),
            (second, Box(box.x + left, box.y, box.width - left, box.height)),
        ):
            canvas.fill_shape(symbol, box, paint, gradient_box=paint_box, clip=part)
