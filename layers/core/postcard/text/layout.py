"""Lines of text with every letter in its place, ready to be drawn at any scale."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text import bidi
from postcard.text import shrink_to_fit as fit
from postcard.text.fonts import Fonts
from postcard.text.glyphs import FontRun
from postcard.text.line_wrapping import WrappedLine
from postcard.text.shaping import ShapedRun, shape_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

_BYTES_PER_RUN, _BYTES_PER_CHARACTER = 400, 8  # bytes


class PositionedRun(NamedTuple):
    """Letters at `x` from their line's left end; `size` is the style's, shrunk if need was."""

    font_run: FontRun
    style: TextStyle
    size: float
    x: float
    width: float
    is_space: bool


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line from left to right; `top` and `baseline` from the text's top.

    `styles` are those that its letters have.
    """

    runs: tuple[PositionedRun, ...]
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

    lines: tuple[TextLine, ...]
    width: float
    height: float
    paragraph: ParagraphStyle
    rtl: bool
    missing_characters: tuple[str, ...]
    truncated: bool
    font_scale: float

    @property
    def baseline(self) -> float:
        """The first line's base line from the top; 0 where there is no line."""
        return self.lines[0].baseline if self.lines else 0.0

    def line_x(self, line: TextLine, width: float) -> float:
        """Where a line begins in a box of `width`."""
        align = self.paragraph.align
        if align == "center":
            return (width - line.width) / 2
        at_right = align == "right" or (align in ("start", "justify")) == self.rtl
        return width - line.width if at_right and align != "left" else 0.0

    def text_y(self, height: float) -> float:
        """Where the text begins in a box of `height`."""
        share = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[self.paragraph.valign]
        return (height - self.height) * share


def layout_text(
    runs: Sequence[TextRun],
    paragraph: ParagraphStyle,
    *,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    """Set a text into a box; None is a side that takes what the text needs.

    Equal texts are set once: the answer is kept.
    """
    return _layout_text_cached(
        tuple(run for run in runs if run.text), paragraph, width, height, fonts
    )


def _size_in_bytes(layout: TextLayout) -> int:
    placed = [len(each.font_run.text) for line in layout.lines for each in line.runs]
    return _BYTES_PER_RUN * len(placed) + _BYTES_PER_CHARACTER * sum(placed)


@memoize_by_bytes(_size_in_bytes)
def _layout_text_cached(
    runs: tuple[TextRun, ...],
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    shaped = shape_text(runs, paragraph.direction, fonts)
    chosen = fit.fit_text(shaped, paragraph, width, height, fonts)
    top, bottom = (
        trim * chosen.font_scale for trim in fit.cap_trims(chosen.lines, paragraph, fonts)
    )
    justified = width if paragraph.align == "justify" else None
    lines = tuple(_position_lines(chosen, -top, justified, fonts))
    return TextLayout(
        lines=lines,
        width=max((line.width for line in lines), default=0.0),
        height=sum(line.height for line in lines) - top - bottom,
        paragraph=paragraph,
        rtl=shaped.rtl,
        missing_characters=shaped.missing_characters,
        truncated=chosen.truncated,
        font_scale=chosen.font_scale,
    )


def _position_lines(
    fitted: fit.FittedText, top: float, justified: float | None, fonts: Fonts
) -> Iterator[TextLine]:
    shrink = fitted.font_scale
    for row in fitted.lines:
        above, below = (length * shrink for length in fit.line_extent(row, fonts))
        width, spread = row.width * shrink, 0.0
        if justified is not None and not row.is_last:
            spread = _justification_space(row, justified - width)
            width = justified if spread else width
        placed = tuple(_position_runs(row.visible_runs, shrink, spread))
        styles = tuple({id(each.style): each.style for each in placed}.values())
        yield TextLine(placed, styles, width, top, above + below, top + above)
        top += above + below


def _justification_space(line: WrappedLine, free_width: float) -> float:
    """What each space of a justified line grows by."""
    spaces = sum(piece.is_space for piece in line.runs)
    return max(0.0, free_width / spaces) if spaces else 0.0


def _position_runs(
    runs: Sequence[ShapedRun], font_scale: float, extra_space: float
) -> Iterator[PositionedRun]:
    x = 0.0
    for index in bidi.visual_order([piece.level for piece in runs]):
        piece = runs[index]
        width = piece.width * font_scale + (extra_space if piece.is_space else 0.0)
        size = piece.style.size * font_scale
        yield PositionedRun(piece.font_run, piece.style, size, x, width, piece.is_space)
        x += width
