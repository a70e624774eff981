"""SVG's path language as contours."""

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import CURVE_TOLERANCE, Contour, cubic_points
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_SEGMENTS = 2000
MAX_COORDINATE = 1e6  # a coordinate's distance from nought
_PATH_DATA = lazy_regex(r"\s*[Mm][MmZzLlHhVvCcSsQqTtAa0-9eE.,+\-\s]*", re.ASCII)
_MAX_POINTS = 20_000  # of a whole path; curves of one that has more become a bit angular


@dataclass(frozen=True, slots=True)
class SvgPath:
    """What SVG's `d` draws in a `view` of this width and height, stretched to the box."""

    d: str
    view_size: tuple[float, float]

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """A contour for each subpath."""
        scale = (width / self.view_size[0], height / self.view_size[1])
        return tuple(_contours(parse_path_data(self.d), scale))


@lru_cache(maxsize=64)
def parse_path_data(d: str) -> Sequence[Any]:
    """The segments of a path; ValueError with a sentence if it is none or has too many."""
    from svg.path import parse_path

    if not _PATH_DATA.fullmatch(d):
        raise ValueError("is no SVG path: it starts with M and has commands and numbers alone")
    try:
        segments = tuple(parse_path(d))
    except (ArithmeticError, AssertionError, IndexError, ValueError):
        raise ValueError("is no SVG path that can be read") from None
    if len(segments) > MAX_SEGMENTS:
        raise ValueError(f"has more than {MAX_SEGMENTS} segments")
    if any(not abs(at) <= MAX_COORDINATE for segment in segments for at in _coordinates(segment)):
        raise ValueError(f"reaches farther than {MAX_COORDINATE:.0f}")
    return segments


def _coordinates(segment: Any) -> Sequence[complex]:
    if hasattr(segment, "control") or hasattr(segment, "control1"):
        return _cubic_controls(segment)
    return segment.start, segment.end, getattr(segment, "radius", 0j)


def _contours(segments: Sequence[Any], scale: Point) -> Iterator[Contour]:
    from svg.path import Close, Move

    points: list[Point] = []
    most = max(8, _MAX_POINTS // max(1, len(segments)))
    for segment in segments:
        if isinstance(segment, Move):
            if len(points) > 1:
                yield Contour(tuple(points), closed=False)
            points = [_scale_point(segment.end, scale)]
        elif isinstance(segment, Close):
            yield Contour(tuple(points))
            points = [_scale_point(segment.end, scale)]
        else:
            points.extend(_flatten(segment, scale, most))
    if len(points) > 1:
        yield Contour(tuple(points), closed=False)


def _flatten(segment: Any, scale: Point, max_points: int) -> Iterator[Point]:
    """Points after the start of a segment, as many as it bends, but at most so many."""
    from svg.path import Arc, CubicBezier, QuadraticBezier

    if isinstance(segment, Arc):
        steps = min(max_points, _arc_steps(segment, max(scale)))
        yield from (_scale_point(segment.point(i / steps), scale) for i in range(1, steps + 1))
    elif isinstance(segment, CubicBezier | QuadraticBezier):
        start, first, second, end = (
            complex(*_scale_point(at, scale)) for at in _cubic_controls(segment)
        )
        yield from (
            (at.real, at.imag) for at in cubic_points(start, first, second, end, max_points)
        )
    else:
        yield _scale_point(segment.end, scale)


def _cubic_controls(curve: Any) -> tuple[complex, complex, complex, complex]:
    """A quadratic curve is a cubic one, too."""
    if hasattr(curve, "control1"):
        return curve.start, curve.control1, curve.control2, curve.end
    first = curve.start + (curve.control - curve.start) * 2 / 3
    return curve.start, first, curve.end + (curve.control - curve.end) * 2 / 3, curve.end


def _arc_steps(arc: Any, scale: float) -> int:
    if arc.start == arc.end or not arc.radius.real or not arc.radius.imag:
        return 1
    radius = max(arc.radius.real, arc.radius.imag) * arc.radius_scale * scale
    if radius <= CURVE_TOLERANCE:
        return 1
    turn = math.radians(abs(arc.delta))
    return math.ceil(turn / (2 * math.acos(1 - CURVE_TOLERANCE / radius))) or 1


def _scale_point(point: complex, scale: Point) -> Point:
    return point.real * scale[0], point.imag * scale[1]
