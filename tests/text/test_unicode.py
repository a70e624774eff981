"""Unicode's own test files: grapheme clusters, line breaks, bidirectional order, emoji."""

import lzma
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from postcard.template.schema.graphemes import count_graphemes, first_graphemes
from postcard.text import bidi
from postcard.text.fonts import Fonts
from postcard.text.segmentation import graphemes, line_break_segments
from tests.rendering.text_canvas import lay_out_line

FOLDER = Path(__file__).parents[1] / "unicode"
FORMATTING = ("WS", "FSI", "LRI", "RLI", "PDI", "BN", "LRE", "RLE", "LRO", "RLO", "PDF")


def _lines(text: str) -> list[str]:
    stripped = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line]


def _cases(name: str) -> list[str]:
    return _lines(lzma.decompress((FOLDER / f"{name}.txt.xz").read_bytes()).decode())


def _text_of(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


def _segments(line: str) -> tuple[str, ...]:
    """The texts between two ÷ in a line of a break test."""
    parts = (part.replace("×", " ") for part in line.split("÷"))
    return tuple(text for text in map(_text_of, parts) if text)


NEWER_RULES = {  # where ICU follows a newer version of Unicode than the test files
    "".join(segments): segments
    for segments in map(_segments, _lines((FOLDER / "newer-rules.txt").read_text("utf-8")))
}


def test_graphemes_follow_unicodes_test_file() -> None:
    cases = [_segments(line) for line in _cases("GraphemeBreakTest")]
    assert len(cases) == 602
    for segments in cases:
        text = "".join(segments)
        expected = NEWER_RULES.get(text, segments)
        assert graphemes(text) == expected, text.encode("unicode_escape")
        assert count_graphemes(text) == len(expected)
        assert first_graphemes(text, len(expected) - 1) == "".join(expected[:-1])


def test_line_breaks_follow_unicodes_test_file() -> None:
    cases = [_segments(line) for line in _cases("LineBreakTest")]
    assert len(cases) == 7654
    for segments in cases:
        text = "".join(segments)
        expected = NEWER_RULES.get(text, segments)
        assert line_break_segments(text, "en") == expected, text.encode("unicode_escape")


def test_every_newer_rule_differs_from_the_test_files() -> None:
    cases = [*_cases("GraphemeBreakTest"), *_cases("LineBreakTest")]
    expected = {"".join(segments): segments for segments in map(_segments, cases)}
    assert all(expected[text] != segments for text, segments in NEWER_RULES.items())


@pytest.mark.parametrize("text", ["क्ष", "ક્ષ", "ക്ഷ", "ক্ষ", "క్ష"])
def test_conjuncts_are_one_grapheme(text: str) -> None:
    assert count_graphemes(text) == 1  # GB9c, newer than the test files


def test_bidirectional_order_follows_unicodes_test_file() -> None:
    cases = _cases("BidiCharacterTest")
    assert len(cases) == 91_707
    for case in cases:
        codes, direction, base, levels, order = case.split(";")
        text, rtl = _text_of(codes), base == "1"
        if direction == "2":
            assert bidi.base_is_rtl(text) == rtl, case
        actual = _with_rule_l1(text, bidi.embedding_levels(text, rtl=rtl), int(base))
        expected = levels.split()
        indices = [index for index, level in enumerate(expected) if level != "x"]
        assert [str(actual[i]) for i in indices] == [expected[i] for i in indices], case
        visual = [indices[i] for i in bidi.visual_order([actual[i] for i in indices])]
        assert visual == [int(index) for index in order.split()], case


def _with_rule_l1(text: str, levels: Sequence[int], base: int) -> list[int]:
    """Apply rule L1: white space before tabs and line ends has the paragraph's level.

    Layouts draw neither, so `embedding_levels` does not apply it.
    """
    result, is_trailing = list(levels), True
    for index in reversed(range(len(text))):
        bidi_class = unicodedata.bidirectional(text[index])
        is_trailing = bidi_class in ("S", "B") or (is_trailing and bidi_class in FORMATTING)
        if is_trailing:
            result[index] = base
    return result


def _emoji() -> Iterator[str]:
    for line in _cases("emoji-test"):
        codes, status = line.split(";")
        if status.strip() in ("fully-qualified", "minimally-qualified", "component"):
            yield _text_of(codes)


def test_every_emoji_is_one_grapheme_and_one_colour_glyph(fonts: Fonts) -> None:
    all_emoji = list(_emoji())
    assert len(all_emoji) == 4491
    width = lay_out_line("😀", fonts).width
    for text in all_emoji:
        assert count_graphemes(text) == 1
        layout = lay_out_line(text, fonts)
        (run,) = layout.lines[0].runs
        assert run.font_run.face.color, text
        assert (layout.missing_characters, layout.width) == ((), width), text


def test_no_emoji_is_broken_across_lines(fonts: Fonts) -> None:
    for text in [*_emoji()][::7]:
        lines = lay_out_line(text * 3, fonts, width=17).lines
        assert [[run.font_run.text for run in line.runs] for line in lines] == [[text]] * 3
