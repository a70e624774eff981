"""Shapes as contours of points, in pixels of the box that they are stretched to."""

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol

from postcard.canvas.vector.rasterizer import Point
from postcard.runtime.lazy_dataclass import dataclass

CURVE_TOLERANCE = 0.03  # pixels between a curve and its chord at most
_STAR_INNER_RADIUS = 0.44  # of the outer radius; a pentagram has 0.38
_HEART_CURVES = (  # cubics from the notch on: two control points and the end, as fractions
    ((0.43, 0.08), (0.34, 0.04), (0.25, 0.04)),
    ((0.11, 0.04), (0.0, 0.15), (0.0, 0.3)),
    ((0.0, 0.55), (0.3, 0.76), (0.5, 0.95)),
    ((0.7, 0.76), (1.0, 0.55), (1.0, 0.3)),
    ((1.0, 0.15), (0.89, 0.04), (0.75, 0.04)),
    ((0.66, 0.04), (0.57, 0.08), (0.5, 0.18)),
)


@dataclass(frozen=True, slots=True)
class Contour:
    """A polyline; a `closed` one returns to its first point."""

    points: tuple[Point, ...]
    closed: bool = True


class Shape(Hashable, Protocol):
    """A figure in a box. Equal shapes look the same, because masks are cached by shape."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """The contours in a box of this size, in pixels from its top left."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse that touches all sides of its box."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, clockwise from the right."""
        center = (width / 2, height / 2)
        return (Contour(tuple(arc_points(center, center, 0.0, math.tau))[:-1]),)


@dataclass(frozen=True, slots=True)
class RoundedRectangle:
    """A box with round corners; `radii` are fractions of its width, clockwise from the top left."""

    radii: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, clockwise from the top left."""
        corners = ((0, 0, 1, 1), (width, 0, -1, 1), (width, height, -1, -1), (0, height, 1, -1))
        points: list[Point] = []
        for index, ((x, y, dx, dy), fraction) in enumerate(zip(corners, self.radii, strict=True)):
            radius = fraction * width
            center = (x + dx * radius, y + dy * radius)
            start = math.pi + index * math.pi / 2
            points += arc_points(center, (radius, radius), start, math.pi / 2)
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class Line:
    """A line from the top left to the bottom right of its box."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One open contour."""
        return (Contour(((0.0, 0.0), (width, height)), closed=False),)


@dataclass(frozen=True, slots=True)
class Star:
    """A five-pointed star, not stretched: as large as fits, centred in its box."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour from the top tip, clockwise."""
        fifth = math.pi / 5
        radius = min(width / (2 * math.sin(2 * fifth)), height / (1 + math.cos(fifth)))
        x, y = width / 2, (height + radius * (1 - math.cos(fifth))) / 2
        polar = [(radius * (_STAR_INNER_RADIUS if i % 2 else 1), i * fifth) for i in range(10)]
        points = ((x + r * math.sin(angle), y - r * math.cos(angle)) for r, angle in polar)
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class Heart:
    """A heart, stretched to its box; it leaves a margin of a few percent."""

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour from the notch."""
        start, points = complex(0.5 * width, 0.18 * height), []
        for curve in _HEART_CURVES:
            control1, control2, end = (complex(x * width, y * height) for x, y in curve)
            points += [(p.real, p.imag) for p in cubic_points(start, control1, control2, end)]
            start = end
        return (Contour(tuple(points)),)


@dataclass(frozen=True, slots=True)
class RingSegment:
    """A part of a ring, clockwise from twelve o'clock, centred in its box and not stretched.

    `thickness` and the corner `radius` of its ends are fractions of the box's shorter side.
    """

    thickness: float
    fraction: float = 1.0
    radius: float = 0.0

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """One contour, or the outer and the inner one of a whole ring."""
        side, center = min(width, height), (width / 2, height / 2)
        outer, thickness = side / 2, min(self.thickness, 0.5) * side
        sweep, up = self.fraction * math.tau, -math.pi / 2
        inner = outer - thickness
        if self.fraction >= 1:
            disc = Contour(tuple(arc_points(center, (outer, outer), up, sweep)))
            hole = Contour(tuple(reversed(arc_points(center, (inner, inner), up, sweep))))
            return (disc, hole) if inner > 0 else (disc,)
        radius = min(self.radius * side, thickness / 2, _max_inner_corner_radius(inner, sweep))
        points = (
            (center[0] + r * math.cos(up + angle), center[1] + r * math.sin(up + angle))
            for r, angle in _rounded_segment(inner, outer, sweep, radius)
        )
        return (Contour(tuple(points)),)


def _rounded_segment(inner: float, outer: float, sweep: float, radius: float) -> Iterator[Point]:
    """The contour of a ring segment with round corners, as radius and angle of each point."""
    distances = (inner + radius, outer - radius)  # of the corners' centres
    angles = [math.asin(min(1.0, radius / d)) if d > 0 else 0.0 for d in distances]
    centers = [(d * math.cos(angle), radius) for d, angle in zip(distances, angles, strict=True)]
    corners = arc_points(centers[0], (radius, radius), math.pi + angles[0], math.pi / 2 - angles[0])
    corners += arc_points(centers[1], (radius, radius), -math.pi / 2, math.pi / 2 + angles[1])
    first_end = [(math.hypot(x, y), math.atan2(y, x)) for x, y in corners]
    steps = _arc_steps(outer, sweep)
    fractions = [index / steps for index in range(1, steps)]
    outer_start, inner_start = first_end[-1][1], first_end[0][1]
    yield from first_end
    yield from ((outer, outer_start + f * (sweep - 2 * outer_start)) for f in fractions)
    yield from ((r, sweep - angle) for r, angle in reversed(first_end))
    yield from ((inner, sweep - inner_start - f * (sweep - 2 * inner_start)) for f in fractions)


def _max_inner_corner_radius(inner: float, sweep: float) -> float:
    """The largest corner radius with which both inner corners of a ring segment fit."""
    sine = math.sin(sweep / 2)
    return inner * sine / (1 - sine) if sweep < math.pi and sine < 1 else math.inf


def arc_points(center: Point, radii: Point, start: float, sweep: float) -> list[Point]:
    """Points along an elliptical arc, with both ends; angles are clockwise from the right."""
    steps = _arc_steps(max(radii), sweep)
    angles = [start + sweep * index / steps for index in range(steps + 1)]
    return [
        (center[0] + radii[0] * math.cos(angle), center[1] + radii[1] * math.sin(angle))
        for angle in angles
    ]


def cubic_points(
    start: complex, control1: complex, control2: complex, end: complex, max_points: int = 500
) -> Iterator[complex]:
    """At most `max_points` points along a cubic Bézier curve, without its start."""
    bend = max(abs(start - 2 * control1 + control2), abs(control1 - 2 * control2 + end))
    steps = min(max_points, math.ceil(math.sqrt(0.75 * bend / CURVE_TOLERANCE))) or 1
    for index in range(1, steps + 1):
        t = index / steps
        u = 1 - t
        yield u**3 * start + 3 * u * u * t * control1 + 3 * u * t * t * control2 + t**3 * end


def _arc_steps(radius: float, sweep: float) -> int:
    """How many chords an arc needs to keep to the tolerance."""
    if radius <= CURVE_TOLERANCE:
        return 1
    return math.ceil(abs(sweep) / (2 * math.acos(1 - CURVE_TOLERANCE / radius))) or 1
