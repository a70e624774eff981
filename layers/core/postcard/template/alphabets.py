"""Fonts that lack the letters of the language that a template is written in."""

from collections.abc import Iterator

from postcard.errors import Fault
from postcard.template.families import written_families
from postcard.template.locales import find_locale
from postcard.template.properties import Document
from postcard.text.fonts import DEFAULT, Fonts

_SHOWN = 5  # letters


def unlettered(document: Document, locale: str, fonts: Fonts) -> Iterator[Fault]:
    """`other_letters` where fonts are named of which none has the locale's letters.

    Its letters are those of its months and days. Nobody who leaves the usual font as it is meant
    it for every script.
    """
    letters = _letters(locale)
    named: dict[str, list[str]] = {}
    for where, family in written_families(document):
        if fonts.has(family):
            named.setdefault(where, []).append(family)
    named.pop("/font" if named.get("/font") == [DEFAULT] else "", None)
    for where, families in named.items():
        faces = [fonts.chain((family,), 400, False)[0] for family in families]
        lacking = [one for one in letters if not any(face.has(one) for face in faces)]
        if len(lacking) > len(letters) / 2:
            yield Fault("other_letters", where, _sentence(families, locale, lacking))


def _letters(locale: str) -> list[str]:
    found = find_locale(locale)
    if found is None:
        return []
    names = [*found.months["format"]["wide"].values(), *found.days["format"]["wide"].values()]
    return sorted({letter for name in names for letter in name if letter.isalpha()})


def _sentence(families: list[str], locale: str, lacking: list[str]) -> str:
    return (
        f"{' and '.join(families)} cannot write {locale} ({' '.join(lacking[:_SHOWN])} …), so "
        "another font stands in: name one whose scripts GET /v1/fonts lists with it."
    )
