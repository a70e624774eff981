"""The layers at the bottom that are alike in every picture of a template: drawn once, then kept."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from postcard.canvas.canvas import Canvas
from postcard.color import Color
from postcard.errors import Fault
from postcard.geometry import Box
from postcard.rendering.flex_layout import draw_nodes
from postcard.rendering.placement import DrawingContext
from postcard.rendering.prerendered import PrerenderedLayers, top_level_count
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import SizedLruCache
from postcard.template.compiled import Template
from postcard.template.liquid_slots import value_at
from postcard.template.model import walk_layers

STATIC_LAYER_CACHE_BYTES = 36_000_000  # of pixels, and of the files that they were drawn from
_BYTES_PER_PIXEL = 4  # bytes

CacheKey = tuple[object, ...]
FetchedImages = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class CanvasSpec:
    """A canvas to come: its size in CSS pixels, its device pixels, its colour."""

    size: tuple[int, int]
    pixels: tuple[int, int]
    background: Color

    @property
    def scale(self) -> float:
        """Device pixels per CSS pixel."""
        return (self.pixels[0] / self.size[0] + self.pixels[1] / self.size[1]) / 2

    def new_canvas(self) -> Canvas:
        """The canvas."""
        return Canvas.new(*self.size, self.pixels, self.background)


@dataclass(frozen=True, slots=True)
class CachedCanvas:
    """A drawn canvas, and what drawing it said; `weight` in bytes.

    `held` is whatever its key names by `id`, so that no other object can take that place.
    """

    canvas: Canvas
    boxes: tuple[tuple[str, Box], ...]
    warnings: tuple[Fault, ...]
    memory_bytes: int
    pinned_objects: tuple[object, ...]


class StaticLayerCache:
    """Grounds by template, size, pictures and layers shown. Bounded by bytes."""

    def __init__(self, max_bytes: int = STATIC_LAYER_CACHE_BYTES) -> None:
        self.draw_count = 0  # how often a ground had to be drawn
        self._canvases: SizedLruCache[CacheKey, CachedCanvas] = SizedLruCache(
            max_bytes, lambda ground: ground.memory_bytes
        )
        self._prerendered: SizedLruCache[str, PrerenderedLayers] = SizedLruCache(
            max_bytes, lambda laid: laid.memory_bytes
        )

    def get_prerendered(self, key: str) -> PrerenderedLayers | None:
        """The stored ground that was read by that key, if it is still here."""
        return self._prerendered.get(key)

    def add_prerendered(self, key: str, file: bytes) -> PrerenderedLayers | None:
        """Read a stored ground, whose key its digest ends; None if it is not what was stored."""
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
        """A canvas to go on with, and how many nodes are drawn on it.

        `laid` spares the first of them, where it is theirs.
        """
        static_nodes = unmodified_nodes(nodes, template)
        if not static_nodes:
            return canvas_spec.new_canvas(), 0
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
            drawing.add_warning(fault)
        return cached.canvas.copy(), len(static_nodes)

    def _draw(
        self,
        drawing: DrawingContext,
        canvas_spec: CanvasSpec,
        nodes: Sequence[RenderNode],
        pinned_objects: tuple[object, ...],
        prerendered: PrerenderedLayers | None,
    ) -> CachedCanvas:
        before, rest = len(drawing.warnings), nodes
        if prerendered is None:
            self.draw_count += 1
            canvas = canvas_spec.new_canvas()
        else:
            rest = nodes[top_level_count(prerendered.pointers) :]
            canvas = prerendered.to_canvas(canvas_spec.size, copy=bool(rest))
            drawing.boxes[:] = prerendered.boxes
        draw_nodes(drawing, canvas, rest)
        files = sum(len(one) for one in pinned_objects if isinstance(one, bytes))
        return CachedCanvas(
            canvas=canvas,
            boxes=tuple(drawing.boxes),
            warnings=tuple(drawing.warnings[before:]),
            memory_bytes=canvas.size[0] * canvas.size[1] * _BYTES_PER_PIXEL + files,
            pinned_objects=(*pinned_objects, drawing.fonts),
        )


def unmodified_nodes(nodes: Sequence[RenderNode], template: Template) -> list[RenderNode]:
    """The first nodes whose layers are the document's own objects.

    Whatever Liquid, a request or a list's item changes about a layer makes a copy of it.
    """
    document_layers = {id(layer) for layer, _, _ in walk_layers(template.document.layers)}
    return list(
        takewhile(lambda node: all(id(one.layer) in document_layers for one in node.walk()), nodes)
    )


def _cache_key(
    drawing: DrawingContext, nodes: Sequence[RenderNode], template: Template
) -> CacheKey:
    """What else than pictures the drawing of untouched layers hangs on."""
    slots = template.liquid_slots.get("", ())
    return (
        id(template.document),
        id(drawing.fonts),
        tuple(value_at(drawing.document, slot.path) for slot in slots),
        tuple((one.pointer, id(one.layer)) for node in nodes for one in node.walk()),
    )
