"""Draws a prepared render on a canvas and encodes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.encode import EncodeResult, encode
from postcard.canvas.surface import Surface
from postcard.color import WHITE, Rgb, composite, parse_color
from postcard.errors import Fault
from postcard.geometry import OutputSize
from postcard.image_formats import EncodedImage
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.drawing_context import (
    CanvasSpec,
    DrawingContext,
    StartCanvas,
    WarningList,
)
from postcard.rendering.flex_layout import draw_nodes, layout_nodes
from postcard.rendering.images import (
    FramePictures,
    ImageResolver,
    ImageSource,
    RenderFailed,
)
from postcard.rendering.prepared_render import EvaluatedFrame, PreparedRender
from postcard.rendering.render_tree import RenderNode
from postcard.rendering.static_layers import (
    PrerenderedLayers,
    StaticLayerCache,
    static_layer_pointers,
    top_level_count,
)
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK
from postcard.text.fonts import Fonts

if TYPE_CHECKING:
    from postcard.rendering.drawing_cost import DrawingCost

__all__ = [
    "DrawnPicture",
    "FallbackKind",
    "ImageSource",
    "LayerBox",
    "PreparedRender",
    "RenderFailed",
    "RenderedPicture",
    "Renderer",
]

_CODES = ("qr", "barcode")

FallbackKind = Literal["fallback", "ended"]
FetchedImages = Mapping[str, bytes]  # files by reference


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
    """An encoded picture, its warnings, and the boxes of its layers in drawing order.

    Codes of warnings: `image_unavailable`, `missing_glyph`, `max_bytes_exceeded`, `invalid_value`,
    `liquid_error`, `unscannable`.
    """

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture that is not encoded: its first frame's pixels, its warnings, its layers' boxes."""

    surface: Surface
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]


