"""Golden pictures of text; each was inspected by eye."""

from collections.abc import Sequence
from typing import get_args

import pytest

from postcard.canvas.canvas import Canvas
from postcard.color import WHITE, LinearGradient
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.style import (
    Align,
    Decoration,
    ParagraphStyle,
    TextHighlight,
    TextRun,
    TextStroke,
    TextStyle,
    Valign,
    Wrap,
)
from tests.golden.compare import assert_matches_golden
from tests.rendering.text_canvas import BLUE, RED, blank_canvas, draw_in_box, lay_out_line

LONG = "Thanks for being with us since 2019, Anna — here's 25% off your next order."
SCRIPTS = {
    "latin": "Nguyễn Łukasz Ærø Çağrı AV",
    "greek_cyrillic": "Ωμέγα Ξένια Привет Київ ђ",
    "arabic": "محمد عبد الرحمن الشريف",
    "arabic_mixed": "مرحبا Anna، 25% (VIP)",
    "hebrew": "שלום (Anna) 25% יוֹסֵף",
    "hebrew_in_english": "Dear \u2068אבי כהן\u2069, you have 3 points",
    "devanagari": "नमस्ते क्षत्रिय श्रीमती लक्ष्मी",
    "thai": "ยินดีต้อนรับคุณสมชายน้ำ",
    "emoji": "Hi 👩‍👩‍👧‍👦 👍🏽 🇺🇦 ❤️ ☺ 1️⃣ ⭐ 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️‍🔥",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts(script: str, fonts: Fonts) -> None:
    canvas = blank_canvas(460, 90)
    draw_in_box(
        canvas,
        lay_out_line(SCRIPTS[script], fonts, style=TextStyle(size=28), width=440),
        Box(10, 4, 440, 34),
    )
    bold = TextStyle(size=14, weight=700)
    draw_in_box(
        canvas, lay_out_line(SCRIPTS[script], fonts, style=bold, width=440), Box(10, 50, 440, 17)
    )
    assert_matches_golden(f"text_{script}", canvas.surface.to_image())


@pytest.mark.parametrize("scale", [0.5, 1, 1.5, 2])
def test_a_paragraph_has_the_same_lines_at_every_scale(scale: float, fonts: Fonts) -> None:
    canvas = blank_canvas(220, 100, scale)
    style = TextStyle(size=16, color=BLUE)
    draw_in_box(canvas, lay_out_line(LONG, fonts, style=style, width=200), Box(10, 10, 200, 80))
    assert_matches_golden(f"text_scale_{scale}", canvas.surface.to_image())


def test_weights_and_italics(fonts: Fonts) -> None:
    canvas = blank_canvas(420, 200)
    for index, weight in enumerate(range(100, 1000, 100)):
        upright = lay_out_line(f"Weight {weight}", fonts, style=TextStyle(size=18, weight=weight))
        slanted = lay_out_line(
            "italic ag", fonts, style=TextStyle(size=18, weight=weight, italic=True)
        )
        canvas.draw_text(upright, Box(10, 5 + index * 21, 200, 21))
        canvas.draw_text(slanted, Box(220, 5 + index * 21, 200, 21))
    assert_matches_golden("text_weights", canvas.surface.to_image())


def test_alignments(fonts: Fonts) -> None:
    canvas = blank_canvas(480, 250)
    for index, align in enumerate(get_args(Align)):
        x, y = 10 + index % 3 * 157, 8 + index // 3 * 122
        for text, dy in ((LONG, 0), ("שלום Anna!", 92)):
            paragraph = ParagraphStyle(align=align, max_lines=4)
            layout = lay_out_line(text, fonts, paragraph=paragraph, width=145)
            draw_in_box(canvas, layout, Box(x, y + dy, 145, layout.height))
    assert_matches_golden("text_align", canvas.surface.to_image())


def test_vertical_alignment_and_trimmed_cap_height(fonts: Fonts) -> None:
    canvas = blank_canvas(480, 90)
    for index, valign in enumerate(get_args(Valign)):
        for column, trim in enumerate((False, True)):
            box = Box(8 + (index * 2 + column) * 79, 8, 72, 74)
            paragraph = ParagraphStyle(valign=valign, trim_cap=trim, align="center")
            style = TextStyle(size=24, weight=600)
            draw_in_box(
                canvas, lay_out_line("EgÅ", fonts, style=style, paragraph=paragraph, width=72), box
            )
    assert_matches_golden("text_valign", canvas.surface.to_image())


def _spans(
    canvas: Canvas, runs: Sequence[TextRun], box: Box, fonts: Fonts, **options: object
) -> None:
    paragraph = ParagraphStyle(**options)  # type: ignore[arg-type]
    draw_in_box(
        canvas, layout_text(runs, paragraph, width=box.width, height=box.height, fonts=fonts), box
    )


def test_spans_share_a_baseline(fonts: Fonts) -> None:
    canvas = blank_canvas(440, 150)
    price = [
        TextRun("$", TextStyle(size=24, rise=0.9)),
        TextRun("49", TextStyle(size=64, weight=800, color=RED)),
        TextRun("99", TextStyle(size=24, weight=700, rise=0.9, decoration="underline")),
        TextRun(" a month, ", TextStyle(size=16)),
        TextRun("italic", TextStyle(size=20, italic=True, color=BLUE)),
    ]
    _spans(canvas, price, Box(10, 8, 420, 80), fonts)
    member = TextStyle(size=18)
    gold = [
        TextRun("Gold mem", member),
        TextRun("ber", TextStyle(size=18, weight=800)),
        TextRun(" ok", member),
    ]
    _spans(canvas, gold, Box(10, 96, 200, 46), fonts, align="center", valign="middle")
    arabic = [
        TextRun("نقاطك: ", member),
        TextRun("2,450 pts", TextStyle(size=24, weight=700, color=RED)),
    ]
    _spans(canvas, arabic, Box(230, 96, 200, 46), fonts, valign="middle")
    assert_matches_golden("text_spans", canvas.surface.to_image())


def test_shrinking_and_the_ellipsis(fonts: Fonts) -> None:
    canvas = blank_canvas(480, 210)
    name = "Alexandrina-Wilhelmina Featherstonehaugh"
    arabic = "محمد عبد الرحمن الشريف بن عبد الله"
    big = TextStyle(size=40, weight=800)
    one = ParagraphStyle(fit="shrink", min_size=10, max_lines=1, valign="middle")
    two = ParagraphStyle(fit="shrink", min_size=10, max_lines=2, valign="middle")
    cases = [
        ("Anna", big, one), (name, big, one), (name, big, two),
        (LONG, TextStyle(), ParagraphStyle(max_lines=2)),
        (LONG, TextStyle(), ParagraphStyle(max_lines=1)),
        (LONG, TextStyle(), ParagraphStyle(overflow="clip")),
        (arabic, TextStyle(size=20), ParagraphStyle(max_lines=1)),
        ("Donaudampfschifffahrtsgesellschaft", TextStyle(size=20), ParagraphStyle()),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👍🏽👍🏽🇺🇦🇺🇦❤️", TextStyle(size=24), ParagraphStyle(max_lines=1)),
    ]  # fmt: skip
    for index, (text, style, paragraph) in enumerate(cases):
        box = Box(8 + index % 3 * 157, 8 + index // 3 * 66, 150, 58)
        layout = lay_out_line(text, fonts, style=style, paragraph=paragraph, width=150, height=58)
        draw_in_box(canvas, layout, box)
    assert_matches_golden("text_fit", canvas.surface.to_image())


def test_text_effects(fonts: Fonts) -> None:
    canvas = blank_canvas(480, 220)
    rainbow = LinearGradient(90, (((255, 0, 0, 255), 0.0), (BLUE, 1.0)))
    highlight = TextHighlight((255, 236, 60, 255), (1, 5, 1, 5), 4)
    cases = [
        ("Gradient", TextStyle(size=48, weight=900, color=rainbow)),
        ("Outline", TextStyle(size=48, weight=900, color=WHITE, stroke=TextStroke(RED, 3))),
        ("letter spacing", TextStyle(size=22, letter_spacing=0.2)),
        ("tight العربية", TextStyle(size=22, letter_spacing=-0.05)),
        ("marked lines of text", TextStyle(size=20, highlight=highlight)),
        ("under through", TextStyle(size=20, decoration="underline", color=BLUE)),
        ("old price $99", TextStyle(size=20, decoration="line-through")),
        ("0123 1111", TextStyle(size=22, features=("tnum", "zero"))),
    ]
    for index, (text, style) in enumerate(cases):
        box = Box(8 + index % 2 * 238, 6 + index // 2 * 54, 225, 48)
        width = 130 if style.highlight else 225
        canvas.draw_text(lay_out_line(text, fonts, style=style, width=width), box)
    assert_matches_golden("text_dress", canvas.surface.to_image())


def test_balanced_lines(fonts: Fonts) -> None:
    canvas = blank_canvas(300, 120)
    for index, wrap in enumerate(get_args(Wrap)[:2]):
        box = Box(10 + index * 145, 10, 135, 100)
        paragraph = ParagraphStyle(wrap=wrap, align="center")
        draw_in_box(
            canvas,
            lay_out_line(
                "Your order is on its way to you now", fonts, paragraph=paragraph, width=135
            ),
            box,
        )
    assert_matches_golden("text_balance", canvas.surface.to_image())


def test_underlines_and_strikeouts_follow_the_fonts_metrics(fonts: Fonts) -> None:
    canvas = blank_canvas(560, 330)
    families = ("Inter", "Noto Sans", "Source Serif 4", "Playfair Display", "Space Grotesk")
    texts = [*((family, "Was $99 Apex") for family in families), ("Inter", "👍 محمد price")]
    for row, (family, text) in enumerate(texts):
        for column, decoration in enumerate(get_args(Decoration)[1:]):
            style = TextStyle(families=(family,), size=30, decoration=decoration, color=BLUE)
            box = Box(10 + column * 280, 6 + row * 44, 270, 40)
            canvas.draw_text(lay_out_line(text, fonts, style=style), box)
    underline = {"decoration": "underline"}
    price = [
        TextRun("Now ", TextStyle(size=20, **underline)),  # type: ignore[arg-type]
        TextRun("only", TextStyle(size=44, **underline)),  # type: ignore[arg-type]
        TextRun(" $5", TextStyle(size=30, color=RED, **underline)),  # type: ignore[arg-type]
        TextRun(" was $8", TextStyle(size=20, decoration="line-through")),
    ]
    _spans(canvas, price, Box(10, 272, 540, 54), fonts)
    assert_matches_golden("text_lines", canvas.surface.to_image())
