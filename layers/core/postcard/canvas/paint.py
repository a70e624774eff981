"""Paints made into pixels: a gradient over a box as CSS draws it."""

import math
from array import array
from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from postcard.color import TRANSPARENT, Color, Gradient, LinearGradient, Paint, RadialGradient
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes

Rgb = tuple[int, int, int]
ColorStops = tuple[tuple[Color, float], ...]
PixelRegion = tuple[float, float, int, int]  # left and top from a box's corner; width and height
RowMapper = Callable[[Image.Image], Image.Image]  # a row of samples → the box

_EXTRA_SAMPLES = 2  # samples beyond the line's ends, which interpolation may ask for
_CONE_RADIUS = 128  # pixels of the cone that a radial gradient is scaled from
_MAX_SAMPLES = 4096  # samples along a gradient's line


@dataclass(frozen=True, slots=True)
class RenderedPaint:
    """A paint over a box in device pixels: `color` is an ink or an RGB picture of the box.

    `alpha` is None where all is opaque, a number, or a mask of the box.
    """

    color: Rgb | Image.Image
    alpha: Image.Image | int | None = None


def render_paint(paint: Paint, size: tuple[float, float], region: PixelRegion) -> RenderedPaint:
    """The paint over a part of a box that is `size` device pixels.

    Beyond the box it goes on as at its edge.
    """
    if isinstance(paint, LinearGradient | RadialGradient):
        return _render_gradient(paint, size, region)
    return RenderedPaint(paint[:3], None if paint[3] == 255 else paint[3])


def color_at(stops: ColorStops, offset: float) -> Color:
    """The colour at `place` of a gradient's line, mixed premultiplied as CSS does.

    >>> color_at((((255, 0, 0, 255), 0.0), ((0, 0, 0, 0), 1.0)), 0.5)
    (255, 0, 0, 128)
    """
    before = after = stops[0] if stops else (TRANSPARENT, 0.0)
    for stop in stops:
        before, after = after, stop
        if offset < stop[1]:
            break
    else:
        return after[0]
    (first, start), (second, end) = before, after
    if offset <= start or end <= start:
        return first
    return _interpolate_premultiplied(first, second, (offset - start) / (end - start))


def _interpolate_premultiplied(first: Color, second: Color, fraction: float) -> Color:
    one, two = first[3] * (1 - fraction), second[3] * fraction
    alpha = one + two
    if not alpha:
        return TRANSPARENT
    red, green, blue = (
        round((a * one + b * two) / alpha) for a, b in zip(first[:3], second[:3], strict=True)
    )
    return red, green, blue, int(alpha + 0.5)


def _size_in_bytes(rendered: RenderedPaint) -> int:
    pictures = (part for part in (rendered.color, rendered.alpha) if isinstance(part, Image.Image))
    return sum(part.width * part.height * (1 if part.mode == "L" else 4) for part in pictures)


@memoize_by_bytes(_size_in_bytes)
def _render_gradient(
    gradient: Gradient, size: tuple[float, float], region: PixelRegion
) -> RenderedPaint:
    if isinstance(gradient, LinearGradient):
        colors, spread = _linear_samples(gradient, size, region)
    else:
        colors, spread = _radial_samples(gradient, size, region)
    alphas = bytes(color[3] for color in colors)
    alpha = None if min(alphas) == 255 else spread(_sample_row("L", alphas))
    inks = {color[:3] for color in colors if color[3]}
    if len(inks) < 2:  # one colour that fades: its mask says all
        return RenderedPaint(inks.pop() if inks else (0, 0, 0), alpha)
    rgb = bytes(channel for color in colors for channel in color[:3])
    return RenderedPaint(spread(_sample_row("RGB", rgb)), alpha)


def _sample_row(mode: str, samples: bytes) -> Image.Image:
    """The samples as a picture of three equal rows, so that interpolation stays inside."""
    return Image.frombytes(mode, (len(samples) // len(mode), 3), samples * 3)


def _linear_samples(
    gradient: LinearGradient, size: tuple[float, float], region: PixelRegion
) -> tuple[list[Color], RowMapper]:
    (width, height), (left, top), out = size, region[:2], region[2:]
    turn = math.radians(gradient.angle)
    across, up = math.sin(turn), math.cos(turn)
    length = max(1e-6, abs(width * across) + abs(height * up))
    count = min(_MAX_SAMPLES, math.ceil(length))
    dense = count / length
    start = (length - width * across + height * up) / 2 + left * across - top * up
    ends = [start + x * across - y * up for x in (0, out[0]) for y in (0, out[1])]
    before = _EXTRA_SAMPLES + max(0, math.ceil(-min(ends) * dense))
    after = _EXTRA_SAMPLES + max(0, math.ceil(max(ends) * dense) - count)
    affine = (across * dense, -up * dense, start * dense + before, 0.0, 0.0, 1.5)

    def spread(row: Image.Image) -> Image.Image:
        return row.transform(out, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)

    places = ((i + 0.5) / count for i in range(-before, count + after))
    return [color_at(gradient.stops, place) for place in places], spread


def _radial_samples(
    gradient: RadialGradient, size: tuple[float, float], region: PixelRegion
) -> tuple[list[Color], RowMapper]:
    """The distance from the centre in 256 steps, then each step's colour."""
    (width, height), (x, y) = size, gradient.center
    (left, top), out = region[:2], region[2:]
    reach = math.sqrt(2) * gradient.radius
    dense_x = _CONE_RADIUS / max(1e-6, reach * width * max(x, 1 - x))
    dense_y = _CONE_RADIUS / max(1e-6, reach * height * max(y, 1 - y))
    offset_x, offset_y = (left - x * width) * dense_x, (top - y * height) * dense_y
    middle = _CONE_RADIUS + _EXTRA_SAMPLES
    affine = (dense_x, 0.0, middle + offset_x, 0.0, dense_y, middle + offset_y)
    far = _distance_cone().transform(
        out, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR, fillcolor=255
    )
    distance = far.convert("L")

    def spread(row: Image.Image) -> Image.Image:
        bands = (band.crop((0, 0, 256, 1)).tobytes() for band in row.split())
        return Image.merge(row.mode, [distance.point(list(band)) for band in bands])

    return [color_at(gradient.stops, step / 255) for step in range(256)], spread


@lru_cache(maxsize=1)
def _distance_cone() -> Image.Image:
    """The distance from the middle, 255 at `_CONE` pixels, and half for rounding."""
    side = 2 * (_CONE_RADIUS + _EXTRA_SAMPLES)
    places = [index + 0.5 - side / 2 for index in range(side)]
    distances = (math.hypot(x, y) * 255 / _CONE_RADIUS + 0.5 for y in places for x in places)
    return Image.frombytes("F", (side, side), array("f", distances).tobytes())
