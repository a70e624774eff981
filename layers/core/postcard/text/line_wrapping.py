"""Lines: greedy or balanced, broken inside a word only where it is wider than its box."""

from collections.abc import Iterable, Iterator, Sequence

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

_BALANCE_ITERATIONS = 8  # halvings


@dataclass(frozen=True, slots=True)
class WrappedLine:
    """One line in logical order; `hang` is the white space at its end, which is not drawn.

    `style` is what an empty line is as high as, `last` marks a paragraph's last line, `torn` one
    that ends inside a word, `hyphen` is shown after the pieces.
    """

    runs: tuple[ShapedRun, ...]
    trailing_spaces: tuple[ShapedRun, ...]
    style: TextStyle
    is_last: bool
    ends_inside_word: bool = False
    hyphen: ShapedRun | None = None

    @property
    def visible_runs(self) -> tuple[ShapedRun, ...]:
        """The pieces that are drawn."""
        return (*self.runs, self.hyphen) if self.hyphen else self.runs

    @property
    def width(self) -> float:
        """The width of what is drawn; the gap after a spaced last letter does not count."""
        shown = self.visible_runs
        return sum(piece.width for piece in shown) - (shown[-1].gap if shown else 0.0)


def wrap_lines(
    segments: Sequence[LineBreakSegment], style: TextStyle, width: float, wrap: Wrap
) -> list[WrappedLine]:
    """The lines of one paragraph."""
    if wrap == "none":
        return [_wrapped_line(segments, style, is_last=True)]
    found = list(_greedy_lines(segments, style, width))
    return _balance(segments, found, width) if wrap == "balance" else found


def ellipsize(lines: Sequence[WrappedLine], width: float, fonts: Fonts) -> WrappedLine:
    """All of these rows in one that ends in an ellipsis and fits `width` if one letter does."""
    kept: list[ShapedRun] = []
    dots, used = None, 0.0
    for piece in (piece for row in lines for piece in (*row.runs, *row.trailing_spaces)):
        dots = shape_in_style_of(piece, ELLIPSIS, fonts)
        room = width - used - dots.width
        if piece.width > room + WIDTH_TOLERANCE:
            head, _ = split_at_width(piece, room)
            kept += [head] if head else []
            break
        kept.append(piece)
        used += piece.width
    ink, _ = _split_trailing_spaces(kept)
    if ink:
        dots = shape_in_style_of(ink[-1], ELLIPSIS, fonts)
    return WrappedLine((*ink, dots) if dots else ink, (), lines[0].style, is_last=True)


def _balance(
    segments: Sequence[LineBreakSegment], lines: list[WrappedLine], width: float
) -> list[WrappedLine]:
    """As many lines, as even as can be: the narrowest width that needs no more."""
    if len(lines) < 2 or any(row.ends_inside_word for row in lines):
        return lines
    low, high = width / 2, width
    for _ in range(_BALANCE_ITERATIONS):
        middle = (low + high) / 2
        tried = list(_greedy_lines(segments, lines[0].style, middle))
        if len(tried) == len(lines) and not any(row.ends_inside_word for row in tried):
            high, lines = middle, tried
        else:
            low = middle
    return lines


def _greedy_lines(
    segments: Sequence[LineBreakSegment], style: TextStyle, width: float
) -> Iterator[WrappedLine]:
    line: list[LineBreakSegment] = []
    used = 0.0  # with the spaces after the last chunk
    for chunk in segments:
        needed = chunk.width + (chunk.hyphen.width if chunk.hyphen else 0.0)
        if used + needed <= width + WIDTH_TOLERANCE:
            line.append(chunk)
            used += chunk.width + chunk.trailing_width
            continue
        if line:
            yield _wrapped_line(line, style)
        full, left = _break_word(chunk, style, width)
        yield from full
        line, used = [left], left.width + left.trailing_width
    yield _wrapped_line(line, style, is_last=True)


def _break_word(
    segment: LineBreakSegment, style: TextStyle, width: float
) -> tuple[list[WrappedLine], LineBreakSegment]:
    """A word wider than a line as full lines, at least a letter each, and what is left of it."""
    full: list[WrappedLine] = []
    line: list[ShapedRun] = []
    room = width
    waiting = list(reversed(segment.runs))
    while waiting:
        head, rest = split_at_width(waiting.pop(), room, min_units=0 if line else 1)
        if head:
            line.append(head)
            room -= head.width
        if rest:
            full.append(WrappedLine(tuple(line), (), style, is_last=False, ends_inside_word=True))
            line, room = [], width
            waiting.append(rest)
    left = sum(piece.width for piece in line)
    return full, segment._replace(runs=tuple(line), width=left)


def _wrapped_line(
    segments: Sequence[LineBreakSegment], style: TextStyle, *, is_last: bool = False
) -> WrappedLine:
    ink, hang = _split_trailing_spaces(
        [piece for chunk in segments for piece in (*chunk.runs, *chunk.trailing_spaces)]
    )
    return WrappedLine(
        ink, hang, style, is_last, hyphen=segments[-1].hyphen if segments and not is_last else None
    )


def _split_trailing_spaces(
    runs: Iterable[ShapedRun],
) -> tuple[tuple[ShapedRun, ...], tuple[ShapedRun, ...]]:
    """What is drawn, and the white space after it; that before it is left out."""
    kept = tuple(runs)
    start, end = 0, len(kept)
    while start < end and kept[start].is_space:
        start += 1
    while end > start and kept[end - 1].is_space:
        end -= 1
    return kept[start:end], kept[end:]
