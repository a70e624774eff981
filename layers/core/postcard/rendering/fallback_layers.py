"""The layers and the background of a `fallback` or `ended` picture."""

from dataclasses import replace

from postcard.template.layers.group import AnyLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.text import TextLayer
from postcard.template.model import Document, FallbackPicture

_MARGIN_FRACTION = 0.08  # of the shorter side, around a text
_FONT_SIZE_FRACTION = 0.12  # of the shorter side; a text that does not fit shrinks


def fallback_layers(picture: FallbackPicture, document: Document) -> tuple[AnyLayer, ...]:
    """The layers that the picture shows over its background."""
    if picture.layers is not None:
        return picture.layers
    width, height = float(document.width), float(document.height)
    if picture.source is not None:
        return (ImageLayer(width=width, height=height, source=picture.source, on_error="hide"),)
    return (_text_layer(picture, width, height),)


def fallback_document(picture: FallbackPicture | None, document: Document) -> Document:
    """The document with the picture's own background, if it states one."""
    background = picture.background if picture else None
    return replace(document, background=background) if background else document


def _text_layer(picture: FallbackPicture, width: float, height: float) -> TextLayer:
    side = min(width, height)
    margin = side * _MARGIN_FRACTION
    return TextLayer(
        x=margin,
        y=margin,
        width=width - 2 * margin,
        height=height - 2 * margin,
        text=picture.text or "",
        color=picture.color,
        weight=600,
        size=max(1.0, min(1000.0, side * _FONT_SIZE_FRACTION)),
        min_size=1.0,
        fit="shrink",
        align="center",
        valign="middle",
        wrap="balance",
    )
