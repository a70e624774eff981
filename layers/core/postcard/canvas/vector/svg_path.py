"""SVG's path language as contours."""

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from postcard.canvas.vector.rasterizer import Point
from postcard.canvas.vector.shapes import TOLERANCE, Contour, cubic
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern

MOST_SEGMENTS = 2000
FARTHEST = 1e6  # a coordinate's distance from nought
_LANGUAGE = pattern(r"\s*[Mm][MmZzLlHhVvCcSsQqTtAa0-9eE.,+\-\s]*", re.ASCII)
_MOST_POINTS = 20_000  # of a whole path; curves of one that has more become a bit angular


@dataclass(frozen=True, slots=True)
class SvgPath:
    """What SVG's `d` draws in a `view` of this width and height, stretched to the box."""

    d: str
    view: tuple[float, float]

    def contours(self, width: float, height: float) -> Sequence[Contour]:
        """A contour for each subpath."""
        scale = (width / self.view[0], height / self.view[1])
        return tuple(_contours(read_path(self.d), scale))


@lru_cache(maxsize=64)
def read_path(d: str) -> Sequence[Any]:
    """The segments of a path; ValueError with a sentence if it is none or has too many."""
    from svg.path import parse_path

    if not _LANGUAGE.fullmatch(d):
        raise ValueError("is no SVG path: it starts with M and has commands and numbers alone")
    try:
        segments = tuple(parse_path(d))
    except (ArithmeticError, AssertionError, IndexError, ValueError):
        raise ValueError("is no SVG path that can be read") from None
    if len(segments) > MOST_SEGMENTS:
        raise ValueError(f"has more than {MOST_SEGMENTS} segments")
    if any(not abs(at) <= FARTHEST for segment in segments for at in _reach(segment)):
        raise ValueError(f"reaches farther than {FARTHEST:.0f}")
    return segments


def _reach(segment: Any) -> Sequence[complex]:
    if hasattr(segment, "control") or hasattr(segment, "control1"):
        return _controls(segment)
    return segment.start, segment.end, getattr(segment, "radius", 0j)


def _contours(segments: Sequence[Any], scale: Point) -> Iterator[Contour]:
    from svg.path import Close, Move

    points: list[Point] = []
    most = max(8, _MOST_POINTS // max(1, len(segments)))
    for segment in segments:
        if isinstance(segment, Move):
            if len(points) > 1:
                yield Contour(tuple(points), closed=False)
            points = [_placed(segment.end, scale)]
        elif isinstance(segment, Close):
            yield Contour(tuple(points))
            points = [_placed(segment.end, scale)]
        else:
            points.extend(_along(segment, scale, most))
    if len(points) > 1:
        yield Contour(tuple(points), closed=False)


def _along(segment: Any, scale: Point, most: int) -> Iterator[Point]:
    """Points after the start of a segment, as many as it bends, but at most so many."""
    from svg.path import Arc, CubicBezier, QuadraticBezier

    if isinstance(segment, Arc):
        steps = min(most, _steps(segment, max(scale)))
        yield from (_placed(segment.point(i / steps), scale) for i in range(1, steps + 1))
    elif isinstance(segment, CubicBezier | QuadraticBezier):
        start, first, second, end = (complex(*_placed(at, scale)) for at in _controls(segment))
        yield from ((at.real, at.imag) for at in cubic(start, first, second, end, most))
    else:
        yield _placed(segment.end, scale)


def _controls(curve: Any) -> tuple[complex, complex, complex, complex]:
    """A quadratic curve is a cubic one, too."""
    if hasattr(curve, "control1"):
        return curve.start, curve.control1, curve.control2, curve.end
    first = curve.start + (curve.control - curve.start) * 2 / 3
    return curve.start, first, curve.end + (curve.control - curve.end) * 2 / 3, curve.end


def _steps(arc: Any, scale: float) -> int:
    if arc.start == arc.end or not arc.radius.real or not arc.radius.imag:
        return 1
    radius = max(arc.radius.real, arc.radius.imag) * arc.radius_scale * scale
    if radius <= TOLERANCE:
        return 1
    turn = math.radians(abs(arc.delta))
    return math.ceil(turn / (2 * math.acos(1 - TOLERANCE / radius))) or 1


def _placed(at: complex, scale: Point) -> Point:
    return at.real * scale[0], at.imag * scale[1]
