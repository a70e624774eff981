"""Dashes round letters: the outlines found in a mask, as contours for a pen."""

import math
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageFilter

from postcard.canvas.vector.rasterizer import Point, rasterize_contours
from postcard.canvas.vector.shapes import Contour
from postcard.canvas.vector.stroker import Pen, stroke_outlines
from postcard.text.glyphs import GlyphBitmap

_MAX_TRACED_PIXELS = 1_000_000  # a larger mask is traced coarser
_SMOOTHING_WINDOW = (
    5  # corners of pixels that make a point; their stairs go, a letter's curves stay
)
_PEN_WIDENING = 2.0  # pixels that the pen is broader; the outline's own edge is what shows
_POINT_SPACING = 4  # corners from one point to the next


def dash_outline(
    outline: GlyphBitmap, letters: GlyphBitmap, width: float, dash: tuple[float, float]
) -> GlyphBitmap:
    """What a pen leaves of an outline on its way round the letters; lengths in device pixels."""
    right, down = letters.x - outline.x, letters.y - outline.y
    contours = [
        Contour(tuple((x + right, y + down) for x, y in contour.points))
        for contour in trace_contours(letters.mask)
    ]
    dashes = rasterize_contours(
        list(stroke_outlines(contours, Pen(2 * (width + _PEN_WIDENING), dash))), *outline.mask.size
    )
    return GlyphBitmap(ImageChops.multiply(outline.mask, dashes), outline.x, outline.y)


def trace_contours(mask: Image.Image) -> list[Contour]:
    """The outlines of what covers at least half of its pixels, in pixels of the mask."""
    coarse = math.ceil(math.sqrt(mask.width * mask.height / _MAX_TRACED_PIXELS)) or 1
    solid = mask.reduce(coarse).point([255 * (level > 127) for level in range(256)])
    found = []
    for stairs in _boundary_loops(_boundary_edges(solid)):
        count = len(stairs)
        if count > _SMOOTHING_WINDOW:
            points = (_smoothed_point(stairs, at, coarse) for at in range(0, count, _POINT_SPACING))
            found.append(Contour(tuple(points)))
    return found


def _boundary_edges(solid: Image.Image) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Where each side between a solid pixel and an empty one leads, the solid one at its right."""
    padded = Image.new("L", (solid.width + 2, solid.height + 2))
    padded.paste(solid, (1, 1))
    rim = ImageChops.subtract(padded, padded.filter(ImageFilter.MinFilter(3))).tobytes()
    filled, wide = padded.tobytes(), padded.width
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    place = rim.find(b"\xff")
    while place >= 0:
        y, x = divmod(place, wide)
        if not filled[place - wide]:
            edges.setdefault((x, y), []).append((x + 1, y))
        if not filled[place + 1]:
            edges.setdefault((x + 1, y), []).append((x + 1, y + 1))
        if not filled[place + wide]:
            edges.setdefault((x + 1, y + 1), []).append((x, y + 1))
        if not filled[place - 1]:
            edges.setdefault((x, y + 1), []).append((x, y))
        place = rim.find(b"\xff", place + 1)
    return edges


def _boundary_loops(
    edges: dict[tuple[int, int], list[tuple[int, int]]],
) -> Iterator[list[tuple[int, int]]]:
    """The sides in turn, each way round once."""
    while edges:
        first = at = next(iter(edges))
        loop = []
        while at in edges:
            loop.append(at)
            ends = edges[at]
            after = ends.pop()
            if not ends:
                del edges[at]
            at = after
            if at == first:
                break
        yield loop


def _smoothed_point(corners: list[tuple[int, int]], index: int, reduction: int) -> Point:
    """The middle of a few corners about one, in pixels of the mask that was traced."""
    near = [
        corners[(index + step) % len(corners)]
        for step in range(-(_SMOOTHING_WINDOW // 2), _SMOOTHING_WINDOW // 2 + 1)
    ]
    x, y = (sum(values) / len(near) - 1 for values in zip(*near, strict=True))
    return x * reduction, y * reduction
