"""Latin words look the same from the subset font as from the whole one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.text.fonts import LATIN_SUBSET_FEATURES, Face, Fonts
from postcard.text.glyphs import FontRun, GlyphBitmap, advance, rasterize_glyphs

FONTS = Fonts.load(Path("layers/fonts"))
FEATURES = (*sorted(LATIN_SUBSET_FEATURES), "smcp", "zero", "frac", "case", "ss01", "sups")
LANGUAGES = ("", "en", "tr", "ca", "nl", "lt", "de", "ro")
KERNED = (
    "AVATAR",
    "Type",
    "To: 7/4",
    "f(x) -> y!",
    "office",
    "Ñandú",
    "L'Été",
    "«Øre»",
    "5×3",
    "1½",
)


def faces() -> Iterator[Face]:
    for family, weight, italic in product(FONTS.families(), (400, 650, 800), (False, True)):
        face = FONTS.face_chain((family.name,), weight, italic)[0]
        if face.latin_path and face.italic == italic:
            yield face


FACES = list(faces())


def contents(bitmap: GlyphBitmap | None) -> object:
    return bitmap and (bitmap.x, bitmap.y, bitmap.mask.size, bitmap.mask.tobytes())


def assert_same(text: str, face: Face, features: tuple[str, ...], language: str) -> None:
    subset = FontRun(text, face, False, features, language)
    whole = subset._replace(face=replace(face, latin_path=""))
    assert advance(subset) == advance(whole)
    assert contents(rasterize_glyphs(subset, 31.5, 1)) == contents(rasterize_glyphs(whole, 31.5, 1))


def test_three_families_have_a_latin_subset() -> None:
    assert {face.family for face in FACES} == {"Inter", "Noto Sans", "Space Grotesk"}


@pytest.mark.parametrize("text", KERNED)
@pytest.mark.parametrize("face", FACES, ids=lambda f: f"{f.family} {f.weight} {f.italic}")
def test_words_with_kerning_and_ligatures_are_drawn_the_same(face: Face, text: str) -> None:
    assert_same(text, face, (), "en")


@given(
    st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc"]),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(FACES),
    st.lists(st.sampled_from(FEATURES), max_size=3, unique=True).map(tuple),
    st.sampled_from(LANGUAGES),
)
def test_any_word_with_any_features_and_language_is_drawn_the_same(
    text: str, face: Face, features: tuple[str, ...], language: str
) -> None:
    assert_same(text, face, features, language)


@pytest.mark.parametrize("face", [face for face in FACES if face.family == "Inter"])
def test_raised_signs_of_inter_are_drawn_the_same(face: Face) -> None:
    for sign in "()[]{}@-:<>=+~*×÷±·":
        assert_same(f"A{sign}1", face, ("case",), "en")


def test_a_word_with_letters_outside_the_subset_uses_the_whole_font() -> None:
    face = FACES[0]
    for text in ("Łódź", "Nguyễn", "Žižek", "e\u0301té"):
        assert all(face.has_glyph(letter) for letter in text)
        assert_same(text, face, (), "")
