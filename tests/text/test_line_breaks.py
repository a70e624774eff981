"""Where lines end: at soft hyphens that fit, and never inside a word that fits."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.text import shaping
from postcard.text.fonts import Fonts
from postcard.text.glyphs import FontRun, advance
from postcard.text.layout import TextLayout, layout_text
from postcard.text.line_wrapping import wrap_lines
from postcard.text.shaping import WIDTH_TOLERANCE, shape_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle
from tests.trust.run_scale import scaled

SHY = "\u00ad"
WORDS = (
    "a", "to", "AVATAR", "Anne-Yvonne", f"Do{SHY}nau{SHY}dampf{SHY}schiff", f"W{SHY}i", "25%",
    "عبد", "ال", "محمد", "الرحمن", "שלום", "स्वागत", "东京", "สวัสดี", "👩\u200d👧", f"ab{SHY}",
)  # fmt: skip


def lay_out(
    text: str, fonts: Fonts, width: float, paragraph: ParagraphStyle | None = None, **style: Any
) -> TextLayout:
    runs = [TextRun(text, TextStyle(**style))]
    return layout_text(runs, paragraph or ParagraphStyle(), width=width, height=None, fonts=fonts)


def lines_of(layout: TextLayout) -> list[str]:
    return ["".join(run.font_run.text for run in line.runs) for line in layout.lines]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        (f"Tax{SHY}i", 56, ["Ta", "xi"]),
        (f"Tax{SHY}i", 58, ["Taxi"]),
        (f"a Tax{SHY}i", 83, ["a Taxi"]),
        (f"Tax{SHY}ing", 65, ["Tax-", "ing"]),
        (f"W{SHY}i", 30, ["W", "i"]),
        (f"Do{SHY}nau{SHY}dampf", 60, ["Do-", "na", "u-", "da", "mpf"]),
        (f"Do{SHY}nau{SHY}dampf", 90, ["Do-", "nau-", "damp", "f"]),
        (f"Tax{SHY}", 51, ["Tax"]),
    ],
)
def test_a_soft_hyphen_is_used_only_where_its_hyphen_fits(
    text: str, width: float, lines: list[str], fonts: Fonts
) -> None:
    layout = lay_out(text, fonts, width, size=30.0)
    assert lines_of(layout) == lines
    assert layout.width <= width + WIDTH_TOLERANCE


def test_words_of_joined_scripts_that_fit_are_not_torn(fonts: Fonts) -> None:
    assert lines_of(lay_out("ال عبد", fonts, 100.2, size=72.0)) == ["ال", "عبد"]
    shrink = ParagraphStyle(fit="shrink", min_size=10.0)
    shrunk = lay_out("ال عبد", fonts, 100.2, shrink, size=80.0)
    assert (shrunk.font_scale * 80, lines_of(shrunk)) == (72.5, ["ال", "عبد"])


def test_a_torn_joined_word_fills_its_line(fonts: Fonts) -> None:
    word = "الرحمن"
    first = lines_of(lay_out(word, fonts, 60, size=40.0))[0]
    longer = word[: len(first) + 1]
    assert lay_out(longer, fonts, 1000, size=40.0).width > 60


@settings(max_examples=scaled(30, 300), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from((" ", "", "-"))), max_size=7),
    st.floats(15, 260),
    st.sampled_from((0.0, 0.05)),
)
def test_lines_keep_to_their_width_and_tear_only_words_that_are_wider(
    fonts: Fonts, parts: list[tuple[str, str]], width: float, spacing: float
) -> None:
    text = "".join(word + between for word, between in parts)
    style = TextStyle(size=30.0, letter_spacing=spacing)
    shaped = shape_text((TextRun(text, style),), "auto", fonts)
    for segments, first_style in shaped.paragraphs:
        lines = wrap_lines(segments, first_style, width, "word")
        letters = "".join(run.font_run.text for line in lines for run in line.runs)
        expected = "".join(run.font_run.text for each in segments for run in each.runs)
        assert letters.replace(" ", "") == expected.replace(" ", "")
        if all(segment.width <= width for segment in segments) and SHY not in text:
            assert not any(line.ends_inside_word for line in lines)
        for line in lines:
            if line.hyphen:
                assert line.width <= width + WIDTH_TOLERANCE


def test_a_word_that_fits_is_not_measured_letter_by_letter(
    fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def counting(run: FontRun) -> float:
        measured.append(run.text)
        return advance(run)

    monkeypatch.setattr(shaping, "advance", counting)
    words = " ".join(f"{letter}wonderful" for letter in "bcdfghjklm")
    lay_out(words, fonts, 150, size=24.0)
    assert len(measured) < 3 * len(words.split())


def test_a_word_that_is_broken_is_measured_about_once_for_each_line(
    fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def counting(run: FontRun) -> float:
        measured.append(run.text)
        return advance(run)

    monkeypatch.setattr(shaping, "advance", counting)
    word = "bcdfghjklmnpqrstvwxz" * 25
    lines = lay_out(word, fonts, 150, size=24.0).lines
    assert len(lines) > 30
    assert sum(map(len, measured)) < len(lines) * len(word)


@pytest.mark.parametrize("text", ["السلام عليكم ورحمة", "हिन्दी भाषा", "مرحبا 123، و (4)", "12 عبد"])
def test_letter_spacing_leaves_joined_scripts_and_their_spaces_alone(
    text: str, fonts: Fonts
) -> None:
    spaced = lay_out(text, fonts, 900, size=24.0, letter_spacing=0.3)
    assert spaced.width == pytest.approx(lay_out(text, fonts, 900, size=24.0).width, abs=0.5)


def test_letter_spacing_of_a_mixed_line_stays_inside_its_box(fonts: Fonts) -> None:
    spaced = lay_out("السلام عليكم OK", fonts, 900, size=24.0, letter_spacing=0.3)
    plain = lay_out("السلام عليكم OK", fonts, 900, size=24.0)
    (line,) = spaced.lines
    assert max(run.x + run.width for run in line.runs) == pytest.approx(line.width)
    assert spaced.width - plain.width == pytest.approx(0.3 * 24, abs=0.5)  # between O and K


@pytest.mark.parametrize("text", ["OK", "שלום", "שלום OK", "OK שלום", "OK عبد"])
def test_letter_spacing_is_between_letters_only(text: str, fonts: Fonts) -> None:
    (line,) = lay_out(text, fonts, 900, size=24.0, letter_spacing=0.3).lines
    assert line.runs[0].x == pytest.approx(0)
    assert max(run.x + run.width for run in line.runs) >= line.width - 0.01
