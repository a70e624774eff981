"""Every script's letters, joined and ordered as its readers know them; pictures looked at."""

import pytest

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.style import TextStyle
from tests.golden.compare import golden
from tests.render.scene import blank, laid
from tests.render.thirty_names import NAMES

MIXED = (
    "مرحبا Anna، 25% (VIP)",
    "Dear \u2068אבי כהן\u2069, 東京 3 نقاط!",
    "გამარჯობა 👋 నమస్తే 中文",
)


def _page(fonts: Fonts, size: float, **look: object) -> Canvas:
    rows = (len(NAMES) + len(MIXED) + 2) // 3
    canvas = blank(1080, rows * 46 + 8)
    named = [*NAMES, *(("en", text) for text in MIXED)]
    for index, (language, text) in enumerate(named):
        column, row = divmod(index, rows)
        box = Box(10 + column * 358, 4 + row * 46, 350, 46)
        style = TextStyle(size=size, language=language, line_height=1.4, **look)  # type: ignore[arg-type]
        canvas.draw_text(laid(text, fonts, style=style, width=350), box)
    return canvas


@pytest.mark.parametrize(("look", "weight"), [("regular", 400), ("bold", 700)])
def test_thirty_names(look: str, weight: int, fonts: Fonts) -> None:
    golden(f"text_names_{look}", _page(fonts, 24, weight=weight).picture().image())


@pytest.mark.parametrize(("language", "text"), NAMES)
def test_every_name_has_all_its_letters(language: str, text: str, fonts: Fonts) -> None:
    assert laid(text, fonts, style=TextStyle(language=language)).missing == ()


def test_chinese_letters_take_the_shapes_of_the_language(fonts: Fonts) -> None:
    faces = {
        language: laid("直骨", fonts, style=TextStyle(language=language))
        .lines[0]
        .placed[0]
        .letters.face.family
        for language in ("zh-Hans", "ja-JP", "ko")
    }
    assert faces == {"zh-Hans": "Noto Sans SC", "ja-JP": "Noto Sans JP", "ko": "Noto Sans KR"}
