"""Anti-aliased masks of rectangles, in device pixels, at any fraction of a pixel."""

import math
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import keep_drawn

Radii = float | tuple[float, float, float, float] | Literal["full"]
Corners = tuple[float, float, float, float]  # top left, clockwise
Area = tuple[int, int, int, int]  # left, top, right, bottom

_CACHED_PIXELS = 400_000  # a mask above this is not kept
_FINER = ((32, 16), (200, 8), (800, 4), (math.inf, 2))  # up to this radius, times as many pixels
_LARGEST_RADIUS = 3000.0  # half of the longest canvas, and some
_FRACTIONS = 16  # edges are placed to a sixteenth of a pixel


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
    def area(self) -> Area:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def cut(self, area: Area) -> Image.Image:
        """The coverage of `area`, which may reach beyond."""
        image = self.image or Image.new("L", self.size, 255)
        return image.crop((area[0] - self.x, area[1] - self.y, area[2] - self.x, area[3] - self.y))

    def within(self, other: "Mask") -> "Mask":
        """What both cover."""
        if other.image is None and other.area == self.area:
            return self
        theirs = other.cut(self.area)
        both = ImageChops.darker(self.image, theirs) if self.image else theirs
        return Mask(self.x, self.y, self.width, self.height, both)

    def without(self, other: "Mask") -> "Mask":
        """What this covers and the other does not."""
        left = ImageChops.subtract(self.cut(self.area), other.cut(self.area))
        return Mask(self.x, self.y, self.width, self.height, left)


def corners(radii: Radii, box: Box) -> Corners:
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


def smaller(radii: Corners, inset: float) -> Corners:
    """The radii of the outline that lies `inset` inside."""
    a, b, c, d = (max(0.0, radius - inset) for radius in radii)
    return a, b, c, d


def rectangle(box: Box, radii: Corners = (0, 0, 0, 0), *, within: Area | None = None) -> Mask:
    """The mask of a box with round corners, both in device pixels, as far as it is `within`."""
    left, top, right, bottom = map(_placed, (box.x, box.y, box.right, box.bottom))
    outer = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    x, y, end_x, end_y = _clipped(outer, within) if within else outer
    width, height = max(0, end_x - x), max(0, end_y - y)
    if not width or not height:
        return Mask(x, y, 0, 0, None)
    edges = (left - outer[0], top - outer[1], outer[2] - right, outer[3] - bottom)
    if not any(edges) and not any(radii):
        return Mask(x, y, width, height, None)
    rounded = tuple(_placed(min(radius, _LARGEST_RADIUS)) for radius in radii)
    beyond = (x - outer[0], y - outer[1], outer[2] - end_x, outer[3] - end_y)
    make = _kept if width * height <= _CACHED_PIXELS else _drawn
    return Mask(x, y, width, height, make(width, height, edges, rounded, beyond))


def _clipped(area: Area, within: Area) -> Area:
    return (
        max(area[0], within[0]),
        max(area[1], within[1]),
        min(area[2], within[2]),
        min(area[3], within[3]),
    )


def _placed(length: float) -> float:
    return round(length * _FRACTIONS) / _FRACTIONS


def _drawn(
    width: int,
    height: int,
    edges: tuple[float, ...],
    radii: tuple[float, ...],
    beyond: tuple[int, ...],
) -> Image.Image:
    """`edges`: what is missing of the outermost pixels at the left, top, right, bottom.

    `beyond`: how many pixels of the box lie outside on these sides.
    """
    left, top, right, bottom = (
        0.0 if out else edge for edge, out in zip(edges, beyond, strict=True)
    )
    row, column = _edge(width, left, right), _edge(height, top, bottom)
    image = ImageChops.multiply(
        Image.frombytes("L", (width, 1), row).resize((width, height)),
        Image.frombytes("L", (1, height), column).resize((width, height)),
    )
    left, top, right, bottom = edges
    near = ((left, top), (right, top), (right, bottom), (left, bottom))
    for index, (radius, (dx, dy)) in enumerate(zip(radii, near, strict=True)):
        if radius:
            _round(image, index, _corner(dx, dy, radius), beyond)
    return image


def _weight(image: Image.Image) -> int:
    return image.width * image.height


_kept = keep_drawn(_weight)(_drawn)


def _edge(length: int, first: float, last: float) -> bytes:
    """Coverage along a line whose first and last pixel are cut."""
    covered = bytearray(b"\xff" * length)
    if length == 1:
        return bytes([round(255 * max(0.0, 1 - first - last))])
    if length:
        covered[0], covered[-1] = round(255 * (1 - first)), round(255 * (1 - last))
    return bytes(covered)


def _round(image: Image.Image, index: int, tile: Image.Image, beyond: tuple[int, ...]) -> None:
    """Lay a top left corner's tile into corner `index`, turned to fit."""
    if index in (1, 2):
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if index in (2, 3):
        tile = tile.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    left, top, right, bottom = beyond
    x = image.width + right - tile.width if index in (1, 2) else -left
    y = image.height + bottom - tile.height if index in (2, 3) else -top
    area = (x, y, x + tile.width, y + tile.height)
    image.paste(ImageChops.darker(image.crop(area), tile), (x, y))


@keep_drawn(_weight)
def _corner(dx: float, dy: float, radius: float) -> Image.Image:
    """A top left corner whose edges lie `dx`, `dy` inside the tile."""
    many = next(many for below, many in _FINER if radius <= below)
    width, height = math.ceil(dx + radius), math.ceil(dy + radius)
    tile = Image.new("L", (width * many, height * many))
    x, y, r = round(dx * many), round(dy * many), round(radius * many)
    draw = ImageDraw.Draw(tile)
    draw.ellipse((x, y, x + 2 * r - 1, y + 2 * r - 1), fill=255)
    draw.rectangle((x + r, y, tile.width, tile.height), fill=255)
    draw.rectangle((x, y + r, tile.width, tile.height), fill=255)
    return tile.reduce(many)
