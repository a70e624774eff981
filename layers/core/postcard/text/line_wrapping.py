"""Breaks text into lines, greedy or balanced; words are broken only if wider than their box."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.shaping import (
    WIDTH_TOLERANCE,
    LineBreakSegment,
    ShapedRun,
    shape_in_style_of,
    split_at_width,
    split_last_unit,
)
from postcard.text.style import ELLIPSIS, TextStyle, Wrap

BALANCE_ITERATIONS = 8  # of binary search


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
    for _ in range(BALANCE_ITERATIONS):
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
    limit = width + WIDTH_TOLERANCE
    line: list[LineBreakSegment] = []
    used_width = 0.0  # with the spaces after the last segment
    for word in _words(segments):
        rest: Sequence[LineBreakSegment] = word
        while rest:
            count = _fitting_count(rest, limit - used_width)
            if count == len(rest):
                line += rest
                used_width += sum(each.width + each.trailing_width for each in rest)
                break
            if count or line:
                yield _wrapped_line([*line, *rest[:count]], style)
                rest = rest[count:]
            else:
                runs, remaining = _break_word(rest, width)
                if not remaining:
                    line, used_width = [*rest], sum(run.width for run in runs)
                    used_width += sum(each.trailing_width for each in rest)
                    break
                yield WrappedLine(runs, (), style, is_last=False, ends_inside_word=True)
                rest = remaining
            line, used_width = [], 0.0
    yield _wrapped_line(line, style, is_last=True)


def _words(segments: Sequence[LineBreakSegment]) -> Iterator[Sequence[LineBreakSegment]]:
    """The segments, together where a soft hyphen is between them."""
    start = 0
    for end, segment in enumerate(segments, 1):
        if segment.hyphen is None or end == len(segments):
            yield segments[start:end]
            start = end


def _fitting_count(word: Sequence[LineBreakSegment], available_width: float) -> int:
    """How many segments of a word fit, with the hyphen after them if the word goes on."""
    if len(word) == 1:
        return int(word[0].width <= available_width)
    ends = list(accumulate(segment.width for segment in word))
    if ends[-1] <= available_width:
        return len(word)
    hyphened = (
        count
        for count, (end, segment) in enumerate(zip(ends, word[:-1], strict=False), 1)
        if segment.hyphen and end + segment.hyphen.width <= available_width
    )
    return max(hyphened, default=0)


def _break_word(
    word: Sequence[LineBreakSegment], width: float
) -> tuple[tuple[ShapedRun, ...], Sequence[LineBreakSegment]]:
    """At least one letter of a word wider than a line, and the rest of the word.

    Not at a soft hyphen if another place is left, because a hyphen would not fit there.
    """
    line: list[ShapedRun] = []
    available_width = width
    for index, segment in enumerate(word):
        for position, run in enumerate(segment.runs):
            head, rest = split_at_width(run, available_width, min_units=0 if line else 1)
            if head:
                line.append(head)
                available_width -= head.width
            if rest and (head or position or not index):
                remaining = _with_runs(segment, (rest, *segment.runs[position + 1 :]))
                return tuple(line), (remaining, *word[index + 1 :])
            if rest:
                return _break_before_hyphen(line, word[index - 1], word[index:])
    return tuple(line), ()


def _break_before_hyphen(
    line: list[ShapedRun],
    hyphened: LineBreakSegment,
    following: Sequence[LineBreakSegment],
) -> tuple[tuple[ShapedRun, ...], Sequence[LineBreakSegment]]:
    """Moves the last letter of a full line to the rest of its word, if it is not the only one."""
    head, last = split_last_unit(line[-1])
    if head is None and len(line) == 1:
        return tuple(line), following
    kept = (*line[:-1], head) if head else tuple(line[:-1])
    return kept, (_with_runs(hyphened, (last,)), *following)


def _with_runs(segment: LineBreakSegment, runs: tuple[ShapedRun, ...]) -> LineBreakSegment:
    return segment._replace(runs=runs, width=sum(run.width for run in runs))


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
