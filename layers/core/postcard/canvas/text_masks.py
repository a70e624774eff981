"""The glyphs of a line as masks, one for all that have the same paint; cached."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from PIL import Image

from postcard.color import BLACK, Paint, is_opaque
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.glyphs import SUBPIXEL_PHASES, GlyphBitmap, estimated_pixels, rasterize_glyphs
from postcard.text.layout import PositionedRun

_LARGE_LETTER = 100  # device pixels of size and stroke together
_MAX_CACHED_PIXELS = 2_000_000  # of a line's masks; more are not cached and take long to draw
_MAX_MERGED_PIXELS = 1_000_000  # a larger merged mask would be mostly empty


class TextMask(NamedTuple):
    """Glyphs relative to the start of the line's baseline.

    Colour glyphs have their own colours, and the transparency of `paint`.
    """

    paint: Paint
    bitmap: GlyphBitmap


def _size_in_bytes(masks: Sequence[TextMask]) -> int:
    return sum(mask.bitmap.size_in_bytes for mask in masks)


def line_masks(
    line: tuple[PositionedRun, ...], x: float, scale: float, deadline: Deadline = NO_DEADLINE
) -> Sequence[TextMask]:
    """The masks of a line in drawing order: outlines, then fills.

    The line starts at `x` device pixels, a fraction of one. Raises `DeadlineExceeded` between the
    runs of a line with large masks.
    """
    if sum(_large_mask_pixels(run, scale) for run in line) > _MAX_CACHED_PIXELS:
        return tuple(_draw_masks(line, x, scale, deadline))
    return _cached_masks(line, x, scale)


def _large_mask_pixels(run: PositionedRun, scale: float) -> int:
    """About the pixels of a run's masks, if its letters are large or its stroke is wide."""
    stroke_width = run.style.stroke.width * scale if run.style.stroke else 0.0
    if run.is_space or run.size * scale + stroke_width < _LARGE_LETTER:
        return 0
    return round(estimated_pixels(run.font_run, run.size * scale, stroke_width))


@memoize_by_bytes(_size_in_bytes)
def _cached_masks(line: tuple[PositionedRun, ...], x: float, scale: float) -> tuple[TextMask, ...]:
    return _draw_masks(line, x, scale, NO_DEADLINE)


def _draw_masks(
    line: tuple[PositionedRun, ...], x: float, scale: float, deadline: Deadline
) -> tuple[TextMask, ...]:
    outlines, fills = (
        [_checked(draw_run, run, x, scale, deadline) for run in line]
        for draw_run in (_outline_mask, _fill_mask)
    )
    if any(outlines) and any(not is_opaque(run.style.color) for run in line):
        outlines = list(_outside_letters(line, outlines, fills, deadline))
    masks = [mask for mask in (*outlines, *fills) if mask]
    groups = (list(group) for _, group in groupby(masks, _merge_key))
    return tuple(mask for group in groups for mask in _merge(group))


def _checked(
    draw_run: Callable[[PositionedRun, float, float], TextMask | None],
    run: PositionedRun,
    x: float,
    scale: float,
    deadline: Deadline,
) -> TextMask | None:
    deadline.check()
    return None if run.is_space else draw_run(run, x, scale)


def _outside_letters(
    line: Sequence[PositionedRun],
    outlines: Sequence[TextMask | None],
    fills: Sequence[TextMask | None],
    deadline: Deadline,
) -> Iterator[TextMask | None]:
    """The outlines without what would show through letters that do not cover it.

    Outlines of opaque letters reach below these, so that no background shows between both.
    """
    letters = [fill for fill in fills if fill and not fill.bitmap.color]
    uncovering = [fill for fill in letters if not is_opaque(fill.paint)]
    all_letters, uncovering_letters = _union(letters), _union(uncovering)
    for run, outline in zip(line, outlines, strict=True):
        deadline.check()
        removed = uncovering_letters if is_opaque(run.style.color) else all_letters
        yield outline and TextMask(outline.paint, _without(outline.bitmap, removed))


def _union(masks: Sequence[TextMask]) -> list[GlyphBitmap]:
    same = [TextMask(BLACK, mask.bitmap) for mask in masks]
    return [mask.bitmap for mask in _merge(same)] if same else []


def _without(outline: GlyphBitmap, letters: Sequence[GlyphBitmap]) -> GlyphBitmap:
    mask = outline.mask.copy()
    for letter in letters:
        mask.paste(0, (letter.x - outline.x, letter.y - outline.y), letter.mask)
    return GlyphBitmap(mask, outline.x, outline.y)


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
    return TextMask(run.style.color, bitmap)


def _run_bitmap(
    run: PositionedRun, x: float, scale: float, stroke_width: float
) -> GlyphBitmap | None:
    size = run.size * scale
    left, phase = divmod(round((x + run.x * scale) * SUBPIXEL_PHASES), SUBPIXEL_PHASES)
    bitmap = rasterize_glyphs(run.font_run, size, phase, stroke_width)
    return bitmap.moved(left, round(-run.style.rise * size)) if bitmap else None


def _merge_key(mask: TextMask) -> tuple[Paint, bool]:
    return mask.paint, mask.bitmap.color is not None


def _merge(masks: Sequence[TextMask]) -> Iterable[TextMask]:
    """Masks of one paint as a single mask; colour glyphs are not merged."""
    paint = masks[0].paint
    if len(masks) == 1 or masks[0].bitmap.color:
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
