"""Grounds as a version keeps them in the store: drawn once at publish, read by every cold start."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.surface_file import pack, unpack
from postcard.canvas.surface import Surface
from postcard.geometry import Box, OutputSize
from postcard.rendering.render_tree import Node
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import walk_layers

LOOKS = 1
"""Raise it where the same document comes to look otherwise: older grounds are then drawn anew."""

_PIXEL = 4  # bytes
_OUTERMOST = 2  # strokes in "/layers/0"


@dataclass(frozen=True, slots=True)
class Laid:
    """The pixels under the layers that may change, and the key that they were read by.

    `pointers` name the first layers of the document, which are drawn in it; `boxes` are theirs.
    """

    key: str
    surface: Surface
    pointers: tuple[str, ...]
    boxes: tuple[tuple[str, Box], ...]

    @property
    def weight(self) -> int:
        """Bytes in memory."""
        return self.surface.size[0] * self.surface.size[1] * _PIXEL

    def fits(self, pixels: tuple[int, int], untouched: Sequence[Node]) -> bool:
        """Whether it is of that many device pixels, and untouched nodes begin with its layers."""
        return self.surface.size == pixels and lies_under(untouched, self.pointers)

    def write(self) -> bytes:
        """The file: a line of JSON, then the pixels."""
        boxes = [(where, box.x, box.y, box.width, box.height) for where, box in self.boxes]
        head = {"looks": LOOKS, "layers": self.pointers, "boxes": boxes}
        return json.dumps(head).encode() + b"\n" + pack(self.surface)

    @classmethod
    def read(cls, key: str, file: bytes) -> "Laid | None":
        """What `write` wrote; None if it is anything else, or was drawn in older looks."""
        line, _, body = file.partition(b"\n")
        try:
            head = json.loads(line)
            if head["looks"] != LOOKS:
                return None
            boxes = tuple((where, Box(*sides)) for where, *sides in head["boxes"])
            return cls(key, unpack(body), tuple(head["layers"]), boxes)
        except (ValueError, KeyError, TypeError):
            return None

    def canvas(self, size: tuple[int, int], *, copied: bool) -> Canvas:
        """A canvas of `size` CSS pixels with these pixels on it."""
        pixels, surface = self.surface.size, self.surface
        scale = (pixels[0] / size[0], pixels[1] / size[1])
        return Canvas(surface.copy() if copied else surface, scale)


def digest_of(file: bytes) -> str:
    """What the key of a file ends in, so that nobody takes another for it."""
    return hashlib.sha256(file).hexdigest()[:32]


def name_of(size: OutputSize) -> str:
    """By which a version's ground of that size is known.

    >>> name_of(OutputSize(600, 300, 1200, 600))
    '1200x600'
    """
    return f"{size.width}x{size.height}"


def still(template: Template) -> tuple[str, ...]:
    """What is drawn of the first layers, which neither values, conditions nor the clock can change.

    Pointers, those inside groups too.
    """
    if template.slots.get(""):
        return ()
    layers = template.document.layers
    moving = (where for layer, where, _ in walk_layers(layers) if _moves(layer, where, template))
    first = min((int(where.split("/")[2]) for where in moving), default=len(layers))
    return tuple(_drawn(layers[:first], "/layers"))


def depth(pointers: Sequence[str]) -> int:
    """How many layers of the canvas are among them."""
    return sum(pointer.count("/") == _OUTERMOST for pointer in pointers)


def lies_under(nodes: Sequence[Node], pointers: Sequence[str]) -> bool:
    """Whether untouched nodes begin with just these."""
    first = nodes[: depth(pointers)]
    return [inner.pointer for node in first for inner in node.all()] == list(pointers)


def _moves(layer: AnyLayer, where: str, template: Template) -> bool:
    repeats = isinstance(layer, GroupLayer) and layer.repeat
    return bool(template.slots.get(where) or where in template.conditions or repeats)


def _drawn(layers: Sequence[AnyLayer], where: str) -> Iterator[str]:
    for index, layer in enumerate(layers):
        if not layer.empty:
            yield f"{where}/{index}"
            if isinstance(layer, GroupLayer):
                yield from _drawn(layer.layers, f"{where}/{index}/layers")
