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
from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text import bidi
from postcard.text.fonts import Face, Fonts, choose_face, strip_default_ignorable
from postcard.text.glyphs import FontRun, advance
from postcard.text.han_variants import han_variant
from postcard.text.segmentation import graphemes, line_break_segments, typographic_units
from postcard.text.simple_latin import is_simple_latin
from postcard.text.style import TextRun, TextStyle

WIDTH_TOLERANCE = 0.01  # pixels by which a sum of widths may miss what it should be

_CONNECTED_SCRIPTS = lazy_regex(  # letters that hold hands or hang from one line: spacing would tear them
    "[\u0600-\u07ff\u0840-\u085f\u0860-\u0a7f\u1800-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010d00-\U00010d3f\U0001e900-\U0001e95f]"
)
_NO_BREAK_SPACES = "\u00a0\u2007\u202f\u2060\ufeff"  # spaces at which no line ends
_SOFT_HYPHEN = "\u00ad"
_UNKERNED_CHARACTERS = lazy_regex(
    "[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]"
)  # wide letters are not kerned
_LETTER_SPACING_FEATURES = ("-liga", "-clig")
_PLAIN_TEXT = lazy_regex(  # read from left to right; each character is a letter of its own
    "[^\x00-\x1f\x7f-\x9f\u0300-\u200f\u2028-\u202e\u2067\u206a-\u209f\u20d0-\U0010ffff]*"
)
_BYTES_PER_SEGMENT, _BYTES_PER_CHARACTER = 1000, 8  # bytes; often much less, since words are shared
_MAX_CACHED_LENGTH = 32  # letters of a word whose shape is kept
_MAX_KERNED_LENGTH = 64  # letters; kerning by prefixes costs their square


class ShapedRun(NamedTuple):
    """Letters of one style, font and level that stand together. `space` is white space.

    `gap` is the part of the width that letter spacing adds after them.
    """

    font_run: FontRun
    style: TextStyle
    level: int
    width: float
    is_space: bool = False
    gap: float = 0.0


class LineBreakSegment(NamedTuple):
    """What no line break falls into: `pieces` with ink, then `spaces` that hang at a line's end.

    `hyphen` is shown where a line ends after a soft hyphen.
    """

    runs: tuple[ShapedRun, ...]
    trailing_spaces: tuple[ShapedRun, ...]
    width: float
    trailing_width: float
    hyphen: ShapedRun | None = None


@dataclass(frozen=True, slots=True)
class ShapedText:
    """A text ready to be set: `paragraphs` are what newlines part, and their first styles."""

    paragraphs: tuple[tuple[tuple[LineBreakSegment, ...], TextStyle], ...]
    rtl: bool
    missing_characters: tuple[str, ...]


class _ItemizedGrapheme(NamedTuple):
    """A grapheme in its place."""

    text: str
    style: TextStyle
    face: Face
    level: int


def _size_in_bytes(shaped: ShapedText) -> int:
    chunks = [chunk for found, _ in shaped.paragraphs for chunk in found]
    letters = (len(piece.font_run.text) for chunk in chunks for piece in chunk.runs)
    return _BYTES_PER_SEGMENT * len(chunks) + _BYTES_PER_CHARACTER * sum(letters)


@memoize_by_bytes(_size_in_bytes)
def shape_text(runs: tuple[TextRun, ...], direction: str, fonts: Fonts) -> ShapedText:
    """Find fonts, levels and widths for a text; `direction` is `auto`, `ltr` or `rtl`."""
    whole = "".join(run.text for run in runs)
    rtl = direction == "rtl" or (direction == "auto" and bidi.base_is_rtl(whole))
    missing: dict[str, None] = {}
    paragraphs = []
    for line_runs in _split_at_newlines(runs):
        chunks = _plain_segments if _is_plain(line_runs, rtl=rtl) else _itemized_segments
        found = tuple(_kern_segments(chunks(line_runs, whole, rtl, fonts, missing)))
        paragraphs.append((found, line_runs[0].style))
    return ShapedText(tuple(paragraphs), rtl, tuple(missing))


