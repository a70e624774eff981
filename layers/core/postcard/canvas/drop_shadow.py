"""Shadows that layers cast: their own alpha, moved, blurred and painted."""

import math

from PIL import Image

from postcard.canvas.blur import EXTENT_SIGMAS, blurred
from postcard.canvas.mask import PixelBounds
from postcard.canvas.paint import RenderedPaint
from postcard.canvas.surface import IntPoint, Surface
from postcard.color import TRANSPARENT, Color
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DropShadow:
    """CSS's drop shadow: `blur` is twice the sigma of a Gaussian."""

    color: Color
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.0

    def scaled(self, scale_x: float, scale_y: float) -> "DropShadow":
        """The shadow in device pixels, `x` across and `y` down a CSS pixel, on whole pixels."""
        dx, dy = math.floor(self.x * scale_x + 0.5), math.floor(self.y * scale_y + 0.5)
        return DropShadow(self.color, dx, dy, self.blur * (scale_x + scale_y) / 2)

    @property
    def blur_extent(self) -> int:
        """How far it reaches beyond what casts it, in whole pixels."""
        return math.ceil(self.blur / 2 * EXTENT_SIGMAS)

    def source_bounds(self, bounds: PixelBounds) -> PixelBounds:
        """The pixels that cast a shadow into an area, and the area itself."""
        return (
            bounds[0] - max(0, int(self.x) + self.blur_extent),
            bounds[1] - max(0, int(self.y) + self.blur_extent),
            bounds[2] + max(0, self.blur_extent - int(self.x)),
            bounds[3] + max(0, self.blur_extent - int(self.y)),
        )

    def painted_bounds(self, bounds: PixelBounds) -> PixelBounds:
        """The pixels of an area and of its shadow."""
        return (
            min(bounds[0], bounds[0] + int(self.x) - self.blur_extent),
            min(bounds[1], bounds[1] + int(self.y) - self.blur_extent),
            max(bounds[2], bounds[2] + int(self.x) + self.blur_extent),
            max(bounds[3], bounds[3] + int(self.y) + self.blur_extent),
        )


def draw_shadow(
    backdrop: Surface, surface: Surface, shadow: DropShadow, position: IntPoint
) -> None:
    """Lay the shadow of what is on a surface, which begins at `at`; `shadow` in device pixels."""
    ink = surface.alpha.getbbox() if surface.alpha else None
    if surface.alpha is None or ink is None:
        return
    spread, (left, top, right, bottom) = shadow.blur_extent, ink
    size = (right - left + 2 * spread, bottom - top + 2 * spread)
    alpha = Image.new("L", size)
    alpha.paste(surface.alpha.crop(ink), (spread, spread))
    place = (
        position[0] + left - spread + int(shadow.x),
        position[1] + top - spread + int(shadow.y),
    )
    paint = RenderedPaint(shadow.color[:3], shadow.color[3] if shadow.color[3] < 255 else None)
    backdrop.paste(paint, place, blurred(alpha, shadow.blur / 2), size)


def with_shadow(surface: Surface, shadow: DropShadow) -> Surface:
    """What is on a surface over its shadow (in device pixels); a surface of the same size."""
    under = Surface.new(surface.size, TRANSPARENT)
    draw_shadow(under, surface, shadow, (0, 0))
    under.composite(surface, (0, 0))
    return under
