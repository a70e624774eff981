"""The ink of a line: one mask for all letters in one paint, drawn once and kept."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from PIL import Image

from postcard.color import Paint
from postcard.runtime.lru_cache import keep_drawn
from postcard.text.glyphs import PHASES, Glyphs, drawn
from postcard.text.layout import Placed

_JOINED_PIXELS = 1_000_000  # one mask above this would be empty for the most part


class Ink(NamedTuple):
    """Letters, and where they lie from the start of their base line. Pictures have no paint."""

    paint: Paint | None
    glyphs: Glyphs


def _weight(inks: Sequence[Ink]) -> int:
    sizes = ((ink.glyphs.mask.size, 5 if ink.glyphs.color else 1) for ink in inks)
    return sum(size[0] * size[1] * each for size, each in sizes)


@keep_drawn(_weight)
def inks(line: tuple[Placed, ...], x: float, scale: float) -> tuple[Ink, ...]:
    """What a line is drawn with, in turn; it starts at `x` device pixels, less than one."""
    inked = [placed for placed in line if not placed.space]
    outlines = (_outline(placed, x, scale) for placed in inked if placed.style.stroke)
    letters = (_letters(placed, x, scale) for placed in inked)
    found = (ink for ink in (*outlines, *letters) if ink)
    groups = (list(group) for _, group in groupby(found, _paint))
    return tuple(ink for group in groups for ink in _joined(group))


def _outline(placed: Placed, x: float, scale: float) -> Ink | None:
    stroke = placed.style.stroke
    if stroke is None or placed.letters.face.color:
        return None
    glyphs = _glyphs(placed, x, scale, stroke.width * scale)
    if glyphs and stroke.dash and (letters := _glyphs(placed, x, scale, 0.0)):
        from postcard.canvas.vector.contour_tracing import dashed  # what few texts ask for

        on, off = stroke.dash
        glyphs = dashed(glyphs, letters, stroke.width * scale, (on * scale, off * scale))
    return Ink(stroke.color, glyphs) if glyphs else None


def _letters(placed: Placed, x: float, scale: float) -> Ink | None:
    glyphs = _glyphs(placed, x, scale, 0.0)
    if glyphs is None:
        return None
    return Ink(None if glyphs.color else placed.style.color, glyphs)


def _glyphs(placed: Placed, x: float, scale: float, stroke: float) -> Glyphs | None:
    size = placed.size * scale
    left, phase = divmod(round((x + placed.x * scale) * PHASES), PHASES)
    glyphs = drawn(placed.letters, size, phase, stroke)
    return glyphs.moved(left, round(-placed.style.rise * size)) if glyphs else None


def _paint(ink: Ink) -> Paint | None:
    return ink.paint


def _joined(inks: Sequence[Ink]) -> Iterable[Ink]:
    """The inks of one paint in one; pictures stay by themselves."""
    paint = inks[0].paint
    if len(inks) == 1 or paint is None:
        return inks
    parts = [ink.glyphs for ink in inks]
    left, top = min(part.x for part in parts), min(part.y for part in parts)
    right = max(part.x + part.mask.width for part in parts)
    bottom = max(part.y + part.mask.height for part in parts)
    if (right - left) * (bottom - top) > _JOINED_PIXELS:
        return inks
    mask = Image.new("L", (right - left, bottom - top))
    for part in parts:
        mask.paste(255, (part.x - left, part.y - top), part.mask)
    return (Ink(paint, Glyphs(mask, left, top)),)
