"""Predicts how the texts of a picture will be drawn: which shrink, are cut or lack glyphs.

It is the drawing's own code without the paint: Liquid, render tree, layout. Each layer of the
document's top level is looked at by itself, and once for each combination of the values that it
shows. So a million rows with the first names that people have are a few thousand layouts.
"""

from collections.abc import Iterator, Mapping, Sequence

from postcard.barcodes.qr_encoder import qr_modules_per_side
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.errors import Fault
from postcard.rendering.drawing_context import DrawingContext, TargetPixels, WarningList
from postcard.rendering.flex_layout import layout_nodes
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.render_tree import RenderNode, build_tree
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import SizedLruCache
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.layers.text import TextLayer
from postcard.template.liquid.bounds import LiquidFailed
from postcard.template.liquid.parse import names_used
from postcard.template.liquid_slots import LiquidSlot
from postcard.template.model import walk_layers
from postcard.template.properties.text_style import written_properties
from postcard.text.fit_prediction import FitPrediction, FitPredictor
from postcard.text.fonts import Fonts
from postcard.text.simple_latin import is_simple_latin
from postcard.text.style import ParagraphStyle, TextRun, TextStyle

MAX_KEPT_FORECASTS = 60_000  # of all layers; about 1 KB each
_MAX_ADDRESSES = 50  # of one layer


@dataclass(frozen=True, slots=True)
class TextForecast:
    """A text that shrinks, is cut, or lacks glyphs; `pointer` is its layer's in the document.

    `font_size` in CSS pixels is what it is drawn at.
    """

    pointer: str
    font_scale: float
    font_size: float
    truncated: bool
    missing_characters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawingForecast:
    """What drawing would show and warn of. `addresses` are those of remote pictures."""

    texts: tuple[TextForecast, ...] = ()
    warnings: tuple[Fault, ...] = ()
    addresses: tuple[str, ...] = ()


_NOTHING = DrawingForecast()


class DrawingForecaster:
    """Predicts what pictures of one template version will show at `now` (Unix seconds)."""

    def __init__(self, template: Template, fonts: Fonts, *, now: float = NO_CLOCK) -> None:
        self.template = template
        self._fonts, self._now = template.fonts or fonts, now
        self._fits = FitPredictor(self._fonts)
        self._kept: SizedLruCache[object, DrawingForecast] = SizedLruCache(MAX_KEPT_FORECASTS)
        self._pictures = _StandIns((template.width, template.height))
        document_names = _names_at(template, "")
        self._layers = [
            _TopLayer(template, index, layer, document_names)
            for index, layer in enumerate(template.document.layers)
        ]

    @property
    def is_approximate(self) -> bool:
        """Whether texts make room for pictures whose proportions are not known before a fetch."""
        return any(
            isinstance(layer, GroupLayer) and layer.flow != "none" and _has_open_image(layer)
            for layer, _, _ in walk_layers(self.template.document.layers)
        )

    def forecast(self, bound: BoundValues) -> DrawingForecast:
        """What the picture of these values would show."""
        found: list[DrawingForecast] = []
        evaluator: Evaluator | None = None
        for layer in self._layers:
            is_static = layer.is_static and layer.layer_names.isdisjoint(bound.layers)
            if is_static and layer.shows_nothing:
                continue
            key = layer.key(bound)
            known = self._kept.get(key)
            if known is None:
                warnings = WarningList()
                evaluator = evaluator or Evaluator(
                    self.template, bound.values, self._now, lambda *_: None
                )
                evaluator.warn = warnings.warn
                known = layer.look_at_words(evaluator, bound, self._fits)
                if known is None:
                    known = self._look_at(layer, evaluator, bound, warnings)
                self._kept.put(key, known)
                layer.shows_nothing = is_static and known == _NOTHING
            if known.texts or known.warnings or known.addresses:
                found.append(known)
        return DrawingForecast(
            tuple(text for one in found for text in one.texts),
            tuple(fault for one in found for fault in one.warnings),
            tuple(address for one in found for address in one.addresses),
        )

    def _look_at(
        self,
        layer: "_TopLayer",
        evaluator: Evaluator,
        bound: BoundValues,
        warnings: WarningList,
    ) -> DrawingForecast:
        nodes = build_tree(
            (layer.layer,), "/layers", evaluator, bound.layers, first_index=layer.index
        )
        drawing = DrawingContext(evaluator.document, self._fonts, 1.0, self._pictures, warnings)
        texts: list[TextForecast] = []
        for placed in _drawn(layout_nodes(drawing, nodes)):
            if isinstance(placed.layer, TextLayer):
                texts += _text_forecasts(placed, placed.layer, self._fits)
                layer.keep_style(placed, placed.layer, bound)
            elif isinstance(placed.layer, QrLayer):
                _check_qr(placed, placed.layer)
        addresses = dict.fromkeys(
            node.layer.source
            for top in nodes
            for node in top.walk()
            if isinstance(node.layer, ImageLayer) and _is_remote(node.layer.source, self.template)
        )
        return DrawingForecast(
            tuple(texts), tuple(warnings.faults), tuple(addresses)[:_MAX_ADDRESSES]
        )


