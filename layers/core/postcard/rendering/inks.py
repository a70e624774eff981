"""Finds the colours of a document's texts, codes and shapes: those that a palette has to keep."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from postcard.canvas.codecs.palette import colors_apart, distinct_inks
from postcard.canvas.surface import Surface
from postcard.color import Rgb, parse_color
from postcard.geometry import Box
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.group import AnyLayer
from postcard.template.layers.text import TextLayer, span_styles
from postcard.template.model import Document

MAX_INKS = 24
_MAX_STATED_INKS = 18  # the others are left for colours that are mixed, such as translucent ones
_MAX_STOPS = 4  # of a gradient
_PAINTS = ("color", "stroke", "highlight", "fill", "border", "background", "track")
_TEXT_FIRST = ("text", "qr", "barcode", "progress", "rating")  # what has to be read, then shapes


def find_inks(
    document: Document,
    nodes: Sequence[RenderNode],
    boxes: Iterable[tuple[str, Box]],
    surface: Surface,
    scale: float,
) -> list[Rgb]:
    """At most 24 colours, those of texts and codes first.

    They are the opaque colours that layers state, and the colours that the picture shows where
    texts and codes are, as far as they differ from these: gradients and translucent colours.
    """
    layers = [node.layer for top in nodes for node in top.walk()]
    layers.sort(key=lambda layer: layer.type not in _TEXT_FIRST)
    inks = distinct_inks(list(_stated_colors(layers, document)))[:_MAX_STATED_INKS]
    readable = {
        node.pointer for top in nodes for node in top.walk() if node.layer.type in _TEXT_FIRST
    }
    for pointer, box in boxes:
        if pointer in readable and len(inks) < MAX_INKS:
            device = Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
            inks += colors_apart(surface, device, inks)
    return inks[:MAX_INKS]


def _stated_colors(layers: Iterable[AnyLayer], document: Document) -> Iterator[Rgb]:
    for layer in layers:
        if isinstance(layer, TextLayer):
            for _, properties in span_styles(layer, document.styles):
                yield from _colors_of({"color": document.color, **properties})
        else:
            stated = {name: getattr(layer, name, None) for name in _PAINTS}
            if stated["color"] is None and hasattr(layer, "color"):
                stated["color"] = document.color
            yield from _colors_of(stated)
    yield from _colors_of({"background": document.background})


def _colors_of(properties: Mapping[str, Any]) -> Iterator[Rgb]:
    for name in _PAINTS:
        paint = properties.get(name)
        if stops := getattr(paint, "stops", None):
            written = [color for color, _ in stops[:_MAX_STOPS]]
        else:
            written = [paint if isinstance(paint, str) else getattr(paint, "color", None)]
        for text in written:
            if text and (color := parse_color(text))[3] == 255:
                yield color[:3]
