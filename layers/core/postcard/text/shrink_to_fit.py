"""How large a text is set, and how much of it: shrinking, cutting, the ellipsis."""

import math
from collections.abc import Sequence
from functools import lru_cache

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.shaping import ROUNDING, Shaped
from postcard.text.style import Paragraph, TextStyle
from postcard.text.wrap import Row, shortened, wrapped

_STEP = 0.5  # pixels between the sizes that are tried
_NEAR = 8  # steps about the guess; beyond, halving is quicker
_GUESSED_LINES = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows to show at `shrink` times their size; `cut` if there were more."""

    rows: tuple[Row, ...]
    shrink: float
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """What a text is set into. Lengths at the text's own size: a smaller text has more room."""

    width: float
    height: float
    lines: float

    def for_text(self, shrink: float) -> "Room":
        """The room as a text set `shrink` times its size finds it."""
        return Room(self.width / shrink, self.height / shrink, self.lines)


def choose(
    shaped: Shaped,
    paragraph: Paragraph,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> Chosen:
    """The largest size that fits if the paragraph shrinks, then what is shown of it."""
    room = Room(
        math.inf if width is None else width,
        math.inf if height is None else height,
        paragraph.max_lines or math.inf,
    )
    shrink, rows = 1.0, _rows(shaped, paragraph, room)
    if paragraph.fit == "shrink" and not _fits(rows, room, paragraph, fonts):
        shrink, rows = _shrunk(shaped, paragraph, room, fonts)
    room = room.for_text(shrink)
    shown, cut = _shown(rows, room, paragraph, fonts)
    return Chosen(tuple(shown), shrink, cut)


@lru_cache(maxsize=1024)
def extent(style: TextStyle, fonts: Fonts) -> tuple[float, float]:
    """How far a line in this style reaches above and below its base line, in pixels."""
    face = fonts.chain(style.fonts, style.weight, style.italic)[0]
    lead = style.line_height - face.ascent - face.descent
    above = face.ascent + lead / 2
    return (above + style.rise) * style.size, (style.line_height - above - style.rise) * style.size


def row_extent(row: Row, fonts: Fonts) -> tuple[float, float]:
    """How far a line reaches above and below its base line."""
    shown = row.shown
    first = shown[0].style if shown else row.style
    if all(piece.style is first for piece in shown):
        return extent(first, fonts)
    reaches = [extent(piece.style, fonts) for piece in shown]
    return max(above for above, _ in reaches), max(below for _, below in reaches)


def trims(rows: Sequence[Row], paragraph: Paragraph, fonts: Fonts) -> tuple[float, float]:
    """What is taken off above the first line and below the last one."""
    if not paragraph.trim_cap or not rows:
        return 0.0, 0.0
    styles = {piece.style for piece in rows[0].pieces} or {rows[0].style}
    capitals = max(
        fonts.chain(style.fonts, style.weight, style.italic)[0].cap_height * style.size
        for style in styles
    )
    return row_extent(rows[0], fonts)[0] - capitals, row_extent(rows[-1], fonts)[1]


def _rows(shaped: Shaped, paragraph: Paragraph, room: Room) -> list[Row]:
    return [
        row
        for chunks, style in shaped.paragraphs
        for row in wrapped(chunks, style, room.width, paragraph.wrap)
    ]


def _fits(rows: Sequence[Row], room: Room, paragraph: Paragraph, fonts: Fonts) -> bool:
    if len(rows) > room.lines or any(row.torn for row in rows):
        return False
    if any(row.width > room.width + ROUNDING for row in rows):
        return False
    top, bottom = trims(rows, paragraph, fonts)
    height = sum(sum(row_extent(row, fonts)) for row in rows) - top - bottom
    return height <= room.height + ROUNDING


def _shrunk(
    shaped: Shaped, paragraph: Paragraph, room: Room, fonts: Fonts
) -> tuple[float, list[Row]]:
    """The largest fitting size by steps of half a pixel; the least size if none fits."""
    largest = _largest(shaped)
    least = largest / 2 if paragraph.min_size is None else min(paragraph.min_size, largest)
    count = math.ceil((largest - least) / _STEP)
    if not count or largest <= 0:
        return 1.0, _rows(shaped, paragraph, room)

    def at(step: int) -> float:
        return max(least, largest - step * _STEP, 0.01) / largest

    found: tuple[float, list[Row]] | None = None
    low, high = 1, count  # the answer's bounds, in steps down
    probe = min(count, max(1, math.ceil(largest * (1 - _guess(shaped, room, fonts)) / _STEP)))
    reach = 1
    while low <= high:
        shrink = at(probe)
        rows = _rows(shaped, paragraph, room.for_text(shrink))
        if _fits(rows, room.for_text(shrink), paragraph, fonts):
            found, high = (shrink, rows), probe - 1
            probe = max(low, probe - reach) if reach <= _NEAR else (low + high) // 2
        else:
            low = probe + 1
            probe = min(high, probe + reach) if reach <= _NEAR else (low + high) // 2
        reach *= 2
    return found or (at(count), _rows(shaped, paragraph, room.for_text(at(count))))


def _largest(shaped: Shaped) -> float:
    """The size of the largest run, in pixels."""
    pieces = (p for chunks, _ in shaped.paragraphs for c in chunks for p in (*c.pieces, *c.spaces))
    return max((piece.style.size for piece in pieces), default=0.0)


def _guess(shaped: Shaped, room: Room, fonts: Fonts) -> float:
    """About how much smaller the text must be: by its longest word, its length in lines."""
    chunks = [chunk for paragraph, _ in shaped.paragraphs for chunk in paragraph]
    widest = max(chunk.width for chunk in chunks)
    length = sum(chunk.width + chunk.space_width for chunk in chunks)
    line = max(sum(extent(style, fonts)) for _, style in shaped.paragraphs)
    best = 0.0
    for count in range(1, int(min(room.lines, _GUESSED_LINES)) + 1):
        high = room.height / max(count * line, 1e-9)
        best = max(best, min(high, count * room.width / max(length, 1e-9)))
        if high < best:
            break
    return min(1.0, best, room.width / max(widest, 1e-9))


def _shown(
    rows: Sequence[Row], room: Room, paragraph: Paragraph, fonts: Fonts
) -> tuple[list[Row], bool]:
    """The rows that are drawn, and whether any of the text is not."""
    if paragraph.overflow == "visible":
        return list(rows), False
    limit = _limit(rows, room, paragraph, fonts)
    shown, cut = list(rows[:limit]), limit < len(rows)
    if paragraph.overflow == "clip":
        return shown, cut
    if cut:
        end = next(at for at in range(limit - 1, len(rows)) if rows[at].last)
        shown[-1] = shortened(rows[limit - 1 : end + 1], room.width, fonts)
    wide = [row.width > room.width + ROUNDING for row in shown]
    if paragraph.wrap == "none" and any(wide):
        shown = [
            shortened([row], room.width, fonts) if is_wide else row
            for row, is_wide in zip(shown, wide, strict=True)
        ]
    return shown, cut or (paragraph.wrap == "none" and any(wide))


def _limit(rows: Sequence[Row], room: Room, paragraph: Paragraph, fonts: Fonts) -> int:
    """How many rows have room, at least one."""
    most = min(len(rows), room.lines)
    bottom = -trims(rows[:1], paragraph, fonts)[0]
    for index, row in enumerate(rows):
        above, below = row_extent(row, fonts)
        bottom += above + below
        reached = bottom - (below if paragraph.trim_cap else 0.0)
        if index >= most or reached > room.height + ROUNDING:
            return max(1, index)
    return len(rows)
