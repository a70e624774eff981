"""From a template and values to the bytes of a picture: resolve, draw, encode."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.encode import EncodeResult, encode
from postcard.canvas.surface import Surface
from postcard.color import Color, parse_color
from postcard.errors import Fault
from postcard.formats import EncodedImage
from postcard.geometry import OutputSize
from postcard.rendering.fallback_layers import fallback_document, fallback_layers
from postcard.rendering.flex_layout import draw_nodes
from postcard.rendering.image_resolver import (
    AddWarning,
    DecodedImageCache,
    ImageResolver,
    RenderFailed,
    WarnFunction,
)
from postcard.rendering.image_sources import ImageSource, image_sources
from postcard.rendering.placement import DrawingContext
from postcard.rendering.prerendered import PrerenderedLayers, static_layer_pointers, top_level_count
from postcard.rendering.render_tree import LayerModifications, RenderNode, build_tree
from postcard.rendering.static_layers import CanvasSpec, StaticLayerCache
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues, bind_defaults
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.text.fonts import Fonts

__all__ = ["FallbackKind", "ImageSource", "LayerBox", "RenderFailed", "RenderedPicture", "Renderer"]

FallbackKind = Literal["fallback", "ended"]


@dataclass(frozen=True, slots=True)
class LayerBox:
    """Where a layer was drawn, in CSS pixels of the canvas, before its rotation."""

    pointer: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class RenderedPicture:
    """A picture, what was wrong with it, and where its layers stand.

    Warnings' codes: `image_unavailable`, `missing_glyph`, `max_bytes_exceeded`, `invalid_value`,
    `liquid_error`, `unscannable`.
    """

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]


class Renderer:
    """Draws. One for a process: it keeps decoded pictures and drawn grounds of templates."""

    def __init__(
        self,
        fonts: Fonts,
        image_cache: DecodedImageCache | None = None,
        static_layers: StaticLayerCache | None = None,
    ) -> None:
        self.fonts = fonts
        self.image_cache = image_cache or DecodedImageCache()
        self.static_layers = static_layers or StaticLayerCache()

    def image_sources(
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        now: float = NO_CLOCK,
        has_prerendered: bool = False,
    ) -> Sequence[ImageSource]:
        """The pictures that `render` will want: fetch them first, each reference once.

        The default of the field in an `on_error: default` layer is among them. `laid` tells of a
        stored ground, which spares those that are `below`.
        """
        return image_sources(template, bound, size, now=now, has_prerendered=has_prerendered)

    def render(
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        format: str,
        quality: int | None,
        max_bytes: int | None,
        fetched_images: Mapping[str, bytes],
        now: float,
        prerendered: PrerenderedLayers | None = None,
    ) -> RenderedPicture:
        """Draws with `pictures` by reference; one that is missing follows its `on_error`.

        Over `max_bytes` quality or colours go down. Raises `RenderFailed` for
        `on_error: fail`. `now` is in Unix seconds. `laid` is the template's stored ground.
        """
        frame = _Frame(self, template, bound, size, fetched_images, now, prerendered=prerendered)
        if format == "gif" and template.document.countdown:
            return frame.render_animation(bound.layers, max_bytes)
        evaluator = frame.evaluator
        nodes = build_tree(template.document.layers, "/layers", evaluator, bound.layers)
        surface = frame.draw(nodes)
        return frame.encode(surface, format, quality, max_bytes)

    def render_surface(
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        fetched_images: Mapping[str, bytes],
        now: float,
    ) -> Surface:
        """The drawn pixels, before any encoder: for who times or compares them."""
        frame = _Frame(self, template, bound, size, fetched_images, now)
        nodes = build_tree(template.document.layers, "/layers", frame.evaluator, bound.layers)
        return frame.draw(nodes)

    def prerender(
        self, template: Template, size: OutputSize, *, fetched_images: Mapping[str, bytes]
    ) -> PrerenderedLayers | None:
        """The pixels under what may change, to be stored; None where there are none to speak of.

        Nor is anything stored that drawing had to warn of.
        """
        pointers = static_layer_pointers(template)
        frame = _Frame(self, template, bind_defaults(template), size, fetched_images, NO_CLOCK)
        nodes = build_tree(template.document.layers, "/layers", frame.evaluator, {})
        canvas = frame.canvas_spec.new_canvas()
        draw_nodes(frame.drawing, canvas, nodes[: top_level_count(pointers)])
        if not pointers or frame.warnings:
            return None
        return PrerenderedLayers("", canvas.surface, pointers, tuple(frame.drawing.boxes))

    def render_fallback(
        self,
        template: Template,
        kind: FallbackKind,
        size: OutputSize,
        *,
        format: str,
        quality: int | None = None,
        max_bytes: int | None = None,
        fetched_images: Mapping[str, bytes],
        now: float = NO_CLOCK,
    ) -> RenderedPicture:
        """The `fallback` or `ended` picture of a document; a plain card if it says none."""
        fallback = template.document.fallback if kind == "fallback" else template.document.ended
        document = fallback_document(fallback, template.document)
        bound = bind_defaults(template)
        frame = _Frame(self, replace(template, document=document), bound, size, fetched_images, now)
        layers = fallback_layers(fallback, document) if fallback else ()
        nodes = build_tree(layers, f"/{kind}/layers", frame.evaluator, {})
        canvas = frame.canvas_spec.new_canvas()
        draw_nodes(frame.drawing, canvas, nodes)
        return frame.encode(canvas.surface, format, quality, max_bytes)

    def solid_color(
        self, size: OutputSize, *, format: str, background: str = "#ffffff"
    ) -> EncodedImage:
        """A picture of one colour."""
        color = parse_color(background)
        canvas = Canvas.new(size.display_width, size.display_height, _pixels(size), color)
        return encode(canvas.surface, format, background=_over_white(color)).image


class _Frame:
    """One picture at work."""

    def __init__(
        self,
        renderer: Renderer,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        fetched_images: Mapping[str, bytes],
        now: float,
        second: int = 0,
        prerendered: PrerenderedLayers | None = None,
    ) -> None:
        self.template = template
        self.at_second = partial(_Frame, renderer, template, bound, size, fetched_images, now)
        self.start_canvas = partial(
            renderer.static_layers.start_canvas,
            template=template,
            fetched_images=fetched_images,
            prerendered=prerendered,
        )
        self.warnings: list[Fault] = []
        self._add_warning = _warning_adder(
            self.warnings
        )  # not a method: its circle would keep the pixels alive
        self._warn = _warn_function(self._add_warning)
        self.evaluator = Evaluator(template, bound.values, now, self._warn, elapsed_seconds=second)
        self.background = parse_color(self.evaluator.document.background)
        self.canvas_spec = CanvasSpec(
            (template.width, template.height), _pixels(size), self.background
        )
        image_resolver = ImageResolver(
            template, bound.values, fetched_images, renderer.image_cache, self._add_warning
        )
        self.drawing = DrawingContext(
            self.evaluator.document,
            template.fonts or renderer.fonts,
            self.canvas_spec.scale,
            image_resolver,
            self.warnings,
        )

    def draw(self, nodes: Sequence[RenderNode]) -> Surface:
        canvas, drawn_count = self.start_canvas(self.drawing, self.canvas_spec, nodes)
        draw_nodes(self.drawing, canvas, nodes[drawn_count:])
        return canvas.surface

    def render_animation(
        self, modifications: LayerModifications, max_bytes: int | None
    ) -> RenderedPicture:
        """The picture and those of the seconds after it. Once it is over it does not begin anew."""
        from postcard.canvas.codecs.animated_gif import (
            encode_animation,  # one picture in many is a countdown
        )
        from postcard.template.fields.countdown import frame_count

        countdown, end = self.template.document.countdown, self.evaluator.countdown_end
        frames = frame_count(countdown, self.canvas_spec.pixels[0] * self.canvas_spec.pixels[1])
        over = end is not None and end <= self.evaluator.now + frames - 1
        loop = countdown is not None and countdown.loop and not over
        surfaces = self._frames(frames, modifications)
        return self._result(encode_animation(surfaces, loop=loop, max_bytes=max_bytes))

    def _frames(self, count: int, modifications: LayerModifications) -> Iterator[Surface]:
        from postcard.rendering.animation_frames import FrameRenderer

        frame_renderer, layers = FrameRenderer(self.start_canvas), self.template.document.layers
        for second in range(count):
            frame = self.at_second(second) if second else self
            nodes = build_tree(layers, "/layers", frame.evaluator, modifications)
            yield frame_renderer.draw(frame.drawing, frame.canvas_spec, nodes).surface
            for fault in frame.warnings:
                self._add_warning(fault)

    def encode(
        self, surface: Surface, format: str, quality: int | None, max_bytes: int | None
    ) -> RenderedPicture:
        encoded = encode(
            surface,
            format,
            quality=quality,
            max_bytes=max_bytes,
            background=_over_white(self.background),
        )
        return self._result(encoded)

    def _result(self, encoded: EncodeResult) -> RenderedPicture:
        if encoded.over_budget:
            size = len(encoded.image.body)
            self._warn(
                "max_bytes_exceeded", "", f"The smallest picture of this size has {size} bytes."
            )
        boxes = tuple(
            LayerBox(pointer, box.x, box.y, box.width, box.height)
            for pointer, box in self.drawing.boxes
        )
        return RenderedPicture(encoded.image, tuple(self.warnings), boxes)


def _warning_adder(warnings: list[Fault]) -> AddWarning:
    def note(fault: Fault) -> None:
        if fault not in warnings:
            warnings.append(fault)

    return note


def _warn_function(add_warning: AddWarning) -> WarnFunction:
    return lambda code, where, detail: add_warning(Fault(code, where, detail))


def _pixels(size: OutputSize) -> tuple[int, int]:
    return size.width, size.height


def _over_white(color: Color) -> Color:
    """What a jpg lies on: the colour as it looks over white."""
    red, green, blue, alpha = color
    over = [round((channel * alpha + 255 * (255 - alpha)) / 255) for channel in (red, green, blue)]
    return over[0], over[1], over[2], 255
