"""Names a font that exists, and one that has the letters of the template's language."""

import difflib
from collections.abc import Iterator
from typing import Any

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import remove, set_value, value_at
from postcard.lint.missing_letters import locale_letters
from postcard.template.bind import bind_examples
from postcard.template.evaluator import Evaluator
from postcard.text.fonts import DEFAULT_FAMILY

_SIMILAR = 0.75
_LIKE = {  # a part of a well-known family's name → a bundled family of the same kind
    "helvetica": "Inter",
    "arial": "Inter",
    "segoe": "Inter",
    "mono": "Roboto Mono",
    "courier": "Roboto Mono",
    "consolas": "Roboto Mono",
    "roboto": "Roboto",
    "times": "Noto Serif",
    "georgia": "Noto Serif",
    "garamond": "Noto Serif",
    "sans": "Inter",
    "serif": "Noto Serif",
}
_BY_LANGUAGE = {  # where several families have the letters, the one to read
    "ar": "Noto Sans Arabic",
    "fa": "Noto Sans Arabic",
    "he": "Noto Sans Hebrew",
    "hi": "Noto Sans Devanagari",
    "th": "Noto Sans Thai",
    "ja": "Noto Sans JP",
    "ko": "Noto Sans KR",
    "zh": "Noto Sans SC",
}


def replace_unknown_font(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The most similar family, with one for the language beside it; else the document's font."""
    document, pointer = examined.document, finding.pointer
    written = value_at(document, pointer)
    names = [written] if isinstance(written, str) else list(written)
    unknown = [name for name in names if name not in examined.families]
    replaced = [_similar(name, examined) if name in unknown else name for name in names]
    missing = " and ".join(unknown)
    own = _family_of_language(examined)
    for families in (replaced, [*replaced, own] if own else [], [own] if own else []):
        if families:
            detail = f"Use {_listed(families)} instead of {missing}, which is not installed."
            yield Fix((_set_font(document, pointer, families),), detail)
    if pointer != "/font":
        detail = f"Use the document's own font instead of {missing}, which is not installed."
        yield Fix((remove(pointer),), detail)


def add_font_of_language(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The family that has the language's letters, behind those that are named."""
    own = _family_of_language(examined)
    written = value_at(examined.document, finding.pointer) or DEFAULT_FAMILY
    names = [written] if isinstance(written, str) else list(written)
    if own:
        detail = f"Add {own} behind {_listed(names)}, for the letters that it lacks."
        yield Fix((_set_font(examined.document, finding.pointer, [*names, own]),), detail)


def _set_font(document: Any, pointer: str, families: list[str]) -> Any:
    unique = list(dict.fromkeys(families))
    return set_value(document, pointer, unique[0] if len(unique) == 1 else unique)


def _listed(families: list[str]) -> str:
    return " and ".join(dict.fromkeys(families))


def _similar(name: str, examined: Examination) -> str:
    families = {family.lower(): family for family in examined.families}
    close = difflib.get_close_matches(name.lower(), families, 1, _SIMILAR)
    if close:
        return families[close[0]]
    like = next((family for part, family in _LIKE.items() if part in name.lower()), "")
    return like if like in examined.families else DEFAULT_FAMILY


def _family_of_language(examined: Examination) -> str | None:
    """A family with all letters of the template's language; None if none has."""
    values = bind_examples(examined.template).values
    locale = Evaluator(examined.template, values, 0, lambda *_: None).document.locale
    letters = locale_letters(locale)
    preferred = _BY_LANGUAGE.get(locale[:2].lower())
    families = examined.families
    for family in ([preferred] if preferred in families else []) + [DEFAULT_FAMILY, *families]:
        if family in families:
            face = examined.fonts.face_chain((family,), 400, False)[0]
            if all(face.has_glyph(letter) for letter in letters):
                return family
    return None
