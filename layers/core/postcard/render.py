"""From a template and values to the bytes of a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postcard.errors import Fault
from postcard.formats import EncodedImage
from postcard.geometry import OutputSize
from postcard.template.bind import Bound
from postcard.template.compiled import Template
from postcard.text.fonts import Fonts

MOST_BYTES = 4_500_000  # what a Lambda can answer


class RenderFailed(Exception):
    """A picture that says `on_error: fail` cannot be had; `pointer` is its layer's."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that is needed: an address or an asset, for the layer at `pointer`.

    `width` and `height` are the device pixels of its box, 0 where its own proportions decide.
    A reference that the document itself names has `own` True: it was fetched at publish.
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
    """Where a layer was drawn, in CSS pixels of the canvas."""

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
    """Draws. One for a process: it keeps decoded pictures of assets."""

    def __init__(self, fonts: Fonts) -> None:
        raise NotImplementedError

    def sources(self, template: Template, bound: Bound, size: OutputSize) -> Sequence[Source]:
        """The pictures that `render` will want: fetch them first. The field's default of an
        `on_error: default` layer is among them, so that it is at hand."""
        raise NotImplementedError

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

        Raises `RenderFailed` for `on_error: fail`. `now` is in Unix seconds.
        """
        raise NotImplementedError

    def draw_stored(
        self,
        template: Template,
        which: str,
        size: OutputSize,
        *,
        format: str,
        quality: int | None = None,
        max_bytes: int | None = None,
        pictures: Mapping[str, bytes],
    ) -> Rendered:
        """The `fallback` or `ended` picture of a document; a plain card if it says none."""
        raise NotImplementedError

    def plain_card(
        self, size: OutputSize, *, format: str, background: str = "#ffffff"
    ) -> EncodedImage:
        """A picture of one colour."""
        raise NotImplementedError
