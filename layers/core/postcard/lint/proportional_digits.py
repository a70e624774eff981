"""Finds countdowns whose digits differ in width, so that each second moves the text beside them."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from postcard.errors import Fault
from postcard.template.layers.text import TextLayer, span_styles
from postcard.template.liquid.locale_filters import LocaleFilters
from postcard.template.liquid.parse import paths_used
from postcard.template.model import Document, walk_layers
from postcard.text.fonts import Fonts
from postcard.text.layout import layout_text
from postcard.text.shaping import WIDTH_TOLERANCE
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

_SECONDS_PATH = ("countdown", "seconds")
_MESSAGE = (
    "The digits of this countdown differ in width, so each second moves the line and the GIF grows "
    'to several times its size: add "features": ["tnum"], or take a font that has them.'
)


def proportional_digits(document: Document, locale: str, fonts: Fonts) -> Iterator[Fault]:
    """`proportional_digits` for every text that counts seconds in such digits.

    `locale` is the document's, its Liquid evaluated.
    """
    if document.countdown is None or document.countdown.frames == 1:
        return
    digits = LocaleFilters(locale, UTC, document.numerals == "native").localize_digits("0123456789")
    for layer, where, _ in walk_layers(document.layers):
        if isinstance(layer, TextLayer) and any(
            _SECONDS_PATH in paths_used(span.text)
            and _widths_differ(digits, _text_style(properties, document), fonts)
            for span, properties in span_styles(layer, document.styles)
        ):
            yield Fault("proportional_digits", where, _MESSAGE)


def _widths_differ(digits: str, style: TextStyle, fonts: Fonts) -> bool:
    widths = [
        layout_text(
            [TextRun(digit, style)], ParagraphStyle(), width=None, height=None, fonts=fonts
        ).width
        for digit in digits
    ]
    return max(widths) - min(widths) > WIDTH_TOLERANCE


def _text_style(properties: Mapping[str, Any], document: Document) -> TextStyle:
    font = properties.get("font", document.font)
    return TextStyle(
        families=(font,) if isinstance(font, str) else font,
        weight=properties.get("weight", 400),
        italic=properties.get("italic", False),
        features=properties.get("features", ()),
    )
