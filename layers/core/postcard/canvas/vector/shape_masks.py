"""Masks of shapes and of strokes along them, cached for the next picture with the same shape."""

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image

from postcard.canvas.mask import Mask, PixelBounds, mask_bytes
from postcard.canvas.vector.rasterizer import Point, rasterize_contours
from postcard.canvas.vector.shapes import Contour, Shape
from postcard.canvas.vector.stroker import Pen, stroke_outlines
from postcard.geometry import Box
from postcard.runtime.lru_cache import memoize_by_bytes

_MAX_CACHED_PIXELS = 400_000
_MAX_CACHED_POINTS = 4_000
_MAX_FLATTENING_SCALE = 16.0  # stroked curves are flattened at up to this scale
_SUBPIXEL_STEPS = 16  # positions are rounded to a sixteenth of a pixel, so that masks are reused

Outlines = tuple[tuple[Point, ...], ...]
Bounds = tuple[float, float, float, float]


def shape_mask(shape: Shape, box: Box, *, clip: PixelBounds, pen: Pen | None = None) -> Mask:
    """The mask of a shape stretched to `box` or, with a pen, of its outline; device pixels."""
    x, y = math.floor(box.x), math.floor(box.y)
    dx, dy = (
        round(offset * _SUBPIXEL_STEPS) / _SUBPIXEL_STEPS for offset in (box.x - x, box.y - y)
    )
    outlines, bounds = _outlines(shape, round(box.width, 3), round(box.height, 3), pen)
    left = max(clip[0] - x, math.floor(bounds[0] + dx))
    top = max(clip[1] - y, math.floor(bounds[1] + dy))
    width = min(clip[2] - x, math.ceil(bounds[2] + dx)) - left
    height = min(clip[3] - y, math.ceil(bounds[3] + dy)) - top
    if width <= 0 or height <= 0:
        return Mask(x, y, 0, 0, None)
    is_large = width * height > _MAX_CACHED_PIXELS or sum(map(len, outlines)) > _MAX_CACHED_POINTS
    draw = _draw_mask if is_large else _draw_mask_cached
    image = draw(outlines, dx - left, dy - top, (width, height))
    return Mask(x + left, y + top, width, height, image)


def snap_line(box: Box, width: float) -> tuple[Box, float]:
    """A horizontal or vertical line moved to whole pixels for sharp edges, and its new width."""
    if box.width and box.height:
        return box, width
    pixels = max(1, math.floor(width + 0.5))
    snapped_width = float(pixels) if pixels > 1 else min(1.0, math.ceil(width * 8) / 8)

    def snap(center: float) -> float:
        return math.floor(center - pixels / 2 + 0.5) + snapped_width / 2

    if box.height:
        return Box(snap(box.x), box.y, 0.0, box.height), snapped_width
    return Box(box.x, snap(box.y), box.width, 0.0), snapped_width


@lru_cache(maxsize=64)
def _outlines(
    shape: Shape, width: float, height: float, pen: Pen | None
) -> tuple[Outlines, Bounds]:
    if pen:
        # A wide stroke shows every chord of a narrow curve, so the curve is flattened more finely.
        scale = min(_MAX_FLATTENING_SCALE, 1 + pen.width / 4)
        contours = _scale_contours(shape.contours(width * scale, height * scale), 1 / scale)
        polygons = stroke_outlines(contours, pen)
    else:
        polygons = (list(contour.points) for contour in shape.contours(width, height))
    outlines = tuple(tuple(points) for points in polygons if points)
    xs = [point[0] for points in outlines for point in points] or [0.0]
    ys = [point[1] for points in outlines for point in points] or [0.0]
    return outlines, (min(xs), min(ys), max(xs), max(ys))


def _scale_contours(contours: Sequence[Contour], scale: float) -> Sequence[Contour]:
    return [
        Contour(tuple((x * scale, y * scale) for x, y in contour.points), contour.closed)
        for contour in contours
    ]


def _draw_mask(outlines: Outlines, dx: float, dy: float, size: tuple[int, int]) -> Image.Image:
    return rasterize_contours([[(x + dx, y + dy) for x, y in points] for points in outlines], *size)


_draw_mask_cached = memoize_by_bytes(mask_bytes)(_draw_mask)
