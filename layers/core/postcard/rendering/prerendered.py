"""Grounds as a version keeps them in the store: drawn once at publish, read by every cold start."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.surface_png import pack, unpack
from postcard.canvas.surface import Surface
from postcard.geometry import Box, OutputSize
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import walk_layers

RENDERER_VERSION = 1
"""Raise it where the same document comes to look otherwise: older grounds are then drawn anew."""

_BYTES_PER_PIXEL = 4  # bytes
_TOP_LEVEL_SLASHES = 2  # strokes in "/layers/0"


@dataclass(frozen=True, slots=True)
class PrerenderedLayers:
    """The pixels under the layers that may change, and the key that they were read by.

    `pointers` name the first layers of the document, which are drawn in it; `boxes` are theirs.
    """

    key: str
    surface: Surface
    pointers: tuple[str, ...]
    boxes: tuple[tuple[str, Box], ...]

    @property
    def memory_bytes(self) -> int:
        """Bytes in memory."""
        return self.surface.size[0] * self.surface.size[1] * _BYTES_PER_PIXEL

    def matches(self, pixels: tuple[int, int], nodes: Sequence[RenderNode]) -> bool:
        """Whether it is of that many device pixels, and untouched nodes begin with its layers."""
        return self.surface.size == pixels and nodes_start_with(nodes, self.pointers)

    def to_bytes(self) -> bytes:
        """The file: a line of JSON, then the pixels."""
        boxes = [(pointer, box.x, box.y, box.width, box.height) for pointer, box in self.boxes]
        header = {"looks": RENDERER_VERSION, "layers": self.pointers, "boxes": boxes}
        return json.dumps(header).encode() + b"\n" + pack(self.surface)

    @classmethod
    def from_bytes(cls, key: str, file: bytes) -> "PrerenderedLayers | None":
        """What `write` wrote; None if it is anything else, or was drawn in older looks."""
        line, _, body = file.partition(b"\n")
        try:
            header = json.loads(line)
            if header["looks"] != RENDERER_VERSION:
                return None
            boxes = tuple((pointer, Box(*sides)) for pointer, *sides in header["boxes"])
            return cls(key, unpack(body), tuple(header["layers"]), boxes)
        except (ValueError, KeyError, TypeError):
            return None

    def to_canvas(self, size: tuple[int, int], *, copy: bool) -> Canvas:
        """A canvas of `size` CSS pixels with these pixels on it."""
        pixels, surface = self.surface.size, self.surface
        scale = (pixels[0] / size[0], pixels[1] / size[1])
        return Canvas(surface.copy() if copy else surface, scale)


def digest_of(file: bytes) -> str:
    """What the key of a file ends in, so that nobody takes another for it."""
    return hashlib.sha256(file).hexdigest()[:32]


def size_name(size: OutputSize) -> str:
    """By which a version's ground of that size is known.

    >>> name_of(OutputSize(600, 300, 1200, 600))
    '1200x600'
    """
    return f"{size.width}x{size.height}"


def static_layer_pointers(template: Template) -> tuple[str, ...]:
    """What is drawn of the first layers, which neither values, conditions nor the clock can change.

    Pointers, those inside groups too.
    """
    if template.liquid_slots.get(""):
        return ()
    layers = template.document.layers
    dynamic = (
        where for layer, where, _ in walk_layers(layers) if _is_dynamic(layer, where, template)
    )
    first_dynamic = min((int(where.split("/")[2]) for where in dynamic), default=len(layers))
    return tuple(_drawn_pointers(layers[:first_dynamic], "/layers"))


def top_level_count(pointers: Sequence[str]) -> int:
    """How many layers of the canvas are among them."""
    return sum(pointer.count("/") == _TOP_LEVEL_SLASHES for pointer in pointers)


def nodes_start_with(nodes: Sequence[RenderNode], pointers: Sequence[str]) -> bool:
    """Whether untouched nodes begin with just these."""
    first = nodes[: top_level_count(pointers)]
    return [inner.pointer for node in first for inner in node.walk()] == list(pointers)


def _is_dynamic(layer: AnyLayer, pointer: str, template: Template) -> bool:
    repeats = isinstance(layer, GroupLayer) and layer.repeat
    return bool(template.liquid_slots.get(pointer) or pointer in template.conditions or repeats)


def _drawn_pointers(layers: Sequence[AnyLayer], pointer: str) -> Iterator[str]:
    for index, layer in enumerate(layers):
        if not layer.is_empty:
            yield f"{pointer}/{index}"
            if isinstance(layer, GroupLayer):
                yield from _drawn_pointers(layer.layers, f"{pointer}/{index}/layers")
