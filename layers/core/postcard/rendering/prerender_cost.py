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

_FETCH_MS_PER_MB = 12.5  # a megabyte from the store
_REQUEST_MS = 15.0  # until the store's first byte, where it would not have been asked otherwise
_DECODE_SOURCE_MS_PER_MB = 20.0  # a megabyte of somebody's picture
_DECODE_PRERENDERED_MS = 8.0, 6.0  # a megabyte of a stored ground, and a million of its pixels
(
    _RESIZE_MS_PER_MP,
    _SHADOW_MS_PER_MP,
    _OFFSCREEN_MS_PER_MP,
    _GRADIENT_MS_PER_MP,
    _FILTER_MS_PER_MP,
) = 8.0, 37.0, 10.0, 5.0, 20.0  # a million pixels
_TEXT_MS, _LAYER_MS = 1.0, 0.3  # each
_MIN_SPEEDUP = 1.5  # times as dear, so that a wrong guess costs little
MAX_PRERENDERED_BYTES = 4_000_000


def should_prerender(
    document: Document,
    boxes: Mapping[str, Box],
    source_bytes: Iterable[int],
    pixels: tuple[int, int],
    file_bytes: int,
) -> bool:
    """Whether to store a ground of `weight` bytes.

    `boxes` are those of its layers by pointer, `sources` the bytes of the pictures that are shown
    in it alone.
    """
    sizes = list(source_bytes)
    per_pixel = pixels[0] * pixels[1] / (document.width * document.height) / 1e6
    drawing = sum(sizes) / 1e6 * (_FETCH_MS_PER_MB + _DECODE_SOURCE_MS_PER_MB)
    for layer, pointer, _ in walk_layers(document.layers):
        if pointer in boxes:
            drawing += _draw_ms(layer, _visible_area(boxes[pointer], document) * per_pixel)
    reading = (
        file_bytes / 1e6 * (_FETCH_MS_PER_MB + _DECODE_PRERENDERED_MS[0])
        + pixels[0] * pixels[1] / 1e6 * _DECODE_PRERENDERED_MS[1]
    )
    if not sizes:
        reading += _REQUEST_MS
    return file_bytes <= MAX_PRERENDERED_BYTES and drawing > _MIN_SPEEDUP * reading


def _draw_ms(layer: AnyLayer, megapixels: float) -> float:
    """What drawing a layer costs that covers so many million pixels."""
    milliseconds = _TEXT_MS if isinstance(layer, TextLayer) else _LAYER_MS
    if isinstance(layer, ImageLayer):
        milliseconds += megapixels * (
            _RESIZE_MS_PER_MP + (_FILTER_MS_PER_MP if layer.filter else 0.0)
        )
    if not layer.draws_directly:
        milliseconds += megapixels * _OFFSCREEN_MS_PER_MP
    if layer.shadow is not None:
        milliseconds += megapixels * _SHADOW_MS_PER_MP
    if not isinstance(getattr(layer, "fill", None), str | None):
        milliseconds += megapixels * _GRADIENT_MS_PER_MP
    return milliseconds


def _visible_area(box: Box, document: Document) -> float:
    """CSS pixels of the canvas that a box covers."""
    across = min(box.right, document.width) - max(box.x, 0.0)
    down = min(box.bottom, document.height) - max(box.y, 0.0)
    return max(across, 0.0) * max(down, 0.0)
