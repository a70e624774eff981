"""Lines in many scripts, compared with Chromium's drawing of them."""

from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from postcard.text.fonts import Fonts
from postcard.text.segmentation import graphemes
from tests.text.chromium_lines import SHEETS, Sheet
from tests.text.ink_overlap import best_overlap, our_ink
from tests.text.more_script_lines import MORE_LINES
from tests.text.script_lines import LINES, WIDTH, ScriptLine

MIN_OVERLAP = 0.9  # of the ink; the rest is due to different anti-aliasing

each_line = pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.language}-{line.text}")
each_more_line = pytest.mark.parametrize(
    "line", MORE_LINES, ids=lambda line: f"{line.language}-{line.text}"
)
SHEET, MORE_SHEET = SHEETS


def _read_sheet(sheet: Sheet) -> Image.Image:
    with Image.open(sheet.path) as image:
        size = (WIDTH, sheet.height * len(sheet.lines))
        assert image.size == size, f"run `make scripts` to update {sheet.path.name}"
        return ImageChops.invert(image.convert("L"))


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    return _read_sheet(SHEET)


@pytest.fixture(scope="module")
def more_sheet() -> Image.Image:
    return _read_sheet(MORE_SHEET)


def _ink_top(strip: Image.Image) -> int:
    box = strip.getbbox()
    assert box and box[3] < strip.height, "the line is cut"
    return int(box[1])


def _strip(sheet: Image.Image, line: ScriptLine) -> Image.Image:
    return SHEET.strip(sheet, line)


@each_more_line
def test_a_line_in_optional_fonts_looks_as_chromium_draws_it(
    line: ScriptLine, more_sheet: Image.Image, more_fonts: Fonts
) -> None:
    ours = our_ink(line, more_fonts, MORE_SHEET.height)
    theirs = MORE_SHEET.strip(more_sheet, line)
    lower = _ink_top(ours) - _ink_top(theirs)  # Postcard's lines of tall letters are higher
    ink = best_overlap(ours, ImageChops.offset(theirs, 0, lower))
    assert ink.stray <= line.max_stray_pixels
    assert ink.overlap >= MIN_OVERLAP


@each_line
def test_a_line_looks_as_chromium_draws_it(
    line: ScriptLine, sheet: Image.Image, fonts: Fonts
) -> None:
    ink = best_overlap(our_ink(line, fonts), _strip(sheet, line))
    assert ink.stray <= line.max_stray_pixels
    assert ink.overlap >= MIN_OVERLAP


@each_line
def test_the_comparison_detects_two_swapped_letters(
    line: ScriptLine, sheet: Image.Image, fonts: Fonts
) -> None:
    letters = list(graphemes(line.text))
    index = len(letters) // 2
    while letters[index] == letters[index - 1]:
        index += 1
    letters[index - 1 : index + 1] = letters[index], letters[index - 1]
    wrong = replace(line, text="".join(letters))
    assert (
        best_overlap(our_ink(wrong, fonts), _strip(sheet, line)).stray > 2 * line.max_stray_pixels
    )


@pytest.mark.parametrize(
    ("language", "character"),
    [
        ("ar", "\u0651"), ("ur", "\u064f"), ("he", "\u05b8"), ("hi", "\u094d"), ("bn", "\u09cd"),
        ("ta", "\u0bcd"), ("th", "\u0e49"), ("lo", "\u0ec8"), ("km", "\u17d2"), ("my", "\u1039"),
        ("si", "\u200d"), ("fa", "\u200c"), ("en", "\u0323"), ("en", "\u200d"),
        ("en", "\U0001f3fd"),
    ],
)  # fmt: skip
def test_the_comparison_detects_a_missing_mark_or_joiner(
    language: str, character: str, sheet: Image.Image, fonts: Fonts
) -> None:
    lines = [line for line in LINES if line.language == language and character in line.text]
    for line in lines:
        wrong = replace(line, text=line.text.replace(character, ""))
        assert (
            best_overlap(our_ink(wrong, fonts), _strip(sheet, line)).stray
            > 2 * line.max_stray_pixels
        )
    assert lines
