"""The ink of a line: one mask for all letters in one paint, drawn once and kept."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from PIL import Image

from postcard.color import Paint
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.glyphs import SUBPIXEL_PHASES, GlyphBitmap, rasterize_glyphs
from postcard.text.layout import PositionedRun

_MAX_MERGED_PIXELS = 1_000_000  # one mask above this would be empty for the most part


class TextMask(NamedTuple):
    """Letters, and where they lie from the start of their base line. Pictures have no paint."""

    paint: Paint | None
    bitmap: GlyphBitmap


def _size_in_bytes(masks: Sequence[TextMask]) -> int:
    sizes = ((ink.bitmap.mask.size, 5 if ink.bitmap.color else 1) for ink in masks)
    return sum(size[0] * size[1] * each for size, each in sizes)


@memoize_by_bytes(_size_in_bytes)
def line_masks(line: tuple[PositionedRun, ...], x: float, scale: float) -> tuple[TextMask, ...]:
    """What a line is drawn with, in turn; it starts at `x` device pixels, less than one."""
    inked = [placed for placed in line if not placed.is_space]
    outlines = (_outline_mask(placed, x, scale) for placed in inked if placed.style.stroke)
    letters = (_fill_mask(placed, x, scale) for placed in inked)
    found = (ink for ink in (*outlines, *letters) if ink)
    groups = (list(group) for _, group in groupby(found, _paint))
    return tuple(ink for group in groups for ink in _merge(group))


def _outline_mask(run: PositionedRun, x: float, scale: float) -> TextMask | None:
    stroke = run.style.stroke
    if stroke is None or run.font_run.face.color:
        return None
    glyphs = _run_bitmap(run, x, scale, stroke.width * scale)
    if glyphs and stroke.dash and (letters := _run_bitmap(run, x, scale, 0.0)):
        from postcard.canvas.vector.dashed_text_outline import (
            dash_outline,  # what few texts ask for
        )

        on, off = stroke.dash
        glyphs = dash_outline(glyphs, letters, stroke.width * scale, (on * scale, off * scale))
    return TextMask(stroke.color, glyphs) if glyphs else None


def _fill_mask(run: PositionedRun, x: float, scale: float) -> TextMask | None:
    glyphs = _run_bitmap(run, x, scale, 0.0)
    if glyphs is None:
        return None
    return TextMask(None if glyphs.color else run.style.color, glyphs)


def _run_bitmap(
    run: PositionedRun, x: float, scale: float, stroke_width: float
) -> GlyphBitmap | None:
    size = run.size * scale
    left, phase = divmod(round((x + run.x * scale) * SUBPIXEL_PHASES), SUBPIXEL_PHASES)
    glyphs = rasterize_glyphs(run.font_run, size, phase, stroke_width)
    return glyphs.moved(left, round(-run.style.rise * size)) if glyphs else None


def _paint(mask: TextMask) -> Paint | None:
    return mask.paint


def _merge(masks: Sequence[TextMask]) -> Iterable[TextMask]:
    """The inks of one paint in one; pictures stay by themselves."""
    paint = masks[0].paint
    if len(masks) == 1 or paint is None:
        return masks
    parts = [ink.bitmap for ink in masks]
    left, top = min(part.x for part in parts), min(part.y for part in parts)
    right = max(part.x + part.mask.width for part in parts)
    bottom = max(part.y + part.mask.height for part in parts)
    if (right - left) * (bottom - top) > _MAX_MERGED_PIXELS:
        return masks
    mask = Image.new("L", (right - left, bottom - top))
    for part in parts:
        mask.paste(255, (part.x - left, part.y - top), part.mask)
    return (TextMask(paint, GlyphBitmap(mask, left, top)),)
