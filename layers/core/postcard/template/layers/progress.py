"""The progress layer: a bar or a ring that is partly filled."""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from postcard import color as colors
from postcard.canvas.vector.shapes import RingSegment
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Dimension, Length, Radius
from postcard.template.properties.numbers import Number, PositiveNumber
from postcard.template.properties.paints import Paint, to_paint

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

DEFAULT_MAX = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressLayer(BaseLayer):
    """A bar that fills from the side where reading starts, or a ring, clockwise from the top.

    A value over 0 fills at least a dot, as long as the corners are round. The default `thickness`
    is the box's height for a bar and a tenth of its width for a ring; the default `color` is the
    document's.
    """

    modifiable: ClassVar = {"value": "value", "color": "color", "background": "track"}

    type: Literal["progress"] = "progress"
    width: Dimension
    height: Dimension
    value: Number = 0.0
    max: PositiveNumber = DEFAULT_MAX
    shape: Literal["bar", "ring"] = "bar"
    color: Paint | None = None
    track: Paint = "#0000001a"
    thickness: Length | None = None
    radius: Radius = "full"

    @property
    def fraction(self) -> float:
        """The filled part, from 0 to 1."""
        maximum = float(self.max)
        return min(1.0, max(0.0, float(self.value) / (maximum if maximum > 0 else DEFAULT_MAX)))

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the track, then the filled part."""
        color = context.text_color if self.color is None else to_paint(self.color)
        if not context.box.width or not context.box.height:
            return
        if self.shape == "ring":
            self._draw_ring(canvas, context.box, color)
        else:
            self._draw_bar(canvas, context.box, color, rtl=context.rtl)

    def _draw_bar(self, canvas: "Canvas", box: Box, color: colors.Paint, *, rtl: bool) -> None:
        thickness = box.height if self.thickness is None else min(self.thickness, box.height)
        track = Box(box.x, box.y + (box.height - thickness) / 2, box.width, thickness)
        canvas.fill_rectangle(track, to_paint(self.track), radius=self.radius)
        if not self.fraction:
            return
        filled_width = max(
            track.width * self.fraction, 2 * self._max_corner_radius(min(track.width, thickness))
        )
        x = track.right - filled_width if rtl else track.x
        filled = Box(x, track.y, filled_width, thickness)
        canvas.fill_rectangle(filled, color, radius=self.radius, clip=track)

    def _draw_ring(self, canvas: "Canvas", box: Box, color: colors.Paint) -> None:
        side = min(box.width, box.height)
        thickness = (box.width / 10 if self.thickness is None else self.thickness) / side
        canvas.fill_shape(RingSegment(thickness), box, to_paint(self.track))
        if self.fraction:
            radius = min(self._max_corner_radius(side) / side, thickness / 2)
            min_fraction = math.asin(min(1.0, radius / max(radius, 0.5 - radius))) / math.pi
            part = RingSegment(thickness, round(max(self.fraction, min_fraction), 5), radius)
            canvas.fill_shape(part, box, color)

    def _max_corner_radius(self, side: float) -> float:
        """The largest radius of its corners, at most half of `side`."""
        if self.radius == "full":
            return side / 2
        widest = max(self.radius) if isinstance(self.radius, tuple) else float(self.radius)
        return min(widest, side / 2)
