"""Draws a picture in three parts: what is below some layers, these layers, and what is above them.

An editor stacks the parts and moves the middle one while a layer is dragged.
"""

import math
from collections.abc import Sequence
from typing import Literal, cast

from postcard.canvas.canvas import Canvas
from postcard.canvas.ink_canvas import intersection
from postcard.canvas.mask import PixelBounds
from postcard.canvas.surface import Surface
from postcard.color import TRANSPARENT
from postcard.geometry import MAX_PIXELS, Box
from postcard.rendering.drawing_context import CanvasSpec
from postcard.rendering.inspection.layer_geometry import to_css_box
from postcard.rendering.inspection.layer_ink import (
    Chain,
    corners_on_canvas,
    draw_layer,
    find_layer_inks,
    walk_placed,
)
from postcard.rendering.placed_layer import PlacedLayer
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.context import LayerContext

NoPartsReason = Literal["hidden", "in_group", "blend", "between", "too_large"]
_INK_MARGIN = 64  # CSS pixels that a layer beyond the canvas may draw outside its box


class NoParts(Exception):
    """A picture that cannot be drawn in parts.

    `hidden`: none of the layers is seen. `in_group`: their group lays them out, or has an effect
    on all of its layers. `blend`: they, or layers above them, blend with what is below. `between`:
    other layers lie between them. `too_large`: the parts are larger than a response may be.
    """

    def __init__(self, reason: NoPartsReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PictureParts:
    """The parts of a picture. `below` and `above` are as large as it is; None if all transparent.

    `layer` has the moved layers, also where these are outside the canvas; `layer_box` is its place
    in CSS pixels.
    """

    below: Surface | None
    layer: Surface
    layer_box: Box
    above: Surface | None


def draw_parts(
    placed_layers: Sequence[PlacedLayer], canvas_spec: CanvasSpec, pointers: Sequence[str]
) -> PictureParts:
    """The parts for the layers at these pointers, which are siblings; raises `NoParts`.

    A layer that is hidden or transparent is left out.
    """
    chains = [
        chain
        for chain in walk_placed(placed_layers)
        if chain[-1].node.pointer in pointers and all(one.layer.opacity for one in chain)
    ]
    if not chains:
        raise NoParts("hidden")
    groups, moved = chains[0][:-1], [chain[-1] for chain in chains]
    if any(_affects_its_layers(group) for group in groups):
        raise NoParts("in_group")
    siblings = groups[-1].children if groups else placed_layers
    if _blends(placed_layers, groups, moved):
        raise NoParts("blend")
    above_first = _goes_above(siblings, moved, placed_layers, canvas_spec)
    deadline = moved[0].drawing.deadline
    layer, layer_bounds = _draw_layers(chains, canvas_spec, deadline)
    split = _SplitDrawing(canvas_spec, groups, moved, above_first, deadline)
    below, above = split.draw(placed_layers)
    return PictureParts(below, layer, to_css_box(layer_bounds, canvas_spec), above)


def _affects_its_layers(group: PlacedLayer) -> bool:
    """Whether a group's layers cannot be moved one by one, or not be painted one by one."""
    layer = group.group
    assert layer is not None
    lays_out = layer.flow != "none" or layer.clip or layer.repeat is not None
    has_effect = layer.rotation % 360 != 0 or layer.opacity < 1 or layer.shadow is not None
    return lays_out or has_effect


def _blends(
    placed_layers: Sequence[PlacedLayer], groups: Chain, moved: Sequence[PlacedLayer]
) -> bool:
    """Whether the moved layers, their groups, or layers painted after them have a blend mode."""
    if any(group.layer.blend != "normal" or group.layer.has_blending for group in groups):
        return True
    levels = (placed_layers, *(group.children for group in groups))
    return any(
        one.layer.blend != "normal"
        for siblings, first in zip(levels, (*groups, moved[0]), strict=True)
        for one in siblings[siblings.index(first) :]
    )


def _goes_above(
    siblings: Sequence[PlacedLayer],
    moved: Sequence[PlacedLayer],
    placed_layers: Sequence[PlacedLayer],
    canvas_spec: CanvasSpec,
) -> bool:
    """Whether the layers between the moved ones go to the part above, not to the one below."""
    span = siblings[siblings.index(moved[0]) : siblings.index(moved[-1]) + 1]
    if len(span) == len(moved):
        return False
    inks = find_layer_inks(placed_layers, canvas_spec)

    def covers(order: Sequence[PlacedLayer]) -> bool:
        """Whether a layer between lies over a moved one that comes before it in this order."""
        return any(
            intersection(inks[one], inks[other])
            for index, one in enumerate(order)
            if one in moved
            for other in order[index + 1 :]
            if other not in moved
        )

    if not covers(span):
        return False
    if not covers(span[::-1]):
        return True
    raise NoParts("between")


def _draw_layers(
    chains: Sequence[Chain], canvas_spec: CanvasSpec, deadline: Deadline
) -> tuple[Surface, PixelBounds]:
    """The layers on a transparent surface of their own, and which pixels it covers."""
    left, top, right, bottom = _drawn_bounds(chains, canvas_spec)
    surface = Surface.new((right - left, bottom - top), TRANSPARENT)
    canvas = Canvas(surface, canvas_spec.scales, (left, top), deadline)
    for chain in chains:
        draw_layer(canvas, chain)
    ink = surface.alpha.getbbox() if surface.alpha else None
    if ink is None:
        raise NoParts("hidden")
    bounds = (ink[0] + left, ink[1] + top, ink[2] + left, ink[3] + top)
    return surface.crop(ink), bounds


def _drawn_bounds(chains: Sequence[Chain], canvas_spec: CanvasSpec) -> PixelBounds:
    """The pixels of the canvas, and those outside it that the layers may reach.

    At most as far as the canvas is wide and high, and only within the bound of a picture.
    """
    width, height = canvas_spec.size
    points = [point for chain in chains for point in corners_on_canvas(chain, _INK_MARGIN)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale_x, scale_y = canvas_spec.scales
    left = math.floor(max(-width, min(0.0, *xs)) * scale_x)
    top = math.floor(max(-height, min(0.0, *ys)) * scale_y)
    right = math.ceil(min(2 * width, max(width, *xs)) * scale_x)
    bottom = math.ceil(min(2 * height, max(height, *ys)) * scale_y)
    if (right - left) * (bottom - top) > MAX_PIXELS:
        return (0, 0, *canvas_spec.pixels)
    return left, top, right, bottom


class _SplitDrawing:
    """Draws all layers but the moved ones in one pass, which changes its surface on the way."""

    def __init__(
        self,
        canvas_spec: CanvasSpec,
        groups: Chain,
        moved: Sequence[PlacedLayer],
        above_first: bool,
        deadline: Deadline,
    ) -> None:
        self._groups, self._moved = groups, moved
        self._last_below = moved[0] if above_first else moved[-1]
        self._canvas = canvas_spec.new_canvas(deadline)
        self._below = self._canvas.surface
        self._above = Surface.new(canvas_spec.pixels, TRANSPARENT)

    def draw(self, placed_layers: Sequence[PlacedLayer]) -> tuple[Surface | None, Surface | None]:
        """What is below the moved layers and what is above; None for what is all transparent."""
        self.draw_all(placed_layers)
        return _unless_transparent(self._below), _unless_transparent(self._above)

    def draw_all(self, placed_layers: Sequence[PlacedLayer]) -> None:
        """Draws layers; those after the moved ones go on the upper surface."""
        for placed_layer in placed_layers:
            placed_layer.drawing.deadline.check()
            if placed_layer in self._groups:
                split = cast(LayerContext, _SplitGroup(self, placed_layer))
                placed_layer.layer.draw(self._canvas, split)
            elif placed_layer not in self._moved and placed_layer.layer.opacity:
                with placed_layer.offscreen(self._canvas) as inner:
                    placed_layer.layer.draw(inner, placed_layer)
            if placed_layer is self._last_below:
                self._canvas.surface = self._above


class _SplitGroup:
    """The `LayerContext` of a group that some of the moved layers are in."""

    def __init__(self, drawing: _SplitDrawing, group: PlacedLayer) -> None:
        self._drawing, self._group, self.box = drawing, group, group.box

    def draw_children(self, canvas: Canvas) -> None:
        """Draws the group's layers; its border comes after them, on the upper surface."""
        self._drawing.draw_all(self._group.children)


def _unless_transparent(surface: Surface) -> Surface | None:
    return surface if surface.alpha is None or surface.alpha.getbbox() else None
