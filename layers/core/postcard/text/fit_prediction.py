"""Predicts how a text will fit its box, from the widths of its words, without laying it out.

The same decisions as in `shrink_to_fit`, on numbers. Widths of plain Latin words are measured once
and kept. Where a sum is too near a limit for its rounding, or a word has to be broken, the text is
laid out after all, so that the answer is always the layout's own.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postcard.runtime.lru_cache import SizedLruCache
from postcard.text.fonts import TALL_FAMILIES, Face, Fonts
from postcard.text.glyphs import FontRun, advance
from postcard.text.layout import layout_text
from postcard.text.line_metrics import style_extent
from postcard.text.line_wrapping import BALANCE_ITERATIONS
from postcard.text.pair_advances import PairAdvances
from postcard.text.segmentation import line_break_segments
from postcard.text.shaping import (
    CASE_SIGNS,
    LETTER_SPACING_FEATURES,
    WIDTH_TOLERANCE,
    LineBreakSegment,
    shape_text,
)
from postcard.text.shrink_to_fit import (
    SIZE_STEP,
    AvailableSpace,
    estimate_scale,
    search_font_scale,
)
from postcard.text.simple_latin import is_simple_latin
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

_ROUNDING = 1e-6  # pixels; sums of the same widths differ by far less
_MAX_WORD_LENGTH = 32  # longer words are rare, and kerned in another way from 64 letters on
_MAX_KEPT_WORDS, _MAX_BOXES = 20_000, 64
_ISOLATES = str.maketrans("", "", "\u2068\u2069")


class FitPrediction(NamedTuple):
    """How a text will be drawn; the words mean the same as in `TextLayout`."""

    font_scale: float
    truncated: bool
    missing_characters: tuple[str, ...] = ()


class _Word(NamedTuple):
    """A segment's width, that of the spaces after it, and what a line's end drops of the width."""

    width: float
    trailing_width: float
    gap: float


class _Undecided(Exception):
    """Only the layout can say."""


class FitPredictor:
    """Predicts the fit of texts; keeps the widths of words for each style and box."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._boxes: SizedLruCache[tuple[object, ...], _TextBox] = SizedLruCache(_MAX_BOXES)

    def predict(
        self,
        runs: Sequence[TextRun],
        paragraph: ParagraphStyle,
        *,
        width: float | None,
        height: float | None,
    ) -> FitPrediction:
        """What `layout_text` would say of the same text in the same box."""
        visible = tuple(run for run in runs if run.text)
        if len(visible) == 1:
            (run,) = visible
            try:
                return self._box(run.style, paragraph, width, height).predict(run)
            except _Undecided:
                pass
        layout = layout_text(visible, paragraph, width=width, height=height, fonts=self._fonts)
        return FitPrediction(layout.font_scale, layout.truncated, layout.missing_characters)

    def _box(
        self,
        style: TextStyle,
        paragraph: ParagraphStyle,
        width: float | None,
        height: float | None,
    ) -> "_TextBox":
        key = (style, paragraph, width, height)
        box = self._boxes.get(key)
        if box is None:
            box = _TextBox(style, paragraph, width, height, self._fonts)
            self._boxes.put(key, box)
        return box


