"""Sixty lines in the scripts of the world, letter by letter where another engine puts them."""

from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from postcard.text.fonts import Fonts
from postcard.text.segmentation import graphemes
from tests.text.chromium_lines import LINES_SHEET
from tests.text.ink_overlap import best_overlap, our_ink
from tests.text.script_lines import HEIGHT, LINES, WIDTH, ScriptLine

SHARED = 0.9  # of the ink of both; the rest is how edges are smoothed

each_line = pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.language}-{line.text}")


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    with Image.open(LINES_SHEET) as image:
        assert image.size == (WIDTH, HEIGHT * len(LINES)), "make scripts draws the sheet anew"
        return ImageChops.invert(image.convert("L"))


def _strip(sheet: Image.Image, line: ScriptLine) -> Image.Image:
    top = LINES.index(line) * HEIGHT
    return sheet.crop((0, top, WIDTH, top + HEIGHT))


@each_line
def test_a_line_is_drawn_as_another_engine_draws_it(
    line: ScriptLine, sheet: Image.Image, fonts: Fonts
) -> None:
    found = best_overlap(our_ink(line, fonts), _strip(sheet, line))
    assert found.stray <= line.max_stray_pixels
    assert found.overlap >= SHARED


@each_line
def test_two_letters_in_the_wrong_order_would_be_seen(
    line: ScriptLine, sheet: Image.Image, fonts: Fonts
) -> None:
    letters = list(graphemes(line.text))
    at = len(letters) // 2
    while letters[at] == letters[at - 1]:
        at += 1
    letters[at - 1 : at + 1] = letters[at], letters[at - 1]
    wrong = replace(line, text="".join(letters))
    assert (
        best_overlap(our_ink(wrong, fonts), _strip(sheet, line)).stray > 2 * line.max_stray_pixels
    )


@pytest.mark.parametrize(
    ("language", "taken"),
    [
        ("ar", "\u0651"), ("ur", "\u064f"), ("he", "\u05b8"), ("hi", "\u094d"), ("bn", "\u09cd"),
        ("ta", "\u0bcd"), ("th", "\u0e49"), ("lo", "\u0ec8"), ("km", "\u17d2"), ("my", "\u1039"),
        ("si", "\u200d"), ("fa", "\u200c"), ("en", "\u0323"), ("en", "\u200d"),
        ("en", "\U0001f3fd"),
    ],
)  # fmt: skip
def test_a_mark_or_a_joiner_that_is_not_there_would_be_seen(
    language: str, taken: str, sheet: Image.Image, fonts: Fonts
) -> None:
    lines = [each for each in LINES if each.language == language and taken in each.text]
    for line in lines:
        wrong = replace(line, text=line.text.replace(taken, ""))
        assert (
            best_overlap(our_ink(wrong, fonts), _strip(sheet, line)).stray
            > 2 * line.max_stray_pixels
        )
    assert lines