class _TopLayer:
    """A layer of the document's top level, with the values that decide how it is drawn."""

    def __init__(
        self, template: Template, index: int, layer: AnyLayer, document_names: frozenset[str]
    ) -> None:
        self.index, self.layer = index, layer
        names = document_names | _names_at(template, f"/layers/{index}")
        self._fields = tuple(name for name in template.fields if name in names)
        inner = [each.name for each, _, _ in walk_layers((layer,)) if each.name]
        self.layer_names = frozenset(inner)
        self._has_lists = any(template.fields[name].type == "list" for name in self._fields)
        self.is_static = not self._fields
        self.shows_nothing = False  # a static layer that was looked at, in vain

        self._text_slot = _only_text_slot(template, index, layer)
        self._style: _StyledBox | None = None

    def keep_style(self, placed: PlacedLayer, layer: TextLayer, bound: BoundValues) -> None:
        """Keep the style of a text of which only the words change from row to row."""
        if self._text_slot is None or not self.layer_names.isdisjoint(bound.layers):
            return
        runs, paragraph = layer.styled_runs(placed)
        properties = {**placed.style_properties(layer.style), **written_properties(layer)}
        if len(runs) == 1 and properties.get("transform", "none") == "none":
            width, height = placed.definite_size
            self._style = _StyledBox(runs[0].style, paragraph, width, height)

    def look_at_words(
        self, evaluator: Evaluator, bound: BoundValues, fits: FitPredictor
    ) -> DrawingForecast | None:
        """The forecast of other words in the kept style; None if more than words may differ."""
        box, slot = self._style, self._text_slot
        if box is None or slot is None or not self.layer_names.isdisjoint(bound.layers):
            return None
        try:
            text = slot.liquid_template.render(evaluator.text_context)
        except LiquidFailed:
            return None
        if not is_simple_latin(text) or not text.strip(" \u2068\u2069"):
            return None
        runs = (TextRun(text, box.style),)
        fit = fits.predict(runs, box.paragraph, width=box.width, height=box.height)
        found = _text_forecast(f"/layers/{self.index}", fit, box.style.size)
        return DrawingForecast((found,)) if found else _NOTHING

    def key(self, bound: BoundValues) -> object:
        """Equal for values of this layer that are drawn alike."""
        values = bound.values
        parts: list[object] = [self.index, *[values[name] for name in self._fields]]
        if self._has_lists:
            parts = [self.index, *map(repr, parts[1:])]
        if bound.layers and not self.layer_names.isdisjoint(bound.layers):
            modified = {n: dict(p) for n, p in bound.layers.items() if n in self.layer_names}
            parts.append(repr(modified))
        return tuple(parts)