class _TextBox:
    """A box with one style of text; it keeps the words that it has measured."""

    def __init__(
        self,
        style: TextStyle,
        paragraph: ParagraphStyle,
        width: float | None,
        height: float | None,
        fonts: Fonts,
    ) -> None:
        self._style, self._paragraph, self._fonts = style, paragraph, fonts
        self._space = AvailableSpace(
            math.inf if width is None else width,
            math.inf if height is None else height,
            paragraph.max_lines or math.inf,
        )
        self._face: Face = fonts.face_chain(style.families, style.weight, style.italic)[0]
        above, below = style_extent(style, fonts)
        self._line_height = above + below
        cap_height = self._face.cap_height * style.size
        self._trims = (above - cap_height, below) if paragraph.trim_cap else (0.0, 0.0)
        self._gap = style.letter_spacing * style.size
        features = style.features + LETTER_SPACING_FEATURES if self._gap else style.features
        self._run = FontRun("", self._face, False, features, style.language)
        # What a requested feature does to neighbours is not known.
        self._advances = PairAdvances(self._run) if not style.features else None
        self._words: dict[str, _Word] = {}

    def predict(self, run: TextRun) -> FitPrediction:
        """The prediction for a text in the box's style; `_Undecided` if numbers do not suffice."""
        if self._face.family in TALL_FAMILIES:
            raise _Undecided
        missing: tuple[str, ...] = ()
        paragraphs = self._measured_words(run.text)
        if paragraphs is None:
            paragraphs, missing = self._shaped_words(run)
        font_scale = 1.0
        if self._paragraph.fit == "shrink" and not self._fits(paragraphs, self._space):
            font_scale = self._search(paragraphs)
        return FitPrediction(font_scale, self._is_truncated(paragraphs, font_scale), missing)

    # Words

    def _measured_words(self, text: str) -> list[list[_Word]] | None:
        """The words of plain Latin text, by paragraph; None if it is something else."""
        if self._paragraph.direction == "rtl":
            return None
        if not is_simple_latin(text):
            return None
        words = []
        for segment in line_break_segments(text, self._style.language):
            word = self._words.get(segment)
            if word is None:
                word = self._measure(segment)
                if word is None:
                    return None
            words.append(word)
        if any(not word.trailing_width for word in words[:-1]):
            return None  # kerned to the next word, as in Anne-Yvonne
        return [words]

    def _measure(self, segment: str) -> _Word | None:
        """A plain word in one face with the spaces after it."""
        text = segment.translate(_ISOLATES)
        word = text.rstrip(" ")
        face, style = self._face, self._style
        if not word or len(text) > _MAX_WORD_LENGTH or word[-1] in CASE_SIGNS:
            return None  # such a sign is raised if the next word begins with a capital
        if not all(map(face.has_glyph, word)):
            return None
        spaces, gap = text[len(word) :], self._gap
        measure = self._advances.advance if self._advances else self._advance
        measured = _Word(
            measure(word) * style.size + len(word) * gap,
            self._advance(spaces) * style.size + len(spaces) * gap if spaces else 0.0,
            gap,
        )
        if len(self._words) >= _MAX_KEPT_WORDS:
            self._words.clear()
        self._words[segment] = measured
        return measured

    def _advance(self, text: str) -> float:
        return advance(self._run._replace(text=text))

    def _shaped_words(self, run: TextRun) -> tuple[list[list[_Word]], tuple[str, ...]]:
        shaped = shape_text((run,), self._paragraph.direction, self._fonts)
        paragraphs = [[*map(_word_of, segments)] for segments, _ in shaped.paragraphs]
        return paragraphs, shaped.missing_characters

    # Fit

    def _fits(self, paragraphs: Sequence[Sequence[_Word]], space: AvailableSpace) -> bool:
        counts = [self._line_count(words, space.width) for words in paragraphs]
        if None in counts or sum(filter(None, counts)) > space.max_lines:
            return False
        height = sum(filter(None, counts)) * self._line_height - sum(self._trims)
        if _exceeds(height, space.height + WIDTH_TOLERANCE):
            return False
        return all(
            self._lines_are_narrow(words, count, space.width)
            for words, count in zip(paragraphs, counts, strict=True)
            if count
        )

    def _line_count(self, words: Sequence[_Word], width: float) -> int | None:
        """The number of lines; None if a word has to be broken."""
        if self._paragraph.wrap == "none":
            return 1
        try:
            return sum(1 for _ in _greedy_lines(words, width))
        except _WordTooWide:
            return None

    def _lines_are_narrow(self, words: Sequence[_Word], count: int, width: float) -> bool:
        """Whether each line, without its last gap, is at most `width`.

        Lines whose last gap is negative are wider than the sum by which they were wrapped.
        """
        limit = width + WIDTH_TOLERANCE
        if self._paragraph.wrap == "none":
            return not _exceeds(_visible_width(words), limit)
        widening = max((-word.gap for word in words), default=0.0)
        if widening <= 0:
            return True
        if self._paragraph.wrap == "balance" and count > 1:
            for balanced in _balanced_widths(words, count, width):
                if balanced + widening < width:
                    return True
                width = balanced
        return not any(
            _exceeds(_visible_width(line), limit) for line in _greedy_lines(words, width)
        )

    def _search(self, paragraphs: Sequence[Sequence[_Word]]) -> float:
        words = [word for paragraph in paragraphs for word in paragraph]
        if not words:
            raise _Undecided
        estimate = estimate_scale(
            self._space,
            widest=max(word.width for word in words),
            total_width=sum(word.width + word.trailing_width for word in words),
            line_height=self._line_height,
        )
        steps = self._style.size * (1 - estimate) / SIZE_STEP
        if round(steps) and abs(steps - round(steps)) < _ROUNDING:
            raise _Undecided  # the search may begin one step beside
        return search_font_scale(
            self._style.size,
            self._paragraph.min_size,
            lambda: estimate,
            lambda scale: self._fits(paragraphs, self._space.at_font_scale(scale)),
        )

    def _is_truncated(self, paragraphs: Sequence[Sequence[_Word]], font_scale: float) -> bool:
        paragraph, space = self._paragraph, self._space.at_font_scale(font_scale)
        if paragraph.overflow == "visible":
            return False
        counts = [self._line_count(words, space.width) for words in paragraphs]
        if None in counts:
            raise _Undecided
        count, (top, bottom) = sum(filter(None, counts)), self._trims
        visible_count = count
        for index in range(count):
            lowest = (index + 1) * self._line_height - top - bottom
            if index >= space.max_lines or _exceeds(lowest, space.height + WIDTH_TOLERANCE):
                visible_count = max(1, index)
                break
        if visible_count < count:
            return True
        return (
            paragraph.wrap == "none"
            and paragraph.overflow == "ellipsis"
            and any(
                _exceeds(_visible_width(words), space.width + WIDTH_TOLERANCE)
                for words in paragraphs
            )
        )