def split_at_width(
    run: ShapedRun, available_width: float, *, min_units: int = 0
) -> tuple[ShapedRun | None, ShapedRun | None]:
    """The letters of a piece that go into `room` pixels, and the rest; joined as they will show.

    At least `least` letters go in, however wide they are.
    """
    parts = typographic_units(run.font_run.text)
    starts = [*accumulate(map(len, parts))]

    def width(count: int) -> float:
        return _with_text(run, run.font_run.text[: starts[count - 1]]).width

    fitting = bisect_right(range(1, len(parts) + 1), available_width + WIDTH_TOLERANCE, key=width)
    fitting = max(fitting, min_units)
    if fitting in (0, len(parts)):
        return (run, None) if fitting else (None, run)
    at, text = starts[fitting - 1], run.font_run.text
    return _with_text(run, text[:at]), _with_text(run, text[at:])


def shape_in_style_of(run: ShapedRun, text: str, fonts: Fonts) -> ShapedRun:
    """Another text in a piece's style and direction, such as its ellipsis."""
    style = run.style
    face, _ = choose_face(text, fonts.face_chain(style.families, style.weight, style.italic))
    letters = run.font_run._replace(text=text, face=face)
    return ShapedRun(letters, style, run.level, advance(letters) * style.size)


def _split_at_newlines(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """The runs of each line that newlines make; an empty line keeps its style."""
    line: list[TextRun] = []
    for run in runs:
        first, *more = run.text.split("\n")
        line.append(run._replace(text=first))
        for text in more:
            yield line
            line = [run._replace(text=text)]
    if line:
        yield line


def _itemize(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_ItemizedGrapheme]:
    levels = bidi.embedding_levels("".join(run.text for run in runs), rtl=rtl)
    at = 0
    for run in runs:
        han = "" if full_text.isascii() else han_variant(run.style.language, full_text)
        yield from _itemize_run(run, levels[at : at + len(run.text)], han, fonts, missing)
        at += len(run.text)


def _itemize_run(
    run: TextRun, levels: Sequence[int], han_variant: str, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_ItemizedGrapheme]:
    style, at = run.style, 0
    chain = fonts.face_chain(style.families, style.weight, style.italic, han_variant)
    for cluster in graphemes(run.text):
        face, lacking = choose_face(cluster, chain)
        missing.update(dict.fromkeys(lacking))
        shown = "".join(c for c in cluster if c not in lacking) if lacking else cluster
        yield _ItemizedGrapheme(
            shown if strip_default_ignorable(shown) else "", style, face, levels[at]
        )
        at += len(cluster)


def _is_plain(runs: Sequence[TextRun], *, rtl: bool) -> bool:
    if rtl or len(runs) != 1:
        return False
    return is_simple_latin(runs[0].text) or _PLAIN_TEXT.fullmatch(runs[0].text) is not None


def _plain_segments(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[LineBreakSegment]:
    """A plain line's chunks, which know nothing of their neighbours: each is shaped once."""
    ((text, style),) = runs
    han = "" if full_text.isascii() else han_variant(style.language, full_text)
    for part in line_break_segments(text, style.language):
        make = _shape_word_cached if len(part) <= _MAX_CACHED_LENGTH else _shape_word
        chunk, lacking = make(part, style, han, fonts)
        missing.update(lacking)
        yield chunk


def _shape_word(
    text: str, style: TextStyle, han_variant: str, fonts: Fonts
) -> tuple[LineBreakSegment, dict[str, None]]:
    missing: dict[str, None] = {}
    letters = _itemize_run(TextRun(text, style), bytes(len(text)), han_variant, fonts, missing)
    return _segment(list(letters), soft_hyphen=text.endswith(_SOFT_HYPHEN)), missing


_shape_word_cached = lru_cache(maxsize=1024)(_shape_word)


def _itemized_segments(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[LineBreakSegment]:
    """The letters between chances to end a line."""
    letters = list(_itemize(runs, full_text, rtl, fonts, missing))
    text = "".join(run.text for run in runs)
    ends = set(accumulate(map(len, line_break_segments(text, runs[0].style.language))))
    clusters = [cluster for run in runs for cluster in graphemes(run.text)]
    start = at = 0
    for index, cluster in enumerate(clusters):
        at += len(cluster)
        if at in ends or index == len(clusters) - 1:
            yield _segment(letters[start : index + 1], soft_hyphen=cluster == _SOFT_HYPHEN)
            start = index + 1


def _segment(letters: Sequence[_ItemizedGrapheme], *, soft_hyphen: bool) -> LineBreakSegment:
    pieces: list[ShapedRun] = []
    for (style, face, level, space), group in groupby(letters, _run_key):
        text = "".join(letter.text for letter in group)
        if text:
            pieces.extend(_shaped_runs(text, style, face, level, space))
    ink = len(pieces)
    while ink and pieces[ink - 1].is_space:
        ink -= 1
    solid, spaces = tuple(pieces[:ink]), tuple(pieces[ink:])
    hyphen = None
    if soft_hyphen and solid:
        hyphen = _with_text(solid[-1], "-")
    return LineBreakSegment(
        solid, spaces, sum(p.width for p in solid), sum(p.width for p in spaces), hyphen
    )


def _kern_segments(segments: Iterator[LineBreakSegment]) -> Iterator[LineBreakSegment]:
    """The chunks, kerned to the next where nothing stands between: `Anne-Yvonne`."""
    before: LineBreakSegment | None = None
    for chunk in segments:
        if before:
            yield _kern_to_next(before, chunk)
        before = chunk
    if before:
        yield before


def _kern_to_next(segment: LineBreakSegment, following: LineBreakSegment) -> LineBreakSegment:
    """A line's end takes no notice of the kerning, which is a gap like letter spacing's."""
    if segment.trailing_spaces or not (segment.runs and following.runs):
        return segment
    last, first = segment.runs[-1], following.runs[0]
    if (
        last.gap
        or last.font_run.rtl
        or last.style != first.style
        or _UNKERNED_CHARACTERS.match(first.font_run.text)
    ):
        return segment
    if last.font_run._replace(text="") != first.font_run._replace(text=""):
        return segment
    ends = typographic_units(last.font_run.text)[-1], typographic_units(first.font_run.text)[0]
    whole, *parts = (advance(last.font_run._replace(text=text)) for text in ("".join(ends), *ends))
    kern = (whole - sum(parts)) * last.style.size
    closed = last._replace(width=last.width + kern, gap=kern)
    pieces = (*segment.runs[:-1], closed)
    return segment._replace(runs=pieces, width=segment.width + kern)


def _run_key(grapheme: _ItemizedGrapheme) -> tuple[TextStyle, Face, int, bool]:
    space = grapheme.text.isspace() and grapheme.text not in _NO_BREAK_SPACES
    return grapheme.style, grapheme.face, grapheme.level, space


def _shaped_runs(
    text: str, style: TextStyle, face: Face, level: int, is_space: bool
) -> Iterator[ShapedRun]:
    spaced = style.letter_spacing and not _CONNECTED_SCRIPTS.search(text)
    features = style.features + _LETTER_SPACING_FEATURES if spaced else style.features
    letters = FontRun(text, face, bool(level % 2), features, style.language)
    piece = ShapedRun(letters, style, level, advance(letters) * style.size, is_space)
    if not spaced:
        yield piece
        return
    gap = style.letter_spacing * style.size
    parts = typographic_units(text)
    for part, width in zip(parts, _kerned_widths(letters, parts, style.size), strict=True):
        yield piece._replace(font_run=letters._replace(text=part), width=width + gap, gap=gap)


def _with_text(run: ShapedRun, text: str) -> ShapedRun:
    letters = run.font_run._replace(text=text)
    return run._replace(font_run=letters, width=advance(letters) * run.style.size, gap=0.0)


def _kerned_widths(run: FontRun, parts: Sequence[str], size: float) -> list[float]:
    """Each letter's width with the kerning to the one that stands right of it."""
    alone = [advance(run._replace(text=part)) * size for part in parts]
    if len(parts) > _MAX_KERNED_LENGTH:
        return alone
    reached = [advance(run._replace(text=text)) * size for text in accumulate(parts)]
    if run.rtl:
        return [after - before for before, after in pairwise([0.0, *reached])]
    starts = [end - width for end, width in zip(reached, alone, strict=True)]
    return [after - before for before, after in pairwise([*starts, reached[-1]])]
