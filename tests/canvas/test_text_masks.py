"""The letters of a line are laid at once, and look as if each word were laid by itself."""

import pytest
from PIL import ImageChops

from postcard.canvas.surface import Surface
from postcard.canvas.text_drawing import draw_text
from postcard.canvas.text_masks import line_masks
from postcard.color import BLACK, WHITE, Color
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import PositionedRun, TextLayout, layout_text
from postcard.text.style import ParagraphStyle, TextRun, TextStroke, TextStyle

RED: Color = (220, 40, 40, 255)
STYLE = TextStyle(size=20)


def laid(fonts: Fonts, *runs: TextRun) -> TextLayout:
    return layout_text(runs, ParagraphStyle(), width=400, height=None, fonts=fonts)


def line(layout: TextLayout) -> tuple[PositionedRun, ...]:
    return layout.lines[0].runs


def test_words_of_one_paint_are_one_ink(fonts: Fonts) -> None:
    found = line_masks(line(laid(fonts, TextRun("Two words, and more", STYLE))), 0.0, 1.0)
    assert [ink.paint for ink in found] == [BLACK]


def test_paints_follow_each_other_and_pictures_stand_alone(fonts: Fonts) -> None:
    red = STYLE._replace(color=RED)
    layout = laid(
        fonts, TextRun("black ", STYLE), TextRun("red and 🎉", red), TextRun(" black", STYLE)
    )
    assert [ink.paint for ink in line_masks(line(layout), 0.0, 1.0)] == [BLACK, RED, None, BLACK]


def test_outlines_come_before_letters(fonts: Fonts) -> None:
    outlined = STYLE._replace(stroke=TextStroke(RED, 2))
    found = line_masks(line(laid(fonts, TextRun("Sale now", outlined))), 0.0, 1.0)
    assert [ink.paint for ink in found] == [RED, BLACK]


@pytest.mark.parametrize("spacing", [0.0, -0.08])
@pytest.mark.parametrize("start", [10.0, 10.4])
def test_a_line_looks_like_its_words_laid_one_by_one(
    fonts: Fonts, start: float, spacing: float
) -> None:
    """Also where they overlap."""
    layout = laid(
        fonts, TextRun("Hej Zoë, your AVATAR waits", STYLE._replace(letter_spacing=spacing))
    )
    at_once, apart = (Surface.new((420, 40), WHITE) for _ in range(2))
    draw_text(at_once, layout, Box(start, 5, 400, 30), 1.0)
    whole = int(start)
    for placed in line(layout):
        for paint, glyphs in line_masks((placed,), start - whole, 1.0):
            assert paint == BLACK
            at = (whole + glyphs.x, round(5 + layout.baseline) + glyphs.y)
            apart.color.paste(BLACK[:3], at, glyphs.mask)
    difference = ImageChops.difference(at_once.color, apart.color).convert("L")
    assert max(difference.tobytes()) <= 2, "rounding"
