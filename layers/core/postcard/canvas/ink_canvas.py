"""A canvas that records which pixels are painted and paints none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from postcard.canvas.canvas import Canvas, Dash
from postcard.canvas.group_compositing import pixel_bounds
from postcard.canvas.mask import Mask, PixelBounds, Radii
from postcard.canvas.paint import RenderedPaint
from postcard.canvas.surface import IntPoint, Surface
from postcard.color import Color, Paint
from postcard.geometry import Box
from postcard.runtime.deadline import NO_DEADLINE, Deadline

if TYPE_CHECKING:
    from postcard.canvas.blending import BlendMode
    from postcard.canvas.drop_shadow import DropShadow


class InkSurface(Surface):
    """The bounds of what is painted on a surface of that size; `ink` is None if nothing is."""

    __slots__ = ("_size", "ink")

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self.ink: PixelBounds | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self._size

    def add(self, bounds: PixelBounds | None) -> None:
        """Adds the part of these pixels that lies on the surface."""
        visible = intersection(bounds, (0, 0, *self._size))
        if visible is None or self.ink is None:
            self.ink = visible or self.ink
            return
        (left, top, right, bottom), ink = visible, self.ink
        self.ink = min(left, ink[0]), min(top, ink[1]), max(right, ink[2]), max(bottom, ink[3])

    def paste(
        self, fill: RenderedPaint, position: IntPoint, mask: Image.Image | None, size: IntPoint
    ) -> None:
        """Adds the pixels that the mask and the paint's own alpha let through."""
        painted: PixelBounds | None = (0, 0, *size)
        for image in (mask, fill.alpha):
            if isinstance(image, Image.Image):
                painted = intersection(painted, image.getbbox())
        if painted and fill.alpha != 0:
            x, y = position
            self.add((painted[0] + x, painted[1] + y, painted[2] + x, painted[3] + y))


class InkCanvas(Canvas):
    """Draws on an `InkSurface`. Groups must not be rotated: their ink is not a box that is turned.

    What is recorded may be a little more than what is seen: a gradient counts as opaque, a blurred
    shadow as far as it is blurred.
    """

    __slots__ = ()
    surface: InkSurface

    def __init__(
        self,
        size: tuple[int, int],
        scale: tuple[float, float],
        deadline: Deadline = NO_DEADLINE,
    ) -> None:
        super().__init__(InkSurface(size), scale, deadline=deadline)

    def empty_copy(self) -> "InkCanvas":
        """A canvas of the same size on which nothing is painted."""
        return InkCanvas(self.size, (self.scale_x, self.scale_y), self.deadline)

    def device_bounds(self, box: Box) -> PixelBounds:
        """The whole device pixels that a box touches."""
        return pixel_bounds(self._to_device(box))

    @contextmanager
    def group(
        self,
        box: Box,
        *,
        opacity: float = 1.0,
        rotation: float = 0.0,
        clip_radius: Radii | None = None,
        shadow: "DropShadow | None" = None,
        blend: "BlendMode" = "normal",
        ink_box: Box | None = None,
    ) -> Iterator["InkCanvas"]:
        """A canvas for a group, whose ink is added to this one's when the block ends."""
        if rotation % 360:
            raise ValueError("the ink of a rotated group is not known without painting it")
        inner = self.empty_copy()
        yield inner
        ink = inner.surface.ink
        if clip_radius is not None:
            ink = intersection(ink, self.device_bounds(box))
        if ink and shadow and shadow.color[3]:
            ink = shadow.scaled(self.scale_x, self.scale_y).painted_bounds(ink)
        if opacity > 0:
            self.surface.add(ink)

    def fill_rectangle(
        self, box: Box, paint: Paint, *, radius: Radii = 0, clip: Box | None = None
    ) -> None:
        """Adds the box, whatever its corners."""
        super().fill_rectangle(box, paint, clip=clip)

    def stroke_rectangle(
        self, box: Box, color: Color, width: float, *, radius: Radii = 0, dash: Dash = None
    ) -> None:
        """Adds the box: its outline is as large."""
        super().fill_rectangle(box, color)

    def _fill_mask(self, fill: Mask, paint: Paint, paint_box: Box) -> None:
        """Adds what is painted."""
        opaque = not isinstance(paint, tuple) or paint[3] > 0
        if fill.width and fill.height and opaque:
            self.surface.paste(RenderedPaint((0, 0, 0)), (fill.x, fill.y), fill.image, fill.size)


def intersection(first: PixelBounds | None, second: PixelBounds | None) -> PixelBounds | None:
    """The pixels that lie in both; None if there are none."""
    if first is None or second is None:
        return None
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    return (left, top, right, bottom) if left < right and top < bottom else None
