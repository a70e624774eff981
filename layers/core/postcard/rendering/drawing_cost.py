"""Estimates how long the layers of a picture take to draw, from their sizes alone.

An estimate, unlike a measurement, is the same wherever a document is published. The milliseconds
are those of one of Lambda's vCPUs; `bench/drawing_cost.py` compares them with real drawing.
"""

from collections.abc import Iterable, Iterator, Mapping

from postcard.canvas.blur import EXTENT_SIGMAS
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import parse_color
from postcard.geometry import Box, OutputSize
from postcard.rendering.drawing_context import TargetPixels
from postcard.rendering.images import ImageResolver
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.ellipse import EllipseLayer
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.path import PathLayer
from postcard.template.layers.rating import RatingLayer
from postcard.template.layers.rectangle import RectangleLayer
from postcard.template.layers.text import TextLayer
from postcard.template.properties.effects import Filter

_LAYER_MS, _TEXT_MS = 0.3, 1.5  # of each layer, whatever its size

# Milliseconds per megapixel of what the layer covers.
_FILL_MS, _PLAIN_FILL_MS = 8.0, 1.5  # plain: one opaque colour, square corners
_GRADIENT_MS = 20.0
_STROKE_MS = 14.0
_VECTOR_SHAPE_MS = 9.0
_TEXT_AREA_MS = 6.0
_TEXT_STROKE_MS = 10.0  # of the boxes round words with their strokes, which overlap
_RESIZE_MS = 14.0
_FILTER_MS, _BLUR_MS = 14.0, 22.0
_SURFACE_MS = 3.0  # a group's own surface
_COMPOSITE_MS = 14.0
_OPACITY_MS = 8.0
_BLEND_MS = 12.0
_ROTATION_MS = 32.0
_CLIP_MS = 10.0
_MAX_ROTATED = 4.0  # canvases that a rotated layer and its shadow cover at most
_SHADOW_MS, _SMALL_BLUR_MS = 9.0, 10.0
_FULL_SIZE_BLUR = 16.0  # device pixels of CSS blur; above it a reduced image is blurred

_VECTOR_SHAPES = (EllipseLayer, LineLayer, PathLayer, RatingLayer)


@dataclass(frozen=True, slots=True)
class DrawingCost:
    """Milliseconds by the JSON pointer of each layer, without those of the layers inside it."""

    milliseconds: Mapping[str, float]

    @property
    def total(self) -> float:
        """The milliseconds of all layers together."""
        return sum(self.milliseconds.values())

    @property
    def costliest(self) -> str:
        """The pointer of the layer that costs most."""
        return max(self.milliseconds, key=self.milliseconds.__getitem__, default="")


class PicturesOrStandIns:
    """The document's own pictures; in place of all others one that is as large as the canvas."""

    def __init__(self, pictures: ImageResolver, canvas: tuple[int, int]) -> None:
        self._pictures = pictures
        self._stand_in = DecodedImage.without_pixels(canvas)

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage:
        """The picture of an image layer."""
        assert isinstance(node.layer, ImageLayer)
        return self.find(node.layer.source, target_pixels)

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage:
        """The picture of a reference."""
        if not self._pictures.is_trusted(reference):
            return self._stand_in
        return self._pictures.find(reference, (1, 1)) or self._stand_in  # its size is enough


def estimate_cost(
    layers: Iterable[PlacedLayer],
    canvas: tuple[int, int],
    size: OutputSize,
    times_drawn: Mapping[str, float],
) -> DrawingCost:
    """The cost of laid out layers on a canvas of CSS pixels, drawn at `size`.

    `times_drawn`: how often a layer is drawn at most, by its pointer; 1 where it says nothing.
    """
    reckoner = _Reckoner(canvas, size)
    milliseconds: dict[str, float] = {}
    for layer in _walk(layers):
        pointer = layer.node.pointer
        cost = reckoner.milliseconds(layer) * times_drawn.get(pointer, 1.0)
        milliseconds[pointer] = milliseconds.get(pointer, 0.0) + cost
    return DrawingCost(milliseconds)


def _walk(layers: Iterable[PlacedLayer]) -> Iterator[PlacedLayer]:
    """The layers that are drawn, and those inside them."""
    for layer in layers:
        if layer.layer.opacity > 0:
            yield layer
            if layer.group:
                yield from _walk(layer.children)


