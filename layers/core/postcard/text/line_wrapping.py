"""Breaks text into lines, greedy or balanced; words are broken only if wider than their box."""

from collections.abc import Iterator, Sequence

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.shaping import (
    WIDTH_TOLERANCE,
    LineBreakSegment,
    ShapedRun,
    shape_in_style_of,
    split_at_width,
)
from postcard.text.style import TextStyle, Wrap

ELLIPSIS = "…"

_BALANCE_ITERATIONS = 8  # of binary search


@dataclass(frozen=True, slots=True)
class WrappedLine:
    """One line in logical order.

    `trailing_spaces` are not drawn. `style` gives the height of an empty line. `is_last` is true
    for a paragraph's last line. `hyphen` is drawn after the runs.
    """

    runs: tuple[ShapedRun, ...]
    trailing_spaces: tuple[ShapedRun, ...]
    style: TextStyle
    is_last: bool
    ends_inside_word: bool = False
    hyphen: ShapedRun | None = None

    @property
    def visible_runs(self) -> tuple[ShapedRun, ...]:
        """The runs that are drawn."""
        return (*self.runs, self.hyphen) if self.hyphen else self.runs

    @property
    def width(self) -> float:
        """The width of what is drawn, without the letter spacing after the last letter."""
        runs = self.visible_runs
        return sum(run.width for run in runs) - (runs[-1].gap if runs else 0.0)


def wrap_lines(
    segments: Sequence[LineBreakSegment], style: TextStyle, width: float, wrap: Wrap
) -> list[WrappedLine]:
    """The lines of one paragraph."""
    if wrap == "none":
        return [_wrapped_line(segments, style, is_last=True)]
    lines = list(_greedy_lines(segments, style, width))
    return _balance(segments, lines, width) if wrap == "balance" else lines


def ellipsize(lines: Sequence[WrappedLine], width: float, fonts: Fonts) -> WrappedLine:
    """The text of these lines as one line, cut with an ellipsis to fit `width`."""
    runs: list[ShapedRun] = []
    ellipsis, used_width = None, 0.0
    for run in (run for line in lines for run in (*line.runs, *line.trailing_spaces)):
        ellipsis = shape_in_style_of(run, ELLIPSIS, fonts)
        available_width = width - used_width - ellipsis.width
        if run.width > available_width + WIDTH_TOLERANCE:
            head, _ = split_at_width(run, available_width)
            runs += [head] if head else []
            break
        runs.append(run)
        used_width += run.width
    trimmed, _ = _split_trailing_spaces(runs)
    if trimmed:
        ellipsis = shape_in_style_of(trimmed[-1], ELLIPSIS, fonts)
    visible = (*trimmed, ellipsis) if ellipsis else trimmed
    return WrappedLine(visible, (), lines[0].style, is_last=True)


def _balance(
    segments: Sequence[LineBreakSegment], lines: list[WrappedLine], width: float
) -> list[WrappedLine]:
    """The same number of lines, as even as possible: wrapped to the smallest width that does."""
    if len(lines) < 2 or any(line.ends_inside_word for line in lines):
        return lines
    low, high = width / 2, width
    for _ in range(_BALANCE_ITERATIONS):
        middle = (low + high) / 2
        narrower = list(_greedy_lines(segments, lines[0].style, middle))
        if len(narrower) == len(lines) and not any(line.ends_inside_word for line in narrower):
            high, lines = middle, narrower
        else:
            low = middle
    return lines


def _greedy_lines(
    segments: Sequence[LineBreakSegment], style: TextStyle, width: float
) -> Iterator[WrappedLine]:
    line: list[LineBreakSegment] = []
    used_width = 0.0  # with the spaces after the last segment
    for segment in segments:
        needed_width = segment.width + (segment.hyphen.width if segment.hyphen else 0.0)
        if used_width + needed_width <= width + WIDTH_TOLERANCE:
            line.append(segment)
            used_width += segment.width + segment.trailing_width
            continue
        if line:
            yield _wrapped_line(line, style)
        full_lines, rest = _break_word(segment, style, width)
        yield from full_lines
        line, used_width = [rest], rest.width + rest.trailing_width
    yield _wrapped_line(line, style, is_last=True)


def _break_word(
    segment: LineBreakSegment, style: TextStyle, width: float
) -> tuple[list[WrappedLine], LineBreakSegment]:
    """A word wider than a line as full lines, each of at least one letter, and the rest of it."""
    full_lines: list[WrappedLine] = []
    line: list[ShapedRun] = []
    available_width = width
    pending = list(reversed(segment.runs))
    while pending:
        head, rest = split_at_width(pending.pop(), available_width, min_units=0 if line else 1)
        if head:
            line.append(head)
            available_width -= head.width
        if rest:
            full_lines.append(
                WrappedLine(tuple(line), (), style, is_last=False, ends_inside_word=True)
            )
            line, available_width = [], width
            pending.append(rest)
    rest_width = sum(run.width for run in line)
    return full_lines, segment._replace(runs=tuple(line), width=rest_width)


def _wrapped_line(
    segments: Sequence[LineBreakSegment], style: TextStyle, *, is_last: bool = False
) -> WrappedLine:
    runs, trailing_spaces = _split_trailing_spaces(
        [run for segment in segments for run in (*segment.runs, *segment.trailing_spaces)]
    )
    hyphen = segments[-1].hyphen if segments and not is_last else None
    return WrappedLine(runs, trailing_spaces, style, is_last, hyphen=hyphen)


def _split_trailing_spaces(
    runs: Sequence[ShapedRun],
) -> tuple[tuple[ShapedRun, ...], tuple[ShapedRun, ...]]:
    """The runs without white space at their start and end, and the white space at their end."""
    start, end = 0, len(runs)
    while start < end and runs[start].is_space:
        start += 1
    while end > start and runs[end - 1].is_space:
        end -= 1
    return tuple(runs[start:end]), tuple(runs[end:])
