"""Latin words are shaped from a small file of their own, and come out as from the whole font."""

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


def looks(glyphs: GlyphBitmap | None) -> object:
    return glyphs and (glyphs.x, glyphs.y, glyphs.mask.size, glyphs.mask.tobytes())


def alike(text: str, face: Face, features: tuple[str, ...], language: str) -> None:
    small = FontRun(text, face, False, features, language)
    whole = small._replace(face=replace(face, latin_path=""))
    assert advance(small) == advance(whole)
    assert looks(rasterize_glyphs(small, 31.5, 1)) == looks(rasterize_glyphs(whole, 31.5, 1))


def test_the_families_of_text_and_design_have_such_a_file() -> None:
    assert {face.family for face in FACES} == {"Inter", "Noto Sans", "Space Grotesk"}


@pytest.mark.parametrize("text", KERNED)
@pytest.mark.parametrize("face", FACES, ids=lambda f: f"{f.family} {f.weight} {f.italic}")
def test_words_that_kern_and_join_are_drawn_alike(face: Face, text: str) -> None:
    alike(text, face, (), "en")


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
def test_any_word_in_any_feature_and_language_is_drawn_alike(
    text: str, face: Face, features: tuple[str, ...], language: str
) -> None:
    alike(text, face, features, language)


def test_a_word_with_a_letter_from_elsewhere_comes_from_the_whole_font() -> None:
    face = FACES[0]
    for text in ("Łódź", "Nguyễn", "Žižek", "e\u0301té"):
        assert all(face.has_glyph(letter) for letter in text)
        alike(text, face, (), "")
