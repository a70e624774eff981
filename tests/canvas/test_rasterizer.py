"""The rasterizer's coverage, compared with exact areas."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops

from postcard.canvas.vector.rasterizer import Point, rasterize_contours
from tests.trust.run_scale import scaled

COORDINATES = st.floats(-20, 60, allow_nan=False)
TRIANGLES = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=3)


def covered_area(contours: Sequence[Sequence[Point]], size: int = 40) -> float:
    """The area covered, in pixels."""
    return sum(rasterize_contours(contours, size, size).tobytes()) / 255


def clipped_area(points: Sequence[Point], size: float) -> float:
    """The area of a convex outline within a square (Sutherland and Hodgman)."""
    for axis in (0, 1):
        for limit, sign in ((0.0, 1), (size, -1)):
            points = list(clip(points, axis, limit, sign))
    ends = zip(points, (*points[1:], *points[:1]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in ends)) / 2


def clip(points: Sequence[Point], axis: int, limit: float, sign: int) -> Sequence[Point]:
    clipped = []
    for a, b in zip(points, (*points[1:], *points[:1]), strict=True):
        inside = [(p[axis] - limit) * sign >= 0 for p in (a, b)]
        if inside[0]:
            clipped.append(a)
        if inside[0] != inside[1]:
            fraction = (limit - a[axis]) / (b[axis] - a[axis])
            clipped.append((a[0] + (b[0] - a[0]) * fraction, a[1] + (b[1] - a[1]) * fraction))
    return clipped


@settings(max_examples=scaled(100, 1000), deadline=None)
@given(TRIANGLES)
def test_the_coverage_is_the_area_inside(triangle: list[Point]) -> None:
    assert covered_area([triangle]) == pytest.approx(clipped_area(triangle, 40), abs=1.5)


@settings(max_examples=scaled(100, 1000), deadline=None)
@given(TRIANGLES)
def test_the_direction_of_a_contour_does_not_matter(triangle: list[Point]) -> None:
    forward = rasterize_contours([triangle], 40, 40)
    backward = rasterize_contours([triangle[::-1]], 40, 40)
    assert max(ImageChops.difference(forward, backward).tobytes()) <= 1  # of 255, by rounding


def test_overlapping_contours_follow_the_nonzero_rule() -> None:
    square = [(5.0, 5.0), (25.0, 5.0), (25.0, 25.0), (5.0, 25.0)]
    assert covered_area([square, square]) == 400
    assert covered_area([square, square[::-1]]) == 0


def test_a_half_covered_pixel_is_half_as_dark() -> None:
    image = rasterize_contours([[(1.5, 1.25), (3.0, 1.25), (3.0, 3.0), (1.5, 3.0)]], 4, 4)
    assert [image.getpixel(p) for p in ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2))] == [
        96, 191, 128, 255, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("contours", [[], [[]], [[(3.0, 3.0)]], [[(0.0, 3.0), (9.0, 3.0)]]])
def test_contours_without_an_area_cover_nothing(contours: list[list[Point]]) -> None:
    assert covered_area(contours) == 0


def test_contours_with_too_many_edge_pixels_are_drawn_coarser() -> None:
    square = [(4.0, 4.0), (36.0, 4.0), (36.0, 36.0), (4.0, 36.0)]
    area = sum(rasterize_contours([square], 40, 40, max_edge_pixels=50).tobytes()) / 255
    assert area == pytest.approx(32 * 32, rel=0.05)
