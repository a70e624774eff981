"""The optional fonts: further scripts, Nastaliq, the height of its lines, and their absence."""

import json
import unicodedata
from itertools import pairwise

import pytest

from layers.fonts.font_sources import FONT_SOURCES
from layers.more_fonts.more_font_sources import MORE_FONT_SOURCES
from postcard.assets.font_catalog import describe_fonts
from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.text.fonts import OPTIONAL_FAMILIES, Fonts
from postcard.text.layout import TextLayout
from postcard.text.style import ParagraphStyle, TextStyle
from tests.conftest import MORE_FONTS
from tests.golden.compare import assert_matches_golden
from tests.rendering.text_canvas import blank_canvas, draw_in_box, lay_out_line
from tests.text.more_script_lines import MORE_LINES
from tests.text.script_lines import ScriptLine

ROW = json.loads((MORE_FONTS / "coverage.json").read_text())["faces"][0]
URDU = "گلگت بلتستان میں نُصرت فتح علی خان شخصیتیں"
each_line = pytest.mark.parametrize("line", MORE_LINES, ids=lambda line: line.language)


def families(text: str, language: str, fonts: Fonts, *names: str) -> set[str]:
    style = TextStyle(families=names or ("Inter",), language=language)
    layout = lay_out_line(text, fonts, style=style)
    runs = (run for line in layout.lines for run in line.runs if not run.is_space)
    return {run.font_run.face.family for run in runs}


@each_line
def test_the_optional_fonts_have_all_letters(line: ScriptLine, more_fonts: Fonts) -> None:
    assert lay_out_line(line.text, more_fonts, style=line.style).missing_characters == ()


@each_line
def test_without_them_the_warning_can_name_the_script(line: ScriptLine, fonts: Fonts) -> None:
    missing = lay_out_line(line.text, fonts, style=line.style).missing_characters
    named = fonts.absent_scripts(missing)
    if line.language == "ur":
        assert (missing, named) == ((), [])
    else:
        assert [f"Noto Sans {script}" for script in named] == list(
            families(line.text, line.language, Fonts.load(fonts._folder, MORE_FONTS))
        )


def test_with_the_optional_fonts_no_letter_is_said_to_be_in_them(more_fonts: Fonts) -> None:
    assert more_fonts.absent_scripts("ꦀ\u0378") == []


def test_optional_families_are_those_that_are_built() -> None:
    built = {source.family for source in MORE_FONT_SOURCES} - {"Noto Nastaliq Urdu"}
    assert set(OPTIONAL_FAMILIES) == built
    for ranges in OPTIONAL_FAMILIES.values():
        assert all(first <= last for first, last in pairwise(ranges))
    assert not {source.file for source in MORE_FONT_SOURCES} & {each.file for each in FONT_SOURCES}


def test_the_list_of_fonts_has_a_script_for_each_of_them() -> None:
    rows = [{**ROW, "family": name, "coverage": name} for name in OPTIONAL_FAMILIES]
    described = describe_fonts(Fonts(MORE_FONTS, rows, OPTIONAL_FAMILIES))
    scripts = [entry["scripts"] for entry in described]
    assert all(isinstance(each, list) and len(each) == 1 for each in scripts)
    assert len({str(each) for each in scripts}) == len(OPTIONAL_FAMILIES)


