"""The 2-D API: shapes, pictures, text and groups on a surface, in CSS pixels.

>>> canvas = Canvas.new(100, 50, (200, 100), (255, 255, 255, 255))
>>> canvas.fill_rectangle(Box(10, 10, 30, 30), (200, 0, 0, 255), radius=6)
>>> canvas.size
(200, 100)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from postcard.canvas import barcode_bars as bars
from postcard.canvas import group, mask
from postcard.canvas import qr_modules as modules
from postcard.canvas import text_drawing as letters
from postcard.canvas.blending import Blend
from postcard.canvas.codecs.picture import Picture
from postcard.canvas.image_filters import Look
from postcard.canvas.mask import Area, Mask, Radii
from postcard.canvas.object_fit import Fit, place
from postcard.canvas.paint import Fill, fill
from postcard.canvas.qr_modules import ModuleStyle
from postcard.canvas.shadows import Shadow
from postcard.canvas.surface import Surface
from postcard.canvas.vector.shape_masks import figure, snapped
from postcard.canvas.vector.shapes import Line, RoundedRectangle, Shape
from postcard.canvas.vector.stroker import Pen
from postcard.color import TRANSPARENT, Color, Paint
from postcard.geometry import Box
from postcard.text.layout import TextLayout

Dash = tuple[float, float] | None  # CSS pixels on and off
_GENEROUS = 1.5  # dashes are cut out of a line, so they may be wider


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

    def fill_rectangle(
        self, box: Box, paint: Paint, *, radius: Radii = 0, within: Box | None = None
    ) -> None:
        """Fill a box, anti-aliased where it lies between pixels.

        `within`, a box with the same corners, cuts, and a gradient spans it.
        """
        inside = self._mask(box, radius)
        if within:
            inside = inside.within(self._mask(within, radius))
        self._lay(inside, paint, self._device(within or box))

    def stroke_rectangle(
        self, box: Box, color: Color, width: float, *, radius: Radii = 0, dash: Dash = None
    ) -> None:
        """A line of `width` along the inside of a box's outline."""
        outer, radii = self._mask(box, radius), mask.corners(radius, box)
        inside = box.inset(width)
        if inside.width > 0 and inside.height > 0:
            outer = outer.without(self._mask(inside, mask.smaller(radii, width)))
        if dash:
            across = max(box.width - width, 1e-6)
            a, b, c, d = (one / across for one in mask.smaller(radii, width / 2))
            outer = self._dashed(outer, RoundedRectangle((a, b, c, d)), box, width, dash)
        self._lay(outer, color, self._device(box))

    def fill_shape(
        self,
        shape: Shape,
        box: Box,
        paint: Paint,
        *,
        across: Box | None = None,
        within: Box | None = None,
    ) -> None:
        """Fill a shape that fills `box`, by the nonzero rule.

        A gradient spans `across` (the box itself); `within`, on whole device pixels, cuts.
        """
        inside = figure(shape, self._device(box), within=(0, 0, *self.size))
        if within:
            inside = inside.within(mask.rectangle(self._whole(within)))
        self._lay(inside, paint, self._device(across or box))

    def stroke_shape(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """A line of `width` along the inside of a shape's outline."""
        area, inside = (0, 0, *self.size), box.inset(width)
        outer = figure(shape, self._device(box), within=area)
        if inside.width > 0 and inside.height > 0:
            outer = outer.without(figure(shape, self._device(inside), within=area))
        if dash:
            outer = self._dashed(outer, shape, box, width, dash)
        self._lay(outer, color, self._device(box))

    def draw_along(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """A line of `width` centred on a shape's outline."""
        pen = Pen(width, dash).scaled(self.scale)
        along = figure(shape, self._device(box), within=(0, 0, *self.size), pen=pen)
        self._lay(along, color, self._device(box))

    def draw_line(self, box: Box, color: Color, width: float, *, dash: Dash = None) -> None:
        """A line from a box's top left to its bottom right; a flat one on whole device pixels."""
        pen = Pen(width, dash).scaled(self.scale)
        device, thick = snapped(self._device(box), pen.width)
        along = figure(Line(), device, within=(0, 0, *self.size), pen=Pen(thick, pen.dash))
        self._lay(along, color, device)

    def draw_picture(
        self,
        picture: Picture,
        box: Box,
        *,
        fit: Fit = "cover",
        position: tuple[float, float] = (0.5, 0.5),
        radius: Radii = 0,
        look: Look | None = None,
    ) -> None:
        """Draw a picture fitted to a box; `position` is CSS's object-position in shares.

        `look` mirrors and filters it before it is cut.
        """
        device = self._device(box)
        placed = place((picture.width, picture.height), device, fit, position, self.scale)
        if placed is None:
            return
        through = mask.rectangle(placed.visible, within=(0, 0, *self.size))
        if not through.width or not through.height:
            return
        if radius or placed.visible == device:
            through = through.within(self._mask(box, radius))
        scaled = look.scaled(self.scale) if look else None
        image = picture.fitted(through.size, placed.part(through.area), scaled)
        if image.mode == "RGBA":
            paint = Fill(image.convert("RGB"), image.getchannel("A"))
        else:
            paint = Fill(image)
        self.surface.stamp(paint, (through.x, through.y), through.image, through.size)

    def draw_text(self, layout: TextLayout, box: Box) -> None:
        """Draw a laid out text into a box; its ink may lie outside."""
        letters.draw(self.surface, layout, self._device(box), self.scale)

    def draw_modules(
        self, rows: Sequence[bytes], box: Box, color: Color, *, style: ModuleStyle = "square"
    ) -> None:
        """Draw a code: each row a byte per module, 0 is light. Whole device pixels, centred."""
        if rows and color[3]:
            device = self._device(box)
            self._lay(modules.placed(rows, device, style, within=(0, 0, *self.size)), color, device)

    def draw_bars(self, code: Sequence[int], box: Box, color: Color) -> None:
        """Draw a bar code: 1 is dark. Whole device pixels a module, centred, as high as the box."""
        for bar in bars.placed(code, self._device(box)):
            self._lay(mask.rectangle(bar, within=(0, 0, *self.size)), color, bar)

    @contextmanager
    def layer(
        self,
        box: Box,
        *,
        opacity: float = 1.0,
        rotation: float = 0.0,
        clip_radius: Radii | None = None,
        shadow: Shadow | None = None,
        blend: Blend = "normal",
        ink: Box | None = None,
    ) -> Iterator["Canvas"]:
        """A canvas to draw a group on by itself, laid over this one when the block ends.

        It has this canvas's coordinates. `rotation` is in degrees, clockwise about the centre of
        `box`; `clip_radius` cuts the group at the box (0: square corners), None cuts nothing.
        The shadow turns with the group. `ink`: nothing is drawn outside.
        """
        device = self._device(box)
        clip = None if clip_radius is None else self._mask(box, clip_radius)
        cast = shadow.scaled(self.scale_x, self.scale_y) if shadow else None
        inked = group.whole(self._device(ink)) if ink else clip.area if clip else None
        area = group.reach(self.size, device, rotation, inked, cast)
        inner = self._apart(area, group.fineness(area, rotation))
        yield inner
        if clip_radius is not None:
            inner.surface.keep(inner._mask(box, clip_radius).cut((0, 0, *inner.size)))
        cast = shadow.scaled(inner.scale_x, inner.scale_y) if shadow else None
        finish = group.Finish(cast, opacity, rotation, blend)
        group.lay(self.surface, inner.surface, area, device, finish)

    def picture(self) -> Surface:
        """The pixels, for `encode`."""
        return self.surface

    def _apart(self, area: Area, fine: int) -> "Canvas":
        """A clear canvas of an area of this one, `fine` times as many pixels each way."""
        size = ((area[2] - area[0]) * fine, (area[3] - area[1]) * fine)
        origin = ((self.origin[0] + area[0]) * fine, (self.origin[1] + area[1]) * fine)
        scale = (self.scale_x * fine, self.scale_y * fine)
        return Canvas(Surface.new(size, TRANSPARENT), scale, origin)

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

    def _whole(self, box: Box) -> Box:
        device = self._device(box)
        x, y, right, bottom = map(round, (device.x, device.y, device.right, device.bottom))
        return Box(x, y, right - x, bottom - y)

    def _dashed(
        self, line: Mask, shape: Shape, box: Box, width: float, dash: tuple[float, float]
    ) -> Mask:
        """What dashes leave of a line inside an outline."""
        pen = Pen(width * _GENEROUS, dash).scaled(self.scale)
        middle = self._device(box.inset(width / 2))
        return figure(shape, middle, within=(0, 0, *self.size), pen=pen).within(line)

    def _lay(self, shape: Mask, paint: Paint, device: Box) -> None:
        if shape.width and shape.height:
            part = (shape.x - device.x, shape.y - device.y, shape.width, shape.height)
            laid = fill(paint, (device.width, device.height), part)
            self.surface.stamp(laid, (shape.x, shape.y), shape.image, shape.size)
