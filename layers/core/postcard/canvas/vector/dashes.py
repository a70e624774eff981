"""Splits contours into dashes; on closed ones they are stretched to cover every corner."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import Contour

MAX_DASHES = 4000  # of one shape
_CORNER_COSINE = 0.7  # a turn with a smaller cosine is a corner
_MIN_DASH_SHARE = 0.25  # a shorter part of a dash at the end of an open contour is left out
_MAX_DUPLICATE_DISTANCE = 1e-3  # pixels

Span = tuple[float, float]  # start and end as distances along a contour


def split_into_dashes(contour: Contour, dash: tuple[float, float] | None) -> Sequence[Contour]:
    """The dashes of a contour without duplicate points; `dash` is the lengths of dash and gap."""
    if dash is None or not dash[1]:
        return (contour,)
    points = contour.points
    if contour.closed:
        points = _start_at_corner(points)
        points = (*points, *points, points[0])
    distances = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(points))]
    length = distances[-1] / 2 if contour.closed else distances[-1]
    if contour.closed:
        corners = [distances[i] for i in range(1, len(contour.points)) if _is_corner(points, i)]
        spans = _closed_contour_spans(dash, [0.0, *corners, length])
    else:
        spans = _open_contour_spans(dash, length)
    return [_sub_contour(points, distances, span) for span in spans]


def has_too_many_dashes(contours: Sequence[Contour], dash: tuple[float, float]) -> bool:
    """Whether there would be so many dashes that drawing is slow and none can be seen."""
    outlines = (pairwise((*c.points, c.points[0])) for c in contours if c.points)
    length = sum(math.dist(a, b) for segments in outlines for a, b in segments)
    return length / sum(dash) > MAX_DASHES


def without_duplicate_points(contour: Contour) -> Contour:
    """The contour without points that equal the one before."""
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


def _open_contour_spans(dash: tuple[float, float], length: float) -> Iterator[Span]:
    """Dashes from the start on; a very short rest at the end is left out."""
    on, period = dash[0], sum(dash)
    for index in range(math.ceil(length / period)):
        start = index * period
        end = min(start + on, length)
        if not index or end - start > on * _MIN_DASH_SHARE:
            yield start, end


def _closed_contour_spans(dash: tuple[float, float], corners: Sequence[float]) -> Iterator[Span]:
    """Dashes centred on each corner and evenly spaced between; `corners` ends with the first."""
    half_dash = dash[0] / sum(dash) / 2
    periods = [
        (end - start) / max(1, round((end - start) / sum(dash))) for start, end in pairwise(corners)
    ]
    for index, (start, end) in enumerate(pairwise(corners)):
        period, next_period = periods[index], periods[(index + 1) % len(periods)]
        for step in range(1, round((end - start) / period)):
            middle = start + step * period
            yield middle - half_dash * period, middle + half_dash * period
        yield end - half_dash * period, end + half_dash * next_period


def _start_at_corner(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points of a closed contour, rotated to start at a corner if it has one."""
    twice = (*points, *points)
    first = next((i for i in range(1, len(points) + 1) if _is_corner(twice, i)), 0)
    return twice[first : first + len(points)]


def _is_corner(points: Sequence[Point], index: int) -> bool:
    (ax, ay), (bx, by), (cx, cy) = (
        points[index - 1],
        points[index],
        points[(index + 1) % len(points)],
    )
    dot_product = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
    before, after = math.dist((ax, ay), (bx, by)), math.dist((bx, by), (cx, cy))
    return dot_product < _CORNER_COSINE * before * after


def _sub_contour(points: Sequence[Point], distances: Sequence[float], span: Span) -> Contour:
    """The part of a contour between two distances from its start."""
    start, end = span
    first, last = bisect_right(distances, start), bisect_right(distances, end)
    ends = (_point_at(points, distances, start), _point_at(points, distances, end))
    return without_duplicate_points(Contour((ends[0], *points[first:last], ends[1]), closed=False))


def _point_at(points: Sequence[Point], distances: Sequence[float], distance: float) -> Point:
    end = min(max(1, bisect_right(distances, distance)), len(points) - 1)
    (x, y), (end_x, end_y) = points[end - 1], points[end]
    fraction = (distance - distances[end - 1]) / ((distances[end] - distances[end - 1]) or 1.0)
    return x + (end_x - x) * fraction, y + (end_y - y) * fraction