class Renderer:
    """Draws pictures. One for a process: it caches decoded pictures and drawn static layers."""

    def __init__(
        self,
        fonts: Fonts,
        image_cache: DecodedImageCache | None = None,
        static_layers: StaticLayerCache | None = None,
    ) -> None:
        self.fonts = fonts
        self.image_cache = image_cache or DecodedImageCache()
        self.static_layers = static_layers or StaticLayerCache()

    def render(
        self,
        prepared: PreparedRender,
        fetched_images: FetchedImages,
        *,
        format: str,
        quality: int | None = None,
        max_bytes: int | None = None,
        prerendered: PrerenderedLayers | None = None,
        on_drawn: Callable[[], object] = lambda: None,
    ) -> RenderedPicture:
        """Draws and encodes a picture. A layer whose picture is missing follows its `on_error`.

        Over `max_bytes`, quality or colours are reduced. `prerendered` are the template's layers
        in that size, if they are stored. `on_drawn` is called before a still picture is encoded,
        and after an animation, whose frames are encoded as they are drawn.
        Raises `RenderFailed` for `on_error: fail`, and `DeadlineExceeded` at the deadline of
        `prepared`.
        """
        start_canvas = self._start_canvas(prepared, fetched_images, prerendered)
        if format == "gif" and prepared.template.document.countdown:
            animation = self._render_animation(prepared, fetched_images, start_canvas, max_bytes)
            on_drawn()
            return animation
        drawing = self._drawing(prepared, prepared.frame(), fetched_images)
        surface = drawing.draw(start_canvas)
        on_drawn()
        return drawing.encode(surface, format, quality, max_bytes)

    def render_surface(self, prepared: PreparedRender, fetched_images: FetchedImages) -> Surface:
        """The drawn pixels, not encoded: for benchmarks."""
        drawing = self._drawing(prepared, prepared.frame(), fetched_images)
        return drawing.draw(self._start_canvas(prepared, fetched_images, None))

    def draw_unencoded(
        self, prepared: PreparedRender, fetched_images: FetchedImages
    ) -> DrawnPicture:
        """Draws the first frame without encoding it, and without caching its static layers."""
        drawing = self._drawing(prepared, prepared.frame(), fetched_images)
        canvas = drawing.canvas_spec.new_canvas(prepared.deadline)
        draw_nodes(drawing.context, canvas, drawing.nodes)
        drawing.check_codes(canvas)
        return DrawnPicture(canvas.surface, tuple(drawing.warnings.faults), drawing.layer_boxes())

    def frame_drawing(
        self, prepared: PreparedRender, fetched_images: FetchedImages
    ) -> "FrameDrawing":
        """The first frame of a prepared render, to be laid out and drawn in parts."""
        return self._drawing(prepared, prepared.frame(), fetched_images)

    def estimate_cost(
        self, prepared: PreparedRender, fetched_images: FetchedImages
    ) -> "DrawingCost":
        """How long the layers take to draw; nothing is drawn, no untrusted picture is decoded."""
        from postcard.rendering.drawing_cost import (  # only for checks of a template
            PicturesOrStandIns,
            estimate_cost,
        )

        drawing, size = self._drawing(prepared, prepared.frame(), fetched_images), prepared.size
        pictures = PicturesOrStandIns(drawing.pictures, drawing.canvas_spec.size)
        placed = layout_nodes(replace(drawing.context, pictures=pictures), drawing.nodes)
        return estimate_cost(placed, drawing.canvas_spec.size, size, prepared.times_drawn())

    def prerender(
        self, prepared: PreparedRender, fetched_images: FetchedImages
    ) -> PrerenderedLayers | None:
        """Draws the static layers of a template, to be stored; `prepared` has its default values.

        None if there are no static layers, or if drawing them gave a warning.
        """
        pointers = static_layer_pointers(prepared.template)
        drawing = self._drawing(prepared, prepared.frame(), fetched_images)
        surface = drawing.draw_nodes(drawing.nodes[: top_level_count(pointers)])
        if not pointers or drawing.warnings.faults:
            return None
        return PrerenderedLayers("", surface, pointers, tuple(drawing.context.boxes))

    def prepare_fallback(
        self,
        template: Template,
        kind: FallbackKind,
        size: OutputSize,
        *,
        now: float = NO_CLOCK,
        deadline: Deadline = NO_DEADLINE,
    ) -> PreparedRender:
        """The `fallback` or `ended` picture of a document, ready to be drawn by `render`."""
        from postcard.rendering.fallback_layers import (  # only publishing draws them
            fallback_document,
            fallback_layers,
        )

        fallback = template.document.fallback if kind == "fallback" else template.document.ended
        document = fallback_document(fallback, template.document)
        return PreparedRender(
            replace(template, document=document),
            bind_defaults(template),
            size,
            now=now,
            deadline=deadline,
            layers=fallback_layers(fallback, document) if fallback else (),
            pointer=f"/{kind}/layers",
        )

    def render_fallback(
        self,
        template: Template,
        kind: FallbackKind,
        size: OutputSize,
        *,
        format: str,
        quality: int | None = None,
        max_bytes: int | None = None,
        fetched_images: FetchedImages,
        now: float = NO_CLOCK,
        deadline: Deadline = NO_DEADLINE,
    ) -> RenderedPicture:
        """The `fallback` or `ended` picture of a document; its plain background if it has none."""
        prepared = self.prepare_fallback(template, kind, size, now=now, deadline=deadline)
        drawing = self._drawing(prepared, prepared.frame(), fetched_images)
        surface = drawing.draw_nodes(drawing.nodes)
        return drawing.encode(surface, format, quality, max_bytes)

    def solid_color(
        self, size: OutputSize, *, format: str, background: str = "#ffffff"
    ) -> EncodedImage:
        """A picture of one colour."""
        color = parse_color(background)
        canvas = Canvas.new(size.display_width, size.display_height, _pixels(size), color)
        return encode(canvas.surface, format, background=composite(color, WHITE)).image

    def _render_animation(
        self,
        prepared: PreparedRender,
        fetched_images: FetchedImages,
        start_canvas: StartCanvas,
        max_bytes: int | None,
    ) -> RenderedPicture:
        """One frame a second. A countdown that ends in it is played once."""
        from postcard.canvas.codecs.animated_gif import (  # few pictures are countdowns
            encode_animation,
        )
        from postcard.rendering.frame_renderer import FrameRenderer
        from postcard.template.fields.countdown import frame_count

        shared = prepared.frame_pictures or FramePictures()
        first = self._drawing(prepared, prepared.frame(), fetched_images, shared)
        countdown, end = prepared.template.document.countdown, prepared.frame().countdown_end
        count = frame_count(countdown, first.canvas_spec.pixels[0] * first.canvas_spec.pixels[1])

        first.decode_ahead()

        def surfaces() -> Iterator[Surface]:
            frame_renderer = FrameRenderer(start_canvas)
            for second in range(count):
                drawing = (
                    self._drawing(prepared, prepared.frame(second), fetched_images, shared)
                    if second
                    else first
                )
                canvas = frame_renderer.draw(drawing.context, drawing.canvas_spec, drawing.nodes)
                if not second:
                    first.check_codes(canvas)
                    inks.extend(first.find_inks(canvas.surface))
                yield canvas.surface
                for fault in drawing.warnings.faults:
                    first.warnings.add(fault)

        inks: list[Rgb] = []  # of the first frame, once it is drawn
        ends = end is not None and end <= prepared.now + count - 1
        loop = countdown is not None and countdown.loop and not ends
        encoded = encode_animation(
            surfaces(),
            loop=loop,
            max_bytes=max_bytes,
            find_inks=lambda: inks,
            deadline=prepared.deadline,
        )
        return first.result(encoded)

    def _start_canvas(
        self,
        prepared: PreparedRender,
        fetched_images: FetchedImages,
        prerendered: PrerenderedLayers | None,
    ) -> StartCanvas:
        return partial(
            self.static_layers.start_canvas,
            template=prepared.template,
            fetched_images=fetched_images,
            prerendered=prerendered,
        )

    def _drawing(
        self,
        prepared: PreparedRender,
        frame: EvaluatedFrame,
        fetched_images: FetchedImages,
        frame_pictures: FramePictures | None = None,
    ) -> "FrameDrawing":
        template, document = prepared.template, frame.document
        warnings = WarningList(frame.warnings)
        pictures = ImageResolver(
            template,
            prepared.values.values,
            fetched_images,
            self.image_cache,
            warnings.add,
            prepared.deadline,
            frame_pictures or prepared.frame_pictures,
        )
        canvas_spec = CanvasSpec(
            (template.width, template.height),
            _pixels(prepared.size),
            parse_color(document.background),
        )
        fonts = template.fonts or self.fonts
        context = DrawingContext(
            document,
            fonts,
            canvas_spec.scale,
            pictures,
            warnings,
            deadline=prepared.deadline,
        )
        return FrameDrawing(frame.nodes, canvas_spec, context, pictures)


