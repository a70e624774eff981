"""Whether a ground is worth storing: what drawing it anew costs, beside reading it.

Milliseconds on one of Lambda's vCPUs, from what was measured (docs/decisions/grounds.md). They are
worked out from sizes alone, so a document comes to the same answer wherever it is published.
"""

from collections.abc import Iterable, Mapping

from postcard.geometry import Box
from postcard.template.layers.group import AnyLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.text import TextLayer
from postcard.template.model import Document, walk_layers

_FETCH = 12.5  # a megabyte from the store
_REQUEST = 15.0  # until the store's first byte, where it would not have been asked otherwise
_DECODE_SOURCE = 20.0  # a megabyte of somebody's picture
_DECODE = 8.0, 6.0  # a megabyte of a stored ground, and a million of its pixels
_FIT, _SHADOW, _APART, _GRADIENT, _FILTER = 8.0, 37.0, 10.0, 5.0, 20.0  # a million pixels
_TEXT, _LAYER = 1.0, 0.3  # each
_ENOUGH = 1.5  # times as dear, so that a wrong guess costs little
MOST_BYTES = 4_000_000


def pays(
    document: Document,
    boxes: Mapping[str, Box],
    sources: Iterable[int],
    pixels: tuple[int, int],
    weight: int,
) -> bool:
    """Whether to store a ground of `weight` bytes.

    `boxes` are those of its layers by pointer, `sources` the bytes of the pictures that are shown
    in it alone.
    """
    spared = list(sources)
    per_pixel = pixels[0] * pixels[1] / (document.width * document.height) / 1e6
    drawing = sum(spared) / 1e6 * (_FETCH + _DECODE_SOURCE)
    for layer, where, _ in walk_layers(document.layers):
        if where in boxes:
            drawing += _work(layer, _area(boxes[where], document) * per_pixel)
    reading = weight / 1e6 * (_FETCH + _DECODE[0]) + pixels[0] * pixels[1] / 1e6 * _DECODE[1]
    if not spared:
        reading += _REQUEST
    return weight <= MOST_BYTES and drawing > _ENOUGH * reading


def _work(layer: AnyLayer, area: float) -> float:
    """What drawing a layer costs that covers so many million pixels."""
    spent = _TEXT if isinstance(layer, TextLayer) else _LAYER
    if isinstance(layer, ImageLayer):
        spent += area * (_FIT + (_FILTER if layer.filter else 0.0))
    if not layer.direct:
        spent += area * _APART
    if layer.shadow is not None:
        spent += area * _SHADOW
    if not isinstance(getattr(layer, "fill", None), str | None):
        spent += area * _GRADIENT
    return spent


def _area(box: Box, document: Document) -> float:
    """CSS pixels of the canvas that a box covers."""
    across = min(box.right, document.width) - max(box.x, 0.0)
    down = min(box.bottom, document.height) - max(box.y, 0.0)
    return max(across, 0.0) * max(down, 0.0)
