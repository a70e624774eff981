"""The modules of a code on whole device pixels: squares, dots, or squares with round corners."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.canvas import mask
from postcard.canvas.mask import Mask, PixelBounds
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

ModuleStyle = Literal["square", "round", "dot"]
ModuleRows = Sequence[bytes]  # a byte a module, 0 is light

_FINDER_SIZE = 7  # modules; the squares in three corners that a reader looks for first
_MIN_CODE_SIZE = 21
_SUPERSAMPLING = 4  # times as many pixels for round things
_MODULE_TO_LEVEL = bytes(255 if module else 0 for module in range(256))
_CORNER_DIRECTIONS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def modules_mask(rows: ModuleRows, box: Box, style: ModuleStyle, *, clip: PixelBounds) -> Mask:
    """The dark modules in the middle of a box of device pixels, as far as they are `within`."""
    columns = len(rows[0])
    each = max(1, int(min(box.width / columns, box.height / len(rows)) + 1e-6))
    x = round(box.x + (box.width - each * columns) / 2)
    y = round(box.y + (box.height - each * len(rows)) / 2)
    seen = mask.rectangle(Box(x, y, each * columns, each * len(rows)), clip=clip)
    if not seen.width or not seen.height:
        return seen
    dark = [row.translate(_MODULE_TO_LEVEL) for row in rows]
    return replace(
        seen, image=_ModuleGrid(each, seen.x - x, seen.y - y, seen.size).draw(dark, style)
    )


def clear_center(rows: ModuleRows, size: int) -> ModuleRows:
    """The code with light modules in a square of `side` in its middle."""
    start = (len(rows) - size) // 2
    light = bytes(size)
    return [
        row[:start] + light + row[start + size :] if start <= y < start + size else row
        for y, row in enumerate(rows)
    ]


@dataclass(frozen=True, slots=True)
class _ModuleGrid:
    """Modules of `each` pixels a side, seen from `left`, `top` on."""

    module_size: int
    left: int
    top: int
    size: tuple[int, int]

    def draw(self, rows: ModuleRows, style: ModuleStyle) -> Image.Image:
        if style == "square":
            return self._draw_squares(rows)
        if style == "round":
            return self._draw_rounded(rows)
        finders, others = _split_finders(rows)
        dots = ImageChops.multiply(
            self._draw_squares(others), self._repeat_tile(_circle_tile(self.module_size))
        )
        return ImageChops.lighter(dots, self._draw_rounded(finders))

    def _draw_rounded(self, rows: ModuleRows) -> Image.Image:
        """Squares without the corners at which they touch no other."""
        solid, beyond = self._draw_squares(rows), ImageChops.invert(_circle_tile(self.module_size))
        for dx, dy in _CORNER_DIRECTIONS:
            cut = ImageChops.multiply(beyond, _quadrant_mask(self.module_size, dx, dy))
            free = self._draw_squares(_exposed_corners(rows, dx, dy))
            solid = ImageChops.subtract(solid, ImageChops.multiply(free, self._repeat_tile(cut)))
        return solid

    def _draw_squares(self, rows: ModuleRows) -> Image.Image:
        """Every module as a square."""
        grid = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
        small = 1 / self.module_size
        affine = (small, 0.0, self.left * small, 0.0, small, self.top * small)
        return grid.transform(self.size, Image.Transform.AFFINE, affine)

    def _repeat_tile(self, tile: Image.Image) -> Image.Image:
        """The tile in the place of every module."""
        image, each = Image.new("L", self.size), self.module_size
        row = Image.new("L", (self.size[0], each))
        for x in range(-(self.left % each), self.size[0], each):
            row.paste(tile, (x, 0))
        for y in range(-(self.top % each), self.size[1], each):
            image.paste(row, (0, y))
        return image


def _split_finders(rows: ModuleRows) -> tuple[ModuleRows, ModuleRows]:
    """The finders, and everything else."""
    side = len(rows)
    near = range(_FINDER_SIZE) if side >= _MIN_CODE_SIZE else range(0)
    far = range(side - _FINDER_SIZE, side) if near else near
    finders = []
    for y, row in enumerate(rows):
        columns = {*near, *far} if y in near else set(near) if y in far else set()
        finders.append(bytes(level if x in columns else 0 for x, level in enumerate(row)))
    others = [
        bytes(level ^ found for level, found in zip(row, part, strict=True))
        for row, part in zip(rows, finders, strict=True)
    ]
    return finders, others


def _exposed_corners(rows: ModuleRows, dx: int, dy: int) -> ModuleRows:
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
def _circle_tile(side: int) -> Image.Image:
    large = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=255)
    return large.reduce(_SUPERSAMPLING)


def _quadrant_mask(side: int, dx: int, dy: int) -> Image.Image:
    """White in one corner of a module."""
    image, half = Image.new("L", (side, side)), side // 2
    x, y = (0 if dx < 0 else side - half), (0 if dy < 0 else side - half)
    image.paste(255, (x, y, x + half, y + half))
    return image
