"""Renders paints, solid colours and CSS gradients, to pixels."""

import math
from array import array
from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from postcard.color import TRANSPARENT, Color, Gradient, LinearGradient, Paint, RadialGradient, Rgb
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes

ColorStops = tuple[tuple[Color, float], ...]
PixelRegion = tuple[float, float, int, int]  # left and top from the box's corner, width, height
RowMapper = Callable[[Image.Image], Image.Image]  # a row of samples → the region's pixels

_EXTRA_SAMPLES = 2  # beyond both ends of the row, for interpolation
_CONE_RADIUS = 128  # pixels of the image that radial gradients are scaled from
_MAX_SAMPLES = 4096  # along a gradient's line


@dataclass(frozen=True, slots=True)
class RenderedPaint:
    """A paint for a region of pixels: one colour or an RGB image, and its alpha.

    `alpha` is None if all is opaque, a number for the whole region, or a mask.
    """

    color: Rgb | Image.Image
    alpha: Image.Image | int | None = None


def render_paint(paint: Paint, size: tuple[float, float], region: PixelRegion) -> RenderedPaint:
    """Render a region of a paint that spans a box of `size` device pixels.

    Outside the box a gradient continues with its end colours.
    """
    if isinstance(paint, LinearGradient | RadialGradient):
        return _render_gradient(paint, size, region)
    return RenderedPaint(paint[:3], None if paint[3] == 255 else paint[3])


def color_at(stops: ColorStops, offset: float) -> Color:
    """The colour at `offset` (0 to 1) of a gradient, interpolated premultiplied as in CSS.

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
    weight1, weight2 = first[3] * (1 - fraction), second[3] * fraction
    alpha = weight1 + weight2
    if not alpha:
        return TRANSPARENT
    red, green, blue = (
        round((a * weight1 + b * weight2) / alpha)
        for a, b in zip(first[:3], second[:3], strict=True)
    )
    return red, green, blue, int(alpha + 0.5)


def _size_in_bytes(rendered: RenderedPaint) -> int:
    parts = (rendered.color, rendered.alpha)
    images = (part for part in parts if isinstance(part, Image.Image))
    return sum(image.width * image.height * (1 if image.mode == "L" else 4) for image in images)


@memoize_by_bytes(_size_in_bytes)
def _render_gradient(
    gradient: Gradient, size: tuple[float, float], region: PixelRegion
) -> RenderedPaint:
    if isinstance(gradient, LinearGradient):
        colors, map_row = _linear_samples(gradient, size, region)
    else:
        colors, map_row = _radial_samples(gradient, size, region)
    alphas = bytes(color[3] for color in colors)
    alpha = None if min(alphas) == 255 else map_row(_sample_row("L", alphas))
    visible = {color[:3] for color in colors if color[3]}
    if len(visible) < 2:  # only the alpha changes
        return RenderedPaint(visible.pop() if visible else (0, 0, 0), alpha)
    rgb = bytes(channel for color in colors for channel in color[:3])
    return RenderedPaint(map_row(_sample_row("RGB", rgb)), alpha)


def _sample_row(mode: str, samples: bytes) -> Image.Image:
    """The samples as an image of three equal rows, so that interpolation finds neighbours."""
    return Image.frombytes(mode, (len(samples) // len(mode), 3), samples * 3)


def _linear_samples(
    gradient: LinearGradient, size: tuple[float, float], region: PixelRegion
) -> tuple[list[Color], RowMapper]:
    """The colours along the gradient's line, and the transform that fills the region with them."""
    (width, height), (left, top), region_size = size, region[:2], region[2:]
    angle = math.radians(gradient.angle)
    dx, dy = math.sin(angle), math.cos(angle)
    length = max(1.0, abs(width * dx) + abs(height * dy))  # shorter ones need no more samples
    count = min(_MAX_SAMPLES, math.ceil(length))
    density = count / length
    start = (length - width * dx + height * dy) / 2 + left * dx - top * dy
    ends = [start + x * dx - y * dy for x in (0, region_size[0]) for y in (0, region_size[1])]
    before = _EXTRA_SAMPLES + max(0, math.ceil(-min(ends) * density))
    after = _EXTRA_SAMPLES + max(0, math.ceil(max(ends) * density) - count)
    matrix = (dx * density, -dy * density, start * density + before, 0.0, 0.0, 1.5)

    def map_row(row: Image.Image) -> Image.Image:
        return row.transform(region_size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)

    offsets = ((i + 0.5) / count for i in range(-before, count + after))
    return [color_at(gradient.stops, offset) for offset in offsets], map_row


def _radial_samples(
    gradient: RadialGradient, size: tuple[float, float], region: PixelRegion
) -> tuple[list[Color], RowMapper]:
    """The colours at 256 distances, and the lookup of each pixel's distance among them."""
    (width, height), (x, y) = size, gradient.center
    (left, top), region_size = region[:2], region[2:]
    reach = math.sqrt(2) * gradient.radius
    density_x = _CONE_RADIUS / max(1e-6, reach * width * max(x, 1 - x))
    density_y = _CONE_RADIUS / max(1e-6, reach * height * max(y, 1 - y))
    offset_x, offset_y = (left - x * width) * density_x, (top - y * height) * density_y
    middle = _CONE_RADIUS + _EXTRA_SAMPLES
    matrix = (density_x, 0.0, middle + offset_x, 0.0, density_y, middle + offset_y)
    distances = _distance_cone().transform(
        region_size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=255
    )
    distances = distances.convert("L")

    def map_row(row: Image.Image) -> Image.Image:
        bands = (band.crop((0, 0, 256, 1)).tobytes() for band in row.split())
        return Image.merge(row.mode, [distances.point(list(band)) for band in bands])

    return [color_at(gradient.stops, step / 255) for step in range(256)], map_row


@lru_cache(maxsize=1)
def _distance_cone() -> Image.Image:
    """Each pixel's distance from the centre: 255 at the cone's radius; plus 0.5, to round."""
    side = 2 * (_CONE_RADIUS + _EXTRA_SAMPLES)
    offsets = [index + 0.5 - side / 2 for index in range(side)]
    distances = (math.hypot(x, y) * 255 / _CONE_RADIUS + 0.5 for y in offsets for x in offsets)
    return Image.frombytes("F", (side, side), array("f", distances).tobytes())
