"""Emoji: text glyphs on request, and flags and sequences that the font does not have."""

import pytest

from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.glyphs import FontRun
from postcard.text.style import TextStyle
from tests.rendering.text_canvas import blank_canvas, lay_out_line


def runs(text: str, fonts: Fonts) -> list[FontRun]:
    layout = lay_out_line(text, fonts)
    return [run.font_run for line in layout.lines for run in line.runs if not run.is_space]


@pytest.mark.parametrize("letter", "⌚⚽⭐☔✋♈⚡⬜☀❤")
def test_u_fe0e_shows_the_text_glyph_where_a_font_has_it(letter: str, fonts: Fonts) -> None:
    (run,) = runs(letter + "\ufe0e", fonts)
    assert not run.face.color
    (run,) = runs(letter + "\ufe0f", fonts)
    assert run.face.color


@pytest.mark.parametrize("letter", "⏰🎂")
def test_an_emoji_without_a_text_glyph_stays_an_emoji(letter: str, fonts: Fonts) -> None:
    layout = lay_out_line(letter + "\ufe0e", fonts)
    assert layout.lines[0].runs[0].font_run.face.color
    assert not layout.missing_characters


@pytest.mark.parametrize(
    "text",
    ["🇦🇦", "🇽🇽", "🇩🇩", "🏴\U000e0075\U000e0073\U000e0071\U000e0071\U000e007f"],
)
def test_a_flag_that_the_font_lacks_is_missing_and_not_drawn(text: str, fonts: Fonts) -> None:
    layout = lay_out_line(f"a {text}", fonts)
    assert layout.missing_characters == (text,)
    assert [run.text for run in runs(f"a {text}", fonts)] == ["a"]


@pytest.mark.parametrize("text", ["👩\u200d🎂", "👍\u200d🎉", "🎂🏽"])
def test_a_sequence_that_the_font_lacks_is_missing_and_drawn_in_its_parts(
    text: str, fonts: Fonts
) -> None:
    assert lay_out_line(text, fonts).missing_characters == (text,)
    assert "".join(run.text for run in runs(text, fonts)) == text


@pytest.mark.parametrize(
    "text",
    ["🇩🇪", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "👩🏽\u200d🚀", "1️⃣"],
)
def test_a_flag_or_sequence_of_the_font_is_not_missing(text: str, fonts: Fonts) -> None:
    assert not lay_out_line(f"{text} {text}", fonts).missing_characters


def test_an_underline_of_an_emoji_alone_is_just_below_it(fonts: Fonts) -> None:
    canvas = blank_canvas(60, 80)
    style = TextStyle(size=40, decoration="underline", color=(255, 0, 0, 255))
    canvas.draw_text(lay_out_line("⚫", fonts, style=style), Box(5, 5, 50, 50))
    image = canvas.surface.to_image().convert("RGB")
    red = [y for y in range(image.height) if image.getpixel((10, y)) == (255, 0, 0)]
    assert red
    assert 46 <= min(red) <= max(red) <= 52  # the baseline is at 43
