"""How large a text is set, and how much of it: shrinking, cutting, the ellipsis."""

import math
from collections.abc import Sequence
from functools import lru_cache

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.line_wrapping import WrappedLine, ellipsize, wrap_lines
from postcard.text.shaping import WIDTH_TOLERANCE, ShapedText
from postcard.text.style import ParagraphStyle, TextStyle

_SIZE_STEP = 0.5  # pixels between the sizes that are tried
_MAX_PROBE_STEP = 8  # steps about the guess; beyond, halving is quicker
_MAX_ESTIMATED_LINES = 50


@dataclass(frozen=True, slots=True)
class FittedText:
    """The rows to show at `shrink` times their size; `cut` if there were more."""

    lines: tuple[WrappedLine, ...]
    font_scale: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class AvailableSpace:
    """What a text is set into. Lengths at the text's own size: a smaller text has more room."""

    width: float
    height: float
    max_lines: float

    def at_font_scale(self, font_scale: float) -> "AvailableSpace":
        """The room as a text set `shrink` times its size finds it."""
        return AvailableSpace(self.width / font_scale, self.height / font_scale, self.max_lines)


def fit_text(
    shaped: ShapedText,
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> FittedText:
    """The largest size that fits if the paragraph shrinks, then what is shown of it."""
    room = AvailableSpace(
        math.inf if width is None else width,
        math.inf if height is None else height,
        paragraph.max_lines or math.inf,
    )
    shrink, rows = 1.0, _wrap(shaped, paragraph, room)
    if paragraph.fit == "shrink" and not _fits(rows, room, paragraph, fonts):
        shrink, rows = _largest_fitting_size(shaped, paragraph, room, fonts)
    room = room.at_font_scale(shrink)
    shown, cut = _visible_lines(rows, room, paragraph, fonts)
    return FittedText(tuple(shown), shrink, cut)


@lru_cache(maxsize=1024)
def style_extent(style: TextStyle, fonts: Fonts) -> tuple[float, float]:
    """How far a line in this style reaches above and below its base line, in pixels."""
    face = fonts.face_chain(style.families, style.weight, style.italic)[0]
    lead = style.line_height - face.ascent - face.descent
    above = face.ascent + lead / 2
    return (above + style.rise) * style.size, (style.line_height - above - style.rise) * style.size


def line_extent(line: WrappedLine, fonts: Fonts) -> tuple[float, float]:
    """How far a line reaches above and below its base line."""
    shown = line.visible_runs
    first = shown[0].style if shown else line.style
    if all(piece.style is first for piece in shown):
        return style_extent(first, fonts)
    reaches = [style_extent(piece.style, fonts) for piece in shown]
    return max(above for above, _ in reaches), max(below for _, below in reaches)


def cap_trims(
    lines: Sequence[WrappedLine], paragraph: ParagraphStyle, fonts: Fonts
) -> tuple[float, float]:
    """What is taken off above the first line and below the last one."""
    if not paragraph.trim_cap or not lines:
        return 0.0, 0.0
    styles = {piece.style for piece in lines[0].runs} or {lines[0].style}
    capitals = max(
        fonts.face_chain(style.families, style.weight, style.italic)[0].cap_height * style.size
        for style in styles
    )
    return line_extent(lines[0], fonts)[0] - capitals, line_extent(lines[-1], fonts)[1]


def _wrap(
    shaped: ShapedText, paragraph: ParagraphStyle, space: AvailableSpace
) -> list[WrappedLine]:
    return [
        row
        for chunks, style in shaped.paragraphs
        for row in wrap_lines(chunks, style, space.width, paragraph.wrap)
    ]


def _fits(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> bool:
    if len(lines) > space.max_lines or any(row.ends_inside_word for row in lines):
        return False
    if any(row.width > space.width + WIDTH_TOLERANCE for row in lines):
        return False
    top, bottom = cap_trims(lines, paragraph, fonts)
    height = sum(sum(line_extent(row, fonts)) for row in lines) - top - bottom
    return height <= space.height + WIDTH_TOLERANCE


def _largest_fitting_size(
    shaped: ShapedText, paragraph: ParagraphStyle, space: AvailableSpace, fonts: Fonts
) -> tuple[float, list[WrappedLine]]:
    """The largest fitting size by steps of half a pixel; the least size if none fits."""
    largest = _max_font_size(shaped)
    least = largest / 2 if paragraph.min_size is None else min(paragraph.min_size, largest)
    count = math.ceil((largest - least) / _SIZE_STEP)
    if not count or largest <= 0:
        return 1.0, _wrap(shaped, paragraph, space)

    def at(step: int) -> float:
        return max(least, largest - step * _SIZE_STEP, 0.01) / largest

    found: tuple[float, list[WrappedLine]] | None = None
    low, high = 1, count  # the answer's bounds, in steps down
    probe = min(
        count, max(1, math.ceil(largest * (1 - _estimate_scale(shaped, space, fonts)) / _SIZE_STEP))
    )
    reach = 1
    while low <= high:
        shrink = at(probe)
        rows = _wrap(shaped, paragraph, space.at_font_scale(shrink))
        if _fits(rows, space.at_font_scale(shrink), paragraph, fonts):
            found, high = (shrink, rows), probe - 1
            probe = max(low, probe - reach) if reach <= _MAX_PROBE_STEP else (low + high) // 2
        else:
            low = probe + 1
            probe = min(high, probe + reach) if reach <= _MAX_PROBE_STEP else (low + high) // 2
        reach *= 2
    return found or (at(count), _wrap(shaped, paragraph, space.at_font_scale(at(count))))


def _max_font_size(shaped: ShapedText) -> float:
    """The size of the largest run, in pixels."""
    pieces = (
        p for chunks, _ in shaped.paragraphs for c in chunks for p in (*c.runs, *c.trailing_spaces)
    )
    return max((piece.style.size for piece in pieces), default=0.0)


def _estimate_scale(shaped: ShapedText, space: AvailableSpace, fonts: Fonts) -> float:
    """About how much smaller the text must be: by its longest word, its length in lines."""
    chunks = [chunk for paragraph, _ in shaped.paragraphs for chunk in paragraph]
    widest = max(chunk.width for chunk in chunks)
    length = sum(chunk.width + chunk.trailing_width for chunk in chunks)
    line = max(sum(style_extent(style, fonts)) for _, style in shaped.paragraphs)
    best = 0.0
    for count in range(1, int(min(space.max_lines, _MAX_ESTIMATED_LINES)) + 1):
        high = space.height / max(count * line, 1e-9)
        best = max(best, min(high, count * space.width / max(length, 1e-9)))
        if high < best:
            break
    return min(1.0, best, space.width / max(widest, 1e-9))


def _visible_lines(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> tuple[list[WrappedLine], bool]:
    """The rows that are drawn, and whether any of the text is not."""
    if paragraph.overflow == "visible":
        return list(lines), False
    limit = _max_visible_lines(lines, space, paragraph, fonts)
    shown, cut = list(lines[:limit]), limit < len(lines)
    if paragraph.overflow == "clip":
        return shown, cut
    if cut:
        end = next(at for at in range(limit - 1, len(lines)) if lines[at].is_last)
        shown[-1] = ellipsize(lines[limit - 1 : end + 1], space.width, fonts)
    wide = [row.width > space.width + WIDTH_TOLERANCE for row in shown]
    if paragraph.wrap == "none" and any(wide):
        shown = [
            ellipsize([row], space.width, fonts) if is_wide else row
            for row, is_wide in zip(shown, wide, strict=True)
        ]
    return shown, cut or (paragraph.wrap == "none" and any(wide))


def _max_visible_lines(
    lines: Sequence[WrappedLine], space: AvailableSpace, paragraph: ParagraphStyle, fonts: Fonts
) -> int:
    """How many rows have room, at least one."""
    most = min(len(lines), space.max_lines)
    bottom = -cap_trims(lines[:1], paragraph, fonts)[0]
    for index, row in enumerate(lines):
        above, below = line_extent(row, fonts)
        bottom += above + below
        reached = bottom - (below if paragraph.trim_cap else 0.0)
        if index >= most or reached > space.height + WIDTH_TOLERANCE:
            return max(1, index)
    return len(lines)
