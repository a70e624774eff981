"""Countdowns whose digits differ in width, so that each second moves what stands beside them."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from postcard.errors import Fault
from postcard.template.layers.text import TextLayer, looks
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.programs import paths_used
from postcard.template.model import Document, walk_layers
from postcard.text.fonts import Fonts
from postcard.text.layout import lay_out
from postcard.text.shaping import ROUNDING
from postcard.text.style import Paragraph, Run, TextStyle

_SECONDS = ("countdown", "seconds")
_DETAIL = (
    "The digits of this countdown differ in width, so each second moves the line and the GIF grows "
    'to several times its size: add "features": ["tnum"], or take a font that has them.'
)


def unsteady(document: Document, locale: str, fonts: Fonts) -> Iterator[Fault]:
    """`uneven_digits` for every text that counts seconds in such digits.

    `locale` is the document's, its Liquid run.
    """
    if document.countdown is None or document.countdown.frames == 1:
        return
    digits = LocaleFilters(locale, UTC, document.numerals == "native").localize_digits("0123456789")
    for layer, where, _ in walk_layers(document.layers):
        if isinstance(layer, TextLayer) and any(
            _SECONDS in paths_used(span.text) and _uneven(digits, _style(look, document), fonts)
            for span, look in looks(layer, document.styles)
        ):
            yield Fault("uneven_digits", where, _DETAIL)


def _uneven(digits: str, style: TextStyle, fonts: Fonts) -> bool:
    widths = [
        lay_out([Run(digit, style)], Paragraph(), width=None, height=None, fonts=fonts).width
        for digit in digits
    ]
    return max(widths) - min(widths) > ROUNDING


def _style(look: Mapping[str, Any], document: Document) -> TextStyle:
    font = look.get("font", document.font)
    return TextStyle(
        fonts=(font,) if isinstance(font, str) else font,
        weight=look.get("weight", 400),
        italic=look.get("italic", False),
        features=look.get("features", ()),
    )
