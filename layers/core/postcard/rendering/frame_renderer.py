"""Draws the frames of an animation; layers at the bottom that stay the same are drawn once."""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.rendering.drawing_context import CanvasSpec, DrawingContext, StartCanvas
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.model import Document

_LAYOUT_FIELDS = frozenset(  # what a group may state and still draw nothing itself
    ("type", "name", "x", "y", "width", "height", "layers", "flow", "gap", "padding", "align")
) | frozenset(("justify", "repeat", "as_", "if_", "meta"))
_APPEARANCE_FIELDS = tuple(f for f in fields(GroupLayer) if f.name not in _LAYOUT_FIELDS)


class FrameRenderer:
    """Draws frames of one size, one after the other.

    The layers below the first one that changes stay drawn on a base canvas, of which each frame
    gets a copy. Layers that change later are taken off by drawing the base canvas anew.
    """

    def __init__(self, start_canvas: StartCanvas | None = None) -> None:
        self._start_canvas = start_canvas or _new_canvas
        self.layers_drawn = 0  # for tests
        self._previous_layers: list[tuple[RenderNode, Box]] = []
        self._document: Document | None = None
        self._start_nodes: Sequence[RenderNode] = ()  # drawn on the canvas that the base began as
        self._last_frame: Canvas | None = None
        self._base_canvas: Canvas | None = None
        self._base_layer_count = 0  # layers on the base canvas, above its start nodes

    def draw(
        self, drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
    ) -> Canvas:
        """The canvas of the next frame; the last one if nothing differs. It must not be changed."""
        base = self._base_canvas if self._base_is_reusable(drawing.document, nodes) else None
        canvas = base or self._new_base(drawing, canvas_spec, nodes)
        layers = list(_flatten_groups(layout_nodes(drawing, nodes[len(self._start_nodes) :])))
        current = [(layer.node, layer.box) for layer in layers]
        unchanged = self._unchanged_count(current) if base else 0
        if base and self._last_frame and unchanged == len(current) == len(self._previous_layers):
            return self._last_frame
        if unchanged < self._base_layer_count:  # a layer on the base canvas has changed
            self._document = None
            return self.draw(drawing, canvas_spec, nodes)
        self._draw_layers(canvas, layers[self._base_layer_count : unchanged])
        self._base_canvas, self._base_layer_count = canvas, unchanged
        self._previous_layers = current
        self._last_frame = canvas.copy(drawing.deadline)
        self._draw_layers(self._last_frame, layers[unchanged:])
        return self._last_frame

    def _base_is_reusable(self, document: Document, nodes: Sequence[RenderNode]) -> bool:
        """Whether the base canvas began as this frame does."""
        return document == self._document and self._start_nodes == nodes[: len(self._start_nodes)]

    def _new_base(
        self, drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
    ) -> Canvas:
        canvas, drawn_count = self._start_canvas(drawing, canvas_spec, nodes)
        self._start_nodes, self._document = nodes[:drawn_count], drawing.document
        self._base_layer_count = 0
        return canvas

    def _unchanged_count(self, layers: Sequence[tuple[RenderNode, Box]]) -> int:
        """How many layers above the start nodes are as in the previous frame."""
        pairs = zip(self._previous_layers, layers, strict=False)
        return next((i for i, (one, two) in enumerate(pairs) if one != two), len(layers))

    def _draw_layers(self, canvas: Canvas, layers: Sequence[PlacedLayer]) -> None:
        self.layers_drawn += len(layers)
        for layer in layers:
            layer.draw(canvas)


def _new_canvas(
    drawing: DrawingContext, canvas_spec: CanvasSpec, nodes: Sequence[RenderNode]
) -> tuple[Canvas, int]:
    return canvas_spec.new_canvas(drawing.deadline), 0


def _flatten_groups(layers: Sequence[PlacedLayer]) -> Iterator[PlacedLayer]:
    """Layers in drawing order; a group that draws nothing itself is replaced by its layers.

    So one layer of it may change while those before it stay on the base canvas.
    """
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
