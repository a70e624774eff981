"""Font coverage: the letters of all languages, and the scripts that each font is listed with."""

import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from babel.localedata import locale_identifiers

from layers.fonts.build import HERE, coverage_table
from layers.fonts.font_sources import FONT_SOURCES
from postcard.assets.font_catalog import SCRIPT_PROBES, describe_fonts
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.text.fonts import Fonts
from postcard.text.style import TextStyle
from tests.rendering.text_canvas import lay_out_line
from tests.text.exemplars import ARABIC, BLOCKS, CYRILLIC, LATIN

NEWER_THAN_ITS_FONT = "\u0b55"
TEXT_FONTS = ("Inter", "Noto Sans", "Source Serif 4", "Playfair Display", "Space Grotesk")
BLOCK_OF = {
    "Hebr": "Hebrew", "Deva": "Devanagari", "Beng": "Bengali", "Gujr": "Gujarati",
    "Guru": "Gurmukhi", "Knda": "Kannada", "Mlym": "Malayalam", "Sinh": "Sinhala",
    "Taml": "Tamil", "Telu": "Telugu", "Thai": "Thai", "Laoo": "Lao", "Khmr": "Khmer",
    "Mymr": "Myanmar", "Geor": "Georgian", "Armn": "Armenian", "Ethi": "Ethiopic",
    "Orya": "Oriya", "Thaa": "Thaana", "Olck": "Ol Chiki", "Mtei": "Meetei Mayek",
    "Adlm": "Adlam", "Nkoo": "NKo", "Cakm": "Chakma", "Tfng": "Tifinagh", "Cher": "Cherokee",
    "Cans": "Canadian syllables", "Tibt": "Tibetan", "Jpan": "Kana", "Kore": "Hangul",
    "Grek": "Greek",
}  # fmt: skip
REQUIRED_LETTERS = {  # of a font listed with a script; others may come from fallback fonts
    "Latn": LATIN["German"] + LATIN["Polish"] + LATIN["Turkish"][:-1] + LATIN["French"],
    "Cyrl": CYRILLIC["Russian"][:-1] + CYRILLIC["Ukrainian"][:-1] + CYRILLIC["Serbian"],
    "Arab": "".join(ARABIC.values()),
}


def _assigned(block: str) -> str:
    first, last = BLOCKS[block]
    letters = (chr(code) for code in range(first, last + 1) if chr(code) not in NEWER_THAN_ITS_FONT)
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] in "LMNPS")


@pytest.mark.parametrize("font", TEXT_FONTS)
@pytest.mark.parametrize(
    ("language", "letters"), [*LATIN.items(), *CYRILLIC.items(), *ARABIC.items()]
)
def test_every_language_has_its_letters(
    language: str, letters: str, font: str, fonts: Fonts
) -> None:
    for weight in (400, 700):
        style = TextStyle(families=(font,), weight=weight)
        assert lay_out_line(letters, fonts, style=style).missing_characters == (), language


@pytest.mark.parametrize("block", BLOCKS)
def test_every_script_has_all_its_letters(block: str, fonts: Fonts) -> None:
    chain = fonts.face_chain(("Inter",), 400, False)
    letters = _assigned(block)
    assert len(letters) > 30
    assert [letter for letter in letters if not any(face.has_glyph(letter) for face in chain)] == []


def _listed_scripts() -> Iterator[tuple[str, str]]:
    for description in describe_fonts(Fonts.load(HERE)):
        scripts = description["scripts"]
        assert isinstance(scripts, list)
        yield from ((str(description["family"]), script) for script in scripts)


@pytest.mark.parametrize(("family", "script"), list(_listed_scripts()))
def test_a_font_has_the_letters_of_the_scripts_it_is_listed_with(
    family: str, script: str, fonts: Fonts
) -> None:
    letters = REQUIRED_LETTERS.get(script) or (
        _assigned(BLOCK_OF[script]) if script in BLOCK_OF else SCRIPT_PROBES[script].split()[0]
    )
    if script == "Zsym":
        letters = ""  # two fonts share the symbols
    face = fonts.face_chain((family,), 400, False)[0]
    assert [letter for letter in letters if not face.has_glyph(letter)] == []


def test_the_digits_of_every_locale_can_be_drawn(fonts: Fonts) -> None:
    locales = (LocaleFilters(tag.replace("_", "-"), UTC, True) for tag in locale_identifiers())
    all_digits = {locale.localize_digits("0123456789") for locale in locales}
    assert len(all_digits) > 10
    assert [text for text in all_digits if lay_out_line(text, fonts).missing_characters] == []


def test_the_coverage_table_is_up_to_date() -> None:
    assert json.loads((HERE / "coverage.json").read_text()) == json.loads(
        json.dumps(coverage_table())
    )


def test_every_font_has_a_source_and_a_licence() -> None:
    files = {path.name for path in Path(HERE).iterdir() if path.suffix in (".ttf", ".otf")}
    assert files == {
        file for source in FONT_SOURCES for file in (source.file, source.latin_file) if file
    }
    for source in FONT_SOURCES:
        licence = HERE / f"{source.family.replace(' ', '')}-LICENSE.txt"
        text = " ".join(licence.read_text("utf-8").split()).lower()
        assert "sil open font license" in text and "permission & conditions" in text, licence
