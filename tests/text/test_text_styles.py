"""Text layers with many styles: line breaks, spacing, strokes; golden pictures inspected by eye."""

from typing import Any

import pytest
from PIL import Image, ImageChops

from postcard.text.fonts import Fonts
from postcard.text.style import ParagraphStyle, TextStyle
from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render, render_layers
from tests.rendering.text_canvas import lay_out_line, line_texts
from tests.template.template_cases import template

ENGLISH = "Thanks for being with us since 2019, Anna — here is 25% off your next order."
ARABIC = "شكرا لكونك معنا منذ عام 2019 يا آنا، إليك خصم 25% على طلبك القادم حتى مساء الجمعة."
JAPANESE = "本日は、ご注文いただきありがとうございます。25%割引（会員限定）をご利用ください。"
THAI = "ขอบคุณที่อยู่กับเราตั้งแต่ปี 2019 นี่คือส่วนลด 25% สำหรับคำสั่งซื้อครั้งต่อไปของคุณ"


def _text(text: str, x: float, y: float, width: float, **options: Any) -> dict[str, Any]:
    return {"type": "text", "x": x, "y": y, "width": width, "size": 20, "text": text, **options}


def _box(text: dict[str, Any]) -> dict[str, Any]:
    box = {name: text[name] for name in ("x", "y", "width", "height")}
    return {"type": "rectangle", "fill": "#e2ecfa", **box}


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Donau\u00addampf\u00adschiff", 110, ["Donau-", "dampf-", "schiff"]),
        ("Donau\u00addampf\u00adschiff", 300, ["Donaudampfschiff"]),
        ("e\u2011mail e\u2011mail", 90, ["e\u2011mail", "e\u2011mail"]),
        ("um 20\u00a0Uhr 30", 70, ["um", "20\u00a0Uhr", "30"]),
        ("super\u200bcali\u200bfragi", 100, ["supercali", "fragi"]),
        ("one/\u2060two one", 80, ["one/two", "one"]),
    ],
)
def test_break_and_no_break_characters_are_respected(
    text: str, width: float, lines: list[str], fonts: Fonts
) -> None:
    layout = lay_out_line(text, fonts, style=TextStyle(size=20), width=width)
    assert line_texts(layout) == lines
    assert layout.missing_characters == ()


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("क्षत्रिय लक्ष्मी", ("क्ष", "त्रि", "य")),
        ("👩‍👩‍👧‍👦👍🏽🇺🇦👩‍👩‍👧‍👦", ("👩‍👩‍👧‍👦", "👍🏽", "🇺🇦")),
        ("é\u0323e\u0301o\u0302", ("é\u0323", "e\u0301")),
    ],
)
def test_an_ellipsis_follows_whole_letters(
    text: str, letters: tuple[str, ...], fonts: Fonts
) -> None:
    full_width = lay_out_line(text, fonts).width
    truncated = {
        "".join(
            line_texts(
                lay_out_line(text, fonts, paragraph=ParagraphStyle(max_lines=1), width=width)
            )
        )
        for width in range(16, int(full_width), 2)
    }
    starts = {"…", *("".join(letters[: end + 1]) + "…" for end in range(len(letters)))}
    assert len(truncated & starts) >= len(letters)
    assert all(line in starts or len(line) > len("".join(letters)) for line in truncated)


@pytest.mark.parametrize("shape", ["ಕ್ಷ್ಮೀ", "ஸ்ரீ", "க்ஷ", "ශ්‍රී", "ਸ੍ਵ", "ស្រី", "န္တ", "क्ष"])
def test_letters_drawn_as_one_shape_are_never_separated(shape: str, fonts: Fonts) -> None:
    assert {"".join(line_texts(lay_out_line(shape * 4, fonts, width=1)))} == {shape * 4}
    for line in line_texts(lay_out_line(shape * 4, fonts, width=1)):
        assert line == shape
    truncated = line_texts(
        lay_out_line(shape * 4, fonts, paragraph=ParagraphStyle(max_lines=1), width=50)
    )[0]
    assert truncated.replace(shape, "") in ("", "…")
    spaced = lay_out_line(shape * 4, fonts, style=TextStyle(letter_spacing=0.2)).lines[0].runs
    assert all(run.font_run.text.replace(shape, "") == "" for run in spaced)


@pytest.mark.parametrize("text", ["محمد", "नमस्ते", "নমস্তে", "ਗੁਰਪ੍ਰੀਤ"])
def test_joined_scripts_ignore_letter_spacing(text: str, fonts: Fonts) -> None:
    spaced = lay_out_line(text, fonts, style=TextStyle(letter_spacing=0.5))
    assert spaced.width == lay_out_line(text, fonts).width
    assert len(spaced.lines[0].runs) == 1


def test_an_ellipsis_is_at_the_end_in_reading_direction(fonts: Fonts) -> None:
    def run_texts(text: str) -> list[str]:
        line = lay_out_line(text, fonts, paragraph=ParagraphStyle(max_lines=1), width=90).lines[0]
        return [run.font_run.text for run in line.runs]

    assert run_texts("Dear friends of ours")[-1] == "…"
    assert run_texts("שלום לכולם ולכל החברים")[0] == "…"
    mixed = run_texts("Hi אבי כהן ולכל החברים")
    assert mixed[0] == "Hi"
    assert mixed.index("…") < mixed.index("אבי")


