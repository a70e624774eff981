"""Shapes text: finds the face, direction and width of each run, and where lines may break.

Widths are in CSS pixels at the runs' own font sizes. They are proportional to the size, so a text
is shaped once and can then be wrapped at any size.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise, zip_longest
from typing import NamedTuple

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.bidi import base_is_rtl, embedding_levels
from postcard.text.fonts import CASE_FAMILY, Face, Fonts, choose_face, strip_default_ignorable
from postcard.text.glyphs import FontRun, advance
from postcard.text.regional_variants import regional_variant
from postcard.text.segmentation import graphemes, line_break_segments, typographic_units
from postcard.text.simple_latin import is_simple_latin
from postcard.text.style import TextRun, TextStyle

WIDTH_TOLERANCE = 0.01  # pixels; for rounding in sums of widths

_CONNECTED_SCRIPTS = lazy_regex(  # joined letters, which letter spacing would separate
    "[\u0600-\u07ff\u0840-\u085f\u0860-\u0a7f\u1800-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010d00-\U00010d3f\U0001e900-\U0001e95f]"
)
CASE_SIGNS = frozenset("()[]{}@-–‒—•◦:<>≤≥=≠+−×÷±≈~*←→")
_NO_BREAK_SPACES = "\u00a0\u2007\u202f\u2060\ufeff"
_SOFT_HYPHEN = "\u00ad"
_UNKERNED_CHARACTERS = lazy_regex("[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]")  # East Asian
LETTER_SPACING_FEATURES = ("-liga", "-clig")
_PLAIN_TEXT = lazy_regex(  # left to right, and each character is a grapheme of its own
    "[^\x00-\x1f\x7f-\x9f\u0300-\u200f\u2028-\u202e\u2067\u206a-\u209f\u20d0-\U0010ffff]*"
)
_BYTES_PER_SEGMENT, _BYTES_PER_CHARACTER = 1000, 8  # in memory, at most: words are shared
_MAX_CACHED_LENGTH = 32  # characters of a word
_FIRST_PROBED_UNITS = 16  # of a word that is broken; doubled until a line is full
_NARROWING_UNITS = 3  # letters after which joined ones may be narrower than before
_TWO_EMOJI = 1.5  # widths of one: an emoji that is wider is drawn as several
_MAX_KERNED_LENGTH = 64  # letters; measuring all prefixes takes quadratic time


class ShapedRun(NamedTuple):
    """Adjacent letters of one style, face and embedding level, or the white space between.

    `gap` is the part of the width, added by letter spacing or kerning, that a line's end drops.
    """

    font_run: FontRun
    style: TextStyle
    level: int
    width: float
    is_space: bool = False
    gap: float = 0.0


class LineBreakSegment(NamedTuple):
    """Text without a break opportunity inside: runs, then spaces that are dropped at a line's end.

    `hyphen` is shown if a line ends here, at a soft hyphen.
    """

    runs: tuple[ShapedRun, ...]
    trailing_spaces: tuple[ShapedRun, ...]
    width: float
    trailing_width: float
    hyphen: ShapedRun | None = None


@dataclass(frozen=True, slots=True)
class ShapedText:
    """A shaped text; `paragraphs`, separated by newlines, have segments and their first style."""

    paragraphs: tuple[tuple[tuple[LineBreakSegment, ...], TextStyle], ...]
    rtl: bool
    missing_characters: tuple[str, ...]


class _ItemizedGrapheme(NamedTuple):
    text: str
    style: TextStyle
    face: Face
    level: int
    is_spaced: bool = False


def _size_in_bytes(shaped: ShapedText) -> int:
    segments = [segment for paragraph, _ in shaped.paragraphs for segment in paragraph]
    lengths = (len(run.font_run.text) for segment in segments for run in segment.runs)
    return _BYTES_PER_SEGMENT * len(segments) + _BYTES_PER_CHARACTER * sum(lengths)


@memoize_by_bytes(_size_in_bytes)
def shape_text(runs: tuple[TextRun, ...], direction: str, fonts: Fonts) -> ShapedText:
    """Shape a text; `direction` is `auto`, `ltr` or `rtl`. Results are cached."""
    full_text = "".join(run.text for run in runs)
    rtl = direction == "rtl" or (direction == "auto" and base_is_rtl(full_text))
    missing: dict[str, None] = {}
    paragraphs = []
    for line_runs in _split_at_newlines(runs):
        shape = _plain_segments if _is_plain(line_runs, rtl=rtl) else _itemized_segments
        shaped = list(shape(line_runs, full_text, rtl, fonts, missing))
        segments = tuple(_kern_segments(_raise_signs(shaped)))
        paragraphs.append((segments, line_runs[0].style))
    return ShapedText(tuple(paragraphs), rtl, tuple(missing))


def split_at_width(
    run: ShapedRun, available_width: float, *, min_units: int = 0
) -> tuple[ShapedRun | None, ShapedRun | None]:
    """The part of a run that fits `available_width`, and the rest; both shaped anew.

    At least `min_units` letters are in the first part, however wide they are.
    """
    text = run.font_run.text
    ends = [*accumulate(map(len, typographic_units(text)))]

    def width(count: int) -> float:
        return _with_text(run, text[: ends[count - 1]]).width

    limit = available_width + WIDTH_TOLERANCE
    most = min(_FIRST_PROBED_UNITS, len(ends))
    while most < len(ends) and width(most) <= limit:  # a word may have a thousand lines
        most = min(2 * most, len(ends))
    fitting = bisect_right(range(1, most + 1), limit, key=width)
    for count in range(min(fitting + _NARROWING_UNITS, len(ends)), fitting, -1):
        if width(count) <= limit:
            fitting = count
            break
    fitting = max(fitting, min_units)
    if fitting in (0, len(ends)):
        return (run, None) if fitting else (None, run)
    end = ends[fitting - 1]
    return _with_text(run, text[:end]), _with_text(run, text[end:])


def split_last_unit(run: ShapedRun) -> tuple[ShapedRun | None, ShapedRun]:
    """A run without its last letter, None if it has no other, and that letter."""
    units = typographic_units(run.font_run.text)
    if len(units) < 2:
        return None, run
    return _with_text(run, "".join(units[:-1])), _with_text(run, units[-1])


def shape_in_style_of(run: ShapedRun, text: str, fonts: Fonts) -> ShapedRun:
    """Shape another text, such as an ellipsis, in a run's style and direction."""
    style = run.style
    face, _ = choose_face(text, fonts.face_chain(style.families, style.weight, style.italic))
    font_run = run.font_run._replace(text=text, face=face)
    return ShapedRun(font_run, style, run.level, advance(font_run) * style.size)


