"""The letters of a line are laid at once, and look as if each word were laid by itself."""

import pytest
from PIL import ImageChops

from postcard.canvas.surface import Surface
from postcard.canvas.text_drawing import draw
from postcard.canvas.text_masks import inks
from postcard.color import BLACK, WHITE, Color
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import Placed, TextLayout, lay_out
from postcard.text.style import Paragraph, Run, Stroke, TextStyle

RED: Color = (220, 40, 40, 255)
STYLE = TextStyle(size=20)


def laid(fonts: Fonts, *runs: Run) -> TextLayout:
    return lay_out(runs, Paragraph(), width=400, height=None, fonts=fonts)


def line(layout: TextLayout) -> tuple[Placed, ...]:
    return layout.lines[0].placed


def test_words_of_one_paint_are_one_ink(fonts: Fonts) -> None:
    found = inks(line(laid(fonts, Run("Two words, and more", STYLE))), 0.0, 1.0)
    assert [ink.paint for ink in found] == [BLACK]


def test_paints_follow_each_other_and_pictures_stand_alone(fonts: Fonts) -> None:
    red = STYLE._replace(color=RED)
    layout = laid(fonts, Run("black ", STYLE), Run("red and 🎉", red), Run(" black", STYLE))
    assert [ink.paint for ink in inks(line(layout), 0.0, 1.0)] == [BLACK, RED, None, BLACK]


def test_outlines_come_before_letters(fonts: Fonts) -> None:
    outlined = STYLE._replace(stroke=Stroke(RED, 2))
    found = inks(line(laid(fonts, Run("Sale now", outlined))), 0.0, 1.0)
    assert [ink.paint for ink in found] == [RED, BLACK]


@pytest.mark.parametrize("spacing", [0.0, -0.08])
@pytest.mark.parametrize("start", [10.0, 10.4])
def test_a_line_looks_like_its_words_laid_one_by_one(
    fonts: Fonts, start: float, spacing: float
) -> None:
    """Also where they overlap."""
    layout = laid(fonts, Run("Hej Zoë, your AVATAR waits", STYLE._replace(letter_spacing=spacing)))
    at_once, apart = (Surface.new((420, 40), WHITE) for _ in range(2))
    draw(at_once, layout, Box(start, 5, 400, 30), 1.0)
    whole = int(start)
    for placed in line(layout):
        for paint, glyphs in inks((placed,), start - whole, 1.0):
            assert paint == BLACK
            at = (whole + glyphs.x, round(5 + layout.baseline) + glyphs.y)
            apart.color.paste(BLACK[:3], at, glyphs.mask)
    difference = ImageChops.difference(at_once.color, apart.color).convert("L")
    assert max(difference.tobytes()) <= 2, "rounding"
