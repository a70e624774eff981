"""Finds fonts without the letters of the template's language."""

import re
import string
from collections import defaultdict
from collections.abc import Iterator, Sequence

from postcard.errors import Fault
from postcard.json_text import json_pointer
from postcard.template.fields.field_types import AnyField, Fields, TextField
from postcard.template.liquid.parse import names_used
from postcard.template.model import Document
from postcard.template.schema.locales import find_locale
from postcard.template.used_fonts import text_layers, used_families
from postcard.text.fonts import DEFAULT_FAMILY, Face, Fonts

_MAX_LISTED = 5  # letters
_CASE_FILTERS = frozenset(("capitalize", "downcase", "upcase"))  # they add no other letters
_ASCII_ESCAPE = re.compile(r"\\(?:[dwsbAz]|[^A-Za-z0-9])")  # RE2's classes are ASCII
_CHARACTER_CLASS = re.compile(r"\[(?!\^)[^\]]+\]")


def missing_letters(document: Document, locale: str, fonts: Fonts) -> Iterator[Fault]:
    """`unsupported_characters` where none of the named fonts has most of the locale's letters.

    A locale's letters are those of its month and day names. Not reported: the default font, which
    was not chosen for a language, and texts that can only show letters that their font has, such
    as a code of A to Z.
    """
    letters = locale_letters(locale)
    texts = _texts_by_font(document)
    named: dict[str, list[str]] = {}
    for where, family in used_families(document):
        if fonts.has_family(family):
            named.setdefault(where, []).append(family)
    named.pop("/font" if named.get("/font") == [DEFAULT_FAMILY] else "", None)
    for where, families in named.items():
        faces = [fonts.face_chain((family,), 400, False)[0] for family in families]
        missing = [one for one in letters if not any(face.has_glyph(one) for face in faces)]
        possible = _possible_letters(texts.get(where), document.fields)
        if len(missing) > len(letters) / 2 and not _faces_cover(faces, possible):
            yield Fault("unsupported_characters", where, _message(families, locale, missing))


def locale_letters(locale: str) -> list[str]:
    """The letters of a locale's month and day names."""
    found = find_locale(locale)
    if found is None:
        return []
    names = [*found.months["format"]["wide"].values(), *found.days["format"]["wide"].values()]
    return sorted({letter for name in names for letter in name if letter.isalpha()})


def _texts_by_font(document: Document) -> dict[str, list[str]]:
    """The texts in each font, by the font's JSON pointer; not those in the document's font."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for layer, where in text_layers(document):
        whole = [span.text for span in layer.spans]
        for font_pointer in (f"{where}/font", *_style_font_pointers(layer.style, layer.emphasis)):
            found[font_pointer] += whole
        for index, span in enumerate(layer.spans):
            for font_pointer in (f"{where}/text/{index}/font", *_style_font_pointers(span.style)):
                found[font_pointer].append(span.text)
    return found


def _style_font_pointers(*styles: str | None) -> list[str]:
    return [json_pointer("styles", style, "font") for style in styles if style]


def _possible_letters(sources: Sequence[str] | None, fields: Fields) -> str | None:
    """Every letter that texts may show; None if there is no limit."""
    if not sources:
        return None
    names = {name for source in sources for name in names_used(source)} - _CASE_FILTERS
    by_field = [_field_letters(fields.get(name)) for name in names]
    if any(letters is None for letters in by_field):
        return None
    return "".join([*sources, *(letters or "" for letters in by_field)])


def _field_letters(field: AnyField | None) -> str | None:
    """The letters of a field's values; None if they may be any."""
    if not isinstance(field, TextField):
        return None
    if field.choices:
        return "".join(field.choices)
    return string.ascii_letters if field.pattern and _matches_only_ascii(field.pattern) else None


def _matches_only_ascii(pattern: str) -> bool:
    """Whether a pattern clearly matches ASCII only."""
    rest = _ASCII_ESCAPE.sub("", pattern)
    if not rest.isascii() or "\\" in rest or "[:^" in rest:
        return False
    return not re.search(r"\.|\[\^", _CHARACTER_CLASS.sub("", rest))


def _faces_cover(faces: Sequence[Face], letters: str | None) -> bool:
    return letters is not None and all(
        any(face.has_glyph(letter) for face in faces) for letter in letters if letter.isalpha()
    )


def _message(families: list[str], locale: str, missing: list[str]) -> str:
    return (
        f"{' and '.join(families)} cannot write {locale} ({' '.join(missing[:_MAX_LISTED])} …), so "
        "another font is used instead: name one for which GET /v1/fonts lists its script."
    )