def _split_at_newlines(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """The runs of each paragraph; an empty one has one empty run, for its style."""
    paragraph: list[TextRun] = []
    for run in runs:
        first, *others = run.text.split("\n")
        paragraph.append(run._replace(text=first))
        for text in others:
            yield paragraph
            paragraph = [run._replace(text=text)]
    if paragraph:
        yield paragraph


def _itemize(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_ItemizedGrapheme]:
    levels = embedding_levels("".join(run.text for run in runs), rtl=rtl)
    start = 0
    for run in runs:
        variant = "" if full_text.isascii() else regional_variant(run.style.language, full_text)
        yield from _itemize_run(run, levels[start : start + len(run.text)], variant, fonts, missing)
        start += len(run.text)


def _mark_spaced(items: Sequence[_ItemizedGrapheme]) -> list[_ItemizedGrapheme]:
    """The graphemes with `is_spaced` where letter spacing applies.

    It would separate joined letters. Spaces, digits and signs go with the letter before them, at
    the start of a text with the first one, as in CSS.
    """
    joined = next((_is_joined(item.text) for item in items if item.text[:1].isalpha()), False)
    marked = []
    for item in items:
        if item.text[:1].isalpha() or _CONNECTED_SCRIPTS.match(item.text):
            joined = _is_joined(item.text)
        is_spaced = bool(item.style.letter_spacing) and not joined
        marked.append(item._replace(is_spaced=is_spaced))
    return marked


def _is_joined(text: str) -> bool:
    return _CONNECTED_SCRIPTS.search(text) is not None


def _itemize_run(
    run: TextRun, levels: Sequence[int], variant: str, fonts: Fonts, missing: dict[str, None]
) -> Iterator[_ItemizedGrapheme]:
    """The graphemes of a run with their faces and levels; adds to `missing` what no face has."""
    style, index = run.style, 0
    chain = fonts.face_chain(style.families, style.weight, style.italic, variant)
    for grapheme in graphemes(run.text):
        face, lacking = choose_face(grapheme, chain)
        missing.update(dict.fromkeys(lacking))
        drawn = "".join(c for c in grapheme if c not in lacking) if lacking else grapheme
        if face.color and len(drawn) > 1 and not _is_one_emoji(drawn, face):
            missing[drawn] = None
            drawn = drawn if face.has_flag(drawn) else ""
        yield _ItemizedGrapheme(
            drawn if strip_default_ignorable(drawn) else "", style, face, levels[index]
        )
        index += len(grapheme)


def _is_one_emoji(cluster: str, face: Face) -> bool:
    """Whether a colour font has the flag, or one glyph for an emoji of several characters."""
    if not face.has_flag(cluster):
        return False
    whole, first = (
        advance(FontRun(text, face, rtl=False, features=(), language=""))
        for text in (cluster, cluster[0])
    )
    return whole < _TWO_EMOJI * first


def _is_plain(runs: Sequence[TextRun], *, rtl: bool) -> bool:
    if rtl or len(runs) != 1:
        return False
    return is_simple_latin(runs[0].text) or _PLAIN_TEXT.fullmatch(runs[0].text) is not None


def _plain_segments(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[LineBreakSegment]:
    """The segments of plain text, which do not depend on their neighbours and are cached."""
    ((text, style),) = runs
    variant = "" if full_text.isascii() else regional_variant(style.language, full_text)
    for word in line_break_segments(text, style.language):
        shape = _shape_word_cached if len(word) <= _MAX_CACHED_LENGTH else _shape_word
        segment, lacking = shape(word, style, variant, fonts)
        missing.update(lacking)
        yield segment


def _shape_word(
    text: str, style: TextStyle, variant: str, fonts: Fonts
) -> tuple[LineBreakSegment, dict[str, None]]:
    missing: dict[str, None] = {}
    run = TextRun(text, style)
    items = list(_itemize_run(run, bytes(len(text)), variant, fonts, missing))
    if style.letter_spacing:
        items = _mark_spaced(items)
    return _segment(items, soft_hyphen=text.endswith(_SOFT_HYPHEN)), missing


_shape_word_cached = lru_cache(maxsize=1024)(_shape_word)


def _itemized_segments(
    runs: Sequence[TextRun], full_text: str, rtl: bool, fonts: Fonts, missing: dict[str, None]
) -> Iterator[LineBreakSegment]:
    """The segments of any text: graphemes between two break opportunities."""
    items = list(_itemize(runs, full_text, rtl, fonts, missing))
    if any(run.style.letter_spacing for run in runs):
        items = _mark_spaced(items)
    text = "".join(run.text for run in runs)
    breaks = set(accumulate(map(len, line_break_segments(text, runs[0].style.language))))
    all_graphemes = [grapheme for run in runs for grapheme in graphemes(run.text)]
    start = offset = 0
    for index, grapheme in enumerate(all_graphemes):
        offset += len(grapheme)
        if offset in breaks or index == len(all_graphemes) - 1:
            yield _segment(items[start : index + 1], soft_hyphen=grapheme == _SOFT_HYPHEN)
            start = index + 1


def _segment(items: Sequence[_ItemizedGrapheme], *, soft_hyphen: bool) -> LineBreakSegment:
    all_runs: list[ShapedRun] = []
    for key, group in groupby(items, _run_key):
        text = "".join(item.text for item in group)
        if text:
            all_runs.extend(_shaped_runs(text, *key))
    end = len(all_runs)
    while end and all_runs[end - 1].is_space:
        end -= 1
    runs, spaces = tuple(all_runs[:end]), tuple(all_runs[end:])
    hyphen = _with_text(runs[-1], "-") if soft_hyphen and runs else None
    width, trailing_width = sum(run.width for run in runs), sum(run.width for run in spaces)
    return LineBreakSegment(runs, spaces, width, trailing_width, hyphen)


def _raise_signs(segments: Sequence[LineBreakSegment]) -> Iterator[LineBreakSegment]:
    """Raise a dash or colon between capitals or digits, also across a space, as in `12 – 14`.

    Inter does so by itself only inside a word, because words are shaped one by one.
    """
    previous: LineBreakSegment | None = None
    for segment, following in zip_longest(segments, segments[1:]):
        is_raised = following and _is_among_capitals(previous, segment, following)
        yield _with_case_forms(segment) if is_raised else segment
        previous = segment


def _is_among_capitals(
    previous: LineBreakSegment | None, segment: LineBreakSegment, following: LineBreakSegment
) -> bool:
    """Whether a segment ends with a sign that is raised: a capital precedes it, a letter follows.

    A sign alone needs a capital behind it, too.
    """
    if not segment.runs or not following.runs:
        return False
    last = segment.runs[-1].font_run
    if last.text[-1:] not in CASE_SIGNS or last.face.family != CASE_FAMILY:
        return False
    text = "".join(run.font_run.text for run in segment.runs)
    first = following.runs[0].font_run.text[:1]
    if len(text) > 1:
        has_others = any(letter in CASE_SIGNS for letter in text[:-1])
        return not has_others and _is_capital(text[-2]) and first.isalnum()
    if previous is None or not previous.runs:
        return False
    return _is_capital(previous.runs[-1].font_run.text[-1:]) and _is_capital(first)


def _is_capital(character: str) -> bool:
    return character.isupper() or character.isdigit() or unicodedata.category(character) == "Sc"


def _with_case_forms(segment: LineBreakSegment) -> LineBreakSegment:
    *others, last = segment.runs
    features = (*last.font_run.features, "case")
    font_run = last.font_run._replace(features=features)
    raised = last._replace(font_run=font_run, width=advance(font_run) * last.style.size + last.gap)
    width = segment.width - last.width + raised.width
    return segment._replace(runs=(*others, raised), width=width)


def _kern_segments(segments: Iterator[LineBreakSegment]) -> Iterator[LineBreakSegment]:
    """Kern each segment to the next where no space is between, as in `Anne-Yvonne`."""
    previous: LineBreakSegment | None = None
    for segment in segments:
        if previous:
            yield _kern_to_next(previous, segment)
        previous = segment
    if previous:
        yield previous


def _kern_to_next(segment: LineBreakSegment, following: LineBreakSegment) -> LineBreakSegment:
    """Add the kerning as a gap, which is dropped if the line breaks here."""
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
    pair = typographic_units(last.font_run.text)[-1], typographic_units(first.font_run.text)[0]
    whole, *parts = (advance(last.font_run._replace(text=text)) for text in ("".join(pair), *pair))
    kerning = (whole - sum(parts)) * last.style.size
    kerned = last._replace(width=last.width + kerning, gap=kerning)
    return segment._replace(runs=(*segment.runs[:-1], kerned), width=segment.width + kerning)


def _run_key(grapheme: _ItemizedGrapheme) -> tuple[TextStyle, Face, int, bool, bool]:
    is_space = grapheme.text.isspace() and grapheme.text not in _NO_BREAK_SPACES
    return grapheme.style, grapheme.face, grapheme.level, is_space, grapheme.is_spaced


def _shaped_runs(
    text: str, style: TextStyle, face: Face, level: int, is_space: bool, is_spaced: bool
) -> Iterator[ShapedRun]:
    """One run, or with letter spacing a run for each letter."""
    features = style.features + LETTER_SPACING_FEATURES if is_spaced else style.features
    font_run = FontRun(text, face, bool(level % 2), features, style.language)
    run = ShapedRun(font_run, style, level, advance(font_run) * style.size, is_space)
    if not is_spaced:
        yield run
        return
    gap = style.letter_spacing * style.size
    units = typographic_units(text)
    for unit, width in zip(units, _kerned_widths(font_run, units, style.size), strict=True):
        yield run._replace(font_run=font_run._replace(text=unit), width=width + gap, gap=gap)


def _with_text(run: ShapedRun, text: str) -> ShapedRun:
    font_run = run.font_run._replace(text=text)
    return run._replace(font_run=font_run, width=advance(font_run) * run.style.size, gap=0.0)


def _kerned_widths(run: FontRun, units: Sequence[str], size: float) -> list[float]:
    """Each letter's width with the kerning to the letter at its right."""
    widths = [advance(run._replace(text=unit)) * size for unit in units]
    if len(units) > _MAX_KERNED_LENGTH:
        return widths
    ends = [advance(run._replace(text=prefix)) * size for prefix in accumulate(units)]
    if run.rtl:
        return [end - start for start, end in pairwise([0.0, *ends])]
    starts = [end - width for end, width in zip(ends, widths, strict=True)]
    return [next_start - start for start, next_start in pairwise([*starts, ends[-1]])]
