"""Lines of a width: the contours round a line of points, its joins round, its ends straight."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from postcard.canvas.coverage import Point
from postcard.canvas.shapes import TOLERANCE, Contour

MOST_DASHES = 4000  # more than an eye tells apart: the line is drawn whole
_GENTLE = 0.98  # cosine of a turn that needs no join
_NEAR = 1e-3  # pixels between points that are one


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
    """The outlines of lines drawn along contours."""
    for contour in map(_distinct, contours):
        if len(contour.points) > 1:
            for piece in _pieces(contour, pen):
                yield from _outlines(piece, pen.width / 2)


def _distinct(contour: Contour) -> Contour:
    """The contour without points that lie on the one before."""
    points: list[Point] = []
    for point in contour.points:
        if not points or math.dist(points[-1], point) > _NEAR:
            points.append(point)
    if contour.closed and len(points) > 1 and math.dist(points[0], points[-1]) <= _NEAR:
        points.pop()
    return Contour(tuple(points), contour.closed)


def _pieces(contour: Contour, pen: Pen) -> Sequence[Contour]:
    """The dashes of a contour; round a closed one a whole number of them fits."""
    if pen.dash is None or not pen.dash[1]:
        return (contour,)
    (on, off), points = pen.dash, contour.points
    if contour.closed:
        points = (*points, *points, points[0])
    places = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(points))]
    length = places[-1] / 2 if contour.closed else places[-1]
    if length / (on + off) > MOST_DASHES:
        return (contour,)
    if not contour.closed:
        starts = [k * (on + off) for k in range(math.ceil(length / (on + off)))]
        return [_cut(points, places, start, min(start + on, length)) for start in starts]
    count = max(1, round(length / (on + off)))
    period = length / count
    half = on / (on + off) * period / 2
    middles = [k * period for k in range(1, count + 1)]
    return [_cut(points, places, middle - half, middle + half) for middle in middles]


def _cut(points: Sequence[Point], places: Sequence[float], start: float, end: float) -> Contour:
    """The part of a line between two distances from its beginning."""
    first, last = bisect_right(places, start), bisect_right(places, end)
    ends = (_at(points, places, start), _at(points, places, end))
    return _distinct(Contour((ends[0], *points[first:last], ends[1]), closed=False))


def _at(points: Sequence[Point], places: Sequence[float], place: float) -> Point:
    after = min(max(1, bisect_right(places, place)), len(points) - 1)
    (x, y), (end_x, end_y) = points[after - 1], points[after]
    share = (place - places[after - 1]) / ((places[after] - places[after - 1]) or 1.0)
    return x + (end_x - x) * share, y + (end_y - y) * share


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
