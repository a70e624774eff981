"""Shadows that layers cast: their own alpha, moved, blurred and painted."""

import math

from PIL import Image

from postcard.canvas.blur import REACH, blurred
from postcard.canvas.mask import Area
from postcard.canvas.paint import Fill
from postcard.canvas.surface import Point, Surface
from postcard.color import TRANSPARENT, Color
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Shadow:
    """CSS's drop shadow: `blur` is twice the sigma of a Gaussian."""

    color: Color
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.0

    def scaled(self, x: float, y: float) -> "Shadow":
        """The shadow in device pixels, `x` across and `y` down a CSS pixel, on whole pixels."""
        dx, dy = math.floor(self.x * x + 0.5), math.floor(self.y * y + 0.5)
        return Shadow(self.color, dx, dy, self.blur * (x + y) / 2)

    @property
    def spread(self) -> int:
        """How far it reaches beyond what casts it, in whole pixels."""
        return math.ceil(self.blur / 2 * REACH)

    def casting(self, area: Area) -> Area:
        """The pixels that cast a shadow into an area, and the area itself."""
        return (
            area[0] - max(0, int(self.x) + self.spread),
            area[1] - max(0, int(self.y) + self.spread),
            area[2] + max(0, self.spread - int(self.x)),
            area[3] + max(0, self.spread - int(self.y)),
        )

    def cast(self, area: Area) -> Area:
        """The pixels of an area and of its shadow."""
        return (
            min(area[0], area[0] + int(self.x) - self.spread),
            min(area[1], area[1] + int(self.y) - self.spread),
            max(area[2], area[2] + int(self.x) + self.spread),
            max(area[3], area[3] + int(self.y) + self.spread),
        )


def throw(behind: Surface, surface: Surface, shadow: Shadow, at: Point) -> None:
    """Lay the shadow of what is on a surface, which begins at `at`; `shadow` in device pixels."""
    ink = surface.alpha.getbbox() if surface.alpha else None
    if surface.alpha is None or ink is None:
        return
    spread, (left, top, right, bottom) = shadow.spread, ink
    size = (right - left + 2 * spread, bottom - top + 2 * spread)
    alpha = Image.new("L", size)
    alpha.paste(surface.alpha.crop(ink), (spread, spread))
    place = (at[0] + left - spread + int(shadow.x), at[1] + top - spread + int(shadow.y))
    paint = Fill(shadow.color[:3], shadow.color[3] if shadow.color[3] < 255 else None)
    behind.stamp(paint, place, blurred(alpha, shadow.blur / 2), size)


def shaded(surface: Surface, shadow: Shadow) -> Surface:
    """What is on a surface over its shadow (in device pixels); a surface of the same size."""
    under = Surface.new(surface.size, TRANSPARENT)
    throw(under, surface, shadow, (0, 0))
    under.lay(surface, (0, 0))
    return under
