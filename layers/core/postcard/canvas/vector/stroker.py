"""Lines of a width: the contours round a line of points, its joins round, its ends straight."""

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

_MIN_HALF_WIDTH = 1e-4  # pixels; half of a line that nobody sees
_STRAIGHT_COSINE = 0.98  # cosine of a turn that needs no join


@dataclass(frozen=True, slots=True)
class Pen:
    """A width, and how long dashes and gaps are."""

    width: float
    dash: tuple[float, float] | None = None

    def scaled(self, scale: float) -> "Pen":
        """The pen in other pixels."""
        dash = (self.dash[0] * scale, self.dash[1] * scale) if self.dash else None
        return Pen(self.width * scale, dash)


def stroke_outlines(contours: Sequence[Contour], pen: Pen) -> Iterator[list[Point]]:
    """The outlines of lines drawn along contours; those of too many dashes are drawn whole."""
    dash = None if pen.dash and has_too_many_dashes(contours, pen.dash) else pen.dash
    half = max(pen.width / 2, _MIN_HALF_WIDTH)
    for contour in map(without_duplicate_points, contours):
        if len(contour.points) > 1:
            for piece in split_into_dashes(contour, dash):
                yield from _outlines(piece, half)


def _outlines(contour: Contour, half_width: float) -> Iterator[list[Point]]:
    """One outline round an open line; an outer and an inner one along a closed line."""
    if len(contour.points) < 2:
        return
    back = Contour(contour.points[::-1], contour.closed)
    if contour.closed and len(contour.points) > 2:
        yield list(_offset_points(contour, half_width))
        yield list(_offset_points(back, half_width))
    else:
        contour, back = Contour(contour.points, False), Contour(back.points, False)
        yield [*_offset_points(contour, half_width), *_offset_points(back, half_width)]


def _offset_points(contour: Contour, half_width: float) -> Iterator[Point]:
    """The points on the left of a line, `half` away."""
    points = contour.points
    ends = list(pairwise((*points, points[0]) if contour.closed else points))
    lengths = [math.dist(a, b) for a, b in ends]
    aside = [
        ((b[1] - a[1]) / length * half_width, (a[0] - b[0]) / length * half_width)
        for (a, b), length in zip(ends, lengths, strict=True)
    ]
    if not contour.closed:
        yield points[0][0] + aside[0][0], points[0][1] + aside[0][1]
    for index in range(0 if contour.closed else 1, len(aside)):
        room = min(lengths[index - 1], lengths[index])
        yield from _join(points[index], aside[index - 1], aside[index], half_width, room)
    if not contour.closed:
        yield points[-1][0] + aside[-1][0], points[-1][1] + aside[-1][1]


def _join(
    at: Point, normal_before: Point, normal_after: Point, half_width: float, segment_length: float
) -> Iterator[Point]:
    """From the side of one stretch to the side of the next: straight on, round, or within."""
    (x, y), area = at, half_width * half_width
    cosine = (normal_before[0] * normal_after[0] + normal_before[1] * normal_after[1]) / area
    sine = (normal_before[0] * normal_after[1] - normal_before[1] * normal_after[0]) / area
    if cosine > _STRAIGHT_COSINE and half_width * abs(sine) / (1 + cosine) < segment_length:
        yield (
            x + (normal_before[0] + normal_after[0]) / (1 + cosine),
            y + (normal_before[1] + normal_after[1]) / (1 + cosine),
        )
    elif sine >= 0:
        turn, start = math.atan2(sine, cosine), math.atan2(normal_before[1], normal_before[0])
        each = (
            2 * math.acos(1 - CURVE_TOLERANCE / half_width)
            if half_width > CURVE_TOLERANCE
            else math.pi
        )
        steps = math.ceil(turn / each) or 1
        for index in range(steps + 1):
            angle = start + turn * index / steps
            yield x + half_width * math.cos(angle), y + half_width * math.sin(angle)
    else:  # by way of the corner, so that no hole opens where a line turns within its width
        yield x + normal_before[0], y + normal_before[1]
        yield at
        yield x + normal_after[0], y + normal_after[1]
