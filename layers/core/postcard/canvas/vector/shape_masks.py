"""Masks of shapes and of lines along them, kept for the next picture that draws the same."""

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image

from postcard.canvas.mask import Mask, PixelBounds
from postcard.canvas.vector.rasterizer import Point, rasterize_contours
from postcard.canvas.vector.shapes import Contour, Shape
from postcard.canvas.vector.stroker import Pen, stroke_outlines
from postcard.geometry import Box
from postcard.runtime.lru_cache import memoize_by_bytes

_MAX_CACHED_PIXELS = 400_000  # a mask above this is not kept
_MAX_CACHED_POINTS = 4_000  # nor one of so many points
_MAX_FLATTENING_SCALE = 16.0  # times as large as it is, a line is turned into chords
_SUBPIXEL_STEPS = 16  # places are told apart to a sixteenth of a pixel

Outlines = tuple[tuple[Point, ...], ...]
Bounds = tuple[float, float, float, float]


def shape_mask(shape: Shape, box: Box, *, clip: PixelBounds, pen: Pen | None = None) -> Mask:
    """The inside of a shape that fills `box`, or a line along its outline; device pixels."""
    x, y = math.floor(box.x), math.floor(box.y)
    dx, dy = (round(rest * _SUBPIXEL_STEPS) / _SUBPIXEL_STEPS for rest in (box.x - x, box.y - y))
    outlines, bounds = _outlines(shape, round(box.width, 3), round(box.height, 3), pen)
    left = max(clip[0] - x, math.floor(bounds[0] + dx))
    top = max(clip[1] - y, math.floor(bounds[1] + dy))
    width = min(clip[2] - x, math.ceil(bounds[2] + dx)) - left
    height = min(clip[3] - y, math.ceil(bounds[3] + dy)) - top
    if width <= 0 or height <= 0:
        return Mask(x, y, 0, 0, None)
    many = width * height > _MAX_CACHED_PIXELS or sum(map(len, outlines)) > _MAX_CACHED_POINTS
    make = _draw_mask if many else _draw_mask_cached
    image = make(outlines, dx - left, dy - top, (width, height))
    return Mask(x + left, y + top, width, height, image)


def snap_line(box: Box, width: float) -> tuple[Box, float]:
    """A flat line moved to whole pixels, so that it is as crisp as it can be."""
    if box.width and box.height:
        return box, width
    whole = max(1, math.floor(width + 0.5))
    thick = float(whole) if whole > 1 else min(1.0, math.ceil(width * 8) / 8)

    def moved(middle: float) -> float:
        return math.floor(middle - whole / 2 + 0.5) + thick / 2

    if box.height:
        return Box(moved(box.x), box.y, 0.0, box.height), thick
    return Box(box.x, moved(box.y), box.width, 0.0), thick


@lru_cache(maxsize=64)
def _outlines(
    shape: Shape, width: float, height: float, pen: Pen | None
) -> tuple[Outlines, Bounds]:
    if pen:
        fine = min(
            _MAX_FLATTENING_SCALE, 1 + pen.width / 4
        )  # a wide line shows every chord of a narrow bend
        found = stroke_outlines(
            _scale_contours(shape.contours(width * fine, height * fine), 1 / fine), pen
        )
    else:
        found = (list(contour.points) for contour in shape.contours(width, height))
    outlines = tuple(tuple(points) for points in found if points)
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


def _size_in_bytes(image: Image.Image) -> int:
    return image.width * image.height


_draw_mask_cached = memoize_by_bytes(_size_in_bytes)(_draw_mask)