class _Reckoner:
    """Reckons in megapixels of one canvas."""

    def __init__(self, canvas: tuple[int, int], size: OutputSize) -> None:
        self._canvas = Box(0, 0, *canvas)
        self._megapixels = size.width * size.height / (canvas[0] * canvas[1]) / 1e6
        self._scale = size.width / canvas[0]

    def milliseconds(self, placed: PlacedLayer) -> float:
        """The milliseconds of a layer, without those of the layers inside it."""
        layer, area = placed.layer, self._visible(placed.box)
        own = _LAYER_MS + self._content_ms(layer, area)
        if isinstance(layer, TextLayer):
            own += self._text_stroke_ms(layer, placed)
        if isinstance(layer, GroupLayer) and layer.clip:
            own += area * (_SURFACE_MS + _COMPOSITE_MS + _CLIP_MS)
        return own if layer.draws_directly else own + self._effects_ms(placed, area)

    def _visible(self, box: Box) -> float:
        """The megapixels of the canvas that a box covers."""
        across = min(box.right, self._canvas.right) - max(box.x, 0.0)
        down = min(box.bottom, self._canvas.bottom) - max(box.y, 0.0)
        return max(across, 0.0) * max(down, 0.0) * self._megapixels

    def _content_ms(self, layer: AnyLayer, area: float) -> float:
        if isinstance(layer, TextLayer):
            return _TEXT_MS + area * _TEXT_AREA_MS
        if isinstance(layer, ImageLayer):
            return area * (_RESIZE_MS + self._filter_ms(layer.filter) + _border_ms(layer))
        fill = getattr(layer, "fill", None)
        per_megapixel = 0.0 if fill is None and isinstance(layer, GroupLayer) else _FILL_MS
        if isinstance(layer, RectangleLayer | GroupLayer) and _is_plain(fill) and not layer.radius:
            per_megapixel = _PLAIN_FILL_MS
        if isinstance(layer, _VECTOR_SHAPES):
            per_megapixel = _VECTOR_SHAPE_MS
        if not isinstance(fill, str | None):
            per_megapixel += _GRADIENT_MS
        return area * (per_megapixel + _border_ms(layer))

    def _text_stroke_ms(self, layer: TextLayer, placed: PlacedLayer) -> float:
        area = 0.0
        for line in layer.layout(placed).lines:
            for run in line.runs:
                if run.style.stroke and not run.is_space:
                    margin = 2 * run.style.stroke.width
                    area += (run.width + margin) * (1.5 * run.size + margin)
        return area * self._megapixels * _TEXT_STROKE_MS

    def _filter_ms(self, filter: Filter | None) -> float:
        if filter is None:
            return 0.0
        return _FILTER_MS + (_BLUR_MS if filter.blur else 0.0)

    def _effects_ms(self, placed: PlacedLayer, area: float) -> float:
        """What is drawn apart: its surface, its effects, and compositing it."""
        layer, rotated = placed.layer, placed.layer.rotation % 360 != 0
        reach = layer.shadow.blur * EXTENT_SIGMAS / 2 if layer.shadow else 0.0
        canvas_area = self._visible(self._canvas)
        surface = area if layer.draws_within_box else canvas_area
        if rotated:  # the surface reaches beyond the canvas, and the shadow is drawn on it
            whole = placed.box.inset(-reach)
            area = min(whole.width * whole.height * self._megapixels, _MAX_ROTATED * canvas_area)
            surface = max(surface, area)
        milliseconds = surface * _SURFACE_MS + area * _COMPOSITE_MS
        if rotated:
            milliseconds += area * _ROTATION_MS
        if layer.opacity < 1:
            milliseconds += area * _OPACITY_MS
        if layer.blend != "normal":
            milliseconds += area * _BLEND_MS
        if layer.shadow is not None:
            soft = area if rotated else self._visible(placed.box.inset(-reach))
            is_small = 0 < layer.shadow.blur * self._scale <= _FULL_SIZE_BLUR
            milliseconds += soft * (_SHADOW_MS + (_SMALL_BLUR_MS if is_small else 0.0))
            if rotated:
                milliseconds += area * (_SURFACE_MS + _COMPOSITE_MS)
        return milliseconds


def _is_plain(fill: object) -> bool:
    return isinstance(fill, str) and parse_color(fill)[3] == 255


def _border_ms(layer: AnyLayer) -> float:
    return _STROKE_MS if getattr(layer, "stroke", None) or getattr(layer, "border", None) else 0.0
