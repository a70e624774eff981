"""Bars of linear barcodes and modules of QR codes, on whole device pixels.

Scanners read edges: a module that ended inside a pixel would be grey there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from postcard.canvas import mask
from postcard.canvas.mask import Mask, PixelBounds
from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

ModuleStyle = Literal["square", "round", "dot"]
ModuleRows = Sequence[bytes]  # one byte per module; 0 is light

_FINDER_SIZE = 7  # modules; finder patterns are the large squares in three corners
_MIN_CODE_SIZE = 21  # modules; rows of fewer are no whole QR code and have no finders
_SUPERSAMPLING = 4  # for circles
_MODULE_TO_LEVEL = bytes(255 if module else 0 for module in range(256))
_CORNER_DIRECTIONS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def module_width(count: int, width: float) -> int:
    """The width of each of `count` modules in `width`, in device pixels; 0 if they do not fit."""
    return int(width / count + 1e-6) if count else 0


def bar_boxes(modules: Sequence[int], box: Box) -> Iterator[Box]:
    """The dark bars, centred horizontally in a box of device pixels and as high as it."""
    width = module_width(len(modules), box.width)
    x = round(box.x + (box.width - width * len(modules)) / 2)
    top, bottom = round(box.y), round(box.bottom)
    for dark, run in groupby(modules):
        bar_width = width * len(list(run))
        if dark and bar_width:
            yield Box(x, top, bar_width, bottom - top)
        x += bar_width


def bars_mask(modules: Sequence[int], box: Box, *, clip: PixelBounds) -> Mask:
    """All bars of a code in a box of device pixels, with the spaces between, cut at `clip`."""
    bars = list(bar_boxes(modules, box))
    if not bars:
        return Mask(0, 0, 0, 0, None)
    code = Box(bars[0].x, bars[0].y, bars[-1].right - bars[0].x, bars[0].height)
    visible = mask.rectangle(code, clip=clip)
    if not visible.width or not visible.height:
        return visible
    image = Image.new("L", visible.size)
    for bar in bars:
        left, right = int(bar.x) - visible.x, int(bar.right) - visible.x
        image.paste(255, (left, 0, right, visible.height))
    return replace(visible, image=image)


def qr_mask(rows: ModuleRows, box: Box, style: ModuleStyle, *, clip: PixelBounds) -> Mask:
    """The dark modules of a QR code, centred in a box of device pixels and cut at `clip`."""
    columns = len(rows[0])
    size = max(1, int(min(box.width / columns, box.height / len(rows)) + 1e-6))
    x = round(box.x + (box.width - size * columns) / 2)
    y = round(box.y + (box.height - size * len(rows)) / 2)
    visible = mask.rectangle(Box(x, y, size * columns, size * len(rows)), clip=clip)
    if not visible.width or not visible.height:
        return visible
    levels = [row.translate(_MODULE_TO_LEVEL) for row in rows]
    grid = _ModuleGrid(size, visible.x - x, visible.y - y, visible.size)
    return replace(visible, image=grid.draw(levels, style))


def finder_masks(modules: Mask, columns: int) -> Iterator[Mask]:
    """Masks of the three finder patterns of a whole QR code, with the light modules around each."""
    size = modules.width * (_FINDER_SIZE + 1) // columns
    for corner in ((0, 0), (modules.width - size, 0), (0, modules.height - size)):
        left, top = modules.x + corner[0], modules.y + corner[1]
        image = modules.crop((left, top, left + size, top + size))
        yield Mask(left, top, size, size, image)


def clear_center(rows: ModuleRows, size: int) -> ModuleRows:
    """The code with light modules in a square of `size` modules at its centre, for a logo."""
    start = (len(rows) - size) // 2
    light = bytes(size)
    return [
        row[:start] + light + row[start + size :] if start <= y < start + size else row
        for y, row in enumerate(rows)
    ]


@dataclass(frozen=True, slots=True)
class _ModuleGrid:
    """Draws the part of a code that starts `left`, `top` pixels inside it and has `size` pixels."""

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
        """Squares whose corners are round where no neighbour touches them."""
        image = self._draw_squares(rows)
        outside_circle = ImageChops.invert(_circle_tile(self.module_size))
        for dx, dy in _CORNER_DIRECTIONS:
            corner = ImageChops.multiply(outside_circle, _quadrant_mask(self.module_size, dx, dy))
            exposed = self._draw_squares(_exposed_corners(rows, dx, dy))
            removed = ImageChops.multiply(exposed, self._repeat_tile(corner))
            image = ImageChops.subtract(image, removed)
        return image

    def _draw_squares(self, rows: ModuleRows) -> Image.Image:
        grid = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
        step = 1 / self.module_size
        affine = (step, 0.0, self.left * step, 0.0, step, self.top * step)
        return grid.transform(self.size, Image.Transform.AFFINE, affine)

    def _repeat_tile(self, tile: Image.Image) -> Image.Image:
        """The tile at every module."""
        image, step = Image.new("L", self.size), self.module_size
        row = Image.new("L", (self.size[0], step))
        for x in range(-(self.left % step), self.size[0], step):
            row.paste(tile, (x, 0))
        for y in range(-(self.top % step), self.size[1], step):
            image.paste(row, (0, y))
        return image


def _split_finders(rows: ModuleRows) -> tuple[ModuleRows, ModuleRows]:
    """The finder patterns alone, and the code without them."""
    side = len(rows)
    start = range(_FINDER_SIZE) if side >= _MIN_CODE_SIZE else range(0)
    end = range(side - _FINDER_SIZE, side) if start else start
    finders = []
    for y, row in enumerate(rows):
        columns = {*start, *end} if y in start else set(start) if y in end else set()
        finders.append(bytes(level if x in columns else 0 for x, level in enumerate(row)))
    others = [
        bytes(level ^ finder for level, finder in zip(row, finder_row, strict=True))
        for row, finder_row in zip(rows, finders, strict=True)
    ]
    return finders, others


def _exposed_corners(rows: ModuleRows, dx: int, dy: int) -> ModuleRows:
    """The dark modules whose neighbours at both sides of one corner are light."""
    light_row = bytes(len(rows[0]))
    exposed = []
    for y, row in enumerate(rows):
        beside = b"\0" + row[:-1] if dx < 0 else row[1:] + b"\0"
        above_or_below = rows[y + dy] if 0 <= y + dy < len(rows) else light_row
        neighbours = zip(row, beside, above_or_below, strict=True)
        exposed.append(bytes(255 if dark and not (a or b) else 0 for dark, a, b in neighbours))
    return exposed


@lru_cache(maxsize=16)
def _circle_tile(side: int) -> Image.Image:
    large = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=255)
    return large.reduce(_SUPERSAMPLING)


def _quadrant_mask(side: int, dx: int, dy: int) -> Image.Image:
    """White in one quarter of a module."""
    image, half = Image.new("L", (side, side)), side // 2
    x, y = (0 if dx < 0 else side - half), (0 if dy < 0 else side - half)
    image.paste(255, (x, y, x + half, y + half))
    return image
