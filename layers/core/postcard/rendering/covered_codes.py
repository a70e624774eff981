"""Finds QR codes and barcodes that other layers cover, or that their groups fade or clip."""

from collections.abc import Iterator, Sequence

from postcard.canvas.canvas import Canvas
from postcard.geometry import Box
from postcard.rendering.drawing_context import DrawingContext
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.template.layers.barcode import BarcodeLayer
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.qr import QrLayer

_MIN_VISIBLE_SHARE = 0.98  # of a code's box: a code needs its edges
_DETAIL = (
    "Another layer covers part of the code, or its group or the edge of the picture fades or cuts "
    "it, so it may not scan."
)


def warn_of_covered_codes(
    drawing: DrawingContext, canvas: Canvas, nodes: Sequence[RenderNode]
) -> None:
    """Adds the warning `unscannable` for codes that the finished canvas shows in part.

    Rotated codes, and those of repeated groups, are not looked at.
    """
    warned = {fault.pointer for fault in drawing.warnings.faults if fault.code == "unscannable"}
    layers = {node.pointer: node.layer for top in nodes for node in top.walk()}
    pointers = [pointer for pointer, _ in drawing.boxes]
    for node, groups in _upright_codes(nodes):
        if node.pointer in warned or pointers.count(node.pointer) != 1:
            continue
        index = pointers.index(node.pointer)
        box = drawing.boxes[index][1]
        placed = PlacedLayer(drawing, node)
        placed.box = box
        assert isinstance(node.layer, QrLayer | BarcodeLayer)
        visible = _visible_share(node.layer.code_box(placed), canvas)
        may_be_covered = any(map(_has_effect, groups)) or any(
            _may_cover(layers.get(pointer), other, box)
            for pointer, other in drawing.boxes[index + 1 :]
        )
        if 0 < visible < _MIN_VISIBLE_SHARE or (
            visible and may_be_covered and node.layer.is_covered(canvas, placed)
        ):
            placed.warn("unscannable", _DETAIL)


def _upright_codes(
    nodes: Sequence[RenderNode], groups: tuple[GroupLayer, ...] = ()
) -> Iterator[tuple[RenderNode, tuple[GroupLayer, ...]]]:
    """The codes that are drawn and not rotated, with the groups that they are in."""
    for node in nodes:
        layer = node.layer
        if layer.rotation % 360 or layer.opacity == 0:
            continue
        if isinstance(layer, GroupLayer):
            yield from _upright_codes(node.children, (*groups, layer))
        elif isinstance(layer, QrLayer | BarcodeLayer):
            yield node, groups


def _has_effect(group: GroupLayer) -> bool:
    return group.clip or group.opacity < 1 or group.blend != "normal"


def _may_cover(layer: AnyLayer | None, box: Box, code: Box) -> bool:
    """Whether a layer itself may draw something in the box of a code."""
    if layer is None or layer.opacity == 0:
        return False
    if isinstance(layer, GroupLayer) and layer.fill is None and layer.border is None:
        return False
    across = box.x <= code.right and code.x <= box.right
    down = box.y <= code.bottom and code.y <= box.bottom
    return layer.rotation % 360 != 0 or (across and down)


def _visible_share(box: Box, canvas: Canvas) -> float:
    width, height = canvas.size[0] / canvas.scale_x, canvas.size[1] / canvas.scale_y
    across = max(0.0, min(box.right, width) - max(box.x, 0.0))
    down = max(0.0, min(box.bottom, height) - max(box.y, 0.0))
    return across * down / max(1e-9, box.width * box.height)
