"""Lines of text with every letter in its place, ready to be drawn at any scale."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import keep_drawn
from postcard.text import bidi
from postcard.text import shrink_to_fit as fit
from postcard.text.fonts import Fonts
from postcard.text.glyphs import Letters
from postcard.text.shaping import Piece, shape
from postcard.text.style import Paragraph, Run, TextStyle
from postcard.text.wrap import Row

_PLACED, _LETTER = 400, 8  # bytes


class Placed(NamedTuple):
    """Letters at `x` from their line's left end; `size` is the style's, shrunk if need was."""

    letters: Letters
    style: TextStyle
    size: float
    x: float
    width: float
    space: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line from left to right; `top` and `baseline` from the text's top.

    `styles` are those that its letters have.
    """

    placed: tuple[Placed, ...]
    styles: tuple[TextStyle, ...]
    width: float
    top: float
    height: float
    baseline: float


@dataclass(frozen=True, slots=True)
class TextLayout:
    """A text set in lines, in CSS pixels; the same at every scale.

    `width` is the widest line, `missing` the characters that no font has, `cut` says that some of
    the text is not shown, `shrink` how much smaller than asked it is set (1: not at all).
    """

    lines: tuple[Line, ...]
    width: float
    height: float
    paragraph: Paragraph
    rtl: bool
    missing: tuple[str, ...]
    cut: bool
    shrink: float

    @property
    def baseline(self) -> float:
        """The first line's base line from the top; 0 where there is no line."""
        return self.lines[0].baseline if self.lines else 0.0

    def line_x(self, line: Line, width: float) -> float:
        """Where a line begins in a box of `width`."""
        align = self.paragraph.align
        if align == "center":
            return (width - line.width) / 2
        at_right = align == "right" or (align in ("start", "justify")) == self.rtl
        return width - line.width if at_right and align != "left" else 0.0

    def top(self, height: float) -> float:
        """Where the text begins in a box of `height`."""
        share = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[self.paragraph.valign]
        return (height - self.height) * share


def lay_out(
    runs: Sequence[Run],
    paragraph: Paragraph,
    *,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    """Set a text into a box; None is a side that takes what the text needs.

    Equal texts are set once: the answer is kept.
    """
    return _laid_out(tuple(run for run in runs if run.text), paragraph, width, height, fonts)


def _weight(layout: TextLayout) -> int:
    placed = [len(each.letters.text) for line in layout.lines for each in line.placed]
    return _PLACED * len(placed) + _LETTER * sum(placed)


@keep_drawn(_weight)
def _laid_out(
    runs: tuple[Run, ...],
    paragraph: Paragraph,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    shaped = shape(runs, paragraph.direction, fonts)
    chosen = fit.choose(shaped, paragraph, width, height, fonts)
    top, bottom = (trim * chosen.shrink for trim in fit.trims(chosen.rows, paragraph, fonts))
    justified = width if paragraph.align == "justify" else None
    lines = tuple(_lines(chosen, -top, justified, fonts))
    return TextLayout(
        lines=lines,
        width=max((line.width for line in lines), default=0.0),
        height=sum(line.height for line in lines) - top - bottom,
        paragraph=paragraph,
        rtl=shaped.rtl,
        missing=shaped.missing,
        cut=chosen.cut,
        shrink=chosen.shrink,
    )


def _lines(chosen: fit.Chosen, top: float, justified: float | None, fonts: Fonts) -> Iterator[Line]:
    shrink = chosen.shrink
    for row in chosen.rows:
        above, below = (length * shrink for length in fit.row_extent(row, fonts))
        width, spread = row.width * shrink, 0.0
        if justified is not None and not row.last:
            spread = _spread(row, justified - width)
            width = justified if spread else width
        placed = tuple(_placed(row.shown, shrink, spread))
        styles = tuple({id(each.style): each.style for each in placed}.values())
        yield Line(placed, styles, width, top, above + below, top + above)
        top += above + below


def _spread(row: Row, room: float) -> float:
    """What each space of a justified line grows by."""
    spaces = sum(piece.space for piece in row.pieces)
    return max(0.0, room / spaces) if spaces else 0.0


def _placed(pieces: Sequence[Piece], shrink: float, spread: float) -> Iterator[Placed]:
    x = 0.0
    for index in bidi.visual([piece.level for piece in pieces]):
        piece = pieces[index]
        width = piece.width * shrink + (spread if piece.space else 0.0)
        size = piece.style.size * shrink
        yield Placed(piece.letters, piece.style, size, x, width, piece.space)
        x += width
