"""Which families a document names, and where."""

from collections.abc import Iterator

from postcard.json_text import json_pointer
from postcard.template.layers.text import TextLayer
from postcard.template.model import Document, walk_all_layers
from postcard.template.properties.text_style import CharacterStyle


def used_families(document: Document) -> Iterator[tuple[str, str]]:
    """The JSON pointer of a `font`, and a family that it names; its stand-ins' come last."""
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
    yield from ((f"{where}/font", letters.font) for where, letters in styled if letters.font)


def text_layers(document: Document) -> Iterator[tuple[TextLayer, str]]:
    """Every text with its JSON pointer, those of stored pictures too."""
    for layer, where, _ in walk_all_layers(document):
        if isinstance(layer, TextLayer):
            yield layer, where
