"""Anti-aliased masks of rectangles with round corners, in device pixels."""

import math
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes

Radii = float | tuple[float, float, float, float] | Literal["full"]
ResolvedRadii = tuple[float, float, float, float]  # top left, clockwise
PixelBounds = tuple[int, int, int, int]  # left, top, right, bottom

_MAX_CACHED_PIXELS = 400_000
_SUPERSAMPLING = ((32, 16), (200, 8), (800, 4), (math.inf, 2))  # (radius up to, factor)
_MAX_RADIUS = 3000.0  # more than half of the longest canvas
_SUBPIXEL_STEPS = 16  # edges are rounded to a sixteenth of a pixel, so that masks are reused


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage of a rectangle of pixels at `x`, `y`; `image` is None if all are covered."""

    x: int
    y: int
    width: int
    height: int
    image: Image.Image | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def bounds(self) -> PixelBounds:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def crop(self, bounds: PixelBounds) -> Image.Image:
        """The coverage of these pixels; 0 outside the mask."""
        image = self.image or Image.new("L", self.size, 255)
        return image.crop(
            (bounds[0] - self.x, bounds[1] - self.y, bounds[2] - self.x, bounds[3] - self.y)
        )

    def intersect(self, other: "Mask") -> "Mask":
        """What both masks cover."""
        if other.image is None and other.bounds == self.bounds:
            return self
        image = other.crop(self.bounds)
        if self.image:
            image = ImageChops.darker(self.image, image)
        return Mask(self.x, self.y, self.width, self.height, image)

    def subtract(self, other: "Mask") -> "Mask":
        """What this mask covers and the other does not."""
        image = ImageChops.subtract(self.crop(self.bounds), other.crop(self.bounds))
        return Mask(self.x, self.y, self.width, self.height, image)


def mask_bytes(image: Image.Image) -> int:
    """The size of a mask's pixels in memory."""
    return image.width * image.height


def corner_radii(radii: Radii, box: Box) -> ResolvedRadii:
    """The four radii, all scaled down if two do not fit on a side, as CSS does."""
    if radii == "full":
        radius = min(box.width, box.height) / 2
        return radius, radius, radius, radius
    if isinstance(radii, int | float):
        radii = (radii, radii, radii, radii)
    a, b, c, d = radii
    sides = ((a + b, box.width), (b + c, box.height), (c + d, box.width), (d + a, box.height))
    scale = min([1.0, *(side / both for both, side in sides if both > side)])
    return a * scale, b * scale, c * scale, d * scale


def inset_radii(radii: ResolvedRadii, inset: float) -> ResolvedRadii:
    """The radii of an outline that lies `inset` inside."""
    a, b, c, d = (max(0.0, radius - inset) for radius in radii)
    return a, b, c, d


def rectangle(
    box: Box, radii: ResolvedRadii = (0, 0, 0, 0), *, clip: PixelBounds | None = None
) -> Mask:
    """The mask of a box with round corners, in device pixels, cut at `clip`."""
    left, top, right, bottom = map(_quantize, (box.x, box.y, box.right, box.bottom))
    outer = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    x, y, end_x, end_y = _intersection(outer, clip) if clip else outer
    width, height = max(0, end_x - x), max(0, end_y - y)
    if not width or not height:
        return Mask(x, y, 0, 0, None)
    edges = (left - outer[0], top - outer[1], outer[2] - right, outer[3] - bottom)
    if not any(edges) and not any(radii):
        return Mask(x, y, width, height, None)
    rounded = tuple(_quantize(min(radius, _MAX_RADIUS)) for radius in radii)
    clipped = (x - outer[0], y - outer[1], outer[2] - end_x, outer[3] - end_y)
    draw = _draw_mask_cached if width * height <= _MAX_CACHED_PIXELS else _draw_mask
    return Mask(x, y, width, height, draw(width, height, edges, rounded, clipped))


def _intersection(bounds: PixelBounds, clip: PixelBounds) -> PixelBounds:
    return (
        max(bounds[0], clip[0]),
        max(bounds[1], clip[1]),
        min(bounds[2], clip[2]),
        min(bounds[3], clip[3]),
    )


def _quantize(length: float) -> float:
    return round(length * _SUBPIXEL_STEPS) / _SUBPIXEL_STEPS


def _draw_mask(
    width: int,
    height: int,
    edges: tuple[float, ...],
    radii: tuple[float, ...],
    clipped: tuple[int, ...],
) -> Image.Image:
    """Draw the mask from what is cut off at its left, top, right and bottom.

    `edges` are the uncovered fractions of the outermost pixels, `clipped` the whole pixels.
    """
    left, top, right, bottom = (
        0.0 if pixels else edge for edge, pixels in zip(edges, clipped, strict=True)
    )
    row, column = _edge_coverage(width, left, right), _edge_coverage(height, top, bottom)
    image = ImageChops.multiply(
        Image.frombytes("L", (width, 1), row).resize((width, height)),
        Image.frombytes("L", (1, height), column).resize((width, height)),
    )
    left, top, right, bottom = edges
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    for index, (radius, (dx, dy)) in enumerate(zip(radii, corners, strict=True)):
        if radius:
            _apply_corner(image, index, _corner_tile(dx, dy, radius), clipped)
    return image


_draw_mask_cached = memoize_by_bytes(mask_bytes)(_draw_mask)


def _edge_coverage(length: int, first: float, last: float) -> bytes:
    """Coverage along a line of pixels of which fractions of the first and last are uncovered."""
    coverage = bytearray(b"\xff" * length)
    if length == 1:
        return bytes([round(255 * max(0.0, 1 - first - last))])
    if length:
        coverage[0], coverage[-1] = round(255 * (1 - first)), round(255 * (1 - last))
    return bytes(coverage)


def _apply_corner(
    image: Image.Image, index: int, tile: Image.Image, clipped: tuple[int, ...]
) -> None:
    """Cut corner `index` (clockwise from the top left) by the tile of a top left corner."""
    if index in (1, 2):
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if index in (2, 3):
        tile = tile.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    left, top, right, bottom = clipped
    x = image.width + right - tile.width if index in (1, 2) else -left
    y = image.height + bottom - tile.height if index in (2, 3) else -top
    bounds = (x, y, x + tile.width, y + tile.height)
    image.paste(ImageChops.darker(image.crop(bounds), tile), (x, y))


@memoize_by_bytes(mask_bytes)
def _corner_tile(dx: float, dy: float, radius: float) -> Image.Image:
    """The mask of a top left corner whose edges lie `dx`, `dy` inside the tile."""
    factor = next(factor for max_radius, factor in _SUPERSAMPLING if radius <= max_radius)
    width, height = math.ceil(dx + radius), math.ceil(dy + radius)
    tile = Image.new("L", (width * factor, height * factor))
    x, y, r = round(dx * factor), round(dy * factor), round(radius * factor)
    draw = ImageDraw.Draw(tile)
    draw.ellipse((x, y, x + 2 * r - 1, y + 2 * r - 1), fill=255)
    draw.rectangle((x + r, y, tile.width, tile.height), fill=255)
    draw.rectangle((x, y + r, tile.width, tile.height), fill=255)
    return tile.reduce(factor)
