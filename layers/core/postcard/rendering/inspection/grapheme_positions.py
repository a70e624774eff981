"""Finds the caret positions between the graphemes of a laid-out text, in logical order."""

import math
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain

from postcard.rendering.placed_layer import HEIGHT, WIDTH, PlacedLayer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.text import TextLayer
from postcard.text.bidi import visual_order
from postcard.text.glyphs import FontRun, advance
from postcard.text.layout import TextLine, fit_and_lay_out
from postcard.text.line_wrapping import WrappedLine
from postcard.text.segmentation import typographic_units
from postcard.text.shaping import ShapedRun
from postcard.text.style import ELLIPSIS

_MAX_MEASURED_UNITS = 64  # of a run; measuring all prefixes takes quadratic time
_ISOLATES = "\u2066\u2067\u2068\u2069"
_JOINER = "\u200d"  # after a part of an Arabic word, which then keeps the form of its last letter


@dataclass(frozen=True, slots=True)
class CaretPosition:
    """A caret: its x coordinate, its ends, and whether the letter beside it reads to the left.

    In CSS pixels of the canvas, before any rotation.
    """

    x: float
    top: float
    bottom: float
    rtl: bool


@dataclass(frozen=True, slots=True)
class _PlacedUnit:
    """A letter at `start` to `end` of the text, with its line and the carets at both sides."""

    start: int
    end: int
    line: int
    before: CaretPosition
    after: CaretPosition

    def caret_at(self, index: int) -> CaretPosition:
        """The caret at an index; between the two sides of a letter of several characters."""
        if index <= self.start or index >= self.end:
            return self.before if index <= self.start else self.after
        share = (index - self.start) / (self.end - self.start)
        x = self.before.x + share * (self.after.x - self.before.x)
        return CaretPosition(x, self.before.top, self.before.bottom, self.before.rtl)


