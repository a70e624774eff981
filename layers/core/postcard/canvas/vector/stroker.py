"""Strokes contours: the outlines of lines with a width, round joins and butt caps."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from postcard.canvas.vector.dashes import (
    has_too_many_dashes,
    split_into_dashes,
    without_duplicate_points,
)
from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import CURVE_TOLERANCE, Contour
from postcard.runtime.lazy_dataclass import dataclass

_MIN_HALF_WIDTH = 1e-4  # pixels; avoids division by zero
_STRAIGHT_COSINE = 0.98  # a turn with a larger cosine needs no round join


@dataclass(frozen=True, slots=True)
class Pen:
    """A line width, and the lengths of dash and gap."""

    width: float
    dash: tuple[float, float] | None = None

    def scaled(self, scale: float) -> "Pen":
        """The pen with all lengths multiplied by `scale`."""
        dash = (self.dash[0] * scale, self.dash[1] * scale) if self.dash else None
        return Pen(self.width * scale, dash)


def stroke_outlines(contours: Sequence[Contour], pen: Pen) -> Iterator[list[Point]]:
    """The outlines of strokes along contours; solid if there would be too many dashes."""
    dash = None if pen.dash and has_too_many_dashes(contours, pen.dash) else pen.dash
    half_width = max(pen.width / 2, _MIN_HALF_WIDTH)
    for contour in map(without_duplicate_points, contours):
        if len(contour.points) > 1:
            for part in split_into_dashes(contour, dash):
                yield from _outlines(part, half_width)


def _outlines(contour: Contour, half_width: float) -> Iterator[list[Point]]:
    """One outline round an open contour; an outer and an inner one of a closed contour."""
    if len(contour.points) < 2:
        return
    reverse = Contour(contour.points[::-1], contour.closed)
    if contour.closed and len(contour.points) > 2:
        yield list(_offset_points(contour, half_width))
        yield list(_offset_points(reverse, half_width))
    else:
        contour, reverse = Contour(contour.points, False), Contour(reverse.points, False)
        yield [*_offset_points(contour, half_width), *_offset_points(reverse, half_width)]


def _offset_points(contour: Contour, half_width: float) -> Iterator[Point]:
    """The points along one side of a contour, `half_width` away from it."""
    points = contour.points
    segments = list(pairwise((*points, points[0]) if contour.closed else points))
    lengths = [math.dist(a, b) for a, b in segments]
    normals = [
        ((b[1] - a[1]) / length * half_width, (a[0] - b[0]) / length * half_width)
        for (a, b), length in zip(segments, lengths, strict=True)
    ]
    if not contour.closed:
        yield points[0][0] + normals[0][0], points[0][1] + normals[0][1]
    for index in range(0 if contour.closed else 1, len(normals)):
        shorter = min(lengths[index - 1], lengths[index])
        yield from _join(points[index], normals[index - 1], normals[index], half_width, shorter)
    if not contour.closed:
        yield points[-1][0] + normals[-1][0], points[-1][1] + normals[-1][1]


def _join(
    corner: Point,
    normal_before: Point,
    normal_after: Point,
    half_width: float,
    segment_length: float,
) -> Iterator[Point]:
    """The points from the side of one segment to the same side of the next.

    A slight turn is mitred; else the outer side is round and the inner side goes through the
    corner. `segment_length` is that of the shorter segment.
    """
    (x, y), squared = corner, half_width * half_width
    cosine = (normal_before[0] * normal_after[0] + normal_before[1] * normal_after[1]) / squared
    sine = (normal_before[0] * normal_after[1] - normal_before[1] * normal_after[0]) / squared
    if cosine > _STRAIGHT_COSINE and half_width * abs(sine) / (1 + cosine) < segment_length:
        yield (
            x + (normal_before[0] + normal_after[0]) / (1 + cosine),
            y + (normal_before[1] + normal_after[1]) / (1 + cosine),
        )
    elif sine >= 0:
        sweep, start = math.atan2(sine, cosine), math.atan2(normal_before[1], normal_before[0])
        step = math.pi
        if half_width > CURVE_TOLERANCE:
            step = 2 * math.acos(1 - CURVE_TOLERANCE / half_width)
        steps = math.ceil(sweep / step) or 1
        for index in range(steps + 1):
            angle = start + sweep * index / steps
            yield x + half_width * math.cos(angle), y + half_width * math.sin(angle)
    else:  # through the corner, or a hole would open where a line turns within its own width
        yield x + normal_before[0], y + normal_before[1]
        yield corner
        yield x + normal_after[0], y + normal_after[1]
