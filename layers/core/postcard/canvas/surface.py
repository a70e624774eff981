"""Pixels that paint is laid on: premultiplied colour, and alpha where something may show through.

Premultiplied, laying an ink through a mask is the same mixing for colour and alpha, and a group
goes onto what is behind it by one darkening and one addition.
"""

from functools import lru_cache

from PIL import Image, ImageChops

from postcard.canvas.paint import RenderedPaint
from postcard.color import Color
from postcard.runtime import malloc as memory

IntPoint = tuple[int, int]

memory.tune_malloc()


class Surface:
    """`color` is RGB, premultiplied; `alpha` is None where every pixel is opaque."""

    __slots__ = ("alpha", "color")

    def __init__(self, color: Image.Image, alpha: Image.Image | None) -> None:
        self.color, self.alpha = color, alpha

    @classmethod
    def new(cls, size: tuple[int, int], background: Color) -> "Surface":
        """A surface in one colour."""
        *ink, alpha = background
        color = Image.new("RGB", size, tuple(channel * alpha // 255 for channel in ink))
        return cls(color, None if alpha == 255 else Image.new("L", size, alpha))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self.color.size

    def copy(self) -> "Surface":
        """The same pixels, to be drawn on apart."""
        return Surface(self.color.copy(), self.alpha.copy() if self.alpha else None)

    def paste(
        self, fill: RenderedPaint, position: IntPoint, mask: Image.Image | None, size: IntPoint
    ) -> None:
        """Lay `fill`, which is `size` pixels, at `at` through `mask`; what lies outside is cut."""
        area = (*position, position[0] + size[0], position[1] + size[1])
        color, through = fill.color, _combined_alpha(fill.alpha, mask, size)
        if through is not None and not isinstance(color, Image.Image):
            color = Image.new("RGB", size, color)  # Pillow lays a picture twice as fast as an ink
        self.color.paste(color, area, through)
        if self.alpha:
            self.alpha.paste(255, area, through)

    def composite(self, group: "Surface", position: IntPoint, opacity: float = 1.0) -> None:
        """Lay a whole surface over this one."""
        color, alpha = group.color, group.alpha or Image.new("L", group.size, 255)
        if opacity < 1:
            fade = multiply_table(round(opacity * 255))
            color, alpha = color.point(fade * 3), alpha.point(fade)
        area = (*position, position[0] + group.size[0], position[1] + group.size[1])
        behind = self.color.crop(area)
        behind.paste(0, None, alpha)
        self.color.paste(ImageChops.add(behind, color), position)
        if self.alpha:
            self.alpha.paste(255, area, alpha)

    def apply_mask(self, mask: Image.Image) -> None:
        """Clear what the mask does not cover."""
        self.color = ImageChops.multiply(self.color, Image.merge("RGB", (mask, mask, mask)))
        self.alpha = ImageChops.multiply(self.alpha, mask) if self.alpha else mask

    def to_image(self) -> Image.Image:
        """RGB, or RGBA with its colours no longer premultiplied."""
        if not self.alpha:
            return self.color
        return Image.merge("RGBa", (*self.color.split(), self.alpha)).convert("RGBA")

    def flatten(self, background: Color) -> Image.Image:
        """RGB, with the background's colour behind."""
        if not self.alpha:
            return self.color
        behind = Surface.new(self.size, (*background[:3], 255))
        behind.composite(self, (0, 0))
        return behind.color


@lru_cache(maxsize=256)
def multiply_table(alpha: int) -> list[int]:
    """The table that multiplies a mask by `alpha` of 255."""
    return [(value * alpha + 127) // 255 for value in range(256)]


def _combined_alpha(
    alpha: Image.Image | int | None, mask: Image.Image | None, size: IntPoint
) -> Image.Image | None:
    if alpha is None:
        return mask
    if isinstance(alpha, int):
        return mask.point(multiply_table(alpha)) if mask else Image.new("L", size, alpha)
    return ImageChops.multiply(alpha, mask) if mask else alpha
