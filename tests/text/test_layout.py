"""Text layout: line breaking, direction, shrinking, ellipsis, fonts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.text import shrink_to_fit
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.line_wrapping import WrappedLine
from postcard.text.segmentation import graphemes, line_break_segments
from postcard.text.shaping import ShapedText
from postcard.text.style import ParagraphStyle, TextRun, TextStyle
from tests.rendering.text_canvas import lay_out_line, line_texts
from tests.trust.run_scale import scaled

LONG = "Thanks for being with us since 2019, Anna — here's 25% off your next order."
ALPHABET = (
    "ab fi-,.…()25%\n 'éß" + "אבשל" + "محمدع٣" + "नमस्ते" + "ยินดี👍🏽\u200d👩\u2068\u2069\u00ad\u0301"
)
LETTERS = st.text(st.sampled_from(ALPHABET), max_size=60)


def test_lines_break_at_unicode_break_opportunities(fonts: Fonts) -> None:
    assert line_texts(lay_out_line("two-thirds of it", fonts, width=48)) == [
        "two-",
        "thirds",
        "of it",
    ]
    assert line_texts(lay_out_line("a no\u00a0break b", fonts, width=70)) == [
        "a",
        "no\u00a0break",
        "b",
    ]
    assert line_break_segments("ยินดีต้อนรับ", "th") == ("ยินดี", "ต้อนรับ")


def test_a_newline_always_breaks_and_empty_lines_are_preserved(fonts: Fonts) -> None:
    layout = lay_out_line("a\n\nb", fonts)
    assert line_texts(layout) == ["a", "", "b"]
    assert layout.height == pytest.approx(3 * 16 * 1.2)
    assert line_texts(
        lay_out_line("a b\nc", fonts, paragraph=ParagraphStyle(wrap="none"), width=500)
    ) == ["a b", "c"]


def test_white_space_at_the_ends_of_a_line_is_not_drawn(fonts: Fonts) -> None:
    layout = lay_out_line("  Hi there  ", fonts, width=46)
    assert line_texts(layout) == ["Hi", "there"]
    assert lay_out_line(" Hi ", fonts).width == lay_out_line("Hi", fonts).width


def test_a_word_wider_than_its_box_is_broken_between_letters(fonts: Fonts) -> None:
    family = "👩‍👩‍👧‍👦"
    layout = lay_out_line(family * 5, fonts, width=45)
    assert len(layout.lines) > 1
    assert all(set(graphemes(line)) == {family} for line in line_texts(layout))
    assert (
        "".join(line_texts(lay_out_line("Donaudampfschiff", fonts, width=50))) == "Donaudampfschiff"
    )


def test_a_soft_hyphen_is_drawn_only_at_a_line_end(fonts: Fonts) -> None:
    assert line_texts(lay_out_line("Donau\u00addampf", fonts)) == ["Donaudampf"]
    assert line_texts(lay_out_line("Donau\u00addampf", fonts, width=70)) == ["Donau-", "dampf"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("שלום Anna", ["Anna", " ", "שלום"]),
        ("Dear \u2068שלום\u2069, hi", ["Dear", " ", "\u2068", "שלום", "\u2069,", " ", "hi"]),
        ("\u2068שלום\u2069, \u2068Anna\u2069", ["Anna", "שלום"]),
    ],
)
def test_runs_are_in_visual_order(text: str, expected: list[str], fonts: Fonts) -> None:
    runs = [run.font_run.text for run in lay_out_line(text, fonts).lines[0].runs]
    if len(expected) == 2:  # ignore isolates and commas
        runs = [part for part in runs if part in expected]
    assert [part for part in runs if part in expected] == [
        part for part in expected if part in runs
    ]
    assert [part for part in expected if part.isalpha()] == [
        part for part in runs if part.isalpha()
    ]


def test_the_base_direction_ignores_inserted_values_if_it_can(fonts: Fonts) -> None:
    assert not lay_out_line("Dear \u2068שלום\u2069", fonts).rtl
    assert lay_out_line("\u2068Anna\u2069 שלום", fonts).rtl
    assert lay_out_line("\u2068שלום\u2069!", fonts).rtl
    assert lay_out_line("Anna", fonts, paragraph=ParagraphStyle(direction="rtl")).rtl
    assert not lay_out_line("123 !", fonts).rtl


def test_an_isolated_name_does_not_reorder_the_text_beside_it(fonts: Fonts) -> None:
    layout = lay_out_line(
        "\u2068שלום\u2069 3 points", fonts, paragraph=ParagraphStyle(direction="ltr")
    )
    assert "".join(line_texts(layout)).index("שלום") < "".join(line_texts(layout)).index("3")


def test_characters_that_no_font_has_are_reported_and_not_drawn(fonts: Fonts) -> None:
    layout = lay_out_line("a\U00012000b\U00013000", fonts)
    assert layout.missing_characters == ("\U00012000", "\U00013000")
    assert line_texts(layout) == ["ab"]
    assert (
        lay_out_line("שלום מحمد नम ไทย 👍 é ½ \u200f\u2068\u00ad", fonts).missing_characters == ()
    )


def test_emoji_are_drawn_with_the_colour_font_and_digits_are_not(fonts: Fonts) -> None:
    runs = [run for run in lay_out_line("1 1️⃣ ❤️ ⭐ #", fonts).lines[0].runs if not run.is_space]
    is_color = {run.font_run.text: run.font_run.face.color for run in runs}
    assert is_color == {"1": False, "1️⃣": True, "❤️": True, "⭐": True, "#": False}


@pytest.mark.parametrize("size", [12.0, 33.0, 72.0, 200.0, 1000.0])
@pytest.mark.parametrize(
    "text", ["Anna", LONG, "Alexandrina-Wilhelmina Featherstonehaugh", "a " * 60]
)
def test_shrinking_finds_the_largest_size_to_half_a_pixel_in_few_layouts(
    size: float, text: str, fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[float] = []
    wrap = shrink_to_fit._wrap

    def counting_wrap(
        shaped: ShapedText, paragraph: ParagraphStyle, space: shrink_to_fit.AvailableSpace
    ) -> list[WrappedLine]:
        widths.append(space.width)
        return wrap(shaped, paragraph, space)

    monkeypatch.setattr(shrink_to_fit, "_wrap", counting_wrap)
    box = {"width": 311.0, "height": 77.0}
    shrink = ParagraphStyle(fit="shrink", min_size=4, max_lines=3, overflow="visible")
    layout = lay_out_line(text, fonts, style=TextStyle(size=size), paragraph=shrink, **box)
    assert len(widths) < 10
    assert layout.width <= 311.01
    assert layout.height <= 77.01
    assert len(layout.lines) <= 3
    if layout.font_scale < 1:
        larger = TextStyle(size=size * layout.font_scale + 0.5)
        word_widths = (
            lay_out_line(word, fonts, style=larger).width
            for word in line_break_segments(text, "en")
        )
        no_shrink = ParagraphStyle(max_lines=3)
        unshrunk = lay_out_line(text, fonts, style=larger, paragraph=no_shrink, **box)
        assert unshrunk.truncated or unshrunk.height > 77 or max(word_widths) > 311


def test_spans_shrink_in_proportion(fonts: Fonts) -> None:
    runs = [TextRun("49", TextStyle(size=60)), TextRun(" a month", TextStyle(size=20))]
    paragraph = ParagraphStyle(fit="shrink", max_lines=1)
    layout = layout_text(runs, paragraph, width=100, height=None, fonts=fonts)
    sizes = {run.size for run in layout.lines[0].runs}
    assert max(sizes) == pytest.approx(3 * min(sizes))
    assert max(sizes) < 60


def test_text_that_overflows_at_min_size_is_truncated(fonts: Fonts) -> None:
    paragraph = ParagraphStyle(fit="shrink", min_size=20, max_lines=1)
    layout = lay_out_line(LONG, fonts, style=TextStyle(size=40), paragraph=paragraph, width=120)
    assert layout.lines[0].runs[0].size == 20
    assert line_texts(layout)[0].endswith("…")
    assert layout.truncated


def test_overflowing_lines_are_clipped_shown_or_end_in_an_ellipsis(fonts: Fonts) -> None:
    def lines(**options: object) -> list[str]:
        paragraph = ParagraphStyle(**options)  # type: ignore[arg-type]
        return line_texts(lay_out_line(LONG, fonts, paragraph=paragraph, width=150, height=40))

    assert lines(overflow="clip") == ["Thanks for being", "with us since 2019,"]
    assert lines() == ["Thanks for being", "with us since 201…"]
    assert len(lines(overflow="visible")) == 5
    assert lines(max_lines=1) == ["Thanks for being…"]
    assert lines(wrap="none") == ["Thanks for being…"]


def test_at_least_one_line_is_shown(fonts: Fonts) -> None:
    assert line_texts(lay_out_line("Anna Bo", fonts, width=500, height=3)) == ["Anna Bo"]


def test_joined_scripts_are_truncated_joined_and_not_letter_spaced(fonts: Fonts) -> None:
    spaced = TextStyle(letter_spacing=0.5)
    assert lay_out_line("محمد", fonts, style=spaced).width == lay_out_line("محمد", fonts).width
    assert lay_out_line("Anna", fonts, style=spaced).width == pytest.approx(
        lay_out_line("Anna", fonts, style=TextStyle(features=("-liga", "-clig"))).width + 3 * 8,
        abs=0.1,
    )
    short = lay_out_line("عبدالرحمنالشريف", fonts, paragraph=ParagraphStyle(max_lines=1), width=60)
    assert len([run for run in short.lines[0].runs if run.font_run.text != "…"]) == 1


def test_line_height_does_not_depend_on_fallback_fonts(fonts: Fonts) -> None:
    for text in ("Anna", "नमस्ते", "👍🏽", "محمد"):
        assert lay_out_line(text, fonts, style=TextStyle(size=20, line_height=1.5)).height == 30


def test_the_nearest_weight_and_slant_of_a_family_is_chosen(fonts: Fonts) -> None:
    assert fonts.face_chain(("Inter",), 350, True)[0].italic
    assert fonts.face_chain(("Noto Sans Hebrew",), 640, True)[0].weight == 600
    assert not fonts.face_chain(("Noto Sans Hebrew",), 640, True)[0].italic
    assert fonts.face_chain(("No Such",), 400, False)[0].family == "Inter"


def test_the_families_are_listed_with_their_weights(fonts: Fonts) -> None:
    families = {family.name: family for family in fonts.families()}
    assert families["Inter"].weights == (100, 900)
    assert families["Inter"].variable
    assert families["Inter"].italic
    assert len(families["Noto Sans Hebrew"].weights) == 9


@given(LETTERS, st.floats(1, 300), st.sampled_from(["word", "balance", "none"]), st.booleans())
@settings(max_examples=scaled(75, 750), deadline=None)
def test_no_text_is_lost_in_layout(text: str, width: float, wrap: str, letter_spaced: bool) -> None:
    fonts = _FONTS[0]
    style = TextStyle(letter_spacing=0.1 if letter_spaced else 0)
    visible = ParagraphStyle(wrap=wrap, overflow="visible")  # type: ignore[arg-type]
    layout = lay_out_line(text, fonts, style=style, paragraph=visible, width=width)
    drawn = sorted("".join(line_texts(layout)).replace("-", "").replace(" ", ""))
    assert set(drawn) <= {c for c in text if not c.isspace() and c != "-"}
    letters = [c for c in text if c.isalpha()]
    assert [c for c in drawn if c.isalpha()] == sorted(letters)
    one_line = ParagraphStyle(wrap=wrap, max_lines=1, fit="shrink", min_size=4)  # type: ignore[arg-type]
    assert len(lay_out_line(text, fonts, style=style, paragraph=one_line, width=width).lines) <= 1


_FONTS: list[Fonts] = []


@pytest.fixture(autouse=True, scope="module")
def _given_fonts(fonts: Fonts) -> None:
    _FONTS.append(fonts)


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("12:30 – 14:00", ["–"]),
        ("A - B", ["-"]),
        ("TOTAL: 5", ["TOTAL:"]),
        ("NAME: ab", ["NAME:"]),
        ("a – b", []),
        ("Win: 5", []),
        ("A – b", []),
        ("5 + 3 = 8", ["+", "="]),
        ("– 5", []),
    ],
)
def test_signs_between_capitals_are_raised_across_spaces_as_inter_does(
    text: str, raised: list[str], fonts: Fonts
) -> None:
    runs = lay_out_line(text, fonts).lines[0].runs
    assert [run.font_run.text for run in runs if "case" in run.font_run.features] == raised
    other = lay_out_line(text, fonts, style=TextStyle(families=("Noto Sans",))).lines[0].runs
    assert not any("case" in run.font_run.features for run in other)
