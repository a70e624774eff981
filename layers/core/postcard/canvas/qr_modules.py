"""The modules of a code on whole device pixels: squares, dots, or squares with round corners."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.canvas import mask
from postcard.canvas.mask import Area, Mask
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

ModuleStyle = Literal["square", "round", "dot"]
Rows = Sequence[bytes]  # a byte a module, 0 is light

_FINDER = 7  # modules; the squares in three corners that a reader looks for first
_SMALLEST_CODE = 21
_FINER = 4  # times as many pixels for round things
_DARK = bytes(255 if module else 0 for module in range(256))
_CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def placed(rows: Rows, box: Box, style: ModuleStyle, *, within: Area) -> Mask:
    """The dark modules in the middle of a box of device pixels, as far as they are `within`."""
    columns = len(rows[0])
    each = max(1, int(min(box.width / columns, box.height / len(rows)) + 1e-6))
    x = round(box.x + (box.width - each * columns) / 2)
    y = round(box.y + (box.height - each * len(rows)) / 2)
    seen = mask.rectangle(Box(x, y, each * columns, each * len(rows)), within=within)
    if not seen.width or not seen.height:
        return seen
    dark = [row.translate(_DARK) for row in rows]
    return replace(seen, image=_Modules(each, seen.x - x, seen.y - y, seen.size).drawn(dark, style))


def without_middle(rows: Rows, side: int) -> Rows:
    """The code with light modules in a square of `side` in its middle."""
    start = (len(rows) - side) // 2
    light = bytes(side)
    return [
        row[:start] + light + row[start + side :] if start <= y < start + side else row
        for y, row in enumerate(rows)
    ]


@dataclass(frozen=True, slots=True)
class _Modules:
    """Modules of `each` pixels a side, seen from `left`, `top` on."""

    each: int
    left: int
    top: int
    size: tuple[int, int]

    def drawn(self, rows: Rows, style: ModuleStyle) -> Image.Image:
        if style == "square":
            return self._spread(rows)
        if style == "round":
            return self._rounded(rows)
        finders, others = _parted(rows)
        dots = ImageChops.multiply(self._spread(others), self._tiled(_circle(self.each)))
        return ImageChops.lighter(dots, self._rounded(finders))

    def _rounded(self, rows: Rows) -> Image.Image:
        """Squares without the corners at which they touch no other."""
        solid, beyond = self._spread(rows), ImageChops.invert(_circle(self.each))
        for dx, dy in _CORNERS:
            cut = ImageChops.multiply(beyond, _quarter(self.each, dx, dy))
            free = self._spread(_free(rows, dx, dy))
            solid = ImageChops.subtract(solid, ImageChops.multiply(free, self._tiled(cut)))
        return solid

    def _spread(self, rows: Rows) -> Image.Image:
        """Every module as a square."""
        grid = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
        small = 1 / self.each
        affine = (small, 0.0, self.left * small, 0.0, small, self.top * small)
        return grid.transform(self.size, Image.Transform.AFFINE, affine)

    def _tiled(self, tile: Image.Image) -> Image.Image:
        """The tile in the place of every module."""
        image, each = Image.new("L", self.size), self.each
        row = Image.new("L", (self.size[0], each))
        for x in range(-(self.left % each), self.size[0], each):
            row.paste(tile, (x, 0))
        for y in range(-(self.top % each), self.size[1], each):
            image.paste(row, (0, y))
        return image


def _parted(rows: Rows) -> tuple[Rows, Rows]:
    """The finders, and everything else."""
    side = len(rows)
    near = range(_FINDER) if side >= _SMALLEST_CODE else range(0)
    far = range(side - _FINDER, side) if near else near
    finders = []
    for y, row in enumerate(rows):
        columns = {*near, *far} if y in near else set(near) if y in far else set()
        finders.append(bytes(level if x in columns else 0 for x, level in enumerate(row)))
    others = [
        bytes(level ^ found for level, found in zip(row, part, strict=True))
        for row, part in zip(rows, finders, strict=True)
    ]
    return finders, others


def _free(rows: Rows, dx: int, dy: int) -> Rows:
    """The dark modules whose neighbours on both sides of a corner are light."""
    light = bytes(len(rows[0]))
    found = []
    for y, row in enumerate(rows):
        beside = b"\0" + row[:-1] if dx < 0 else row[1:] + b"\0"
        across = rows[y + dy] if 0 <= y + dy < len(rows) else light
        found.append(
            bytes(
                255 if a and not (b or c) else 0
                for a, b, c in zip(row, beside, across, strict=True)
            )
        )
    return found


@lru_cache(maxsize=16)
def _circle(side: int) -> Image.Image:
    large = Image.new("L", (side * _FINER, side * _FINER))
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=255)
    return large.reduce(_FINER)


def _quarter(side: int, dx: int, dy: int) -> Image.Image:
    """White in one corner of a module."""
    image, half = Image.new("L", (side, side)), side // 2
    x, y = (0 if dx < 0 else side - half), (0 if dy < 0 else side - half)
    image.paste(255, (x, y, x + half, y + half))
    return image
