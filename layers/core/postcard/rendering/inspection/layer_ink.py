"""Finds the pixels that each layer of a picture paints."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from postcard.canvas.canvas import Canvas
from postcard.canvas.ink_canvas import InkCanvas, intersection
from postcard.canvas.mask import PixelBounds
from postcard.canvas.surface import Surface
from postcard.color import TRANSPARENT
from postcard.rendering.drawing_context import CanvasSpec
from postcard.rendering.placed_layer import PlacedLayer
from postcard.template.layers.group import GroupLayer

if TYPE_CHECKING:
    from postcard.template.layers.context import LayerContext

Chain = tuple[PlacedLayer, ...]
"""A layer after the groups that it is in, the outermost first."""

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]  # top left, top right, bottom right, bottom left
_MAX_PAINTED_LAYERS = 20


def walk_placed(placed_layers: Sequence[PlacedLayer], groups: Chain = ()) -> Iterator[Chain]:
    """Each layer with its groups, in drawing order."""
    for placed_layer in placed_layers:
        chain = (*groups, placed_layer)
        yield chain
        if placed_layer.group:
            yield from walk_placed(placed_layer.children, chain)


def corners_on_canvas(chain: Chain, margin: float = 0.0) -> Corners:
    """The corners of a layer's box in CSS pixels, after its rotation and those of its groups.

    The box is larger by `margin` on each side.
    """
    box = chain[-1].box.inset(-margin)
    return (
        _rotated((box.x, box.y), chain),
        _rotated((box.right, box.y), chain),
        _rotated((box.right, box.bottom), chain),
        _rotated((box.x, box.bottom), chain),
    )


def _rotated(point: Point, chain: Chain) -> Point:
    """A point turned about the centre of each rotated box, the innermost first."""
    for placed_layer in reversed(chain):
        if not placed_layer.layer.rotation % 360:
            continue
        angle, box = math.radians(placed_layer.layer.rotation), placed_layer.box
        cos, sin = math.cos(angle), math.sin(angle)
        center_x, center_y = box.x + box.width / 2, box.y + box.height / 2
        x, y = point[0] - center_x, point[1] - center_y
        point = center_x + cos * x - sin * y, center_y + sin * x + cos * y
    return point


def draw_layer(canvas: Canvas, chain: Chain) -> None:
    """Draws a layer alone, as the groups that it is in turn and clip it."""
    *groups, placed_layer = chain
    with ExitStack() as offscreen:
        for group in groups:
            layer = group.layer
            if layer.rotation % 360:
                turned = canvas.group(group.box, rotation=layer.rotation)
                canvas = offscreen.enter_context(turned)
            if isinstance(layer, GroupLayer) and layer.clip:
                clipped = canvas.group(group.box, clip_radius=layer.radius)
                canvas = offscreen.enter_context(clipped)
        with placed_layer.offscreen(canvas) as inner:
            placed_layer.layer.draw(inner, placed_layer)


def find_layer_inks(
    placed_layers: Sequence[PlacedLayer], canvas_spec: CanvasSpec
) -> dict[PlacedLayer, PixelBounds | None]:
    """The device pixels that each layer paints, with its shadow and as its groups clip it.

    None for a layer of which nothing is seen on the canvas. Rotated layers, and those in rotated
    groups, are painted for this; of too many of them, the pixels of their corners are meant.
    """
    inks: dict[PlacedLayer, PixelBounds | None] = {}
    finder = _InkFinder(inks, canvas_spec)
    canvas = InkCanvas(canvas_spec.pixels, canvas_spec.scales)
    for placed_layer in placed_layers:
        finder.find((placed_layer,), canvas)
    return inks


class _InkFinder:
    """Adds the ink of layers to `inks`."""

    def __init__(
        self, inks: dict[PlacedLayer, PixelBounds | None], canvas_spec: CanvasSpec
    ) -> None:
        self._inks, self._canvas_spec = inks, canvas_spec
        self._painted_count = 0

    def find(self, chain: Chain, canvas: InkCanvas) -> PixelBounds | None:
        """The ink of a layer, with that of all layers in it."""
        placed_layer = chain[-1]
        placed_layer.drawing.deadline.check()
        layer = placed_layer.layer
        if layer.opacity == 0:
            for inner in walk_placed((placed_layer,)):
                self._inks[inner[-1]] = None
        elif layer.rotation % 360:
            for inner in walk_placed((placed_layer,), chain[:-1]):
                self._inks[inner[-1]] = self._painted_ink(inner)
        else:
            self._inks[placed_layer] = self._recorded_ink(chain, canvas.empty_copy())
        return self._inks[placed_layer]

    def _recorded_ink(self, chain: Chain, canvas: InkCanvas) -> PixelBounds | None:
        placed_layer = chain[-1]
        with placed_layer.offscreen(canvas) as inner:
            if placed_layer.group:
                recording = cast("LayerContext", _RecordingGroup(self, chain))
                placed_layer.layer.draw(inner, recording)
            else:
                placed_layer.layer.draw(inner, placed_layer)
        if placed_layer.group and placed_layer.group.clip:
            bounds = canvas.device_bounds(placed_layer.box)
            for inside in walk_placed(placed_layer.children):
                self._inks[inside[-1]] = intersection(self._inks[inside[-1]], bounds)
        return canvas.surface.ink

    def _painted_ink(self, chain: Chain) -> PixelBounds | None:
        if any(group.layer.opacity == 0 for group in chain):
            return None
        self._painted_count += 1
        if self._painted_count > _MAX_PAINTED_LAYERS:
            return self._pixels_of_corners(chain)
        surface = Surface.new(self._canvas_spec.pixels, TRANSPARENT)
        deadline = chain[-1].drawing.deadline
        deadline.check()
        draw_layer(Canvas(surface, self._canvas_spec.scales, deadline=deadline), chain)
        return surface.alpha.getbbox() if surface.alpha else None

    def _pixels_of_corners(self, chain: Chain) -> PixelBounds | None:
        corners, (scale_x, scale_y) = corners_on_canvas(chain), self._canvas_spec.scales
        xs, ys = [x * scale_x for x, _ in corners], [y * scale_y for _, y in corners]
        bounds = math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))
        return intersection(bounds, (0, 0, *self._canvas_spec.pixels))


class _RecordingGroup:
    """The `LayerContext` of a group, whose layers add their ink to `finder`."""

    def __init__(self, finder: _InkFinder, chain: Chain) -> None:
        self._finder, self._chain = finder, chain
        self.box = chain[-1].box

    def draw_children(self, canvas: InkCanvas) -> None:
        """Adds the ink of the group's layers to the canvas."""
        for child in self._chain[-1].children:
            canvas.surface.add(self._finder.find((*self._chain, child), canvas))
