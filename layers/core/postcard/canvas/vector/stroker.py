"""Lines of a width: the contours round a line of points, its joins round, its ends straight."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from postcard.canvas.vector.dashes import dashes, distinct, too_many
from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import TOLERANCE, Contour
from postcard.runtime.lazy_dataclass import dataclass

_THINNEST = 1e-4  # pixels; half of a line that nobody sees
_GENTLE = 0.98  # cosine of a turn that needs no join


@dataclass(frozen=True, slots=True)
class Pen:
    """A width, and how long dashes and gaps are."""

    width: float
    dash: tuple[float, float] | None = None

    def scaled(self, scale: float) -> "Pen":
        """The pen in other pixels."""
        dash = (self.dash[0] * scale, self.dash[1] * scale) if self.dash else None
        return Pen(self.width * scale, dash)


def stroked(contours: Sequence[Contour], pen: Pen) -> Iterator[list[Point]]:
    """The outlines of lines drawn along contours; those of too many dashes are drawn whole."""
    dash = None if pen.dash and too_many(contours, pen.dash) else pen.dash
    half = max(pen.width / 2, _THINNEST)
    for contour in map(distinct, contours):
        if len(contour.points) > 1:
            for piece in dashes(contour, dash):
                yield from _outlines(piece, half)


def _outlines(contour: Contour, half: float) -> Iterator[list[Point]]:
    """One outline round an open line; an outer and an inner one along a closed line."""
    if len(contour.points) < 2:
        return
    back = Contour(contour.points[::-1], contour.closed)
    if contour.closed and len(contour.points) > 2:
        yield list(_side(contour, half))
        yield list(_side(back, half))
    else:
        contour, back = Contour(contour.points, False), Contour(back.points, False)
        yield [*_side(contour, half), *_side(back, half)]


def _side(contour: Contour, half: float) -> Iterator[Point]:
    """The points on the left of a line, `half` away."""
    points = contour.points
    ends = list(pairwise((*points, points[0]) if contour.closed else points))
    lengths = [math.dist(a, b) for a, b in ends]
    aside = [
        ((b[1] - a[1]) / length * half, (a[0] - b[0]) / length * half)
        for (a, b), length in zip(ends, lengths, strict=True)
    ]
    if not contour.closed:
        yield points[0][0] + aside[0][0], points[0][1] + aside[0][1]
    for index in range(0 if contour.closed else 1, len(aside)):
        room = min(lengths[index - 1], lengths[index])
        yield from _join(points[index], aside[index - 1], aside[index], half, room)
    if not contour.closed:
        yield points[-1][0] + aside[-1][0], points[-1][1] + aside[-1][1]


def _join(at: Point, one: Point, two: Point, half: float, room: float) -> Iterator[Point]:
    """From the side of one stretch to the side of the next: straight on, round, or within."""
    (x, y), area = at, half * half
    cosine = (one[0] * two[0] + one[1] * two[1]) / area
    sine = (one[0] * two[1] - one[1] * two[0]) / area
    if cosine > _GENTLE and half * abs(sine) / (1 + cosine) < room:
        yield x + (one[0] + two[0]) / (1 + cosine), y + (one[1] + two[1]) / (1 + cosine)
    elif sine >= 0:
        turn, start = math.atan2(sine, cosine), math.atan2(one[1], one[0])
        each = 2 * math.acos(1 - TOLERANCE / half) if half > TOLERANCE else math.pi
        steps = math.ceil(turn / each) or 1
        for index in range(steps + 1):
            angle = start + turn * index / steps
            yield x + half * math.cos(angle), y + half * math.sin(angle)
    else:  # by way of the corner, so that no hole opens where a line turns within its width
        yield x + one[0], y + one[1]
        yield at
        yield x + two[0], y + two[1]
