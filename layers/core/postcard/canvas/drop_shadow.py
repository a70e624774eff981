"""Drop shadows: a surface's alpha, moved, blurred and filled with a colour."""

import math

from PIL import Image

from postcard.canvas.blur import EXTENT_SIGMAS, blurred
from postcard.canvas.mask import PixelBounds
from postcard.canvas.paint import RenderedPaint
from postcard.canvas.surface import IntPoint, Surface
from postcard.color import TRANSPARENT, Color
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DropShadow:
    """CSS's drop-shadow(); as there, `blur` is twice the sigma of the Gaussian."""

    color: Color
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.0

    def scaled(self, scale_x: float, scale_y: float) -> "DropShadow":
        """The shadow in device pixels, its offset rounded to whole ones."""
        dx, dy = math.floor(self.x * scale_x + 0.5), math.floor(self.y * scale_y + 0.5)
        return DropShadow(self.color, dx, dy, self.blur * (scale_x + scale_y) / 2)

    @property
    def blur_extent(self) -> int:
        """How far the blur reaches beyond the alpha, in whole pixels."""
        return math.ceil(self.blur / 2 * EXTENT_SIGMAS)

    def source_bounds(self, bounds: PixelBounds) -> PixelBounds:
        """The bounds, and all pixels whose shadow falls into them."""
        return (
            bounds[0] - max(0, int(self.x) + self.blur_extent),
            bounds[1] - max(0, int(self.y) + self.blur_extent),
            bounds[2] + max(0, self.blur_extent - int(self.x)),
            bounds[3] + max(0, self.blur_extent - int(self.y)),
        )

    def painted_bounds(self, bounds: PixelBounds) -> PixelBounds:
        """The bounds, and the pixels that their shadow covers."""
        return (
            min(bounds[0], bounds[0] + int(self.x) - self.blur_extent),
            min(bounds[1], bounds[1] + int(self.y) - self.blur_extent),
            max(bounds[2], bounds[2] + int(self.x) + self.blur_extent),
            max(bounds[3], bounds[3] + int(self.y) + self.blur_extent),
        )


def draw_shadow(
    backdrop: Surface,
    surface: Surface,
    shadow: DropShadow,
    position: IntPoint,
    deadline: Deadline = NO_DEADLINE,
) -> None:
    """Draw the shadow of a surface that lies at `position`; `shadow` is in device pixels."""
    ink = surface.alpha.getbbox() if surface.alpha else None
    if surface.alpha is None or ink is None:
        return
    margin, (left, top, right, bottom) = shadow.blur_extent, ink
    size = (right - left + 2 * margin, bottom - top + 2 * margin)
    alpha = Image.new("L", size)
    alpha.paste(surface.alpha.crop(ink), (margin, margin))
    shadow_position = (
        position[0] + left - margin + int(shadow.x),
        position[1] + top - margin + int(shadow.y),
    )
    paint = RenderedPaint(shadow.color[:3], shadow.color[3] if shadow.color[3] < 255 else None)
    soft = blurred(alpha, shadow.blur / 2, deadline)
    deadline.check()
    left, top = max(0, -shadow_position[0]), max(0, -shadow_position[1])
    right = min(size[0], backdrop.size[0] - shadow_position[0])
    bottom = min(size[1], backdrop.size[1] - shadow_position[1])
    if left < right and top < bottom:  # a large blur reaches far beyond the backdrop
        visible = soft.crop((left, top, right, bottom))
        position = (shadow_position[0] + left, shadow_position[1] + top)
        backdrop.paste(paint, position, visible, visible.size)


def with_shadow(surface: Surface, shadow: DropShadow, deadline: Deadline = NO_DEADLINE) -> Surface:
    """A surface of the same size with the shadow (in device pixels) below its content."""
    result = Surface.new(surface.size, TRANSPARENT)
    draw_shadow(result, surface, shadow, (0, 0), deadline)
    deadline.check()
    result.composite(surface, (0, 0))
    return result
