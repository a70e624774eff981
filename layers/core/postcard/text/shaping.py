"""Runs made ready to be set in lines: each letter with its font, direction and width.

Widths are in CSS pixels at the runs' own sizes. They grow evenly with size, so a text is shaped
once and set as often as fitting needs.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern
from postcard.runtime.lru_cache import keep_drawn
from postcard.text import bidi
from postcard.text.breaks import graphemes, line_chunks, shapes
from postcard.text.fonts import Face, Fonts, choose, visible
from postcard.text.glyphs import Letters, advance
from postcard.text.han_variants import han_of
from postcard.text.simple_latin import is_latin
from postcard.text.style import Run, TextStyle

ROUNDING = 0.01  # pixels by which a sum of widths may miss what it should be

_JOINED = pattern(  # letters that hold hands or hang from one line: spacing would tear them
    "[\u0600-\u07ff\u0840-\u085f\u0860-\u0a7f\u1800-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010d00-\U00010d3f\U0001e900-\U0001e95f]"
)
_SOLID = "\u00a0\u2007\u202f\u2060\ufeff"  # spaces at which no line ends
_SOFT_HYPHEN = "\u00ad"
_LONE = pattern("[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]")  # wide letters are not kerned
_SPACED_FEATURES = ("-liga", "-clig")
_PLAIN = pattern(  # read from left to right; each character is a letter of its own
    "[^\x00-\x1f\x7f-\x9f\u0300-\u200f\u2028-\u202e\u2067\u206a-\u209f\u20d0-\U0010ffff]*"
)
_CHUNK, _LETTER = 1000, 8  # bytes; often much less, since words are shared
_LONGEST_KEPT = 32  # letters of a word whose shape is kept
_LONGEST_KERNED = 64  # letters; kerning by prefixes costs their square


class Piece(NamedTuple):
    """Letters of one style, font and level that stand together. `space` is white space.

    `gap` is the part of the width that letter spacing adds after them.
    """

    letters: Letters
    style: TextStyle
    level: int
    width: float
    space: bool = False
    gap: float = 0.0


class Chunk(NamedTuple):
    """What no line break falls into: `pieces` with ink, then `spaces` that hang at a line's end.

    `hyphen` is shown where a line ends after a soft hyphen.
    """

    pieces: tuple[Piece, ...]
    spaces: tuple[Piece, ...]
    width: float
    space_width: float
    hyphen: Piece | None = None


@dataclass(frozen=True, slots=True)
class Shaped:
    """A text ready to be set: `paragraphs` are what newlines part, and their first styles."""

    paragraphs: tuple[tuple[tuple[Chunk, ...], TextStyle], ...]
    rtl: bool
    missing: tuple[str, ...]


class _Letter(NamedTuple):
    """A grapheme in its place."""

    text: str
    style: TextStyle
    face: Face
    level: int


def _weight(shaped: Shaped) -> int:
    chunks = [chunk for found, _ in shaped.paragraphs for chunk in found]
    letters = (len(piece.letters.text) for chunk in chunks for piece in chunk.pieces)
    return _CHUNK * len(chunks) + _LETTER * sum(letters)


@keep_drawn(_weight)
def shape(runs: tuple[Run, ...], direction: str, fonts: Fonts) -> Shaped:
    """Find fonts, levels and widths for a text; `direction` is `auto`, `ltr` or `rtl`."""
    whole = "".join(run.text for run in runs)
    rtl = direction == "rtl" or (direction == "auto" and bidi.base_is_rtl(whole))
    missing: dict[str, None] = {}
    paragraphs = []
    for line_runs in _lines(runs):
        chunks = _words if _is_plain(line_runs, rtl=rtl) else _chunks
        found = tuple(_closed_up(chunks(line_runs, whole, rtl, fonts, missing)))
        paragraphs.append((found, line_runs[0].style))
    return Shaped(tuple(paragraphs), rtl, tuple(missing))


def cut(piece: Piece, room: float, *, least: int = 0) -> tuple[Piece | None, Piece | None]:
    """The letters of a piece that go into `room` pixels, and the rest; joined as they will show.

    At least `least` letters go in, however wide they are.
    """
    parts = shapes(piece.letters.text)
    starts = [*accumulate(map(len, parts))]

    def width(count: int) -> float:
        return _measured(piece, piece.letters.text[: starts[count - 1]]).width

    fitting = bisect_right(range(1, len(parts) + 1), room + ROUNDING, key=width)
    fitting = max(fitting, least)
    if fitting in (0, len(parts)):
        return (piece, None) if fitting else (None, piece)
    at, text = starts[fitting - 1], piece.letters.text
    return _measured(piece, text[:at]), _measured(piece, text[at:])


def like(piece: Piece, text: str, fonts: Fonts) -> Piece:
    """Another text in a piece's style and direction, such as its ellipsis."""
    style = piece.style
    face, _ = choose(text, fonts.chain(style.fonts, style.weight, style.italic))
    letters = piece.letters._replace(text=text, face=face)
    return Piece(letters, style, piece.level, advance(letters) * style.size)