@dataclass(frozen=True, slots=True)
class _StyledBox:
    """The style of a text, and the box that it has to fit."""

    style: TextStyle
    paragraph: ParagraphStyle
    width: float | None
    height: float | None


def _only_text_slot(template: Template, index: int, layer: AnyLayer) -> LiquidSlot | None:
    """The Liquid of a text layer that has no other, in a document whose own has none."""
    slots = template.liquid_slots.get(f"/layers/{index}", ())
    if not isinstance(layer, TextLayer) or template.liquid_slots.get("") or layer.if_:
        return None
    return slots[0] if len(slots) == 1 and slots[0].path == ("text",) else None


def _names_at(template: Template, pointer: str) -> frozenset[str]:
    """The names in the Liquid of a top level layer and all inside it, or of the document (`""`)."""

    def is_inside(other: str) -> bool:
        return other == pointer or (pointer != "" and other.startswith(f"{pointer}/"))

    sources = [
        slot.source
        for place, slots in template.liquid_slots.items()
        if is_inside(place)
        for slot in slots
    ]
    names = {name for source in sources for name in names_used(source)}
    for layer, place, _ in walk_layers(template.document.layers):
        if not is_inside(place):
            continue
        if layer.if_:
            names |= set(names_used(f"{{{{{layer.if_}}}}}"))
        if isinstance(layer, GroupLayer) and layer.repeat:
            names.add(layer.repeat)
    return frozenset(names)


class _StandIns:
    """A picture as large as the canvas for every reference: its size is all that layout needs."""

    def __init__(self, canvas: tuple[int, int]) -> None:
        self._picture = DecodedImage.without_pixels(canvas)

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage:
        return self._picture

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage:
        return self._picture


def _has_open_image(group: GroupLayer) -> bool:
    return any(
        isinstance(layer, ImageLayer) and (layer.width is None or layer.height is None)
        for layer in group.layers
    )


def _drawn(layers: Sequence[PlacedLayer]) -> Iterator[PlacedLayer]:
    """The layers that are drawn, and those inside them."""
    for placed in layers:
        if placed.layer.opacity == 0:
            continue
        yield placed
        if placed.group:
            yield from _drawn(placed.children)


def _text_forecasts(
    placed: PlacedLayer, layer: TextLayer, fits: FitPredictor
) -> Iterator[TextForecast]:
    runs, paragraph = layer.styled_runs(placed)
    if placed.parent is None:
        width, height = placed.definite_size
        fit = fits.predict(runs, paragraph, width=width, height=height)
    else:  # laid out already, for its neighbours
        layout = layer.layout(placed)
        fit = FitPrediction(layout.font_scale, layout.truncated, layout.missing_characters)
    size = max((run.style.size for run in runs), default=0.0)
    if found := _text_forecast(placed.node.pointer, fit, size):
        yield found


def _text_forecast(pointer: str, fit: FitPrediction, size: float) -> TextForecast | None:
    """What is worth telling about a text; None if it is drawn as designed."""
    if not (fit.truncated or fit.font_scale != 1 or fit.missing_characters):
        return None
    missing = tuple(sorted(fit.missing_characters))
    drawn_size = round(size * fit.font_scale, 2)
    return TextForecast(pointer, fit.font_scale, drawn_size, fit.truncated, missing)


def _check_qr(placed: PlacedLayer, layer: QrLayer) -> None:
    """Warns as drawing does of a text that no QR code of this correction holds."""
    try:
        qr_modules_per_side(layer.value, layer.effective_correction)
    except ValueError:
        placed.warn("invalid_value", "The text is too long for a QR code of this correction.")


def _is_remote(source: str, template: Template) -> bool:
    return "://" in source and source not in template.image_references


def names_by_pointer(template: Template) -> Mapping[str, str]:
    """The names of layers by their JSON pointers, for people to recognise them by."""
    return {
        pointer: layer.name or "" for layer, pointer, _ in walk_layers(template.document.layers)
    }
