"""A surface of premultiplied pixels, with an alpha channel only where it may be transparent.

With premultiplied colours, pasting a colour through a mask mixes colour and alpha alike, and
compositing a group needs one multiplication and one addition per channel.
"""

from functools import lru_cache

from PIL import Image, ImageChops

from postcard.canvas.paint import RenderedPaint
from postcard.color import Color
from postcard.runtime.malloc import tune_malloc

IntPoint = tuple[int, int]

tune_malloc()


class Surface:
    """Pixels in device resolution: `color` is premultiplied RGB, `alpha` None if all is opaque."""

    __slots__ = ("alpha", "color")

    def __init__(self, color: Image.Image, alpha: Image.Image | None) -> None:
        self.color, self.alpha = color, alpha

    @classmethod
    def new(cls, size: tuple[int, int], background: Color) -> "Surface":
        """A surface filled with one colour."""
        *rgb, alpha = background
        color = Image.new("RGB", size, tuple(channel * alpha // 255 for channel in rgb))
        return cls(color, None if alpha == 255 else Image.new("L", size, alpha))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self.color.size

    def copy(self) -> "Surface":
        """A copy of the pixels."""
        return Surface(self.color.copy(), self.alpha.copy() if self.alpha else None)

    def crop(self, bounds: tuple[int, int, int, int]) -> "Surface":
        """A copy of these pixels: left, top, right, bottom."""
        return Surface(self.color.crop(bounds), self.alpha.crop(bounds) if self.alpha else None)

    def paste(
        self, fill: RenderedPaint, position: IntPoint, mask: Image.Image | None, size: IntPoint
    ) -> None:
        """Paint `size` pixels at `position` through a mask; pixels outside the surface are cut."""
        bounds = (*position, position[0] + size[0], position[1] + size[1])
        color, alpha = fill.color, _combined_alpha(fill.alpha, mask, size)
        if alpha is not None and not isinstance(color, Image.Image):
            color = Image.new("RGB", size, color)  # Pillow pastes images twice as fast as colours
        self.color.paste(color, bounds, alpha)
        if self.alpha:
            self.alpha.paste(255, bounds, alpha)

    def composite(self, group: "Surface", position: IntPoint, opacity: float = 1.0) -> None:
        """Composite a whole surface over this one."""
        color, alpha = group.color, group.alpha or Image.new("L", group.size, 255)
        if opacity < 1:
            fade = multiply_table(round(opacity * 255))
            color, alpha = color.point(fade * 3), alpha.point(fade)
        bounds = (*position, position[0] + group.size[0], position[1] + group.size[1])
        behind = self.color.crop(bounds)
        behind.paste(0, None, alpha)
        self.color.paste(ImageChops.add(behind, color), position)
        if self.alpha:
            self.alpha.paste(255, bounds, alpha)

    def apply_mask(self, mask: Image.Image) -> None:
        """Make transparent what the mask does not cover."""
        self.color = ImageChops.multiply(self.color, Image.merge("RGB", (mask, mask, mask)))
        self.alpha = ImageChops.multiply(self.alpha, mask) if self.alpha else mask

    def to_image(self) -> Image.Image:
        """The pixels as RGB, or as RGBA with colours that are not premultiplied."""
        if not self.alpha:
            return self.color
        return Image.merge("RGBa", (*self.color.split(), self.alpha)).convert("RGBA")

    def flatten(self, background: Color) -> Image.Image:
        """The pixels as RGB, on an opaque background colour."""
        if not self.alpha:
            return self.color
        behind = Surface.new(self.size, (*background[:3], 255))
        behind.composite(self, (0, 0))
        return behind.color


@lru_cache(maxsize=256)
def multiply_table(alpha: int) -> list[int]:
    """The table for `Image.point` that multiplies levels by `alpha` / 255."""
    return [(value * alpha + 127) // 255 for value in range(256)]


def _combined_alpha(
    alpha: Image.Image | int | None, mask: Image.Image | None, size: IntPoint
) -> Image.Image | None:
    if alpha is None:
        return mask
    if isinstance(alpha, int):
        return mask.point(multiply_table(alpha)) if mask else Image.new("L", size, alpha)
    return ImageChops.multiply(alpha, mask) if mask else alpha
