"""Anti-aliased masks of rectangles, in device pixels, at any fraction of a pixel."""

import math
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes

Radii = float | tuple[float, float, float, float] | Literal["full"]
ResolvedRadii = tuple[float, float, float, float]  # top left, clockwise
PixelBounds = tuple[int, int, int, int]  # left, top, right, bottom

_MAX_CACHED_PIXELS = 400_000  # a mask above this is not kept
_SUPERSAMPLING = (
    (32, 16),
    (200, 8),
    (800, 4),
    (math.inf, 2),
)  # up to this radius, times as many pixels
_MAX_RADIUS = 3000.0  # half of the longest canvas, and some
_SUBPIXEL_STEPS = 16  # edges are placed to a sixteenth of a pixel


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage of the whole pixels from `x`, `y` on. `image` is None where all are covered."""

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
        """The coverage of `area`, which may reach beyond."""
        image = self.image or Image.new("L", self.size, 255)
        return image.crop(
            (bounds[0] - self.x, bounds[1] - self.y, bounds[2] - self.x, bounds[3] - self.y)
        )

    def intersect(self, other: "Mask") -> "Mask":
        """What both cover."""
        if other.image is None and other.bounds == self.bounds:
            return self
        theirs = other.crop(self.bounds)
        both = ImageChops.darker(self.image, theirs) if self.image else theirs
        return Mask(self.x, self.y, self.width, self.height, both)

    def subtract(self, other: "Mask") -> "Mask":
        """What this covers and the other does not."""
        left = ImageChops.subtract(self.crop(self.bounds), other.crop(self.bounds))
        return Mask(self.x, self.y, self.width, self.height, left)


def corner_radii(radii: Radii, box: Box) -> ResolvedRadii:
    """The four radii, made smaller together where they do not fit, as CSS does."""
    if radii == "full":
        radius = min(box.width, box.height) / 2
        return radius, radius, radius, radius
    if isinstance(radii, int | float):
        radii = (radii, radii, radii, radii)
    a, b, c, d = radii
    sides = ((a + b, box.width), (b + c, box.height), (c + d, box.width), (d + a, box.height))
    share = min([1.0, *(side / both for both, side in sides if both > side)])
    return a * share, b * share, c * share, d * share


def inset_radii(radii: ResolvedRadii, inset: float) -> ResolvedRadii:
    """The radii of the outline that lies `inset` inside."""
    a, b, c, d = (max(0.0, radius - inset) for radius in radii)
    return a, b, c, d


def rectangle(
    box: Box, radii: ResolvedRadii = (0, 0, 0, 0), *, clip: PixelBounds | None = None
) -> Mask:
    """The mask of a box with round corners, both in device pixels, as far as it is `within`."""
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
    beyond = (x - outer[0], y - outer[1], outer[2] - end_x, outer[3] - end_y)
    make = _draw_mask_cached if width * height <= _MAX_CACHED_PIXELS else _draw_mask
    return Mask(x, y, width, height, make(width, height, edges, rounded, beyond))


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
    """`edges`: what is missing of the outermost pixels at the left, top, right, bottom.

    `beyond`: how many pixels of the box lie outside on these sides.
    """
    left, top, right, bottom = (
        0.0 if out else edge for edge, out in zip(edges, clipped, strict=True)
    )
    row, column = _edge_coverage(width, left, right), _edge_coverage(height, top, bottom)
    image = ImageChops.multiply(
        Image.frombytes("L", (width, 1), row).resize((width, height)),
        Image.frombytes("L", (1, height), column).resize((width, height)),
    )
    left, top, right, bottom = edges
    near = ((left, top), (right, top), (right, bottom), (left, bottom))
    for index, (radius, (dx, dy)) in enumerate(zip(radii, near, strict=True)):
        if radius:
            _apply_corner(image, index, _corner_tile(dx, dy, radius), clipped)
    return image


def _size_in_bytes(image: Image.Image) -> int:
    return image.width * image.height


_draw_mask_cached = memoize_by_bytes(_size_in_bytes)(_draw_mask)


def _edge_coverage(length: int, first: float, last: float) -> bytes:
    """Coverage along a line whose first and last pixel are cut."""
    covered = bytearray(b"\xff" * length)
    if length == 1:
        return bytes([round(255 * max(0.0, 1 - first - last))])
    if length:
        covered[0], covered[-1] = round(255 * (1 - first)), round(255 * (1 - last))
    return bytes(covered)


def _apply_corner(
    image: Image.Image, index: int, tile: Image.Image, clipped: tuple[int, ...]
) -> None:
    """Lay a top left corner's tile into corner `index`, turned to fit."""
    if index in (1, 2):
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if index in (2, 3):
        tile = tile.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    left, top, right, bottom = clipped
    x = image.width + right - tile.width if index in (1, 2) else -left
    y = image.height + bottom - tile.height if index in (2, 3) else -top
    area = (x, y, x + tile.width, y + tile.height)
    image.paste(ImageChops.darker(image.crop(area), tile), (x, y))


@memoize_by_bytes(_size_in_bytes)
def _corner_tile(dx: float, dy: float, radius: float) -> Image.Image:
    """A top left corner whose edges lie `dx`, `dy` inside the tile."""
    many = next(many for below, many in _SUPERSAMPLING if radius <= below)
    width, height = math.ceil(dx + radius), math.ceil(dy + radius)
    tile = Image.new("L", (width * many, height * many))
    x, y, r = round(dx * many), round(dy * many), round(radius * many)
    draw = ImageDraw.Draw(tile)
    draw.ellipse((x, y, x + 2 * r - 1, y + 2 * r - 1), fill=255)
    draw.rectangle((x + r, y, tile.width, tile.height), fill=255)
    draw.rectangle((x, y + r, tile.width, tile.height), fill=255)
    return tile.reduce(many)
