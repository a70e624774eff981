"""The predicted fit of a text is the fit of its layout, whatever text, style and box."""

from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.text.fit_prediction import FitPredictor
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.style import ParagraphStyle, TextRun, TextStyle
from tests.trust.run_scale import scaled


@cache
def fonts() -> Fonts:
    return Fonts.load(Path("layers/fonts"))


@cache
def predictor() -> FitPredictor:
    return FitPredictor(fonts())


def _style(**properties: Any) -> TextStyle:
    return TextStyle(**properties)


def _paragraph(**properties: Any) -> ParagraphStyle:
    return ParagraphStyle(**properties)


LATIN_TEXT = (
    "a I to AVATAR Yvonne Anne Maximilian Featherstonehaugh 25% your next Thanks Zoë "
    "Łukasz VA. To, O'Brien don’t waiting SAVE12345 A–B – 12 (b) AV/AV"
)
LATIN = LATIN_TEXT.split()
OTHERS = [
    *("Donaudampf\u00adschifffahrt", "Anne-Yvonne", "Мария", "محمد", "שלום", "東京で書", "สวัสดี"),
    *("स्वागत", "🎉", "e\u0301", "\u00a0", "x\u200by", "\u2068Ann\u2069", "\ue000"),
]
texts = st.lists(
    st.tuples(
        st.sampled_from(LATIN) | st.sampled_from([*LATIN, *OTHERS]),
        st.sampled_from([" ", " ", " ", " ", "  ", "", "\n"]),
    ),
    max_size=12,
).map(lambda parts: "".join(word + space for word, space in parts))
styles = st.builds(
    _style,
    families=st.sampled_from([("Inter",), ("Playfair Display",), ("Noto Nastaliq Urdu",)]),
    size=st.sampled_from([8.0, 20.0, 33.5, 72.0]),
    weight=st.sampled_from([400, 800]),
    letter_spacing=st.sampled_from([0.0, 0.0, 0.06, -0.02]),
    line_height=st.sampled_from([1.0, 1.12, 1.2]),
    features=st.sampled_from([(), ("tnum",)]),
    language=st.sampled_from(["", "en", "de"]),
)
paragraphs = st.builds(
    _paragraph,
    wrap=st.sampled_from(["word", "balance", "none"]),
    fit=st.sampled_from(["shrink", "shrink", "none"]),
    max_lines=st.sampled_from([None, 1, 2, 3]),
    min_size=st.sampled_from([None, 6.0, 12.0]),
    overflow=st.sampled_from(["ellipsis", "clip", "visible"]),
    trim_cap=st.booleans(),
    direction=st.sampled_from(["auto", "auto", "rtl"]),
)
widths = st.sampled_from([None, 20.0, 60.0, 150.0, 322.0, 536.0])
heights = st.sampled_from([None, 20.0, 60.0, 92.0])


@settings(max_examples=scaled(200, 2000), deadline=None)
@given(texts, styles, paragraphs, widths, heights)
def test_a_text_is_predicted_as_it_is_laid_out(
    text: str,
    style: TextStyle,
    paragraph: ParagraphStyle,
    width: float | None,
    height: float | None,
) -> None:
    runs = (TextRun(text, style),)
    predicted = predictor().predict(runs, paragraph, width=width, height=height)
    layout = layout_text(runs, paragraph, width=width, height=height, fonts=fonts())
    assert predicted == (layout.font_scale, layout.truncated, layout.missing_characters)


def test_two_styles_in_one_text_are_predicted_as_they_are_laid_out() -> None:
    runs = (TextRun("Hello ", TextStyle(size=40)), TextRun("Maximilian!", TextStyle(size=60)))
    paragraph = ParagraphStyle(fit="shrink", max_lines=1)
    predicted = predictor().predict(runs, paragraph, width=200, height=None)
    layout = layout_text(runs, paragraph, width=200, height=None, fonts=fonts())
    assert predicted.font_scale == layout.font_scale < 1