@dataclass(frozen=True, slots=True)
class FrameDrawing:
    """One frame that is being drawn.

    `context` has the document with its Liquid evaluated, and gathers boxes and warnings.
    """

    nodes: tuple[RenderNode, ...]
    canvas_spec: CanvasSpec
    context: DrawingContext
    pictures: ImageResolver

    @property
    def warnings(self) -> WarningList:
        return self.context.warnings

    def decode_ahead(self) -> None:
        """Announces the frame's untrusted pictures, which are decoded while others are drawn."""
        self.pictures.decode_ahead(self.nodes, self.canvas_spec.scale)

    def draw(self, start_canvas: StartCanvas) -> Surface:
        """Draws the layers that are not drawn on the start canvas already."""
        self.decode_ahead()
        canvas, drawn_count = start_canvas(self.context, self.canvas_spec, self.nodes)
        draw_nodes(self.context, canvas, self.nodes[drawn_count:])
        self.check_codes(canvas)
        return canvas.surface

    def check_codes(self, canvas: Canvas) -> None:
        """Warns of codes that the finished picture shows in part."""
        if _has_codes(self.nodes):
            from postcard.rendering.covered_codes import (  # few pictures have a code
                warn_of_covered_codes,
            )

            warn_of_covered_codes(self.context, canvas, self.nodes)

    def draw_nodes(self, nodes: Sequence[RenderNode]) -> Surface:
        """Draws these layers on an empty canvas."""
        canvas = self.canvas_spec.new_canvas(self.context.deadline)
        draw_nodes(self.context, canvas, nodes)
        return canvas.surface

    def encode(
        self, surface: Surface, format: str, quality: int | None, max_bytes: int | None
    ) -> RenderedPicture:
        """Encodes the drawn frame; a jpg gets its background over white."""
        encoded = encode(
            surface,
            format,
            quality=quality,
            max_bytes=max_bytes,
            background=composite(self.canvas_spec.background, WHITE),
            find_inks=partial(self.find_inks, surface),
            deadline=self.context.deadline,
        )
        return self.result(encoded)

    def find_inks(self, surface: Surface) -> list[Rgb]:
        """The colours that a palette has to keep."""
        from postcard.rendering.inks import find_inks  # only palettes with few colours need it

        context = self.context
        return find_inks(
            context.document, self.nodes, context.boxes, surface, self.canvas_spec.scale
        )

    def result(self, encoded: EncodeResult) -> RenderedPicture:
        """The picture with its warnings and boxes."""
        if encoded.over_budget:
            detail = f"The smallest picture of this size has {len(encoded.image.body)} bytes."
            self.warnings.warn("max_bytes_exceeded", "", detail)
        return RenderedPicture(encoded.image, tuple(self.warnings.faults), self.layer_boxes())

    def layer_boxes(self) -> tuple[LayerBox, ...]:
        """Where the layers were drawn, in drawing order."""
        return tuple(
            LayerBox(pointer, box.x, box.y, box.width, box.height)
            for pointer, box in self.context.boxes
        )


def _pixels(size: OutputSize) -> tuple[int, int]:
    return size.width, size.height


def _has_codes(nodes: Sequence[RenderNode]) -> bool:
    return any(node.layer.type in _CODES or _has_codes(node.children) for node in nodes)
