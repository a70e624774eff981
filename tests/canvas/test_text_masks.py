"""Masks of a line of text: merged by paint, and drawn the same as word by word."""

import pytest
from PIL import ImageChops

from postcard.canvas.surface import Surface
from postcard.canvas.text_drawing import draw_text
from postcard.canvas.text_masks import line_masks
from postcard.color import BLACK, WHITE, Color, Paint
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import PositionedRun, TextLayout, layout_text
from postcard.text.style import ParagraphStyle, TextRun, TextStroke, TextStyle

RED: Color = (220, 40, 40, 255)
STYLE = TextStyle(size=20)


def lay_out(fonts: Fonts, *runs: TextRun) -> TextLayout:
    return layout_text(runs, ParagraphStyle(), width=400, height=None, fonts=fonts)


def first_line(layout: TextLayout) -> tuple[PositionedRun, ...]:
    return layout.lines[0].runs


def mask_paints(layout: TextLayout) -> list[Paint | None]:
    """The masks' paints; None for colour glyphs."""
    masks = line_masks(first_line(layout), 0.0, 1.0)
    return [None if mask.bitmap.color else mask.paint for mask in masks]


def test_words_of_one_paint_share_a_mask(fonts: Fonts) -> None:
    assert mask_paints(lay_out(fonts, TextRun("Two words, and more", STYLE))) == [BLACK]


def test_each_change_of_paint_and_each_emoji_has_a_mask_of_its_own(fonts: Fonts) -> None:
    red = STYLE._replace(color=RED)
    layout = lay_out(
        fonts, TextRun("black ", STYLE), TextRun("red and 🎉", red), TextRun(" black", STYLE)
    )
    assert mask_paints(layout) == [BLACK, RED, None, BLACK]


def test_outlines_are_drawn_before_fills(fonts: Fonts) -> None:
    outlined = STYLE._replace(stroke=TextStroke(RED, 2))
    assert mask_paints(lay_out(fonts, TextRun("Sale now", outlined))) == [RED, BLACK]


@pytest.mark.parametrize("spacing", [0.0, -0.08])
@pytest.mark.parametrize("start", [10.0, 10.4])
def test_a_line_looks_the_same_as_its_words_drawn_one_by_one(
    fonts: Fonts, start: float, spacing: float
) -> None:
    """Negative letter spacing makes letters overlap."""
    layout = lay_out(
        fonts, TextRun("Hej Zoë, your AVATAR waits", STYLE._replace(letter_spacing=spacing))
    )
    at_once, one_by_one = (Surface.new((420, 40), WHITE) for _ in range(2))
    draw_text(at_once, layout, Box(start, 5, 400, 30), 1.0)
    left = int(start)
    for run in first_line(layout):
        for paint, bitmap in line_masks((run,), start - left, 1.0):
            assert paint == BLACK
            position = (left + bitmap.x, round(5 + layout.baseline) + bitmap.y)
            one_by_one.color.paste(BLACK[:3], position, bitmap.mask)
    difference = ImageChops.difference(at_once.color, one_by_one.color).convert("L")
    assert max(difference.tobytes()) <= 2, "rounding"
