"""From a template and values to the bytes of a picture: resolve, draw, encode."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from postcard.canvas.canvas import Canvas
from postcard.canvas.encode import encode
from postcard.canvas.surface import Surface
from postcard.color import Color, parse_color
from postcard.errors import Fault
from postcard.formats import EncodedImage
from postcard.geometry import OutputSize
from postcard.template.bind import Bound, defaults
from postcard.template.compiled import Template
from postcard.template.gallery import Gallery, PictureCache, RenderFailed, choice_of
from postcard.template.ground import Blank, Grounds
from postcard.template.image import ImageLayer
from postcard.template.nodes import Node, nodes_of
from postcard.template.speaking import NO_CLOCK, Speaker
from postcard.template.stage import Near, Scene, near
from postcard.template.stored import stored_document, stored_layers
from postcard.text.fonts import Fonts

__all__ = ["LayerBox", "RenderFailed", "Rendered", "Renderer", "Source", "Which"]

Which = Literal["fallback", "ended"]


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that is needed: an address or an asset, for the layer at `pointer`.

    `width` and `height` are the device pixels of its box, 0 where its own proportions decide.
    `own`: the document itself names it, so it was fetched at publish.
    """

    pointer: str
    reference: str
    allowed_hosts: tuple[str, ...] | None
    on_error: str
    width: int
    height: int
    own: bool


