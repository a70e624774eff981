"""The layers at the bottom of a template that are the same in every picture: drawn once, reused.

A warm process caches them as a canvas. Publishing draws those that neither values, conditions nor
the clock can change, and stores their pixels where reading them costs less than drawing. The stored
ones are called prerendered layers; they spare every cold start that work
(docs/decisions/prerendered-layers.md).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.surface_png import pack, unpack
from postcard.canvas.surface import Surface
from postcard.errors import Fault
from postcard.geometry import Box, OutputSize
from postcard.rendering.drawing_context import CanvasSpec, DrawingContext
from postcard.rendering.flex_layout import draw_nodes
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Caches, SizedLruCache
from postcard.template.compiled import Template
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.liquid_slots import value_at
from postcard.template.model import walk_layers

RENDERER_VERSION = 1
"""Raise it when the same document comes to look different: older files are then ignored.

A test fails if a golden picture changes and this does not (tests/golden/renderer_version.py).
"""

STATIC_LAYER_CACHE_BYTES = 36_000_000  # of pixels, and of the files that they were drawn from
_BYTES_PER_PIXEL = 4
_TOP_LEVEL_SLASHES = 2  # in "/layers/0"

CacheKey = tuple[object, ...]
FetchedImages = Mapping[str, bytes]


# The file that publishing stores


@dataclass(frozen=True, slots=True)
class PrerenderedLayers:
    """The pixels of a template's static layers at one size, and the key that they are stored by.

    `pointers` are those of the layers, which are the first ones of the document, with those inside
    groups; `boxes` are where they were drawn, in CSS pixels.
    """

    key: str
    surface: Surface
    pointers: tuple[str, ...]
    boxes: tuple[tuple[str, Box], ...]

    @property
    def memory_bytes(self) -> int:
        """The bytes of the pixels in memory."""
        return self.surface.size[0] * self.surface.size[1] * _BYTES_PER_PIXEL

    def matches(self, pixels: tuple[int, int], nodes: Sequence[RenderNode]) -> bool:
        """Whether it has that size in device pixels, and unmodified nodes begin with its layers."""
        return self.surface.size == pixels and nodes_start_with(nodes, self.pointers)

    def to_bytes(self) -> bytes:
        """The file: a line of JSON, then the pixels."""
        boxes = [(pointer, box.x, box.y, box.width, box.height) for pointer, box in self.boxes]
        header = {"looks": RENDERER_VERSION, "layers": self.pointers, "boxes": boxes}
        return json.dumps(header).encode() + b"\n" + pack(self.surface)

    @classmethod
    def from_bytes(cls, key: str, file: bytes) -> "PrerenderedLayers | None":
        """Reads what `to_bytes` wrote; None for other bytes and for another renderer version."""
        line, _, body = file.partition(b"\n")
        try:
            header = json.loads(line)
            if header["looks"] != RENDERER_VERSION:
                return None
            boxes = tuple((pointer, Box(*sides)) for pointer, *sides in header["boxes"])
            return cls(key, unpack(body), tuple(header["layers"]), boxes)
        except (ValueError, KeyError, TypeError):
            return None

    def to_canvas(
        self, size: tuple[int, int], *, copy: bool, deadline: Deadline = NO_DEADLINE
    ) -> Canvas:
        """A canvas of `size` CSS pixels with these pixels on it, shared with this unless `copy`."""
        pixels, surface = self.surface.size, self.surface
        scale = (pixels[0] / size[0], pixels[1] / size[1])
        return Canvas(surface.copy() if copy else surface, scale, deadline=deadline)


def size_name(size: OutputSize) -> str:
    """The name of a size among a version's prerendered layers.

    >>> size_name(OutputSize(600, 300, 1200, 600))
    '1200x600'
    """
    return f"{size.width}x{size.height}"


# Which layers are static


def static_layer_pointers(template: Template) -> tuple[str, ...]:
    """The first layers, as far as neither values, conditions nor the clock can change them.

    JSON pointers, those inside groups too, without layers that draw nothing.
    """
    if template.liquid_slots.get(""):
        return ()
    layers = template.document.layers
    dynamic = (
        where for layer, where, _ in walk_layers(layers) if _is_dynamic(layer, where, template)
    )
    first_dynamic = min((int(where.split("/")[2]) for where in dynamic), default=len(layers))
    return tuple(_drawn_pointers(layers[:first_dynamic], "/layers"))


def _is_dynamic(layer: AnyLayer, pointer: str, template: Template) -> bool:
    repeats = isinstance(layer, GroupLayer) and layer.repeat
    return bool(template.liquid_slots.get(pointer) or pointer in template.conditions or repeats)


def _drawn_pointers(layers: Sequence[AnyLayer], pointer: str) -> Iterator[str]:
    for index, layer in enumerate(layers):
        if not layer.is_empty:
            yield f"{pointer}/{index}"
            if isinstance(layer, GroupLayer):
                yield from _drawn_pointers(layer.layers, f"{pointer}/{index}/layers")


def top_level_count(pointers: Sequence[str]) -> int:
    """How many of the layers are in no group."""
    return sum(pointer.count("/") == _TOP_LEVEL_SLASHES for pointer in pointers)


def nodes_start_with(nodes: Sequence[RenderNode], pointers: Sequence[str]) -> bool:
    """Whether the first nodes are exactly the layers at these pointers."""
    first = nodes[: top_level_count(pointers)]
    return [inner.pointer for node in first for inner in node.walk()] == list(pointers)


def unmodified_nodes(nodes: Sequence[RenderNode], template: Template) -> list[RenderNode]:
    """The first nodes, as far as their layers are the document's own objects.

    Whatever Liquid, a request or a list's item changes about a layer makes a copy of it.
    """
    document_layers = {id(layer) for layer, _, _ in walk_layers(template.document.layers)}
    return list(
        takewhile(lambda node: all(id(one.layer) in document_layers for one in node.walk()), nodes)
    )


# The cache of a process


@dataclass(frozen=True, slots=True)
class CachedCanvas:
    """A canvas with static layers on it, and the boxes and warnings that drawing them gave.

    `pinned_objects` are those that its key names by `id`: while they live, no other object can
    have the same id.
    """

    canvas: Canvas
    boxes: tuple[tuple[str, Box], ...]
    warnings: tuple[Fault, ...]
    memory_bytes: int
    pinned_objects: tuple[object, ...]


class StaticLayerCache:
    """Drawn static layers by template, size, pictures and layers shown. Bounded in bytes."""

    def __init__(
        self, max_bytes: int = STATIC_LAYER_CACHE_BYTES, caches: Caches | None = None
    ) -> None:
        self.draw_count = 0  # for tests
        canvases: SizedLruCache[CacheKey, CachedCanvas] = SizedLruCache(
            max_bytes, lambda cached: cached.memory_bytes
        )
        prerendered: SizedLruCache[str, PrerenderedLayers] = SizedLruCache(
            max_bytes, lambda prerendered: prerendered.memory_bytes
        )
        caches = caches or Caches()
        self._canvases = caches.add("static layers", canvases)
        self._prerendered = caches.add("prerendered layers", prerendered)

    def get_prerendered(self, key: str) -> PrerenderedLayers | None:
        """The prerendered layers that were read by that key, if they are cached."""
        return self._prerendered.get(key)

    def add_prerendered(self, key: str, file: bytes) -> PrerenderedLayers | None:
        """Reads prerendered layers and caches them; None if the file does not match its key."""
        prerendered = (
            PrerenderedLayers.from_bytes(key, file)
            if file and key.endswith(content_digest(file))
            else None
        )
        if prerendered is not None:
            self._prerendered.put(key, prerendered)
        return prerendered

    def start_canvas(
        self,
        drawing: DrawingContext,
        canvas_spec: CanvasSpec,
        nodes: Sequence[RenderNode],
        template: Template,
        fetched_images: FetchedImages,
        prerendered: PrerenderedLayers | None = None,
    ) -> tuple[Canvas, int]:
        """A canvas to draw on, and how many of the nodes are drawn on it already.

        `prerendered` layers are used instead of drawing, where the nodes begin with them.
        """
        static_nodes = unmodified_nodes(nodes, template)
        if not static_nodes:
            return canvas_spec.new_canvas(drawing.deadline), 0
        prerendered = (
            prerendered
            if prerendered and prerendered.matches(canvas_spec.pixels, static_nodes)
            else None
        )
        files = tuple(fetched_images.get(reference, b"") for reference in template.image_references)
        key = (
            files,
            canvas_spec,
            prerendered and prerendered.key,
            *_cache_key(drawing, static_nodes, template),
        )
        cached = self._canvases.get(key)
        if cached is None:
            pinned_objects = (*files, template.document)
            cached = self._draw(drawing, canvas_spec, static_nodes, pinned_objects, prerendered)
            self._canvases.put(key, cached)
        drawing.boxes[:] = cached.boxes
        for fault in cached.warnings:
            drawing.warnings.add(fault)
        return cached.canvas.copy(drawing.deadline), len(static_nodes)

    def _draw(
        self,
        drawing: DrawingContext,
        canvas_spec: CanvasSpec,
        nodes: Sequence[RenderNode],
        pinned_objects: tuple[object, ...],
        prerendered: PrerenderedLayers | None,
    ) -> CachedCanvas:
        faults = drawing.warnings.faults
        before, rest = len(faults), nodes
        if prerendered is None:
            self.draw_count += 1
            canvas = canvas_spec.new_canvas(drawing.deadline)
        else:
            rest = nodes[top_level_count(prerendered.pointers) :]
            canvas = prerendered.to_canvas(
                canvas_spec.size, copy=bool(rest), deadline=drawing.deadline
            )
            drawing.boxes[:] = prerendered.boxes
        draw_nodes(drawing, canvas, rest)
        file_bytes = sum(len(one) for one in pinned_objects if isinstance(one, bytes))
        return CachedCanvas(
            canvas=canvas,
            boxes=tuple(drawing.boxes),
            warnings=tuple(faults[before:]),
            memory_bytes=canvas.size[0] * canvas.size[1] * _BYTES_PER_PIXEL + file_bytes,
            pinned_objects=(*pinned_objects, drawing.fonts),
        )


def _cache_key(
    drawing: DrawingContext, nodes: Sequence[RenderNode], template: Template
) -> CacheKey:
    """What else than pictures and size decides how unmodified layers are drawn."""
    slots = template.liquid_slots.get("", ())
    return (
        id(template.document),
        id(drawing.fonts),
        tuple(value_at(drawing.document, slot.path) for slot in slots),
        tuple((one.pointer, id(one.layer)) for node in nodes for one in node.walk()),
    )
