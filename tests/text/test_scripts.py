"""Names in many scripts: golden pictures inspected by eye, and the variants of Han characters."""

import pytest

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.style import TextStyle
from tests.golden.compare import assert_matches_golden
from tests.rendering.text_canvas import blank_canvas, lay_out_line
from tests.text.thirty_names import NAMES

MIXED = (
    "مرحبا Anna، 25% (VIP)",
    "Dear \u2068אבי כהן\u2069, 東京 3 نقاط!",
    "გამარჯობა 👋 నమస్తే 中文",
)


def _names_page(fonts: Fonts, size: float, **options: object) -> Canvas:
    rows = (len(NAMES) + len(MIXED) + 2) // 3
    canvas = blank_canvas(1080, rows * 46 + 8)
    texts = [*NAMES, *(("en", text) for text in MIXED)]
    for index, (language, text) in enumerate(texts):
        column, row = divmod(index, rows)
        box = Box(10 + column * 358, 4 + row * 46, 350, 46)
        style = TextStyle(size=size, language=language, line_height=1.4, **options)  # type: ignore[arg-type]
        canvas.draw_text(lay_out_line(text, fonts, style=style, width=350), box)
    return canvas


@pytest.mark.parametrize(("name", "weight"), [("regular", 400), ("bold", 700)])
def test_thirty_names(name: str, weight: int, fonts: Fonts) -> None:
    page = _names_page(fonts, 24, weight=weight)
    assert_matches_golden(f"text_names_{name}", page.surface.to_image())


@pytest.mark.parametrize(("language", "text"), NAMES)
def test_fonts_have_all_letters_of_every_name(language: str, text: str, fonts: Fonts) -> None:
    assert lay_out_line(text, fonts, style=TextStyle(language=language)).missing_characters == ()


HAN = {
    "zh-CN": "Noto Sans SC",
    "zh-TW": "Noto Sans TC",
    "ja": "Noto Sans JP",
    "ko": "Noto Sans KR",
}


@pytest.mark.parametrize(
    ("language", "family"),
    [
        *HAN.items(),
        ("zh", "Noto Sans SC"),
        ("zh-SG", "Noto Sans SC"),
        ("zh-Hans-HK", "Noto Sans SC"),
        ("yue-CN", "Noto Sans SC"),
        ("zh-Hant", "Noto Sans TC"),
        ("zh-hk", "Noto Sans TC"),
        ("zh_MO", "Noto Sans TC"),
        ("zh-Hant-CN", "Noto Sans TC"),
        ("yue", "Noto Sans TC"),
        ("nan", "Noto Sans TC"),
        ("ja-JP", "Noto Sans JP"),
        ("ko-KR", "Noto Sans KR"),
    ],
)
def test_han_characters_have_the_variant_of_the_language(
    language: str, family: str, fonts: Fonts
) -> None:
    assert _families("直骨角", language, fonts) == {family}


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("陳怡君", "Noto Sans TC"),
        ("张伟", "Noto Sans SC"),
        ("直骨", "Noto Sans SC"),
        ("直さ", "Noto Sans JP"),
    ],
)
def test_without_a_han_language_the_text_decides(text: str, family: str, fonts: Fonts) -> None:
    assert _families(text, "en", fonts) == {family}


def _families(text: str, language: str, fonts: Fonts) -> set[str]:
    layout = lay_out_line(text, fonts, style=TextStyle(language=language))
    return {run.font_run.face.family for line in layout.lines for run in line.runs}


@pytest.mark.parametrize(
    "name", ["髙橋", "﨑山", "𠮷野家", "草彅", "渡邉", "濵田", "𣘺本", "桒原", "栁沢"]
)
def test_japanese_names_are_drawn_with_the_japanese_font(name: str, fonts: Fonts) -> None:
    assert _families(name, "ja", fonts) == {"Noto Sans JP"}


def test_han_characters_in_four_variants(fonts: Fonts) -> None:
    canvas = blank_canvas(720, 170)
    for row, weight in enumerate((400, 700)):
        for column, language in enumerate(HAN):
            style = TextStyle(size=52, language=language, line_height=1.4, weight=weight)
            box = Box(10 + column * 178, 6 + row * 80, 176, 80)
            canvas.draw_text(lay_out_line("直骨角", fonts, style=style, width=176), box)
    assert_matches_golden("text_han_in_four_languages", canvas.surface.to_image())


MORE = (
    ("or", "ଜଗନ୍ନାଥ ପଟ୍ଟନାୟକ"), ("dv", "މުޙައްމަދު ނަޝީދު"), ("sat", "ᱨᱟᱹᱜᱷᱩᱱᱟᱛᱷ ᱢᱩᱨᱢᱩ"),
    ("mni", "ꯃꯩꯇꯩ ꯃꯌꯦꯛ"), ("ff-Adlm", "𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪"), ("nqo", "ߛߏߟߏߡߊߣߊ ߞߊ߲ߕߍ"),
    ("ccp", "𑄌𑄋𑄴𑄟𑄳𑄦"), ("zgh", "ⵜⴰⵎⴰⵣⵉⵖⵜ"), ("chr", "ᏍᏏᏉᏯ"), ("iu", "ᐃᓄᒃᑎᑐᑦ"),
    ("dz", "བསྟན་འཛིན་རྒྱ་མཚོ"), ("yue", "嘅咗喺冇哋嗰 ㄅㄆㄇ"),
)  # fmt: skip


def test_names_in_more_scripts(fonts: Fonts) -> None:
    canvas = blank_canvas(760, 6 * 50 + 8)
    for index, (language, text) in enumerate(MORE):
        column, row = divmod(index, 6)
        layout = lay_out_line(text, fonts, style=TextStyle(size=26, language=language), width=360)
        assert layout.missing_characters == ()
        canvas.draw_text(layout, Box(10 + column * 376, 4 + row * 50, 360, 50))
    assert_matches_golden("text_names_more", canvas.surface.to_image())
