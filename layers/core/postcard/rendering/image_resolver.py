"""Which picture an image layer shows, where it may come from, and what is shown without it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from operator import itemgetter
from typing import Protocol

from postcard.canvas.codecs.picture import KEPT_FITS, Picture, PictureError
from postcard.errors import Fault, PictureFault
from postcard.rendering.placement import Near
from postcard.rendering.render_tree import Node
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Kept
from postcard.template.compiled import Template
from postcard.template.fields.field_types import ImageField, ListField
from postcard.template.fields.values import clean_text
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.programs import paths_used

Warn = Callable[[str, str, str], None]
Note = Callable[[Fault], None]
KEPT_BYTES = 48_000_000  # of decoded pictures, their fits and their files
_PIXEL = 4  # bytes


class Decoder(Protocol):
    """Decodes pictures that nobody vouches for."""

    def prepare(self) -> None:
        """A picture is on its way."""

    def decode(self, body: bytes, near: Near) -> Picture:
        """The picture; `PictureError`."""


class RenderFailed(Exception):
    """A picture that says `on_error: fail` cannot be had; `pointer` is its layer's."""

    def __init__(self, pointer: str, detail: str, reference: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.reference = reference


@dataclass(frozen=True, slots=True)
class Choice:
    """What an image layer names: a reference, the field that said it, and that field's default."""

    reference: str
    allowed_hosts: tuple[str, ...] | None = None
    default: str | None = None


def choice_of(template: Template, node: Node, values: Mapping[str, object]) -> Choice:
    """The picture of a node, and where it comes from."""
    layer = node.layer
    assert isinstance(layer, ImageLayer)
    named = list(_named(template, node, values))
    said = next((spec for spec, value in named if value == layer.source), None)
    spec = said or next((spec for spec, _ in named), None)
    if spec is None:
        return Choice(layer.source)
    default = clean_text(spec.default) if isinstance(spec.default, str) else None
    return Choice(layer.source, said.allowed_hosts if said else None, default or None)


def _named(
    template: Template, node: Node, values: Mapping[str, object]
) -> Iterator[tuple[ImageField, object]]:
    """The image fields that a node's source names, with their values."""
    slots = template.slots.get(node.pointer, ())
    source = next((slot.source for slot in slots if slot.path == ("source",)), "")
    for head, *rest in paths_used(source):
        spec, turn = template.fields.get(head), node.turn
        if turn is not None and head == turn.item_name:
            yield from _of_items(template, turn.list_name, values, rest[:1], turn.item_index)
        elif isinstance(spec, ImageField):
            yield spec, values.get(head)
        elif isinstance(spec, ListField):
            yield from _of_items(template, head, values, list(spec.items), None)


def _of_items(
    template: Template,
    name: str,
    values: Mapping[str, object],
    keys: Sequence[str],
    index: int | None,
) -> Iterator[tuple[ImageField, object]]:
    """The image fields of one item of a list, or of all of them."""
    spec, items = template.fields[name], values.get(name)
    if not isinstance(spec, ListField) or not isinstance(items, tuple):
        return
    for item in items if index is None else items[index : index + 1]:
        for key in keys:
            if isinstance(inner := spec.items.get(key), ImageField):
                yield inner, item[key]


def _lost(node: Node, choice: Choice, error: PictureError) -> PictureFault:
    where, detail = f"{node.pointer}/source", f"No picture: {error}."
    return PictureFault("image_unavailable", where, detail, choice.reference)


class PictureCache:
    """Decoded pictures of templates, kept from one drawing to the next.

    The key is the bytes themselves: an asset's name may come to mean other bytes. What a request
    named itself is not kept, and is decoded by `strangers`.
    """

    def __init__(
        self, most_bytes: int = KEPT_BYTES, strangers: Callable[[], Decoder] | None = None
    ) -> None:
        self.decoded = 0  # how often a picture had to be decoded
        self._kept: Kept[tuple[bytes, Near], tuple[int, Picture]]
        self._kept = Kept(most_bytes, itemgetter(0))
        self._decoder = strangers

    @cached_property
    def _strangers(self) -> Decoder | None:
        return self._decoder() if self._decoder else None

    def expect(self) -> None:
        """A stranger's picture is on its way."""
        if self._strangers:
            self._strangers.prepare()

    def picture(self, body: bytes, near: Near, *, keep: bool) -> Picture:
        """The picture of those bytes; raises PictureError."""
        key = (body, near)
        if (known := self._kept.get(key)) is not None:
            return known[1]
        self.decoded += 1
        if not keep and self._strangers:
            return self._strangers.decode(body, near)
        picture = Picture.decode(body, near=near)
        if keep:
            self._kept.put(key, (_weight(body, picture, near), picture))
        return picture


def _weight(body: bytes, picture: Picture, near: Near) -> int:
    """The bytes of a picture, its file, and the fits that it will be asked for."""
    width, height = picture.image.size
    across, down = near or picture.image.size
    return len(body) + _PIXEL * (width * height + KEPT_FITS * across * down)


@dataclass(slots=True)
class Gallery:
    """The pictures of one drawing: `brought` by reference."""

    template: Template
    values: Mapping[str, object]
    brought: Mapping[str, bytes]
    cache: PictureCache
    note: Note
    _own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._own = frozenset(self.template.references)

    def __call__(self, node: Node, near: Near) -> Picture | None:
        """The node's picture, or what its `on_error` says; raises `RenderFailed`."""
        choice = choice_of(self.template, node, self.values)
        layer = node.layer
        assert isinstance(layer, ImageLayer)
        near = near if layer.fit != "none" else None
        try:
            return self._decoded(choice.reference, near)
        except PictureError as error:
            if layer.on_error == "fail":
                raise RenderFailed(node.pointer, str(error), choice.reference) from None
            self.note(_lost(node, choice, error))
        if layer.on_error == "hide" or choice.default in (None, choice.reference):
            return None
        return self.found(choice.default or "", near)

    def found(self, reference: str, near: Near) -> Picture | None:
        """A picture that may be missing."""
        try:
            return self._decoded(reference, near)
        except PictureError:
            return None

    def _decoded(self, reference: str, near: Near) -> Picture:
        body = self.brought.get(reference)
        if body is None:
            raise PictureError("it could not be fetched")
        return self.cache.picture(body, near, keep=reference in self._own)
