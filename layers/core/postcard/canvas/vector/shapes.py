"""Outlines of shapes: contours of points, in the pixels of the box that they fill."""

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol

from postcard.canvas.vector.rasterizer import Point
from postcard.runtime.lazy_dataclass import dataclass

CURVE_TOLERANCE = 0.03  # pixels that a chord may lie off its curve
_STAR_INNER_RADIUS = 0.44  # of the tips' distance from the middle; rounder than a pentagram
_HEART_CURVES = (  # a cubic's two controls and its end, from the notch on, in shares of the box
    ((0.43, 0.08), (0.34, 0.04), (0.25, 0.04)),
    ((0.11, 0.04), (0.0, 0.15), (0.0, 0.3)),
    ((0.0, 0.55), (0.3, 0.76), (0.5, 0.95)),
    ((0.7, 0.76), (1.0, 0.55), (1.0, 0.3)),
    ((1.0, 0.15), (0.89, 0.04), (0.75, 0.04)),
    ((0.66, 0.04), (0.57, 0.08), (0.5, 0.18)),
)


@dataclass(frozen=True, slots=True)
class Contour:
    """A line of points; `closed` ones come back to their first point."""

    points: tuple[Point, ...]
    closed: bool = True


class Shape(Hashable, Protocol):
    """A figure in a box, stretched with it. Shapes compare and hash by what they look like."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """The outline in a box of this size, in pixels from its top left."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """As large as its box."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, clockwise from the right."""
        middle = (width / 2, height / 2)
        return (Contour(tuple(arc_points(middle, middle, 0.0, math.tau))[:-1]),)


@dataclass(frozen=True, slots=True)
class RoundedRectangle:
    """A box with round corners; `radii` as shares of its width, top left, clockwise."""

    radii: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, clockwise from the top left."""
        corners = ((0, 0, 1, 1), (width, 0, -1, 1), (width, height, -1, -1), (0, height, 1, -1))
        points: list[Point] = []
        for turn, ((x, y, right, down), share) in enumerate(zip(corners, self.radii, strict=True)):
            radius = share * width
            middle = (x + right * radius, y + down * radius)
            start = math.pi + turn * math.pi / 2
            points += arc_points(middle, (radius, radius), start, math.pi / 2)
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class Line:
    """From the top left to the bottom right."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One open contour."""
        return (Contour(((0.0, 0.0), (width, height)), closed=False),)


@dataclass(frozen=True, slots=True)
class Star:
    """A star of five points, as large as its box lets it be, in the middle."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour from the top tip, clockwise."""
        fifth = math.pi / 5
        reach = min(width / (2 * math.sin(2 * fifth)), height / (1 + math.cos(fifth)))
        x, y = width / 2, (height + reach * (1 - math.cos(fifth))) / 2
        spokes = [(reach * (_STAR_INNER_RADIUS if i % 2 else 1), i * fifth) for i in range(10)]
        points = ((x + r * math.sin(turn), y - r * math.cos(turn)) for r, turn in spokes)
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class Heart:
    """A heart, stretched to its box."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour from the notch."""
        at, points = complex(0.5 * width, 0.18 * height), []
        for curve in _HEART_CURVES:
            first, second, end = (complex(x * width, y * height) for x, y in curve)
            points += [(p.real, p.imag) for p in cubic_points(at, first, second, end)]
            at = end
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class RingSegment:
    """A part of a ring, clockwise from twelve, in the middle of its box.

    `thickness` and the ends' `radius` are shares of the box's shorter side.
    """

    thickness: float
    fraction: float = 1.0
    radius: float = 0.0

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, or an outer and an inner one of a whole ring."""
        side, middle = min(width, height), (width / 2, height / 2)
        outer, thick = side / 2, min(self.thickness, 0.5) * side
        sweep, up = self.fraction * math.tau, -math.pi / 2
        inner = outer - thick
        if self.fraction >= 1:
            rings = (Contour(tuple(arc_points(middle, (outer, outer), up, sweep))),)
            hole = tuple(reversed(arc_points(middle, (inner, inner), up, sweep)))
            return (*rings, Contour(hole)) if inner > 0 else rings
        radius = min(self.radius * side, thick / 2, _max_inner_corner_radius(inner, sweep))
        points = (
            (middle[0] + r * math.cos(up + turn), middle[1] + r * math.sin(up + turn))
            for r, turn in _rounded_segment(inner, outer, sweep, radius)
        )
        return (Contour(tuple(points)),)


def _rounded_segment(inner: float, outer: float, sweep: float, radius: float) -> Iterator[Point]:
    """Distance and angle round a part of a ring whose four corners are round."""
    tips = (inner + radius, outer - radius)
    turns = [math.asin(min(1.0, radius / tip)) if tip > 0 else 0.0 for tip in tips]
    middles = [(tip * math.cos(turn), radius) for tip, turn in zip(tips, turns, strict=True)]
    corners = arc_points(middles[0], (radius, radius), math.pi + turns[0], math.pi / 2 - turns[0])
    corners += arc_points(middles[1], (radius, radius), -math.pi / 2, math.pi / 2 + turns[1])
    near = [(math.hypot(x, y), math.atan2(y, x)) for x, y in corners]
    steps = _arc_steps(outer, sweep)
    span = [index / steps for index in range(1, steps)]
    first, last = near[-1][1], near[0][1]
    yield from near
    yield from ((outer, first + share * (sweep - 2 * first)) for share in span)
    yield from ((r, sweep - turn) for r, turn in reversed(near))
    yield from ((inner, sweep - last - share * (sweep - 2 * last)) for share in span)


def _max_inner_corner_radius(inner: float, sweep: float) -> float:
    """The largest radius of two round corners at the inner side of a part of a ring."""
    sine = math.sin(sweep / 2)
    return inner * sine / (1 - sine) if sweep < math.pi and sine < 1 else math.inf


def arc_points(middle: Point, radii: Point, start: float, sweep: float) -> list[Point]:
    """Points along an ellipse, both ends among them; angles from the right, clockwise."""
    steps = _arc_steps(max(radii), sweep)
    turns = [start + sweep * index / steps for index in range(steps + 1)]
    return [
        (middle[0] + radii[0] * math.cos(turn), middle[1] + radii[1] * math.sin(turn))
        for turn in turns
    ]


def cubic_points(
    start: complex, control1: complex, control2: complex, end: complex, max_points: int = 500
) -> Iterator[complex]:
    """Points along a Bézier curve after its start, at most so many."""
    bend = max(abs(start - 2 * control1 + control2), abs(control1 - 2 * control2 + end))
    steps = min(max_points, math.ceil(math.sqrt(0.75 * bend / CURVE_TOLERANCE))) or 1
    for index in range(1, steps + 1):
        t = index / steps
        u = 1 - t
        yield u**3 * start + 3 * u * u * t * control1 + 3 * u * t * t * control2 + t**3 * end


def _arc_steps(radius: float, sweep: float) -> int:
    """How many chords an arc needs."""
    if radius <= CURVE_TOLERANCE:
        return 1
    return math.ceil(abs(sweep) / (2 * math.acos(1 - CURVE_TOLERANCE / radius))) or 1
