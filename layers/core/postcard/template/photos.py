"""How much of a canvas is photographs: what `format: auto` is guessed by before it is drawn."""

from collections.abc import Iterable

from postcard.color import parse_color
from postcard.template.consistency import walk
from postcard.template.image import ImageLayer
from postcard.template.programs import names_in
from postcard.template.properties import Document
from postcard.template.rules import has_liquid

_SHARE = 0.25  # of the canvas; from here on a jpg is smaller than a png


def guessed_format(document: Document) -> str:
    """The format of the document, and for `auto` a guess."""
    if document.format != "auto":
        return "jpg" if document.format == "jpeg" else document.format
    layers = (one for one, _, _ in walk(document.layers) if isinstance(one, ImageLayer))
    return "jpg" if _cover(layers, document) else "png"


def awaits_photos(document: Document) -> bool:
    """Whether much of its canvas is for pictures that neither a default nor an example shows."""
    shown = {
        name
        for name, field in document.fields.items()
        if field.default is not None or field.example is not None
    }
    unseen = (
        layer
        for layer, _, _ in walk(document.layers)
        if isinstance(layer, ImageLayer)
        and has_liquid(layer.source)
        and not shown.intersection(names_in(layer.source))
    )
    return _cover(unseen, document)


def _cover(layers: Iterable[ImageLayer], document: Document) -> bool:
    """Whether pictures cover so much of an opaque canvas."""
    covered = sum(
        _side(layer.width, document.width) * _side(layer.height, document.height)
        for layer in layers
    )
    enough = covered >= document.width * document.height * _SHARE
    return enough and _opaque(document.background)


def _side(side: float | str | None, most: int) -> float:
    """Pixels of a side: all there are for a picture that fills its row or column."""
    return most if isinstance(side, str) else side or 0.0


def _opaque(background: str) -> bool:
    return not has_liquid(background) and parse_color(background)[3] == 255
