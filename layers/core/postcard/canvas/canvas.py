"""A 2-D canvas in CSS pixels: shapes, images, text, barcodes and groups.

>>> canvas = Canvas.new(100, 50, (200, 100), (255, 255, 255, 255))
>>> canvas.fill_rectangle(Box(10, 10, 30, 30), (200, 0, 0, 255), radius=6)
>>> canvas.size
(200, 100)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from postcard.canvas import group_compositing, mask, text_drawing
from postcard.canvas.barcode_masks import (
    ModuleStyle,
    bar_boxes,
    bars_mask,
    finder_masks,
    module_width,
    qr_mask,
)
from postcard.canvas.blending import BlendMode
from postcard.canvas.code_contrast import PARTLY_COVERED, CodeFault, code_fault
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.drop_shadow import DropShadow
from postcard.canvas.image_filters import ImageFilters
from postcard.canvas.mask import Mask, PixelBounds, Radii
from postcard.canvas.object_fit import ObjectFit, place_image
from postcard.canvas.paint import RenderedPaint, render_paint
from postcard.canvas.surface import Surface
from postcard.canvas.vector.shape_masks import shape_mask, snap_line
from postcard.canvas.vector.shapes import Line, RoundedRectangle, Shape
from postcard.canvas.vector.stroker import Pen
from postcard.color import TRANSPARENT, Color, Paint
from postcard.geometry import Box
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.text.layout import TextLayout

Dash = tuple[float, float] | None  # lengths of dash and gap in CSS pixels
_FINDER_DAMAGE = 0.1  # of a finder pattern of a QR code that may be covered
_DASH_PEN_WIDENING = 1.5  # dashes are intersected with a stroke, so they may be wider than it


class Canvas:
    """Draws in CSS pixels on a surface of device pixels.

    `scale_x` and `scale_y` are device pixels per CSS pixel; they differ only by rounding.
    `origin` is where the surface's top left pixel lies on the whole canvas, in device pixels:
    a group's surface may cover only a part of it. Slow effects end at `deadline`, between steps,
    with `DeadlineExceeded`.
    """

    __slots__ = ("deadline", "origin", "scale_x", "scale_y", "surface")

    def __init__(
        self,
        surface: Surface,
        scale: tuple[float, float],
        origin: tuple[int, int] = (0, 0),
        deadline: Deadline = NO_DEADLINE,
    ) -> None:
        self.surface, self.origin, self.deadline = surface, origin, deadline
        self.scale_x, self.scale_y = scale

    @classmethod
    def new(
        cls,
        width: float,
        height: float,
        pixels: tuple[int, int],
        background: Color,
        deadline: Deadline = NO_DEADLINE,
    ) -> "Canvas":
        """A canvas of `width` by `height` CSS pixels on a surface of `pixels` device pixels."""
        scale = (pixels[0] / width, pixels[1] / height)
        return cls(Surface.new(pixels, background), scale, deadline=deadline)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self.surface.size

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel, for lengths without a direction: font sizes, line widths."""
        return (self.scale_x + self.scale_y) / 2

    def copy(self, deadline: Deadline = NO_DEADLINE) -> "Canvas":
        """A canvas with a copy of the pixels, on which drawing ends at `deadline`."""
        return Canvas(self.surface.copy(), (self.scale_x, self.scale_y), self.origin, deadline)

    def fill_rectangle(
        self, box: Box, paint: Paint, *, radius: Radii = 0, clip: Box | None = None
    ) -> None:
        """Fill a box; its edges are anti-aliased.

        `clip` is a box with the same radius that cuts the fill; a gradient then spans `clip`.
        """
        fill = self._rectangle_mask(box, radius)
        if clip:
            fill = fill.intersect(self._rectangle_mask(clip, radius))
        self._fill_mask(fill, paint, self._to_device(clip or box))

    def stroke_rectangle(
        self, box: Box, color: Color, width: float, *, radius: Radii = 0, dash: Dash = None
    ) -> None:
        """Draw a line of `width` along the inside of a box's outline."""
        stroke, radii = self._rectangle_mask(box, radius), mask.corner_radii(radius, box)
        inside = box.inset(width)
        if inside.width > 0 and inside.height > 0:
            stroke = stroke.subtract(self._rectangle_mask(inside, mask.inset_radii(radii, width)))
        if dash:
            center_line_width = max(box.width - width, 1e-6)
            a, b, c, d = (r / center_line_width for r in mask.inset_radii(radii, width / 2))
            stroke = self._apply_dashes(stroke, RoundedRectangle((a, b, c, d)), box, width, dash)
        self._fill_mask(stroke, color, self._to_device(box))

    def fill_shape(
        self,
        shape: Shape,
        box: Box,
        paint: Paint,
        *,
        gradient_box: Box | None = None,
        clip: Box | None = None,
    ) -> None:
        """Fill a shape stretched to `box`, by the nonzero rule.

        A gradient spans `gradient_box` (default: `box`). `clip`, rounded to whole device pixels,
        cuts the fill.
        """
        fill = shape_mask(shape, self._to_device(box), clip=(0, 0, *self.size))
        if clip:
            fill = fill.intersect(mask.rectangle(self._to_whole_device_pixels(clip)))
        self._fill_mask(fill, paint, self._to_device(gradient_box or box))

    def stroke_shape(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """Draw a line of `width` along the inside of a shape's outline."""
        canvas_bounds, inside = (0, 0, *self.size), box.inset(width)
        stroke = shape_mask(shape, self._to_device(box), clip=canvas_bounds)
        if inside.width > 0 and inside.height > 0:
            stroke = stroke.subtract(shape_mask(shape, self._to_device(inside), clip=canvas_bounds))
        if dash:
            stroke = self._apply_dashes(stroke, shape, box, width, dash)
        self._fill_mask(stroke, color, self._to_device(box))

    def stroke_centered(
        self, shape: Shape, box: Box, color: Color, width: float, *, dash: Dash = None
    ) -> None:
        """Draw a line of `width` centred on a shape's outline."""
        pen = Pen(width, dash).scaled(self.scale)
        stroke = shape_mask(shape, self._to_device(box), clip=(0, 0, *self.size), pen=pen)
        self._fill_mask(stroke, color, self._to_device(box))

    def draw_line(self, box: Box, color: Color, width: float, *, dash: Dash = None) -> None:
        """Draw a line from a box's top left to its bottom right corner.

        Horizontal and vertical lines are moved to whole device pixels.
        """
        pen = Pen(width, dash).scaled(self.scale)
        device, thickness = snap_line(self._to_device(box), pen.width)
        stroke = shape_mask(Line(), device, clip=(0, 0, *self.size), pen=Pen(thickness, pen.dash))
        self._fill_mask(stroke, color, device)

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
        """Draw an image fitted to a box.

        `fit` and `position` are CSS's object-fit and object-position (fractions). `filters` are
        applied before the image is cut to the box.
        """
        device = self._to_device(box)
        placed = place_image((source.width, source.height), device, fit, position, self.scale)
        if placed is None:
            return
        visible = mask.rectangle(placed.visible_box, clip=(0, 0, *self.size))
        if not visible.width or not visible.height:
            return
        if radius or placed.visible_box == device:
            visible = visible.intersect(self._rectangle_mask(box, radius))
        scaled = filters.scaled(self.scale) if filters else None
        image = source.resized(
            visible.size, placed.source_region(visible.bounds), scaled, self.deadline
        )
        if image.mode == "RGBA":
            paint = RenderedPaint(image.convert("RGB"), image.getchannel("A"))
        else:
            paint = RenderedPaint(image)
        self.surface.paste(paint, (visible.x, visible.y), visible.image, visible.size)

    def draw_text(self, layout: TextLayout, box: Box) -> None:
        """Draw laid out text in a box; glyphs may overflow it."""
        device = self._to_device(box)
        text_drawing.draw_text(self.surface, layout, device, self.scale, self.deadline)

    def draw_qr_modules(
        self, rows: Sequence[bytes], box: Box, color: Color, *, style: ModuleStyle = "square"
    ) -> None:
        """Draw a QR code centred in a box, its modules on whole device pixels.

        Each row has one byte per module; 0 is light.
        """
        if rows and color[3]:
            device = self._to_device(box)
            modules = qr_mask(rows, device, style, clip=(0, 0, *self.size))
            self._fill_mask(modules, color, device)

    def draw_barcode(self, modules: Sequence[int], box: Box, color: Color) -> None:
        """Draw a linear barcode centred in a box and as high as it, on whole device pixels.

        `modules` has one number per module; 1 is dark.
        """
        for bar in bar_boxes(modules, self._to_device(box)):
            self._fill_mask(mask.rectangle(bar, clip=(0, 0, *self.size)), color, bar)

    def qr_fault(
        self,
        rows: Sequence[bytes],
        box: Box,
        *,
        style: ModuleStyle = "square",
        hidden: Box | None = None,
        damage: float | None = None,
    ) -> CodeFault | None:
        """Why the colours of a QR code that was drawn here do not scan; None if they do.

        `hidden` is what a logo covers. `damage` is the share of the modules that other layers may
        cover, but not of the squares in its corners.
        """
        device = self._to_device(box)
        modules = qr_mask(rows, device, style, clip=(0, 0, *self.size))
        if not modules.width or not modules.height:
            return None
        if hidden and modules.image:
            image, covered = modules.image.copy(), self._to_device(hidden)
            left, top = round(covered.x - modules.x), round(covered.y - modules.y)
            right, bottom = round(covered.right - modules.x), round(covered.bottom - modules.y)
            image.paste(PARTLY_COVERED, (left, top, right, bottom))
            modules = replace(modules, image=image)
        module = max(1, round(device.width / len(rows)))
        if damage is None:
            return code_fault(self.surface, modules, (module, module))
        fault = code_fault(self.surface, modules, (module, module), outliers=damage)
        for finder in finder_masks(modules, len(rows)):
            fault = fault or code_fault(self.surface, finder, (0, 0), outliers=_FINDER_DAMAGE)
        return fault

    def barcode_fault(self, modules: Sequence[int], box: Box) -> CodeFault | None:
        """Why the colours of a linear barcode that was drawn here do not scan."""
        bars = bars_mask(modules, self._to_device(box), clip=(0, 0, *self.size))
        if not bars.width or not bars.height:
            return None
        module = module_width(len(modules), box.width * self.scale_x)
        return code_fault(self.surface, bars, (module, 0), red_light=True)

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
        """A canvas for a group of drawings, composited onto this one when the block ends.

        It has this canvas's coordinates. `rotation` is in degrees, clockwise about the centre of
        `box`, and turns the shadow too. `clip_radius` clips the group to the box with that corner
        radius; None does not clip. `ink_box` promises that nothing is drawn outside it, so that
        the group's surface can be smaller.
        """
        device = self._to_device(box)
        clip = None if clip_radius is None else self._rectangle_mask(box, clip_radius)
        device_shadow = shadow.scaled(self.scale_x, self.scale_y) if shadow else None
        ink_bounds = clip.bounds if clip else None
        if ink_box:
            ink_bounds = group_compositing.pixel_bounds(self._to_device(ink_box))
        bounds = group_compositing.surface_bounds(
            self.size, device, rotation, ink_bounds, device_shadow
        )
        inner = self._group_canvas(bounds, group_compositing.supersampling(bounds, rotation))
        yield inner
        if clip_radius is not None:
            inner.surface.apply_mask(
                inner._rectangle_mask(box, clip_radius).crop((0, 0, *inner.size))
            )
        inner_shadow = shadow.scaled(inner.scale_x, inner.scale_y) if shadow else None
        effects = group_compositing.GroupEffects(inner_shadow, opacity, rotation, blend)
        group_compositing.composite_group(
            self.surface, inner.surface, bounds, device, effects, self.deadline
        )

    def _group_canvas(self, bounds: PixelBounds, factor: int) -> "Canvas":
        """A transparent canvas of a part of this one, supersampled by `factor`."""
        size = ((bounds[2] - bounds[0]) * factor, (bounds[3] - bounds[1]) * factor)
        origin = ((self.origin[0] + bounds[0]) * factor, (self.origin[1] + bounds[1]) * factor)
        scale = (self.scale_x * factor, self.scale_y * factor)
        return Canvas(Surface.new(size, TRANSPARENT), scale, origin, self.deadline)

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
        """The part of an inside stroke that dashes along its centre line cover."""
        pen = Pen(width * _DASH_PEN_WIDENING, dash).scaled(self.scale)
        center_line = self._to_device(box.inset(width / 2))
        return shape_mask(shape, center_line, clip=(0, 0, *self.size), pen=pen).intersect(stroke)

    def _fill_mask(self, fill: Mask, paint: Paint, paint_box: Box) -> None:
        """Paint through a mask; a gradient spans `paint_box`."""
        if fill.width and fill.height:
            region = (fill.x - paint_box.x, fill.y - paint_box.y, fill.width, fill.height)
            rendered = render_paint(paint, (paint_box.width, paint_box.height), region)
            self.surface.paste(rendered, (fill.x, fill.y), fill.image, fill.size)
