"""Finds the font families that a document names."""

from collections.abc import Iterator

from postcard.json_text import json_pointer
from postcard.template.layers.text import TextLayer
from postcard.template.model import Document, walk_all_layers
from postcard.template.properties.text_style import CharacterStyle


def used_families(document: Document) -> Iterator[tuple[str, str]]:
    """The JSON pointer of each `font` with each family that it names, in fallback order."""
    for where, font in _font_properties(document):
        yield from ((where, family) for family in ((font,) if isinstance(font, str) else font))


def _font_properties(document: Document) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    yield "/font", document.font
    styled: list[tuple[str, CharacterStyle]] = [
        (json_pointer("styles", name), style) for name, style in document.styles.items()
    ]
    for layer, where in text_layers(document):
        styled.append((where, layer))
        spans = () if isinstance(layer.text, str) else layer.text
        styled += [(f"{where}/text/{index}", span) for index, span in enumerate(spans)]
    yield from ((f"{where}/font", style.font) for where, style in styled if style.font)


def text_layers(document: Document) -> Iterator[tuple[TextLayer, str]]:
    """Every text layer with its JSON pointer, also in the fallback pictures."""
    for layer, where, _ in walk_all_layers(document):
        if isinstance(layer, TextLayer):
            yield layer, where
