"""The 2-D API: shapes, pictures, text and groups on a surface, in CSS pixels.

>>> canvas = Canvas.new(100, 50, (200, 100), (255, 255, 255, 255))
>>> canvas.fill_rectangle(Box(10, 10, 30, 30), (200, 0, 0, 255), radius=6)
>>> canvas.size
(200, 100)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from PIL import Image

from postcard.canvas import group, letters, mask
from postcard.canvas.fit import Fit, place
from postcard.canvas.mask import Mask, Radii
from postcard.canvas.paint import Fill, fill
from postcard.canvas.picture import Picture
from postcard.canvas.surface import Surface
from postcard.color import TRANSPARENT, Color, Paint
from postcard.geometry import Box
from postcard.text.layout import TextLayout


class Canvas:
    """A surface in CSS pixels, drawn at its device size and never resized.

    `scale_x` and `scale_y` are device pixels per CSS pixel; they differ by rounding at most.
    `origin` is the canvas pixel of the surface's first one: groups have surfaces of their own.
    """

    __slots__ = ("origin", "scale_x", "scale_y", "surface")

    def __init__(
        self, surface: Surface, scale: tuple[float, float], origin: tuple[int, int] = (0, 0)
    ) -> None:
        self.surface, self.origin = surface, origin
        self.scale_x, self.scale_y = scale

    @classmethod
    def new(
        cls, width: float, height: float, pixels: tuple[int, int], background: Color
    ) -> "Canvas":
        """A canvas of `width` times `height` CSS pixels on `pixels` device pixels."""
        return cls(Surface.new(pixels, background), (pixels[0] / width, pixels[1] / height))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self.surface.size

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel, for what has one size: letters, lines."""
        return (self.scale_x + self.scale_y) / 2

    def copy(self) -> "Canvas":
        """The same pixels, to be drawn on apart."""
        return Canvas(self.surface.copy(), (self.scale_x, self.scale_y), self.origin)

    def fill_rectangle(self, box: Box, paint: Paint, *, radius: Radii = 0) -> None:
        """Fill a box, anti-aliased where it lies between pixels."""
        self._lay(self._mask(box, radius), paint, self._device(box))

    def stroke_rectangle(self, box: Box, color: Color, width: float, *, radius: Radii = 0) -> None:
        """A line of `width` along the inside of a box's outline."""
        outer, radii = self._mask(box, radius), mask.corners(radius, box)
        inside = Box(box.x + width, box.y + width, box.width - 2 * width, box.height - 2 * width)
        if inside.width > 0 and inside.height > 0:
            a, b, c, d = (max(0.0, one - width) for one in radii)
            outer = outer.without(self._mask(inside, (a, b, c, d)))
        self._lay(outer, color, self._device(box))

    def draw_picture(
        self,
        picture: Picture,
        box: Box,
        *,
        fit: Fit = "cover",
        position: tuple[float, float] = (0.5, 0.5),
        radius: Radii = 0,
    ) -> None:
        """Draw a picture fitted to a box; `position` is CSS's object-position in shares."""
        device = self._device(box)
        placed = place((picture.width, picture.height), device, fit, position, self.scale)
        if placed is None:
            return
        through = mask.rectangle(placed.visible, within=(0, 0, *self.size))
        if not through.width or not through.height:
            return
        if radius or placed.visible == device:
            through = through.within(self._mask(box, radius))
        image = picture.fitted(through.size, placed.part(through.area))
        if image.mode == "RGBA":
            paint = Fill(image.convert("RGB"), image.getchannel("A"))
        else:
            paint = Fill(image)
        self.surface.stamp(paint, (through.x, through.y), through.image, through.size)

    def draw_text(self, layout: TextLayout, box: Box) -> None:
        """Draw a laid out text into a box; its ink may lie outside."""
        letters.draw(self.surface, layout, self._device(box), self.scale)

    def draw_modules(self, rows: Sequence[bytes], box: Box, color: Color) -> None:
        """Draw a code: each row a byte per module, 0 is light. Whole device pixels, centred."""
        if not rows or not color[3]:
            return
        device, columns = self._device(box), len(rows[0])
        each = max(1, int(min(device.width / columns, device.height / len(rows)) + 1e-6))
        dark = bytes(0 if module == 0 else 255 for module in range(256))
        grid = Image.frombytes("L", (columns, len(rows)), b"".join(rows).translate(dark))
        x = round(device.x + (device.width - each * columns) / 2)
        y = round(device.y + (device.height - each * len(rows)) / 2)
        seen = Box(x, y, each * columns, each * len(rows))
        shape = mask.rectangle(seen, within=(0, 0, *self.size))
        affine = (1 / each, 0.0, (shape.x - x) / each, 0.0, 1 / each, (shape.y - y) / each)
        if shape.width and shape.height:
            modules = grid.transform(shape.size, Image.Transform.AFFINE, affine)
            self._lay(replace(shape, image=modules), color, device)

    @contextmanager
    def layer(
        self,
        box: Box,
        *,
        opacity: float = 1.0,
        rotation: float = 0.0,
        clip_radius: Radii | None = None,
    ) -> Iterator["Canvas"]:
        """A canvas to draw a group on by itself, laid over this one when the block ends.

        It has this canvas's coordinates. `rotation` is in degrees, clockwise about the centre of
        `box`; `clip_radius` cuts the group at the box (0: square corners), None cuts nothing.
        """
        device = self._device(box)
        clip = None if clip_radius is None else self._mask(box, clip_radius)
        area = group.reach(self.size, device, rotation, clip)
        origin = (self.origin[0] + area[0], self.origin[1] + area[1])
        size = (area[2] - area[0], area[3] - area[1])
        inner = Canvas(Surface.new(size, TRANSPARENT), (self.scale_x, self.scale_y), origin)
        yield inner
        if clip:
            inner.surface.keep(clip.cut(area))
        group.lay(self.surface, inner.surface, area[:2], device, rotation, opacity)

    def picture(self) -> Surface:
        """The pixels, for `encode`."""
        return self.surface

    def _device(self, box: Box) -> Box:
        return Box(
            box.x * self.scale_x - self.origin[0],
            box.y * self.scale_y - self.origin[1],
            box.width * self.scale_x,
            box.height * self.scale_y,
        )

    def _mask(self, box: Box, radius: Radii) -> Mask:
        a, b, c, d = mask.corners(radius, box)
        scale = self.scale
        return mask.rectangle(
            self._device(box),
            (a * scale, b * scale, c * scale, d * scale),
            within=(0, 0, *self.size),
        )

    def _lay(self, shape: Mask, paint: Paint, device: Box) -> None:
        if shape.width and shape.height:
            part = (shape.x - device.x, shape.y - device.y, shape.width, shape.height)
            laid = fill(paint, (device.width, device.height), part)
            self.surface.stamp(laid, (shape.x, shape.y), shape.image, shape.size)