class TestNastaliq:
    @pytest.mark.parametrize("language", ["ur", "ur-PK", "ur-IN", "pnb", "pa-Arab", "ks"])
    def test_the_language_chooses_it(self, language: str, more_fonts: Fonts) -> None:
        assert families("علی خان", language, more_fonts) == {"Noto Nastaliq Urdu"}

    @pytest.mark.parametrize("language", ["ar", "fa", "en", "pa", "sd"])
    def test_other_languages_keep_naskh(self, language: str, more_fonts: Fonts) -> None:
        assert families("علی خان", language, more_fonts) == {"Noto Sans Arabic"}

    def test_a_font_that_is_named_goes_before(self, more_fonts: Fonts) -> None:
        assert families("علی", "ur", more_fonts, "Noto Sans Arabic") == {"Noto Sans Arabic"}
        assert families("علی", "en", more_fonts, "Noto Nastaliq Urdu") == {"Noto Nastaliq Urdu"}

    def test_without_the_layer_urdu_is_naskh(self, fonts: Fonts) -> None:
        assert families("علی خان", "ur", fonts) == {"Noto Sans Arabic"}

    def test_chinese_beside_urdu_has_its_font(self, more_fonts: Fonts) -> None:
        assert families("直 Li", "ur", more_fonts) == {"Noto Sans SC", "Inter"}

    def test_lines_hold_its_depth(self, more_fonts: Fonts) -> None:
        layout = urdu(more_fonts)
        assert len(layout.lines) > 1
        face = more_fonts.face_chain(("Noto Nastaliq Urdu",), 400, False)[0]
        for line in layout.lines:
            assert line.baseline - line.top >= face.ascent * 32
            assert line.top + line.height - line.baseline >= face.descent * 32

    def test_a_larger_line_height_stays(self, more_fonts: Fonts) -> None:
        heights = [line.height for line in urdu(more_fonts, line_height=4).lines]
        assert heights == [pytest.approx(4 * 32)] * len(heights)

    def test_a_line_of_other_letters_stays_as_high(self, fonts: Fonts, more_fonts: Fonts) -> None:
        style = TextStyle(size=32, language="ur")
        heights = {
            lay_out_line("Ali 25%", each, style=style).height for each in (fonts, more_fonts)
        }
        assert len(heights) == 1

    def test_shrinking_counts_its_depth(self, more_fonts: Fonts) -> None:
        layout = urdu(more_fonts, paragraph=ParagraphStyle(fit="shrink"), height=90)
        assert layout.height <= 90 and layout.font_scale < 1 and not layout.truncated

    def test_trimming_to_capitals_leaves_its_height(self, more_fonts: Fonts) -> None:
        whole, trimmed = (
            urdu(more_fonts, paragraph=ParagraphStyle(trim_cap=trim)) for trim in (False, True)
        )
        face = more_fonts.face_chain(("Inter",), 400, False)[0]
        assert trimmed.baseline >= (1.904 - face.ascent + face.cap_height) * 32 - 1
        assert trimmed.height < whole.height

    def test_its_letters_stay_in_their_box(self, more_fonts: Fonts) -> None:
        canvas, lines = blank_canvas(520, 260), urdu(more_fonts)
        draw_in_box(canvas, lines, Box(10, 10, 240, lines.height))
        shrunk = urdu(
            more_fonts, paragraph=ParagraphStyle(fit="shrink", valign="middle"), height=80
        )
        draw_in_box(canvas, shrunk, Box(270, 20, 240, 80))
        _draw_names(canvas, more_fonts)
        assert_matches_golden("text_nastaliq", canvas.surface.to_image())


def urdu(
    fonts: Fonts,
    *,
    line_height: float = 1.2,
    paragraph: ParagraphStyle | None = None,
    height: float | None = None,
) -> TextLayout:
    style = TextStyle(size=32, language="ur", line_height=line_height)
    return lay_out_line(URDU, fonts, style=style, paragraph=paragraph, width=240, height=height)


def _draw_names(canvas: Canvas, fonts: Fonts) -> None:
    for row, (language, text) in enumerate((("jv", "ꦱꦸꦏꦂꦤ ꦥꦿꦧꦸ"), ("ban", "ᬓᭂᬢᬸᬢ᭄ ᬰ᭄ᬭᬷ"))):
        layout = lay_out_line(text, fonts, style=TextStyle(size=20, language=language))
        draw_in_box(canvas, layout, Box(270 + row * 125, 120, layout.width, layout.height))


def test_names_are_normalized_letters() -> None:
    for line in MORE_LINES:
        assert unicodedata.is_normalized("NFC", line.text), line.text