def _lines(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """The runs of each line that newlines make; an empty line keeps its style."""
    line: list[Run] = []
    for run in runs:
        first, *more = run.text.split("\n")
        line.append(run._replace(text=first))
        for text in more:
            yield line
            line = [run._replace(text=text)]
    if line:
        yield line


def _letters(
    runs: Sequence[Run], whole: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_Letter]:
    levels = bidi.levels("".join(run.text for run in runs), rtl=rtl)
    at = 0
    for run in runs:
        han = "" if whole.isascii() else han_of(run.style.language, whole)
        yield from _clusters(run, levels[at : at + len(run.text)], han, fonts, missing)
        at += len(run.text)


def _clusters(
    run: Run, levels: Sequence[int], han: str, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_Letter]:
    style, at = run.style, 0
    chain = fonts.chain(style.fonts, style.weight, style.italic, han)
    for cluster in graphemes(run.text):
        face, lacking = choose(cluster, chain)
        missing.update(dict.fromkeys(lacking))
        shown = "".join(c for c in cluster if c not in lacking) if lacking else cluster
        yield _Letter(shown if visible(shown) else "", style, face, levels[at])
        at += len(cluster)


def _is_plain(runs: Sequence[Run], *, rtl: bool) -> bool:
    if rtl or len(runs) != 1:
        return False
    return is_latin(runs[0].text) or _PLAIN.fullmatch(runs[0].text) is not None


def _words(
    runs: Sequence[Run], whole: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[Chunk]:
    """A plain line's chunks, which know nothing of their neighbours: each is shaped once."""
    ((text, style),) = runs
    han = "" if whole.isascii() else han_of(style.language, whole)
    for part in line_chunks(text, style.language):
        make = _kept_word if len(part) <= _LONGEST_KEPT else _word
        chunk, lacking = make(part, style, han, fonts)
        missing.update(lacking)
        yield chunk


def _word(text: str, style: TextStyle, han: str, fonts: Fonts) -> tuple[Chunk, dict[str, None]]:
    missing: dict[str, None] = {}
    letters = _clusters(Run(text, style), bytes(len(text)), han, fonts, missing)
    return _chunk(list(letters), soft=text.endswith(_SOFT_HYPHEN)), missing


_kept_word = lru_cache(maxsize=1024)(_word)


def _chunks(
    runs: Sequence[Run], whole: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[Chunk]:
    """The letters between chances to end a line."""
    letters = list(_letters(runs, whole, rtl, fonts, missing))
    text = "".join(run.text for run in runs)
    ends = set(accumulate(map(len, line_chunks(text, runs[0].style.language))))
    clusters = [cluster for run in runs for cluster in graphemes(run.text)]
    start = at = 0
    for index, cluster in enumerate(clusters):
        at += len(cluster)
        if at in ends or index == len(clusters) - 1:
            yield _chunk(letters[start : index + 1], soft=cluster == _SOFT_HYPHEN)
            start = index + 1


def _chunk(letters: Sequence[_Letter], *, soft: bool) -> Chunk:
    pieces: list[Piece] = []
    for (style, face, level, space), group in groupby(letters, _kind):
        text = "".join(letter.text for letter in group)
        if text:
            pieces.extend(_pieces(text, style, face, level, space))
    ink = len(pieces)
    while ink and pieces[ink - 1].space:
        ink -= 1
    solid, spaces = tuple(pieces[:ink]), tuple(pieces[ink:])
    hyphen = None
    if soft and solid:
        hyphen = _measured(solid[-1], "-")
    return Chunk(solid, spaces, sum(p.width for p in solid), sum(p.width for p in spaces), hyphen)


def _closed_up(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks, kerned to the next where nothing stands between: `Anne-Yvonne`."""
    before: Chunk | None = None
    for chunk in chunks:
        if before:
            yield _kerned_to(before, chunk)
        before = chunk
    if before:
        yield before


def _kerned_to(chunk: Chunk, after: Chunk) -> Chunk:
    """A line's end takes no notice of the kerning, which is a gap like letter spacing's."""
    if chunk.spaces or not (chunk.pieces and after.pieces):
        return chunk
    last, first = chunk.pieces[-1], after.pieces[0]
    if last.gap or last.letters.rtl or last.style != first.style or _LONE.match(first.letters.text):
        return chunk
    if last.letters._replace(text="") != first.letters._replace(text=""):
        return chunk
    ends = shapes(last.letters.text)[-1], shapes(first.letters.text)[0]
    whole, *parts = (advance(last.letters._replace(text=text)) for text in ("".join(ends), *ends))
    kern = (whole - sum(parts)) * last.style.size
    closed = last._replace(width=last.width + kern, gap=kern)
    pieces = (*chunk.pieces[:-1], closed)
    return chunk._replace(pieces=pieces, width=chunk.width + kern)


def _kind(letter: _Letter) -> tuple[TextStyle, Face, int, bool]:
    space = letter.text.isspace() and letter.text not in _SOLID
    return letter.style, letter.face, letter.level, space


def _pieces(text: str, style: TextStyle, face: Face, level: int, space: bool) -> Iterator[Piece]:
    spaced = style.letter_spacing and not _JOINED.search(text)
    features = style.features + _SPACED_FEATURES if spaced else style.features
    letters = Letters(text, face, bool(level % 2), features, style.language)
    piece = Piece(letters, style, level, advance(letters) * style.size, space)
    if not spaced:
        yield piece
        return
    gap = style.letter_spacing * style.size
    parts = shapes(text)
    for part, width in zip(parts, _kerned(letters, parts, style.size), strict=True):
        yield piece._replace(letters=letters._replace(text=part), width=width + gap, gap=gap)


def _measured(piece: Piece, text: str) -> Piece:
    letters = piece.letters._replace(text=text)
    return piece._replace(letters=letters, width=advance(letters) * piece.style.size, gap=0.0)


def _kerned(letters: Letters, parts: Sequence[str], size: float) -> list[float]:
    """Each letter's width with the kerning to the one that stands right of it."""
    alone = [advance(letters._replace(text=part)) * size for part in parts]
    if len(parts) > _LONGEST_KERNED:
        return alone
    reached = [advance(letters._replace(text=text)) * size for text in accumulate(parts)]
    if letters.rtl:
        return [after - before for before, after in pairwise([0.0, *reached])]
    starts = [end - width for end, width in zip(reached, alone, strict=True)]
    return [after - before for before, after in pairwise([*starts, reached[-1]])]