class GraphemePositions:
    """The carets of a text layer, by index into the text of all its runs.

    Where letters are not shown, such as spaces at a line's end, a caret is beside the nearest
    letter before them.
    """

    def __init__(self, placed_layer: PlacedLayer) -> None:
        layer = placed_layer.layer
        assert isinstance(layer, TextLayer)
        runs, paragraph = layer.styled_runs(placed_layer)
        visible = tuple(run for run in runs if run.text)
        size, fonts = placed_layer.definite_size, placed_layer.fonts
        self._deadline = placed_layer.drawing.deadline
        fitted, self._layout = fit_and_lay_out(visible, paragraph, size[WIDTH], size[HEIGHT], fonts)
        self._box = placed_layer.box
        self._truncated, self._scale = fitted.truncated, fitted.font_scale
        self.text = "".join(run.text for run in visible)
        self._units: list[_PlacedUnit] = []
        self._line_starts: list[CaretPosition] = []
        self._paragraphs: list[tuple[int, int]] = []  # start in the text, first line
        self._place(fitted.lines)
        self._starts = [unit.start for unit in self._units]

    def caret_at(self, index: int) -> CaretPosition:
        """The caret before the character at `index` of the text; its length is the end."""
        following = bisect_right(self._starts, index)
        start, line = self._paragraphs[bisect_right(self._paragraphs, (index, math.inf)) - 1]
        previous = self._units[following - 1] if following else None
        if previous is None or previous.start < start:
            return self._line_starts[line]
        if index >= previous.end and following < len(self._units):
            after = self._units[following]
            if after.line > previous.line and not self.text[index : after.start].strip(_ISOLATES):
                return self._line_starts[after.line]
        return previous.caret_at(index)

    def caret_after(self, start: int, end: int) -> CaretPosition:
        """The caret after an isolated part of the text, which may read in another direction."""
        last = bisect_left(self._starts, end)
        inside = self._units[bisect_left(self._starts, start) : last]
        if not inside or self._starts[last : last + 1] == [end]:
            return self.caret_at(end)
        on_line = [unit for unit in inside if unit.line == inside[-1].line]
        sides = [side for unit in on_line for side in (unit.before, unit.after)]
        side = (min if self._layout.rtl else max)(sides, key=lambda one: one.x)
        return replace(side, rtl=self._layout.rtl)

    def _place(self, wrapped_lines: Sequence[WrappedLine]) -> None:
        start = 0  # of the paragraph in the text
        cursor = 0  # where the search for the next letter starts
        is_first = True  # whether this is the first line of its paragraph
        for index, (wrapped, line) in enumerate(
            zip(wrapped_lines, self._layout.lines, strict=True)
        ):
            self._deadline.check()
            found = self.text.find("\n", start)
            end = len(self.text) if found < 0 else found
            if is_first:
                self._paragraphs.append((start, index))
            self._line_starts.append(self._line_start(line))
            for unit in self._place_line(wrapped, index, cursor, end):
                self._units.append(unit)
                cursor = unit.end
            is_first = wrapped.is_last
            if wrapped.is_last:
                start = cursor = end + 1

    def _line_start(self, line: TextLine) -> CaretPosition:
        x = self._left(line) + (line.width if self._layout.rtl else 0.0)
        return self._caret(line, x, rtl=self._layout.rtl)

    def _left(self, line: TextLine) -> float:
        return self._box.x + self._layout.line_x(line, self._box.width)

    def _caret(self, line: TextLine, x: float, *, rtl: bool) -> CaretPosition:
        top = self._box.y + self._layout.text_y(self._box.height) + line.top
        return CaretPosition(x, top, top + line.height, rtl)

    def _place_line(
        self, wrapped: WrappedLine, number: int, cursor: int, end: int
    ) -> Iterator[_PlacedUnit]:
        """The letters of a line, found in the text from `cursor` up to `end`."""
        line = self._layout.lines[number]
        for run, left, right in chain(
            self._visible_runs(wrapped, line), self._trailing_spaces(wrapped, line)
        ):
            rtl = bool(run.level % 2)
            units = typographic_units(run.font_run.text)
            shares = _caret_shares(run.font_run, units)
            for index, unit in enumerate(units):
                start = self.text.find(unit, cursor, end)
                if start < 0:  # a character inside the letter has no glyph
                    continue
                cursor = start + len(unit)
                first, toward = (right, left - right) if rtl else (left, right - left)
                before, after = (
                    self._caret(line, first + share * toward, rtl=rtl)
                    for share in shares[index : index + 2]
                )
                yield _PlacedUnit(start, cursor, number, before, after)

    def _visible_runs(
        self, wrapped: WrappedLine, line: TextLine
    ) -> Iterator[tuple[ShapedRun, float, float]]:
        """The runs in the order of the text, with their left and right edges on the canvas."""
        runs, origin = wrapped.visible_runs, self._left(line)
        positions = visual_order([run.level for run in runs])
        positioned = dict(zip(positions, line.runs, strict=True))
        for index, run in enumerate(wrapped.runs):
            is_last = index == len(runs) - 1
            if is_last and self._truncated and run.font_run.text == ELLIPSIS:
                return
            gap = 0.0 if is_last else run.gap * self._scale
            left = origin + positioned[index].x - (gap if run.level % 2 else 0.0)
            yield run, left, left + positioned[index].width

    def _trailing_spaces(
        self, wrapped: WrappedLine, line: TextLine
    ) -> Iterator[tuple[ShapedRun, float, float]]:
        """The spaces after the last letter, which are not drawn, beyond the line's end."""
        rtl = self._layout.rtl
        x = self._left(line) + (0.0 if rtl else line.width)
        for run in wrapped.trailing_spaces:
            end = x + run.width * self._scale * (-1 if rtl else 1)
            yield run._replace(level=int(rtl)), min(x, end), max(x, end)
            x = end


def _caret_shares(run: FontRun, units: Sequence[str]) -> list[float]:
    """How far along a run the carets between its letters are, from 0 at its start to 1."""
    if len(units) == 1:
        return [0.0, 1.0]
    if len(units) > _MAX_MEASURED_UNITS:
        ends = [*accumulate(advance(run._replace(text=unit)) for unit in units)]
    else:
        prefixes = [*accumulate(units)]
        ends = [advance(run._replace(text=_joined(text))) for text in prefixes[:-1]]
        ends.append(advance(run))
    total = ends[-1]
    if total <= 0:
        return [index / len(units) for index in range(len(units) + 1)]
    return [0.0, *accumulate((min(1.0, max(0.0, end / total)) for end in ends), max)]


def _joined(prefix: str) -> str:
    is_arabic = unicodedata.bidirectional(prefix[-1]) in ("AL", "NSM")
    return prefix + _JOINER if is_arabic else prefix
