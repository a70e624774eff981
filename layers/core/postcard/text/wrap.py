"""Lines: greedy or balanced, broken inside a word only where it is wider than its box."""

from collections.abc import Iterable, Iterator, Sequence

from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts
from postcard.text.shaping import ROUNDING, Chunk, Piece, cut, like
from postcard.text.style import TextStyle, Wrap

ELLIPSIS = "…"

_BALANCING = 8  # halvings


@dataclass(frozen=True, slots=True)
class Row:
    """One line in logical order; `hang` is the white space at its end, which is not drawn.

    `style` is what an empty line is as high as, `last` marks a paragraph's last line, `torn` one
    that ends inside a word, `hyphen` is shown after the pieces.
    """

    pieces: tuple[Piece, ...]
    hang: tuple[Piece, ...]
    style: TextStyle
    last: bool
    torn: bool = False
    hyphen: Piece | None = None

    @property
    def shown(self) -> tuple[Piece, ...]:
        """The pieces that are drawn."""
        return (*self.pieces, self.hyphen) if self.hyphen else self.pieces

    @property
    def width(self) -> float:
        """The width of what is drawn; the gap after a spaced last letter does not count."""
        shown = self.shown
        return sum(piece.width for piece in shown) - (shown[-1].gap if shown else 0.0)


def wrapped(chunks: Sequence[Chunk], style: TextStyle, width: float, wrap: Wrap) -> list[Row]:
    """The lines of one paragraph."""
    if wrap == "none":
        return [_row(chunks, style, last=True)]
    found = list(_greedy(chunks, style, width))
    return _balanced(chunks, found, width) if wrap == "balance" else found


def shortened(rows: Sequence[Row], width: float, fonts: Fonts) -> Row:
    """All of these rows in one that ends in an ellipsis and fits `width` if one letter does."""
    kept: list[Piece] = []
    dots, used = None, 0.0
    for piece in (piece for row in rows for piece in (*row.pieces, *row.hang)):
        dots = like(piece, ELLIPSIS, fonts)
        room = width - used - dots.width
        if piece.width > room + ROUNDING:
            head, _ = cut(piece, room)
            kept += [head] if head else []
            break
        kept.append(piece)
        used += piece.width
    ink, _ = _parted(kept)
    if ink:
        dots = like(ink[-1], ELLIPSIS, fonts)
    return Row((*ink, dots) if dots else ink, (), rows[0].style, last=True)


def _balanced(chunks: Sequence[Chunk], found: list[Row], width: float) -> list[Row]:
    """As many lines, as even as can be: the narrowest width that needs no more."""
    if len(found) < 2 or any(row.torn for row in found):
        return found
    low, high = width / 2, width
    for _ in range(_BALANCING):
        middle = (low + high) / 2
        tried = list(_greedy(chunks, found[0].style, middle))
        if len(tried) == len(found) and not any(row.torn for row in tried):
            high, found = middle, tried
        else:
            low = middle
    return found


def _greedy(chunks: Sequence[Chunk], style: TextStyle, width: float) -> Iterator[Row]:
    line: list[Chunk] = []
    used = 0.0  # with the spaces after the last chunk
    for chunk in chunks:
        needed = chunk.width + (chunk.hyphen.width if chunk.hyphen else 0.0)
        if used + needed <= width + ROUNDING:
            line.append(chunk)
            used += chunk.width + chunk.space_width
            continue
        if line:
            yield _row(line, style)
        full, left = _torn(chunk, style, width)
        yield from full
        line, used = [left], left.width + left.space_width
    yield _row(line, style, last=True)


def _torn(chunk: Chunk, style: TextStyle, width: float) -> tuple[list[Row], Chunk]:
    """A word wider than a line as full lines, at least a letter each, and what is left of it."""
    full: list[Row] = []
    line: list[Piece] = []
    room = width
    waiting = list(reversed(chunk.pieces))
    while waiting:
        head, rest = cut(waiting.pop(), room, least=0 if line else 1)
        if head:
            line.append(head)
            room -= head.width
        if rest:
            full.append(Row(tuple(line), (), style, last=False, torn=True))
            line, room = [], width
            waiting.append(rest)
    left = sum(piece.width for piece in line)
    return full, chunk._replace(pieces=tuple(line), width=left)


def _row(line: Sequence[Chunk], style: TextStyle, *, last: bool = False) -> Row:
    ink, hang = _parted([piece for chunk in line for piece in (*chunk.pieces, *chunk.spaces)])
    return Row(ink, hang, style, last, hyphen=line[-1].hyphen if line and not last else None)


def _parted(pieces: Iterable[Piece]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """What is drawn, and the white space after it; that before it is left out."""
    kept = tuple(pieces)
    start, end = 0, len(kept)
    while start < end and kept[start].space:
        start += 1
    while end > start and kept[end - 1].space:
        end -= 1
    return kept[start:end], kept[end:]
