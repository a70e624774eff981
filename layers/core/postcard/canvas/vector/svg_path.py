"""SVG path data (the `d` attribute) as a shape."""

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
MAX_COORDINATE = 1e6  # absolute value
_PATH_DATA = lazy_regex(r"\s*[Mm][MmZzLlHhVvCcSsQqTtAa0-9eE.,+\-\s]*", re.ASCII)
_MAX_POINTS = 20_000  # of a path; the curves of a longer one are flattened more coarsely


@dataclass(frozen=True, slots=True)
class SvgPath:
    """Path data drawn in a view box of `view_size`, which is stretched to the shape's box."""

    d: str
    view_size: tuple[float, float]

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """A contour for each subpath."""
        scale = (width / self.view_size[0], height / self.view_size[1])
        return tuple(_contours(parse_path_data(self.d), scale))


@lru_cache(maxsize=64)
def parse_path_data(d: str) -> Sequence[Any]:
    """The segments of a path; ValueError with the rest of a sentence if it is invalid."""
    from svg.path import parse_path

    if not _PATH_DATA.fullmatch(d):
        raise ValueError("is no SVG path: it starts with M and has commands and numbers alone")
    try:
        segments = tuple(parse_path(d))
    except (ArithmeticError, AssertionError, IndexError, ValueError):
        raise ValueError("is no SVG path that can be read") from None
    if len(segments) > MAX_SEGMENTS:
        raise ValueError(f"has more than {MAX_SEGMENTS} segments")
    points = (point for segment in segments for point in _points(segment))
    if any(not abs(point) <= MAX_COORDINATE for point in points):
        raise ValueError(f"reaches farther than {MAX_COORDINATE:.0f}")
    return segments


def _points(segment: Any) -> Sequence[complex]:
    if hasattr(segment, "control") or hasattr(segment, "control1"):
        return _cubic_controls(segment)
    return segment.start, segment.end, getattr(segment, "radius", 0j)


def _contours(segments: Sequence[Any], scale: Point) -> Iterator[Contour]:
    from svg.path import Close, Move

    points: list[Point] = []
    max_points = max(8, _MAX_POINTS // max(1, len(segments)))
    for segment in segments:
        if isinstance(segment, Move):
            if len(points) > 1:
                yield Contour(tuple(points), closed=False)
            points = [_scale_point(segment.end, scale)]
        elif isinstance(segment, Close):
            yield Contour(tuple(points))
            points = [_scale_point(segment.end, scale)]
        else:
            points.extend(_flatten(segment, scale, max_points))
    if len(points) > 1:
        yield Contour(tuple(points), closed=False)


def _flatten(segment: Any, scale: Point, max_points: int) -> Iterator[Point]:
    """At most `max_points` points along a segment, without its start."""
    from svg.path import Arc, CubicBezier, QuadraticBezier

    if isinstance(segment, Arc):
        steps = min(max_points, _arc_steps(segment, max(scale)))
        yield from (_scale_point(segment.point(i / steps), scale) for i in range(1, steps + 1))
    elif isinstance(segment, CubicBezier | QuadraticBezier):
        start, control1, control2, end = (
            complex(*_scale_point(point, scale)) for point in _cubic_controls(segment)
        )
        points = cubic_points(start, control1, control2, end, max_points)
        yield from ((point.real, point.imag) for point in points)
    else:
        yield _scale_point(segment.end, scale)


def _cubic_controls(curve: Any) -> tuple[complex, complex, complex, complex]:
    """The four points of a cubic Bézier curve; a quadratic one is converted."""
    if hasattr(curve, "control1"):
        return curve.start, curve.control1, curve.control2, curve.end
    control1 = curve.start + (curve.control - curve.start) * 2 / 3
    control2 = curve.end + (curve.control - curve.end) * 2 / 3
    return curve.start, control1, control2, curve.end


def _arc_steps(arc: Any, scale: float) -> int:
    if arc.start == arc.end or not arc.radius.real or not arc.radius.imag:
        return 1
    radius = max(arc.radius.real, arc.radius.imag) * arc.radius_scale * scale
    if radius <= CURVE_TOLERANCE:
        return 1
    sweep = math.radians(abs(arc.delta))
    return math.ceil(sweep / (2 * math.acos(1 - CURVE_TOLERANCE / radius))) or 1


def _scale_point(point: complex, scale: Point) -> Point:
    return point.real * scale[0], point.imag * scale[1]
