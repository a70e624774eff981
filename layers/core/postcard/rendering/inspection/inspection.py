"""Describes a prepared render for an editor: it is laid out once for all questions."""

from collections.abc import Sequence

from postcard.errors import BadRequest, Fault
from postcard.rendering.drawing_context import CanvasSpec
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.inspection.hidden_layers import HiddenLayer, find_hidden_layers
from postcard.rendering.inspection.layer_geometry import LayerGeometry, describe_layers
from postcard.rendering.inspection.layer_parts import PictureParts, draw_parts
from postcard.rendering.inspection.text_carets import Caret, find_carets
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.prepared_render import PreparedRender
from postcard.rendering.renderer import FetchedImages, Renderer
from postcard.template.model import walk_layers


class Inspection:
    """A prepared render, laid out as in its picture."""

    def __init__(
        self, renderer: Renderer, prepared: PreparedRender, fetched_images: FetchedImages
    ) -> None:
        drawing = renderer.frame_drawing(prepared, fetched_images)
        self._prepared = prepared
        self._canvas_spec: CanvasSpec = drawing.canvas_spec
        self._placed: Sequence[PlacedLayer] = layout_nodes(drawing.context, drawing.nodes)

    def layers(self) -> list[LayerGeometry]:
        """Where each layer is, in drawing order."""
        return describe_layers(self._placed, self._canvas_spec)

    def hidden_layers(self) -> list[HiddenLayer]:
        """The layers that are not drawn, and why."""
        return find_hidden_layers(self._prepared, self._placed)

    def parts(self, pointers: Sequence[str]) -> PictureParts:
        """The picture in three parts, those layers in the middle one.

        Raises `NoParts`, and `BadRequest` if the pointers are not those of layers of one parent.
        """
        self._check_siblings(pointers)
        return draw_parts(self._placed, self._canvas_spec, pointers)

    def carets(self, pointer: str) -> list[Caret]:
        """The carets of a text layer.

        Raises `NoCarets`, and `BadRequest` if the pointer is not that of a text layer.
        """
        return find_carets(self._prepared, self._placed, pointer)

    def _check_siblings(self, pointers: Sequence[str]) -> None:
        layers = walk_layers(self._prepared.layers, self._prepared.pointer)
        existing = {pointer for _, pointer, _ in layers}
        parent = pointers[0].rpartition("/")[0]
        for index, pointer in enumerate(pointers):
            if pointer not in existing:
                detail = "There is no layer at this pointer."
            elif pointer.rpartition("/")[0] != parent:
                detail = "It is in another group than the first one: send layers of one parent."
            else:
                continue
            raise BadRequest(detail, errors=[Fault("invalid_value", f"/parts/{index}", detail)])
