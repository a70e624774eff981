"""Dashes along a line: as they are written, or fitted round a closed one, corners covered."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import Contour

MAX_DASHES = 4000  # of one shape
_CORNER_COSINE = 0.7  # cosine of a turn that is a corner
_MIN_DASH_SHARE = 0.25  # of a dash; what is left of it at a line's end is not drawn
_MAX_DUPLICATE_DISTANCE = 1e-3  # pixels between points that are one

Span = tuple[float, float]  # from and to a distance along a line


def split_into_dashes(contour: Contour, dash: tuple[float, float] | None) -> Sequence[Contour]:
    """The dashes of a line of distinct points; `dash` is on and off."""
    if dash is None or not dash[1]:
        return (contour,)
    points = contour.points
    if contour.closed:
        points = _start_at_corner(points)
        points = (*points, *points, points[0])
    places = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(points))]
    length = places[-1] / 2 if contour.closed else places[-1]
    if contour.closed:
        corners = [places[i] for i in range(1, len(contour.points)) if _is_corner(points, i)]
        spans = _closed_line_spans(dash, [0.0, *corners, length])
    else:
        spans = _open_line_spans(dash, length)
    return [_sub_contour(points, places, span) for span in spans]


def has_too_many_dashes(contours: Sequence[Contour], dash: tuple[float, float]) -> bool:
    """Whether these are more dashes than an eye tells apart."""
    stretches = (pairwise((*c.points, c.points[0])) for c in contours if c.points)
    length = sum(math.dist(a, b) for stretch in stretches for a, b in stretch)
    return length / sum(dash) > MAX_DASHES


def without_duplicate_points(contour: Contour) -> Contour:
    """The contour without points that lie on the one before."""
    points: list[Point] = []
    for point in contour.points:
        if not points or math.dist(points[-1], point) > _MAX_DUPLICATE_DISTANCE:
            points.append(point)
    if (
        contour.closed
        and len(points) > 1
        and math.dist(points[0], points[-1]) <= _MAX_DUPLICATE_DISTANCE
    ):
        points.pop()
    return Contour(tuple(points), contour.closed)


def _open_line_spans(dash: tuple[float, float], length: float) -> Iterator[Span]:
    """A dash at the beginning, and so on as it is written; no crumb at the end."""
    on, period = dash[0], sum(dash)
    for index in range(math.ceil(length / period)):
        start = index * period
        end = min(start + on, length)
        if not index or end - start > on * _MIN_DASH_SHARE:
            yield start, end


def _closed_line_spans(dash: tuple[float, float], corners: Sequence[float]) -> Iterator[Span]:
    """The middle of a dash at each corner; the first corner comes again after the last."""
    share = dash[0] / sum(dash) / 2
    periods = [
        (end - start) / max(1, round((end - start) / sum(dash))) for start, end in pairwise(corners)
    ]
    for index, (start, end) in enumerate(pairwise(corners)):
        period, after = periods[index], periods[(index + 1) % len(periods)]
        for step in range(1, round((end - start) / period)):
            middle = start + step * period
            yield middle - share * period, middle + share * period
        yield end - share * period, end + share * after


def _start_at_corner(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points of a closed line from a corner on, if it has one."""
    around = (*points, *points)
    first = next((i for i in range(1, len(points) + 1) if _is_corner(around, i)), 0)
    return around[first : first + len(points)]


def _is_corner(points: Sequence[Point], index: int) -> bool:
    (ax, ay), (bx, by), (cx, cy) = (
        points[index - 1],
        points[index],
        points[(index + 1) % len(points)],
    )
    turn = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
    return turn < _CORNER_COSINE * math.dist((ax, ay), (bx, by)) * math.dist((bx, by), (cx, cy))


def _sub_contour(points: Sequence[Point], distances: Sequence[float], span: Span) -> Contour:
    """The part of a line between two distances from its beginning."""
    start, end = span
    first, last = bisect_right(distances, start), bisect_right(distances, end)
    ends = (_point_at(points, distances, start), _point_at(points, distances, end))
    return without_duplicate_points(Contour((ends[0], *points[first:last], ends[1]), closed=False))


def _point_at(points: Sequence[Point], distances: Sequence[float], distance: float) -> Point:
    after = min(max(1, bisect_right(distances, distance)), len(points) - 1)
    (x, y), (end_x, end_y) = points[after - 1], points[after]
    share = (distance - distances[after - 1]) / ((distances[after] - distances[after - 1]) or 1.0)
    return x + (end_x - x) * share, y + (end_y - y) * share