@dataclass(frozen=True, slots=True)
class LayerBox:
    """Where a layer was drawn, in CSS pixels of the canvas, before its rotation."""

    pointer: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture, what was wrong with it, and where its layers stand.

    Warnings' codes: `image_unavailable`, `missing_glyph`, `over_budget`, `bad_value`,
    `liquid_failed`, `unscannable`.
    """

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]


class Renderer:
    """Draws. One for a process: it keeps decoded pictures and drawn grounds of templates."""

    def __init__(
        self, fonts: Fonts, cache: PictureCache | None = None, grounds: Grounds | None = None
    ) -> None:
        self.fonts = fonts
        self.cache = cache or PictureCache()
        self.grounds = grounds or Grounds()

    def sources(
        self, template: Template, bound: Bound, size: OutputSize, *, now: float = NO_CLOCK
    ) -> Sequence[Source]:
        """The pictures that `render` will want: fetch them first, each reference once.

        The default of the field in an `on_error: default` layer is among them.
        """
        speaker = Speaker(template, bound.values, now, _unheard)
        nodes = nodes_of(template.document.layers, "/layers", speaker, bound.layers)
        scale = size.width / template.width
        wanted = (
            source
            for node in nodes
            for inner in node.all()
            for source in _sources(template, bound, inner, scale)
        )
        return list({source.reference: source for source in wanted}.values())

    def render(
        self,
        template: Template,
        bound: Bound,
        size: OutputSize,
        *,
        format: str,
        quality: int | None,
        max_bytes: int | None,
        pictures: Mapping[str, bytes],
        now: float,
    ) -> Rendered:
        """Draws with `pictures` by reference; one that is missing follows its `on_error`.

        Over `max_bytes` quality or colours go down. Raises `RenderFailed` for
        `on_error: fail`. `now` is in Unix seconds.
        """
        picture = _Picture(self, template, bound, size, pictures, now)
        if format == "gif" and template.frames > 1:
            return picture.animated(bound, max_bytes)
        speaker = picture.speaker
        nodes = nodes_of(template.document.layers, "/layers", speaker, bound.layers)
        surface = picture.drawn(nodes, self.grounds)
        return picture.encoded(surface, format, quality, max_bytes)

    def surface(
        self,
        template: Template,
        bound: Bound,
        size: OutputSize,
        *,
        pictures: Mapping[str, bytes],
        now: float,
    ) -> Surface:
        """The drawn pixels, before any encoder: for who times or compares them."""
        picture = _Picture(self, template, bound, size, pictures, now)
        nodes = nodes_of(template.document.layers, "/layers", picture.speaker, bound.layers)
        return picture.drawn(nodes, self.grounds)

    def draw_stored(
        self,
        template: Template,
        which: Which,
        size: OutputSize,
        *,
        format: str,
        quality: int | None = None,
        max_bytes: int | None = None,
        pictures: Mapping[str, bytes],
        now: float = NO_CLOCK,
    ) -> Rendered:
        """The `fallback` or `ended` picture of a document; a plain card if it says none."""
        written = template.document.fallback if which == "fallback" else template.document.ended
        document = stored_document(written, template.document)
        bound = defaults(template)
        picture = _Picture(self, replace(template, document=document), bound, size, pictures, now)
        layers = stored_layers(written, document) if written else ()
        nodes = nodes_of(layers, f"/{which}/layers", picture.speaker, {})
        canvas = picture.blank.canvas()
        picture.scene.draw(canvas, nodes)
        return picture.encoded(canvas.picture(), format, quality, max_bytes)

    def plain_card(
        self, size: OutputSize, *, format: str, background: str = "#ffffff"
    ) -> EncodedImage:
        """A picture of one colour."""
        color = parse_color(background)
        canvas = Canvas.new(size.display_width, size.display_height, _pixels(size), color)
        return encode(canvas.picture(), format, background=_opaque(color)).image


class _Picture:
    """One picture at work."""

    def __init__(
        self,
        renderer: Renderer,
        template: Template,
        bound: Bound,
        size: OutputSize,
        pictures: Mapping[str, bytes],
        now: float,
    ) -> None:
        self.template, self.pictures = template, pictures
        self.faults: list[Fault] = []
        self.speaker = Speaker(template, bound.values, now, self._warn)
        self.background = parse_color(self.speaker.document.background)
        self.blank = Blank((template.width, template.height), _pixels(size), self.background)
        gallery = Gallery(template, bound.values, pictures, renderer.cache, self._warn)
        self.scene = Scene(
            self.speaker.document, renderer.fonts, self.blank.scale, gallery, self.faults
        )

    def drawn(self, nodes: Sequence[Node], grounds: Grounds) -> Surface:
        canvas = grounds.draw(self.scene, self.blank, nodes, self.template, self.pictures)
        return canvas.picture()

    def encoded(
        self, surface: Surface, format: str, quality: int | None, max_bytes: int | None
    ) -> Rendered:
        encoded = encode(
            surface,
            format,
            quality=quality,
            max_bytes=max_bytes,
            background=_opaque(self.background),
        )
        if encoded.over_budget:
            size = len(encoded.image.body)
            self._warn("over_budget", "", f"The smallest picture of this size has {size} bytes.")
        boxes = tuple(
            LayerBox(where, box.x, box.y, box.width, box.height) for where, box in self.scene.boxes
        )
        return Rendered(encoded.image, tuple(self.faults), boxes)

    def _warn(self, code: str, where: str, detail: str) -> None:
        if (fault := Fault(code, where, detail)) not in self.faults:
            self.faults.append(fault)


def _sources(template: Template, bound: Bound, node: Node, scale: float) -> Iterator[Source]:
    layer = node.layer
    if not isinstance(layer, ImageLayer):
        return
    choice = choice_of(template, node, bound.values)
    box: Near = near(layer, template.document, scale)
    width, height = box or (0, 0)
    own = template.references
    where = f"{node.pointer}/source"
    if layer.on_error == "default" and choice.default not in (None, choice.reference):
        reference = str(choice.default)
        yield Source(where, reference, None, "hide", width, height, own=True)
    yield Source(
        where,
        choice.reference,
        choice.allowed_hosts,
        layer.on_error,
        width,
        height,
        own=choice.reference in own,
    )


def _pixels(size: OutputSize) -> tuple[int, int]:
    return size.width, size.height


def _opaque(color: Color) -> Color:
    """What a jpg lies on: the colour as it looks over white."""
    red, green, blue, alpha = color
    over = [round((channel * alpha + 255 * (255 - alpha)) / 255) for channel in (red, green, blue)]
    return over[0], over[1], over[2], 255


def _unheard(code: str, where: str, detail: str) -> None:
    """Drawing says it again."""
