"""Rasterizes contours with exact area coverage, by the nonzero rule.

Signed-area accumulation: each edge adds to the pixels it crosses the area to its right, and
summing along a row gives the coverage. Time grows with the contours' length, not with their area.
"""

import math
from collections.abc import Iterable, Sequence

from PIL import Image

Point = tuple[float, float]
CoverageDeltas = dict[int, float]  # column → change of coverage from there on

MAX_EDGE_PIXELS = 150_000  # contours that cross more pixels are drawn smaller and enlarged
_EPSILON = 1e-9  # pixels
_LEVELS = [bytes((level,)) for level in range(256)]


def rasterize_contours(
    contours: Sequence[Sequence[Point]],
    width: int,
    height: int,
    *,
    max_edge_pixels: int = MAX_EDGE_PIXELS,
) -> Image.Image:
    """A mask of `width` by `height` pixels of closed contours, given in pixels."""
    reduction = math.ceil(sum(map(_crossed_pixels, contours)) / max_edge_pixels) or 1
    if reduction == 1:
        return _rasterize(contours, width, height)
    reduced = [[(x / reduction, y / reduction) for x, y in contour] for contour in contours]
    mask = _rasterize(reduced, math.ceil(width / reduction), math.ceil(height / reduction))
    region = (0, 0, width / reduction, height / reduction)
    return mask.resize((width, height), Image.Resampling.BILINEAR, region)


def _crossed_pixels(contour: Sequence[Point]) -> float:
    ends = zip(contour, (*contour[1:], *contour[:1]), strict=True)
    return sum(abs(b[0] - a[0]) + abs(b[1] - a[1]) for a, b in ends)


def _rasterize(contours: Iterable[Sequence[Point]], width: int, height: int) -> Image.Image:
    rows: list[CoverageDeltas] = [{} for _ in range(height)]
    for contour in contours:
        if contour:
            previous = contour[-1]
            for point in contour:
                _add_edge(rows, previous, point, width)
                previous = point
    pixels = b"".join([_accumulate_row(deltas, width) for deltas in rows])
    return Image.frombytes("L", (width, height), pixels)


def _add_edge(rows: list[CoverageDeltas], start: Point, end: Point, width: int) -> None:
    """Add an edge, clipped to the rows."""
    sign, (x, y), (end_x, end_y) = 1.0, start, end
    if y > end_y:
        sign, x, y, end_x, end_y = -1.0, end_x, end_y, x, y
    if end_y - y < _EPSILON or end_y <= 0 or y >= len(rows):
        return
    slope = (end_x - x) / (end_y - y)
    if y < 0:
        x, y = x - y * slope, 0.0
    end_y = min(end_y, float(len(rows)))
    row = int(y)
    while y < end_y:
        below = min(row + 1.0, end_y)
        next_x = x + (below - y) * slope
        _add_edge_in_row(rows[row], x, next_x, (below - y) * sign, width)
        x, y, row = next_x, below, row + 1


def _add_edge_in_row(
    deltas: CoverageDeltas, x: float, next_x: float, rise: float, width: int
) -> None:
    """Add the part of an edge inside one row, which goes from `x` to `next_x`."""
    left, right = (x, next_x) if x < next_x else (next_x, x)
    if left >= width:
        return
    first = int(left) if left > 0 else 0
    if right <= 0:
        deltas[0] = deltas.get(0, 0.0) + rise
    elif right - left < _EPSILON or (left >= 0 and right <= first + 1):
        beyond = rise * ((left + right) / 2 - first)
        deltas[first] = deltas.get(first, 0.0) + rise - beyond
        deltas[first + 1] = deltas.get(first + 1, 0.0) + beyond
    else:
        _add_edge_over_pixels(deltas, left, right, rise / (right - left), width)


def _add_edge_over_pixels(
    deltas: CoverageDeltas, left: float, right: float, rise: float, width: int
) -> None:
    """Add an edge that crosses several pixels, `rise` per pixel, clipped at both sides."""
    if left < 0:
        deltas[0] = deltas.get(0, 0.0) - left * rise
        left = 0.0
    end, column = min(right, float(width)), int(left)
    while left < end:
        stop = min(column + 1.0, right)
        part = (stop - left) * rise
        beyond = part * ((left + stop) / 2 - column)
        deltas[column] = deltas.get(column, 0.0) + part - beyond
        deltas[column + 1] = deltas.get(column + 1, 0.0) + beyond
        left, column = stop, column + 1


def _accumulate_row(deltas: CoverageDeltas, width: int) -> bytes:
    """The levels of a row, constant from each crossed pixel to the next."""
    if not deltas:
        return bytes(width)
    parts, position, total = [], 0, 0.0
    for column in sorted(deltas):
        if column >= width:
            break
        level = int(abs(total) * 255 + 0.5)
        parts.append(_LEVELS[level if level < 255 else 255] * (column - position))
        total += deltas[column]
        position = column
    level = int(abs(total) * 255 + 0.5)
    parts.append(_LEVELS[level if level < 255 else 255] * (width - position))
    return b"".join(parts)
