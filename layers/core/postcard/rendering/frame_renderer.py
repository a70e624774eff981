"""The pictures of an animation: what is alike from one to the next is drawn once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.placement import DrawingContext, PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.rendering.static_layers import CanvasSpec
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import Document

_LAYOUT_FIELDS = frozenset(  # what a group may say and still draw nothing itself
    ("type", "name", "x", "y", "width", "height", "layers", "flow", "gap", "padding", "align")
) | frozenset(("justify", "repeat", "as_", "if_", "meta"))
_APPEARANCE_FIELDS = tuple(f for f in fields(GroupLayer) if f.name not in _LAYOUT_FIELDS)


StartCanvas = Callable[[DrawingContext, CanvasSpec, Sequence[RenderNode]], tuple[Canvas, int]]
"""A canvas to begin with, and how many of the nodes are drawn on it."""


class FrameRenderer:
    """Draws pictures of one size that follow each other.

    The layers below the first that changes are kept drawn on a canvas of their own.
    """

    def __init__(self, start_canvas: StartCanvas | None = None) -> None:
        self._start_canvas = start_canvas or _new_canvas
        self.layers_drawn = 0  # how many layers were drawn
        self._previous_layers: list[tuple[RenderNode, Box]] = []
        self._document: Document | None = None
        self._start_nodes: Sequence[RenderNode] = ()  # what the kept canvas began with
        self._last_frame: Canvas | None = None
        self._base_canvas: Canvas | None = None
        self._base_layer_count = 0  # how many layers lie on the kept canvas, above its ground

    def draw(
        self, drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
    ) -> Canvas:
        """The next picture, drawn on `blank` or on what is kept; the last one if it is equal."""
        base = self._base_canvas if self._base_is_reusable(drawing.document, nodes) else None
        canvas = base or self._new_base(drawing, canvas_spec, nodes)
        layers = list(_flatten_groups(layout_nodes(drawing, nodes[len(self._start_nodes) :])))
        current = [(layer.node, layer.box) for layer in layers]
        unchanged = self._unchanged_count(current) if base else 0
        if base and self._last_frame and unchanged == len(current) == len(self._previous_layers):
            return self._last_frame
        if unchanged < self._base_layer_count:
            self._document = None  # nothing of what is kept will do
            return self.draw(drawing, canvas_spec, nodes)
        self._draw_layers(canvas, layers[self._base_layer_count : unchanged])
        self._base_layer_count, self._previous_layers, self._base_canvas = (
            unchanged,
            current,
            canvas,
        )
        self._last_frame = canvas.copy()
        self._draw_layers(self._last_frame, layers[unchanged:])
        return self._last_frame

    def _base_is_reusable(self, document: Document, nodes: Sequence[RenderNode]) -> bool:
        """Whether what is kept began as this picture does."""
        return document == self._document and self._start_nodes == nodes[: len(self._start_nodes)]

    def _new_base(
        self, drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
    ) -> Canvas:
        canvas, drawn_count = self._start_canvas(drawing, canvas_spec, nodes)
        self._start_nodes, self._document, self._base_layer_count = (
            nodes[:drawn_count],
            drawing.document,
            0,
        )
        return canvas

    def _unchanged_count(self, layers: Sequence[tuple[RenderNode, Box]]) -> int:
        """How many layers above the ground are as they were."""
        pairs = zip(self._previous_layers, layers, strict=False)
        return next((i for i, (one, two) in enumerate(pairs) if one != two), len(layers))

    def _draw_layers(self, canvas: Canvas, layers: Sequence[PlacedLayer]) -> None:
        self.layers_drawn += len(layers)
        for layer in layers:
            layer.draw(canvas)


def _new_canvas(
    drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
) -> tuple[Canvas, int]:
    return canvas_spec.new_canvas(), 0


def _flatten_groups(layers: Sequence[PlacedLayer]) -> Iterator[PlacedLayer]:
    """Stages in the order they are drawn; groups that only hold their layers, taken apart."""
    for layer in layers:
        if _is_plain_container(layer.layer):
            layer.drawing.boxes.append((layer.node.pointer, layer.box))
            yield from _flatten_groups(layer.children)
        else:
            yield layer


def _is_plain_container(layer: AnyLayer) -> bool:
    return (
        isinstance(layer, GroupLayer)
        and layer.draws_directly
        and all(
            getattr(layer, f.name) == (f.default if f.default is not MISSING else None)
            for f in _APPEARANCE_FIELDS
        )
    )