def test_justified_broken_and_truncated_lines() -> None:
    layers: list[dict[str, Any]] = []
    for index, (text, language) in enumerate(
        [(ENGLISH, "en"), (ARABIC, "ar"), (JAPANESE, "ja"), (THAI, "th")]
    ):
        x = 10 + index * 245
        layers.append(_text(text, x, 10, 230, height=126, align="justify", language=language))
    breaks = (
        "Donau\u00addampf\u00adschiff\u00adfahrt", "e\u2011mail to e\u2011mail",
        "100\u00a0km/h at 25\u00a0% off",
        "super\u200bcali\u200bfragi\u200blistic", "foo\u2060-\u2060bar foo-bar foo",
    )  # fmt: skip
    cut = (
        "محمد عبد الرحمن الشريف بن عبد الله", "שלום לכולם ולכל החברים", "Dear אבי כהן ולכל החברים",
        "क्षत्रिय लक्ष्मी श्रीमती", "👩‍👩‍👧‍👦👍🏽🇺🇦👩‍👩‍👧‍👦👍🏽🇺🇦",
    )  # fmt: skip
    for index, (broken, short) in enumerate(zip(breaks, cut, strict=True)):
        layers.append(_text(broken, 10 + index * 196, 146, 110, height=76))
        layers.append(_text(short, 10 + index * 196, 232, 120, height=28, max_lines=1))
    boxes = [_box(layer) for layer in layers]
    assert_matches_golden("text_manners", render_layers(*boxes, *layers, width=990, height=270))


def test_features_gradients_shadows_strokes_and_rotation() -> None:
    down = {"type": "linear", "angle": 180, "stops": [["#ff0055", 0], ["#3300ff", 1]]}
    across = {**down, "angle": 90}
    figures = "1,111.00\n9,876.54"
    bold = {"size": 34, "weight": 800}
    serif = {"font": "Source Serif 4", "size": 28, "features": ["smcp"]}
    red = {"color": "#d01040", "width": 3}
    soft = {"color": "#000000aa", "x": 3, "y": 4, "blur": 6}
    layers = [
        _text("Small Caps 123", 10, 10, 240, **serif),
        _text(figures, 230, 8, 130, size=24, align="right", features=["tnum"]),
        _text(figures, 370, 8, 130, size=24, align="right"),
        _text("Turned text g", 520, 24, 150, size=22, rotation=-14),
        _text("Straight up", 625, 50, 120, height=26, size=22, rotation=-90),
        _text("Across two lines of text", 10, 80, 250, color=across, **bold),
        _text("Down two lines of text", 270, 80, 240, color=down, **bold),
        _text("Soft shadow", 10, 176, 250, shadow=soft, **bold),
        _text("Outline بالعربي", 270, 170, 320, size=40, weight=800, color="#fff", stroke=red),
        _text("Spaced Αθήνα مرحبا", 10, 232, 300, letter_spacing=0.15),
        _text("istanbul ÌJ", 330, 232, 150, transform="uppercase", language="tr"),
        _text("άϋλη Ελλάδα", 500, 232, 180, transform="uppercase", language="el"),
    ]
    assert_matches_golden("text_shades", render_layers(*layers, width=700, height=270))


def test_dashed_strokes() -> None:
    def dashed(color: str, width: float, *dash: float) -> dict[str, Any]:
        return {"stroke": {"color": color, "width": width, "dash": dash}}

    bold = {"size": 64, "weight": 800, "color": "#ffffff"}
    layers = [
        _text("Dashed", 10, 5, 330, **bold, **dashed("#d01040", 3, 9, 5)),
        _text("50% o", 350, 5, 240, **{**bold, "color": "#2040c0"}, **dashed("#f0a000", 2, 4, 4)),
        _text("مرحبا 東京", 10, 90, 330, **bold, **dashed("#107040", 4, 14, 8)),
        _text("Thin", 350, 90, 240, **{**bold, "weight": 300}, **dashed("#000000", 1, 6, 3)),
    ]
    assert_matches_golden("text_dashes", render_layers(*layers, width=600, height=180))


def test_strokes_of_very_long_texts_are_solid_at_every_scale() -> None:
    def stroked(text: str, dpr: float, **dash: Any) -> bytes:
        options = {"color": "#ffffff", "stroke": {"color": "#000000", "width": 1, **dash}}
        layer = _text(text, 4, 4, 600, size=10, **options)
        document = template(layers=[layer], width=608, height=160)
        return decode(render(document, dpr=dpr)).tobytes()

    for dpr in (1, 2):
        assert stroked("A" * 500, dpr, dash=[5, 5]) != stroked("A" * 500, dpr)
        assert stroked("A" * 501, dpr, dash=[5, 5]) == stroked("A" * 501, dpr)


def test_dashes_too_short_to_see_are_drawn_solid() -> None:
    def stroke(**dash: Any) -> Image.Image:
        options = {"color": "#ffffff", "stroke": {"color": "#000000", "width": 2, **dash}}
        return render_layers(_text("Whole", 4, 4, 200, size=60, **options), width=208, height=80)

    def max_difference(first: Image.Image, second: Image.Image) -> int:
        return max(ImageChops.difference(first, second).convert("L").tobytes())

    assert max_difference(stroke(dash=[0.01, 0.01]), stroke()) < 10
    assert max_difference(stroke(dash=[5, 5]), stroke()) > 200
