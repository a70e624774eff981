"""Counts what a layer would cover, or be covered by, in another place or size."""

from postcard.geometry import Box
from postcard.lint.fixes.examination import Examination
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.layers.text import TextLayer
from postcard.template.model import walk_layers

_CONTENT = (TextLayer, QrLayer, BarcodeLayer, ImageLayer)  # shapes are often what lies behind


def new_overlaps(examined: Examination, pointer: str, box: Box) -> int:
    """How many texts, pictures and codes overlap `box` that do not overlap the layer as it is.

    What belongs to the layer itself, or is a group around it, does not count.
    """
    layers = {where: layer for layer, where, _ in walk_layers(examined.template.document.layers)}
    own = [one for where, one in examined.boxes if where == pointer]
    return sum(
        other.overlaps(box) and not any(map(other.overlaps, own))
        for where, other in examined.boxes
        if where != pointer and isinstance(layers.get(where), _CONTENT)
    )
