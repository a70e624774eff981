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
from postcard.canvas.blending import BlendMode
from postcard.canvas.codecs.picture import DecodedImage
from postcard.canvas.image_filters import ImageFilters
from postcard.canvas.mask import Mask, PixelBounds, Radii
from postcard.canvas.object_fit import ObjectFit, place_image
from postcard.canvas.paint import RenderedPaint, render_paint
from postcard.canvas.qr_modules import ModuleStyle
from postcard.canvas.shadows import DropShadow
from postcard.canvas.surface import Surface
from postcard.canvas.vector.shape_masks import shape_mask, snap_line
from postcard.canvas.vector.shapes import Line, RoundedRectangle, Shape
from postcard.canvas.vector.stroker import Pen
from postcard.color import TRANSPARENT, Color, Paint
from postcard.geometry import Box
from postcard.text.layout import TextLayout

Dash = tuple[float, float] | None  # CSS pixels on and off
_DASH_PEN_WIDENING = 1.5  # dashes are cut out of a line, so they may be wider


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
        self, box: Box, paint: Paint, *, radius: Radii = 0, clip: Box | None = None
    ) -> None:
        """Fill a box, anti-aliased where it lies between pixels.

        `within`, a box with the same corners, cuts, and a gradient spans it.
        """
        inside = self._rectangle_mask(box, radius)
        if clip:
            inside = inside.intersect(self._rectangle_mask(clip, radius))
        self._fill_mask(inside, paint, self._to_device(clip or box))

    def stroke_rectangle(
        self, box: Box, color: Color, width: float, *, radius: Radii = 0, dash: Dash = None
    ) -> None:
        """A line of `width` along the inside of a box's outline."""
        outer, radii = self._rectangle_mask(box, radius), mask.corner_radii(radius, box)
        inside = box.inset(width)
        if inside.width > 0 and inside.height > 0:
            outer = outer.subtract(self._rectangle_mask(inside, mask.inset_radii(radii, width)))
        if dash:
            across = max(box.width - width, 1e-6)
            a, b, c, d = (one / across for one in mask.inset_radii(radii, width / 2))
            outer = self._apply_dashes(outer, RoundedRectangle((a, b, c, d)), box, width, dash)
        self._fill_mask(outer, color, self._to_device(box))

    def fill_shape(
        self,
        shape: Shape,
        box: Box,
        paint: Paint,
        *,
        gradient_box: Box | None = None,
        clip: Box | None = None,
    ) -> None:
        """Fill a shape that fills `box`, by the nonzero rule.

        A gradient spans `across` (the box itself); `within`, on whole device pixels, cuts.
        """
        inside = shape_mask(shape, self._to_device(box), clip=(0, 0, *self.size))
        if clip:
            inside = inside.intersect(mask.rectangle(self._to_whole_device_pixels(clip)))
        self._fill_mask(inside, paint, self._to_device(gradient_box or box))

    def stroke_shape(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """A line of `width` along the inside of a shape's outline."""
        area, inside = (0, 0, *self.size), box.inset(width)
        outer = shape_mask(shape, self._to_device(box), clip=area)
        if inside.width > 0 and inside.height > 0:
            outer = outer.subtract(shape_mask(shape, self._to_device(inside), clip=area))
        if dash:
            outer = self._apply_dashes(outer, shape, box, width, dash)
        self._fill_mask(outer, color, self._to_device(box))

    def stroke_centered(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """A line of `width` centred on a shape's outline."""
        pen = Pen(width, dash).scaled(self.scale)
        along = shape_mask(shape, self._to_device(box), clip=(0, 0, *self.size), pen=pen)
        self._fill_mask(along, color, self._to_device(box))

    def draw_line(self, box: Box, color: Color, width: float, *, dash: Dash = None) -> None:
        """A line from a box's top left to its bottom right; a flat one on whole device pixels."""
        pen = Pen(width, dash).scaled(self.scale)
        device, thick = snap_line(self._to_device(box), pen.width)
        along = shape_mask(Line(), device, clip=(0, 0, *self.size), pen=Pen(thick, pen.dash))
        self._fill_mask(along, color, device)

    def draw_image(
        self,
        source: DecodedImage,
        box: Box,
        *,
        fit: ObjectFit = "cover",
        position: tuple[float, float] = (0.5, 0.5),
        radius: Radii = 0,
        filters: ImageFilters | None = None,
    ) -> None:
        """Draw a picture fitted to a box; `position` is CSS's object-position in shares.

        `look` mirrors and filters it before it is cut.
        """
        device = self._to_device(box)
        placed = place_image((source.width, source.height), device, fit, position, self.scale)
        if placed is None:
            return
        through = mask.rectangle(placed.visible_box, clip=(0, 0, *self.size))
        if not through.width or not through.height:
            return
        if radius or placed.visible_box == device:
            through = through.intersect(self._rectangle_mask(box, radius))
        scaled = filters.scaled(self.scale) if filters else None
        image = source.resized(through.size, placed.source_region(through.bounds), scaled)
        if image.mode == "RGBA":
            paint = RenderedPaint(image.convert("RGB"), image.getchannel("A"))
        else:
            paint = RenderedPaint(image)
        self.surface.paste(paint, (through.x, through.y), through.image, through.size)

    def draw_text(self, layout: TextLayout, box: Box) -> None:
        """Draw a laid out text into a box; its ink may lie outside."""
        letters.draw_text(self.surface, layout, self._to_device(box), self.scale)

    def draw_qr_modules(
        self, rows: Sequence[bytes], box: Box, color: Color, *, style: ModuleStyle = "square"
    ) -> None:
        """Draw a code: each row a byte per module, 0 is light. Whole device pixels, centred."""
        if rows and color[3]:
            device = self._to_device(box)
            self._fill_mask(
                modules.modules_mask(rows, device, style, clip=(0, 0, *self.size)), color, device
            )

    def draw_barcode(self, modules: Sequence[int], box: Box, color: Color) -> None:
        """Draw a bar code: 1 is dark. Whole device pixels a module, centred, as high as the box."""
        for bar in bars.bar_boxes(modules, self._to_device(box)):
            self._fill_mask(mask.rectangle(bar, clip=(0, 0, *self.size)), color, bar)

    @contextmanager
    def group(
        self,
        box: Box,
        *,
        opacity: float = 1.0,
        rotation: float = 0.0,
        clip_radius: Radii | None = None,
        shadow: DropShadow | None = None,
        blend: BlendMode = "normal",
        ink_box: Box | None = None,
    ) -> Iterator["Canvas"]:
        """A canvas to draw a group on by itself, laid over this one when the block ends.

        It has this canvas's coordinates. `rotation` is in degrees, clockwise about the centre of
        `box`; `clip_radius` cuts the group at the box (0: square corners), None cuts nothing.
        The shadow turns with the group. `ink`: nothing is drawn outside.
        """
        device = self._to_device(box)
        clip = None if clip_radius is None else self._rectangle_mask(box, clip_radius)
        cast = shadow.scaled(self.scale_x, self.scale_y) if shadow else None
        inked = (
            group.pixel_bounds(self._to_device(ink_box))
            if ink_box
            else clip.bounds
            if clip
            else None
        )
        area = group.surface_bounds(self.size, device, rotation, inked, cast)
        inner = self._group_canvas(area, group.supersampling(area, rotation))
        yield inner
        if clip_radius is not None:
            inner.surface.apply_mask(
                inner._rectangle_mask(box, clip_radius).crop((0, 0, *inner.size))
            )
        cast = shadow.scaled(inner.scale_x, inner.scale_y) if shadow else None
        finish = group.GroupEffects(cast, opacity, rotation, blend)
        group.composite_group(self.surface, inner.surface, area, device, finish)

    def picture(self) -> Surface:
        """The pixels, for `encode`."""
        return self.surface

    def _group_canvas(self, bounds: PixelBounds, factor: int) -> "Canvas":
        """A clear canvas of an area of this one, `fine` times as many pixels each way."""
        size = ((bounds[2] - bounds[0]) * factor, (bounds[3] - bounds[1]) * factor)
        origin = ((self.origin[0] + bounds[0]) * factor, (self.origin[1] + bounds[1]) * factor)
        scale = (self.scale_x * factor, self.scale_y * factor)
        return Canvas(Surface.new(size, TRANSPARENT), scale, origin)

    def _to_device(self, box: Box) -> Box:
        return Box(
            box.x * self.scale_x - self.origin[0],
            box.y * self.scale_y - self.origin[1],
            box.width * self.scale_x,
            box.height * self.scale_y,
        )

    def _rectangle_mask(self, box: Box, radius: Radii) -> Mask:
        a, b, c, d = mask.corner_radii(radius, box)
        scale = self.scale
        return mask.rectangle(
            self._to_device(box),
            (a * scale, b * scale, c * scale, d * scale),
            clip=(0, 0, *self.size),
        )

    def _to_whole_device_pixels(self, box: Box) -> Box:
        device = self._to_device(box)
        x, y, right, bottom = map(round, (device.x, device.y, device.right, device.bottom))
        return Box(x, y, right - x, bottom - y)

    def _apply_dashes(
        self, stroke: Mask, shape: Shape, box: Box, width: float, dash: tuple[float, float]
    ) -> Mask:
        """What dashes leave of a line inside an outline."""
        pen = Pen(width * _DASH_PEN_WIDENING, dash).scaled(self.scale)
        middle = self._to_device(box.inset(width / 2))
        return shape_mask(shape, middle, clip=(0, 0, *self.size), pen=pen).intersect(stroke)

    def _fill_mask(self, shape_mask: Mask, paint: Paint, device: Box) -> None:
        if shape_mask.width and shape_mask.height:
            part = (
                shape_mask.x - device.x,
                shape_mask.y - device.y,
                shape_mask.width,
                shape_mask.height,
            )
            laid = render_paint(paint, (device.width, device.height), part)
            self.surface.paste(
                laid, (shape_mask.x, shape_mask.y), shape_mask.image, shape_mask.size
            )