class _WordTooWide(Exception):
    """A word is wider than a line."""


def _word_of(segment: LineBreakSegment) -> _Word:
    if segment.hyphen or not segment.runs:
        raise _Undecided
    if any(run.is_space for run in segment.runs):
        raise _Undecided
    if any(run.font_run.face.family in TALL_FAMILIES for run in segment.runs):
        raise _Undecided
    return _Word(segment.width, segment.trailing_width, segment.runs[-1].gap)


def _exceeds(length: float, limit: float) -> bool:
    """Whether a length is over a limit; `_Undecided` if it is too near to say."""
    if abs(length - limit) < _ROUNDING:
        raise _Undecided
    return length > limit


def _visible_width(line: Sequence[_Word]) -> float:
    if not line:
        return 0.0
    total = sum(word.width + word.trailing_width for word in line)
    return total - line[-1].trailing_width - line[-1].gap


def _greedy_lines(words: Sequence[_Word], width: float) -> Iterator[Sequence[_Word]]:
    """The lines as `line_wrapping` breaks them; `_WordTooWide` where it would break a word."""
    limit, start, used = width + WIDTH_TOLERANCE, 0, 0.0
    for index, word in enumerate(words):
        free = limit - used - word.width
        if free < _ROUNDING:
            if free > -_ROUNDING:
                raise _Undecided
            if index > start:
                yield words[start:index]
                start, used = index, 0.0
                free = limit - word.width
                if -_ROUNDING < free < _ROUNDING:
                    raise _Undecided
            if free < 0:
                if free + abs(word.gap) > -_ROUNDING:
                    raise _Undecided  # without the last gap it may fit
                raise _WordTooWide
        used += word.width + word.trailing_width
    yield words[start:]


def _balanced_widths(words: Sequence[_Word], count: int, width: float) -> Iterator[float]:
    """The smaller and smaller widths at which the words still take `count` lines."""
    low, high = width / 2, width
    for _ in range(BALANCE_ITERATIONS):
        middle = (low + high) / 2
        try:
            narrower = sum(1 for _ in _greedy_lines(words, middle))
        except _WordTooWide:
            narrower = 0
        if narrower == count:
            high = middle
            yield high
        else:
            low = middle
