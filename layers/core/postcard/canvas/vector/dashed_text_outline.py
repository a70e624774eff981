"""Dashed outlines of text: traces the contours of the glyphs' mask and strokes them with dashes."""

import math
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageFilter

from postcard.canvas.vector.rasterizer import Point, rasterize_contours
from postcard.canvas.vector.shapes import Contour
from postcard.canvas.vector.stroker import Pen, stroke_outlines
from postcard.text.glyphs import GlyphBitmap

_MAX_TRACED_PIXELS = 1_000_000  # a larger mask is reduced before it is traced
_SMOOTHING_WINDOW = 5  # pixel corners averaged to a point: removes stairs, preserves curves
_PEN_WIDENING = 2.0  # pixels: dashes are intersected with the outline, so they may be wider
_POINT_SPACING = 4  # pixel corners from one point to the next


def dash_outline(
    outline: GlyphBitmap, letters: GlyphBitmap, width: float, dash: tuple[float, float]
) -> GlyphBitmap:
    """The parts of an outline that dashes round the letters cover; lengths in device pixels."""
    dx, dy = letters.x - outline.x, letters.y - outline.y
    contours = [
        Contour(tuple((x + dx, y + dy) for x, y in contour.points))
        for contour in trace_contours(letters.mask)
    ]
    dashes = rasterize_contours(
        list(stroke_outlines(contours, Pen(2 * (width + _PEN_WIDENING), dash))), *outline.mask.size
    )
    return GlyphBitmap(ImageChops.multiply(outline.mask, dashes), outline.x, outline.y)


def trace_contours(mask: Image.Image) -> list[Contour]:
    """The contours round all pixels with a coverage of half or more, in pixels of the mask."""
    reduction = math.ceil(math.sqrt(mask.width * mask.height / _MAX_TRACED_PIXELS)) or 1
    solid = mask.reduce(reduction).point([255 * (level > 127) for level in range(256)])
    contours = []
    for corners in _boundary_loops(_boundary_edges(solid)):
        if len(corners) > _SMOOTHING_WINDOW:
            points = (
                _smoothed_point(corners, index, reduction)
                for index in range(0, len(corners), _POINT_SPACING)
            )
            contours.append(Contour(tuple(points)))
    return contours


def _boundary_edges(solid: Image.Image) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Edges between solid and empty pixels: start → ends, with the solid pixel at the right."""
    padded = Image.new("L", (solid.width + 2, solid.height + 2))
    padded.paste(solid, (1, 1))
    boundary = ImageChops.subtract(padded, padded.filter(ImageFilter.MinFilter(3))).tobytes()
    filled, stride = padded.tobytes(), padded.width
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    index = boundary.find(b"\xff")
    while index >= 0:
        y, x = divmod(index, stride)
        if not filled[index - stride]:
            edges.setdefault((x, y), []).append((x + 1, y))
        if not filled[index + 1]:
            edges.setdefault((x + 1, y), []).append((x + 1, y + 1))
        if not filled[index + stride]:
            edges.setdefault((x + 1, y + 1), []).append((x, y + 1))
        if not filled[index - 1]:
            edges.setdefault((x, y + 1), []).append((x, y))
        index = boundary.find(b"\xff", index + 1)
    return edges


def _boundary_loops(
    edges: dict[tuple[int, int], list[tuple[int, int]]],
) -> Iterator[list[tuple[int, int]]]:
    """The corners along each closed loop of edges; empties `edges`."""
    while edges:
        first = corner = next(iter(edges))
        loop = []
        while corner in edges:
            loop.append(corner)
            ends = edges[corner]
            following = ends.pop()
            if not ends:
                del edges[corner]
            corner = following
            if corner == first:
                break
        yield loop


def _smoothed_point(corners: list[tuple[int, int]], index: int, reduction: int) -> Point:
    """The average of the corners near one, in pixels of the mask before reduction."""
    nearby = [
        corners[(index + step) % len(corners)]
        for step in range(-(_SMOOTHING_WINDOW // 2), _SMOOTHING_WINDOW // 2 + 1)
    ]
    x, y = (sum(values) / len(nearby) - 1 for values in zip(*nearby, strict=True))
    return x * reduction, y * reduction
