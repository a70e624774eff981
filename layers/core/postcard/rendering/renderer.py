"""From a template and values to the bytes of a picture: resolve, draw, encode."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.encode import Encoded, encode
from postcard.canvas.surface import Surface
from postcard.color import Color, parse_color
from postcard.errors import Fault
from postcard.formats import EncodedImage
from postcard.geometry import OutputSize
from postcard.rendering.fallback_layers import stored_document, stored_layers
from postcard.rendering.flex_layout import draw
from postcard.rendering.image_resolver import Gallery, Note, PictureCache, RenderFailed, Warn
from postcard.rendering.image_sources import Source, needs
from postcard.rendering.placement import Scene
from postcard.rendering.prerendered import Laid, depth, still
from postcard.rendering.render_tree import LayerChanges, Node, nodes_of
from postcard.rendering.static_layers import Blank, Grounds
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues, bind_defaults
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.text.fonts import Fonts

__all__ = ["LayerBox", "RenderFailed", "Rendered", "Renderer", "Source", "Which"]

Which = Literal["fallback", "ended"]


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
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        now: float = NO_CLOCK,
        laid: bool = False,
    ) -> Sequence[Source]:
        """The pictures that `render` will want: fetch them first, each reference once.

        The default of the field in an `on_error: default` layer is among them. `laid` tells of a
        stored ground, which spares those that are `below`.
        """
        return needs(template, bound, size, now=now, laid=laid)

    def render(
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        format: str,
        quality: int | None,
        max_bytes: int | None,
        pictures: Mapping[str, bytes],
        now: float,
        laid: Laid | None = None,
    ) -> Rendered:
        """Draws with `pictures` by reference; one that is missing follows its `on_error`.

        Over `max_bytes` quality or colours go down. Raises `RenderFailed` for
        `on_error: fail`. `now` is in Unix seconds. `laid` is the template's stored ground.
        """
        picture = _Picture(self, template, bound, size, pictures, now, laid=laid)
        if format == "gif" and template.document.countdown:
            return picture.animated(bound.layers, max_bytes)
        speaker = picture.speaker
        nodes = nodes_of(template.document.layers, "/layers", speaker, bound.layers)
        surface = picture.drawn(nodes)
        return picture.encoded(surface, format, quality, max_bytes)

    def surface(
        self,
        template: Template,
        bound: BoundValues,
        size: OutputSize,
        *,
        pictures: Mapping[str, bytes],
        now: float,
    ) -> Surface:
        """The drawn pixels, before any encoder: for who times or compares them."""
        picture = _Picture(self, template, bound, size, pictures, now)
        nodes = nodes_of(template.document.layers, "/layers", picture.speaker, bound.layers)
        return picture.drawn(nodes)

    def lay(
        self, template: Template, size: OutputSize, *, pictures: Mapping[str, bytes]
    ) -> Laid | None:
        """The pixels under what may change, to be stored; None where there are none to speak of.

        Nor is anything stored that drawing had to warn of.
        """
        first = still(template)
        picture = _Picture(self, template, bind_defaults(template), size, pictures, NO_CLOCK)
        nodes = nodes_of(template.document.layers, "/layers", picture.speaker, {})
        canvas = picture.blank.canvas()
        draw(picture.scene, canvas, nodes[: depth(first)])
        if not first or picture.faults:
            return None
        return Laid("", canvas.picture(), first, tuple(picture.scene.boxes))

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
        bound = bind_defaults(template)
        picture = _Picture(self, replace(template, document=document), bound, size, pictures, now)
        layers = stored_layers(written, document) if written else ()
        nodes = nodes_of(layers, f"/{which}/layers", picture.speaker, {})
        canvas = picture.blank.canvas()
        draw(picture.scene, canvas, nodes)
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
        bound: BoundValues,
        size: OutputSize,
        pictures: Mapping[str, bytes],
        now: float,
        second: int = 0,
        laid: Laid | None = None,
    ) -> None:
        self.template = template
        self.later = partial(_Picture, renderer, template, bound, size, pictures, now)
        self.begin = partial(
            renderer.grounds.begin, template=template, pictures=pictures, laid=laid
        )
        self.faults: list[Fault] = []
        self._note = _noting(self.faults)  # not a method: its circle would keep the pixels alive
        self._warn = _warning(self._note)
        self.speaker = Evaluator(template, bound.values, now, self._warn, elapsed_seconds=second)
        self.background = parse_color(self.speaker.document.background)
        self.blank = Blank((template.width, template.height), _pixels(size), self.background)
        gallery = Gallery(template, bound.values, pictures, renderer.cache, self._note)
        self.scene = Scene(
            self.speaker.document,
            template.fonts or renderer.fonts,
            self.blank.scale,
            gallery,
            self.faults,
        )

    def drawn(self, nodes: Sequence[Node]) -> Surface:
        canvas, below = self.begin(self.scene, self.blank, nodes)
        draw(self.scene, canvas, nodes[below:])
        return canvas.picture()

    def animated(self, changes: LayerChanges, max_bytes: int | None) -> Rendered:
        """The picture and those of the seconds after it. Once it is over it does not begin anew."""
        from postcard.canvas.codecs.animated_gif import (
            animate,  # one picture in many is a countdown
        )
        from postcard.template.fields.countdown import frame_count

        countdown, end = self.template.document.countdown, self.speaker.countdown_end
        frames = frame_count(countdown, self.blank.pixels[0] * self.blank.pixels[1])
        over = end is not None and end <= self.speaker.now + frames - 1
        loop = countdown is not None and countdown.loop and not over
        surfaces = self._seconds(frames, changes)
        return self._told(animate(surfaces, loop=loop, max_bytes=max_bytes))

    def _seconds(self, count: int, changes: LayerChanges) -> Iterator[Surface]:
        from postcard.rendering.animation_frames import Reel

        reel, layers = Reel(self.begin), self.template.document.layers
        for second in range(count):
            picture = self.later(second) if second else self
            nodes = nodes_of(layers, "/layers", picture.speaker, changes)
            yield reel.draw(picture.scene, picture.blank, nodes).picture()
            for fault in picture.faults:
                self._note(fault)

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
        return self._told(encoded)

    def _told(self, encoded: Encoded) -> Rendered:
        if encoded.over_budget:
            size = len(encoded.image.body)
            self._warn("over_budget", "", f"The smallest picture of this size has {size} bytes.")
        boxes = tuple(
            LayerBox(where, box.x, box.y, box.width, box.height) for where, box in self.scene.boxes
        )
        return Rendered(encoded.image, tuple(self.faults), boxes)


def _noting(faults: list[Fault]) -> Note:
    def note(fault: Fault) -> None:
        if fault not in faults:
            faults.append(fault)

    return note


def _warning(note: Note) -> Warn:
    return lambda code, where, detail: note(Fault(code, where, detail))


def _pixels(size: OutputSize) -> tuple[int, int]:
    return size.width, size.height


def _opaque(color: Color) -> Color:
    """What a jpg lies on: the colour as it looks over white."""
    red, green, blue, alpha = color
    over = [round((channel * alpha + 255 * (255 - alpha)) / 255) for channel in (red, green, blue)]
    return over[0], over[1], over[2], 255
