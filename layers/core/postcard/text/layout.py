"""Lays out text in a box: every run of letters with its position, independent of scale."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.bidi import visual_order
from postcard.text.fonts import Fonts
from postcard.text.glyphs import FontRun
from postcard.text.line_metrics import cap_trims, line_extent
from postcard.text.line_wrapping import WrappedLine
from postcard.text.shaping import ShapedRun, shape_text
from postcard.text.shrink_to_fit import FittedText, fit_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

_BYTES_PER_RUN, _BYTES_PER_CHARACTER = 400, 8  # in memory


class PositionedRun(NamedTuple):
    """A run at `x` from its line's left edge; `size` is the style's times the font scale."""

    font_run: FontRun
    style: TextStyle
    size: float
    x: float
    width: float
    is_space: bool


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line, its runs from left to right; `top` and `baseline` are from the text's top.

    `styles` are all that occur in it.
    """

    runs: tuple[PositionedRun, ...]
    styles: tuple[TextStyle, ...]
    width: float
    top: float
    height: float
    baseline: float


@dataclass(frozen=True, slots=True)
class TextLayout:
    """A text in lines, in CSS pixels; the same at every scale.

    `width` is that of the widest line. `missing_characters` are those that no font has.
    `truncated` is true if part of the text is not shown. `font_scale` is below 1 if the text was
    shrunk to fit.
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
        """The first line's baseline from the top; 0 if there are no lines."""
        return self.lines[0].baseline if self.lines else 0.0

    def line_x(self, line: TextLine, width: float) -> float:
        """The left edge of a line in a box of `width`."""
        align = self.paragraph.align
        if align == "center":
            return (width - line.width) / 2
        at_right = align == "right" or (align in ("start", "justify")) == self.rtl
        return width - line.width if at_right and align != "left" else 0.0

    def text_y(self, height: float) -> float:
        """The top edge of the text in a box of `height`."""
        fraction = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[self.paragraph.valign]
        return (height - self.height) * fraction


def layout_text(
    runs: Sequence[TextRun],
    paragraph: ParagraphStyle,
    *,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    """Lay out a text in a box; None is a side as long as the text needs. Results are cached."""
    return _layout_text_cached(
        tuple(run for run in runs if run.text), paragraph, width, height, fonts
    )


def _size_in_bytes(layout: TextLayout) -> int:
    lengths = [len(run.font_run.text) for line in layout.lines for run in line.runs]
    return _BYTES_PER_RUN * len(lengths) + _BYTES_PER_CHARACTER * sum(lengths)


@memoize_by_bytes(_size_in_bytes)
def _layout_text_cached(
    runs: tuple[TextRun, ...],
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> TextLayout:
    return fit_and_lay_out(runs, paragraph, width, height, fonts)[1]


def fit_and_lay_out(
    runs: tuple[TextRun, ...],
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
    fonts: Fonts,
) -> tuple[FittedText, TextLayout]:
    """A text laid out as by `layout_text`, after the wrapped lines that it was made of."""
    shaped = shape_text(runs, paragraph.direction, fonts)
    text = fit_text(shaped, paragraph, width, height, fonts)
    top, bottom = (trim * text.font_scale for trim in cap_trims(text.lines, paragraph, fonts))
    justified_width = width if paragraph.align == "justify" else None
    lines = tuple(_position_lines(text, -top, justified_width, fonts))
    layout = TextLayout(
        lines=lines,
        width=max((line.width for line in lines), default=0.0),
        height=sum(line.height for line in lines) - top - bottom,
        paragraph=paragraph,
        rtl=shaped.rtl,
        missing_characters=shaped.missing_characters,
        truncated=text.truncated,
        font_scale=text.font_scale,
    )
    return text, layout


def _position_lines(
    text: FittedText, top: float, justified_width: float | None, fonts: Fonts
) -> Iterator[TextLine]:
    font_scale = text.font_scale
    for line in text.lines:
        above, below = (length * font_scale for length in line_extent(line, fonts))
        width, extra_space = line.width * font_scale, 0.0
        if justified_width is not None and not line.is_last:
            extra_space = _justification_space(line, justified_width - width)
            width = justified_width if extra_space else width
        runs = tuple(_position_runs(line.visible_runs, font_scale, extra_space))
        styles = tuple({id(run.style): run.style for run in runs}.values())
        yield TextLine(runs, styles, width, top, above + below, top + above)
        top += above + below


def _justification_space(line: WrappedLine, free_width: float) -> float:
    """How much wider each space of a justified line becomes."""
    spaces = sum(run.is_space for run in line.runs)
    return max(0.0, free_width / spaces) if spaces else 0.0


def _position_runs(
    runs: Sequence[ShapedRun], font_scale: float, extra_space: float
) -> Iterator[PositionedRun]:
    """A gap is behind its letter: at the left in right-to-left runs; none is behind the last."""
    x = 0.0
    for index in visual_order([run.level for run in runs]):
        run = runs[index]
        gap = run.gap * font_scale
        width = run.width * font_scale + (extra_space if run.is_space else 0.0)
        if index == len(runs) - 1:
            width, gap = width - gap, 0.0
        size = run.style.size * font_scale
        left = x + gap if run.level % 2 else x
        yield PositionedRun(run.font_run, run.style, size, left, width, run.is_space)
        x += width
