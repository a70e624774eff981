"""How much of something there is: a bar or a ring."""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from postcard.canvas.vector.shapes import RingPart
from postcard.color import Paint as Drawn
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.properties.lengths import Length, Radius, Side
from postcard.template.properties.numbers import Number, PositiveNumber
from postcard.template.properties.paints import Paint, to_paint

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

WHOLE = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressLayer(BaseLayer):
    """A bar fills from the side where reading starts, a ring clockwise from twelve.

    The least that is filled is as long as its corners are round: a dot.

    `thickness` is a tenth of the width for a ring, the box's height for a bar. Without a `color`
    it takes the document's.
    """

    takes: ClassVar = {"value": "value", "color": "color", "background": "track"}

    type: Literal["progress"] = "progress"
    width: Side
    height: Side
    value: Number = 0.0
    max: PositiveNumber = WHOLE
    shape: Literal["bar", "ring"] = "bar"
    color: Paint | None = None
    track: Paint = "#0000001a"
    thickness: Length | None = None
    radius: Radius = "full"

    @property
    def share(self) -> float:
        """How much is filled, from 0 to 1."""
        most = float(self.max)
        return min(1.0, max(0.0, float(self.value) / (most if most > 0 else WHOLE)))

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """The track, then what is filled."""
        color = stage.color if self.color is None else to_paint(self.color)
        if not stage.box.width or not stage.box.height:
            return
        if self.shape == "ring":
            self._ring(canvas, stage.box, color)
        else:
            self._bar(canvas, stage.box, color, rtl=stage.rtl)

    def _bar(self, canvas: "Canvas", box: Box, color: Drawn, *, rtl: bool) -> None:
        thick = box.height if self.thickness is None else min(self.thickness, box.height)
        track = Box(box.x, box.y + (box.height - thick) / 2, box.width, thick)
        canvas.fill_rectangle(track, to_paint(self.track), radius=self.radius)
        if not self.share:
            return
        long = max(track.width * self.share, 2 * self._corner(min(track.width, thick)))
        x = track.right - long if rtl else track.x
        filled = Box(x, track.y, long, thick)
        canvas.fill_rectangle(filled, color, radius=self.radius, within=track)

    def _ring(self, canvas: "Canvas", box: Box, color: Drawn) -> None:
        side = min(box.width, box.height)
        thick = (box.width / 10 if self.thickness is None else self.thickness) / side
        canvas.fill_shape(RingPart(thick), box, to_paint(self.track))
        if self.share:
            radius = min(self._corner(side) / side, thick / 2)
            turn = math.asin(min(1.0, radius / max(radius, 0.5 - radius))) / math.pi
            part = RingPart(thick, round(max(self.share, turn), 5), radius)
            canvas.fill_shape(part, box, color)

    def _corner(self, most: float) -> float:
        """The largest radius of its corners, at most half of `most`."""
        if self.radius == "full":
            return most / 2
        widest = max(self.radius) if isinstance(self.radius, tuple) else float(self.radius)
        return min(widest, most / 2)
