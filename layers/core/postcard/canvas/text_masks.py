"""The glyphs of a line as masks, one for all that have the same paint; cached."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from PIL import Image

from postcard.color import Paint
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.glyphs import SUBPIXEL_PHASES, GlyphBitmap, rasterize_glyphs
from postcard.text.layout import PositionedRun

_MAX_MERGED_PIXELS = 1_000_000  # a larger merged mask would be mostly empty


class TextMask(NamedTuple):
    """Glyphs relative to the start of the line's baseline; `paint` is None for colour glyphs."""

    paint: Paint | None
    bitmap: GlyphBitmap


def _size_in_bytes(masks: Sequence[TextMask]) -> int:
    return sum(mask.bitmap.size_in_bytes for mask in masks)


@memoize_by_bytes(_size_in_bytes)
def line_masks(line: tuple[PositionedRun, ...], x: float, scale: float) -> tuple[TextMask, ...]:
    """The masks of a line in drawing order: outlines, then fills.

    The line starts at `x` device pixels, a fraction of one.
    """
    runs = [run for run in line if not run.is_space]
    outlines = (_outline_mask(run, x, scale) for run in runs if run.style.stroke)
    fills = (_fill_mask(run, x, scale) for run in runs)
    masks = (mask for mask in (*outlines, *fills) if mask)
    groups = (list(group) for _, group in groupby(masks, _paint))
    return tuple(mask for group in groups for mask in _merge(group))


def _outline_mask(run: PositionedRun, x: float, scale: float) -> TextMask | None:
    stroke = run.style.stroke
    if stroke is None or run.font_run.face.color:
        return None
    outline = _run_bitmap(run, x, scale, stroke.width * scale)
    if outline and stroke.dash and (fill := _run_bitmap(run, x, scale, 0.0)):
        from postcard.canvas.vector.dashed_text_outline import dash_outline  # rarely needed

        on, off = stroke.dash
        outline = dash_outline(outline, fill, stroke.width * scale, (on * scale, off * scale))
    return TextMask(stroke.color, outline) if outline else None


def _fill_mask(run: PositionedRun, x: float, scale: float) -> TextMask | None:
    bitmap = _run_bitmap(run, x, scale, 0.0)
    if bitmap is None:
        return None
    return TextMask(None if bitmap.color else run.style.color, bitmap)


def _run_bitmap(
    run: PositionedRun, x: float, scale: float, stroke_width: float
) -> GlyphBitmap | None:
    size = run.size * scale
    left, phase = divmod(round((x + run.x * scale) * SUBPIXEL_PHASES), SUBPIXEL_PHASES)
    bitmap = rasterize_glyphs(run.font_run, size, phase, stroke_width)
    return bitmap.moved(left, round(-run.style.rise * size)) if bitmap else None


def _paint(mask: TextMask) -> Paint | None:
    return mask.paint


def _merge(masks: Sequence[TextMask]) -> Iterable[TextMask]:
    """Masks of one paint as a single mask; colour glyphs are not merged."""
    paint = masks[0].paint
    if len(masks) == 1 or paint is None:
        return masks
    bitmaps = [mask.bitmap for mask in masks]
    left, top = min(bitmap.x for bitmap in bitmaps), min(bitmap.y for bitmap in bitmaps)
    right = max(bitmap.x + bitmap.mask.width for bitmap in bitmaps)
    bottom = max(bitmap.y + bitmap.mask.height for bitmap in bitmaps)
    if (right - left) * (bottom - top) > _MAX_MERGED_PIXELS:
        return masks
    merged = Image.new("L", (right - left, bottom - top))
    for bitmap in bitmaps:
        merged.paste(255, (bitmap.x - left, bitmap.y - top), bitmap.mask)
    return (TextMask(paint, GlyphBitmap(merged, left, top)),)
