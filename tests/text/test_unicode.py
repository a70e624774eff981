"""Unicode's own tests, whole: letters, lines, reading order, emoji."""

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


def _letters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


def _segments(line: str) -> tuple[str, ...]:
    """What stands between two ÷ of a line of a break test."""
    parts = (part.replace("×", " ") for part in line.split("÷"))
    return tuple(letters for letters in map(_letters, parts) if letters)


NEWER = {
    "".join(pieces): pieces
    for pieces in map(_segments, _lines((FOLDER / "newer-rules.txt").read_text("utf-8")))
}


def test_letters_are_cut_as_unicode_cuts_them() -> None:
    cases = [_segments(line) for line in _cases("GraphemeBreakTest")]
    assert len(cases) == 602
    for pieces in cases:
        text = "".join(pieces)
        pieces = NEWER.get(text, pieces)
        assert graphemes(text) == pieces, text.encode("unicode_escape")
        assert count_graphemes(text) == len(pieces)
        assert first_graphemes(text, len(pieces) - 1) == "".join(pieces[:-1])


def test_lines_end_where_unicode_lets_them() -> None:
    cases = [_segments(line) for line in _cases("LineBreakTest")]
    assert len(cases) == 7654
    for pieces in cases:
        text = "".join(pieces)
        assert line_break_segments(text, "en") == NEWER.get(text, pieces), text.encode(
            "unicode_escape"
        )


def test_every_exception_is_one() -> None:
    told = [*_cases("GraphemeBreakTest"), *_cases("LineBreakTest")]
    meant = {"".join(pieces): pieces for pieces in map(_segments, told)}
    assert all(meant[text] != pieces for text, pieces in NEWER.items())


@pytest.mark.parametrize("text", ["क्ष", "ક્ષ", "ക്ഷ", "ক্ষ", "క్ష"])
def test_letters_that_grow_into_one_shape_are_one(text: str) -> None:
    assert count_graphemes(text) == 1  # GB9c, newer than the test files


def test_reading_order_is_unicodes() -> None:
    cases = _cases("BidiCharacterTest")
    assert len(cases) == 91_707
    for case in cases:
        codes, direction, base, levels, order = case.split(";")
        text, rtl = _letters(codes), base == "1"
        if direction == "2":
            assert bidi.base_is_rtl(text) == rtl, case
        found = _ended(text, bidi.embedding_levels(text, rtl=rtl), int(base))
        meant = levels.split()
        kept = [at for at, level in enumerate(meant) if level != "x"]
        assert [str(found[at]) for at in kept] == [meant[at] for at in kept], case
        shown = [kept[at] for at in bidi.visual_order([found[at] for at in kept])]
        assert shown == [int(at) for at in order.split()], case


def _ended(text: str, levels: Sequence[int], base: int) -> list[int]:
    """Rule L1: white space before a tab and at the end of a line stands at the line's own level.

    Layouts draw neither, so `levels` leaves it to whoever would.
    """
    found, ends = list(levels), True
    for at in reversed(range(len(text))):
        kind = unicodedata.bidirectional(text[at])
        ends = kind in ("S", "B") or (ends and kind in FORMATTING)
        if ends:
            found[at] = base
    return found


def _emoji() -> Iterator[str]:
    for line in _cases("emoji-test"):
        codes, kind = line.split(";")
        if kind.strip() in ("fully-qualified", "minimally-qualified", "component"):
            yield _letters(codes)


def test_every_emoji_is_one_letter_and_one_picture(fonts: Fonts) -> None:
    every = list(_emoji())
    assert len(every) == 4491
    width = lay_out_line("😀", fonts).width
    for text in every:
        assert count_graphemes(text) == 1
        layout = lay_out_line(text, fonts)
        (placed,) = layout.lines[0].runs
        assert placed.font_run.face.color, text
        assert (layout.missing_characters, layout.width) == ((), width), text


def test_no_emoji_is_cut(fonts: Fonts) -> None:
    for text in [*_emoji()][::7]:
        lines = lay_out_line(text * 3, fonts, width=17).lines
        assert [[placed.font_run.text for placed in line.runs] for line in lines] == [[text]] * 3
