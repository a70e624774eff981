"""Lines in many scripts, compared with Chromium's drawing of them."""

from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from postcard.text.fonts import Fonts
from postcard.text.segmentation import graphemes
from tests.text.chromium_lines import LINES_SHEET
from tests.text.ink_overlap import best_overlap, our_ink
from tests.text.script_lines import HEIGHT, LINES, WIDTH, ScriptLine

MIN_OVERLAP = 0.9  # of the ink; the rest is due to different anti-aliasing

each_line = pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.language}-{line.text}")


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    with Image.open(LINES_SHEET) as image:
        assert image.size == (WIDTH, HEIGHT * len(LINES)), "run `make scripts` to update lines.png"
        return ImageChops.invert(image.convert("L"))


def _strip(sheet: Image.Image, line: ScriptLine) -> Image.Image:
    top = LINES.index(line) * HEIGHT
    return sheet.crop((0, top, WIDTH, top + HEIGHT))


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
