"""Which picture an image layer shows, where it may come from, and what is shown without it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from operator import itemgetter
from typing import Protocol

from postcard.canvas.codecs.picture import MAX_CACHED_RESIZES, DecodedImage, ImageDecodeError
from postcard.errors import Fault, SourceImageFault
from postcard.rendering.placement import TargetPixels
from postcard.rendering.render_tree import RenderNode
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import SizedLruCache
from postcard.template.compiled import Template
from postcard.template.fields.field_types import ImageField, ListField
from postcard.template.fields.values import clean_text
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.parse import paths_used

WarnFunction = Callable[[str, str, str], None]
AddWarning = Callable[[Fault], None]
DECODED_IMAGE_CACHE_BYTES = 48_000_000  # of decoded pictures, their fits and their files
_BYTES_PER_PIXEL = 4  # bytes


class UntrustedImageDecoder(Protocol):
    """Decodes pictures that nobody vouches for."""

    def prepare(self) -> None:
        """A picture is on its way."""

    def decode(self, body: bytes, target_pixels: TargetPixels) -> DecodedImage:
        """The picture; `PictureError`."""


class RenderFailed(Exception):
    """A picture that says `on_error: fail` cannot be had; `pointer` is its layer's."""

    def __init__(self, pointer: str, detail: str, reference: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.reference = reference


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """What an image layer names: a reference, the field that said it, and that field's default."""

    reference: str
    allowed_hosts: tuple[str, ...] | None = None
    default: str | None = None


def image_choice(template: Template, node: RenderNode, values: Mapping[str, object]) -> ImageChoice:
    """The picture of a node, and where it comes from."""
    layer = node.layer
    assert isinstance(layer, ImageLayer)
    candidates = list(_image_fields(template, node, values))
    matching = next((spec for spec, value in candidates if value == layer.source), None)
    spec = matching or next((spec for spec, _ in candidates), None)
    if spec is None:
        return ImageChoice(layer.source)
    default = clean_text(spec.default) if isinstance(spec.default, str) else None
    return ImageChoice(layer.source, matching.allowed_hosts if matching else None, default or None)


def _image_fields(
    template: Template, node: RenderNode, values: Mapping[str, object]
) -> Iterator[tuple[ImageField, object]]:
    """The image fields that a node's source names, with their values."""
    slots = template.liquid_slots.get(node.pointer, ())
    source = next((slot.source for slot in slots if slot.path == ("source",)), "")
    for head, *rest in dict.fromkeys(paths_used(source)):
        spec, iteration = template.fields.get(head), node.iteration
        if iteration is not None and head == iteration.item_name:
            yield from _item_image_fields(
                template, iteration.list_name, values, rest[:1], iteration.item_index
            )
        elif isinstance(spec, ImageField):
            yield spec, values.get(head)
        elif isinstance(spec, ListField):
            yield from _item_image_fields(template, head, values, list(spec.items), None)


def _item_image_fields(
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


def _image_unavailable(
    node: RenderNode, choice: ImageChoice, error: ImageDecodeError
) -> SourceImageFault:
    pointer, detail = f"{node.pointer}/source", f"No picture: {error}."
    return SourceImageFault("image_unavailable", pointer, detail, choice.reference)


class DecodedImageCache:
    """Decoded pictures of templates, kept from one drawing to the next.

    The key is the bytes themselves: an asset's name may come to mean other bytes. What a request
    named itself is not kept, and is decoded by `strangers`.
    """

    def __init__(
        self,
        max_bytes: int = DECODED_IMAGE_CACHE_BYTES,
        untrusted_decoder_factory: Callable[[], UntrustedImageDecoder] | None = None,
    ) -> None:
        self.decode_count = 0  # how often a picture had to be decoded
        self._pictures: SizedLruCache[tuple[bytes, TargetPixels], tuple[int, DecodedImage]]
        self._pictures = SizedLruCache(max_bytes, itemgetter(0))
        self._untrusted_decoder_factory = untrusted_decoder_factory

    @cached_property
    def _untrusted_decoder(self) -> UntrustedImageDecoder | None:
        return self._untrusted_decoder_factory() if self._untrusted_decoder_factory else None

    def prepare_untrusted(self) -> None:
        """A stranger's picture is on its way."""
        if self._untrusted_decoder:
            self._untrusted_decoder.prepare()

    def decode(self, body: bytes, target_pixels: TargetPixels, *, trusted: bool) -> DecodedImage:
        """The picture of those bytes; raises PictureError."""
        key = (body, target_pixels)
        if (cached := self._pictures.get(key)) is not None:
            return cached[1]
        self.decode_count += 1
        if not trusted and self._untrusted_decoder:
            return self._untrusted_decoder.decode(body, target_pixels)
        picture = DecodedImage.decode(body, target_pixels=target_pixels)
        if trusted:
            self._pictures.put(key, (_memory_bytes(body, picture, target_pixels), picture))
        return picture


def _memory_bytes(body: bytes, picture: DecodedImage, target_pixels: TargetPixels) -> int:
    """The bytes of a picture, its file, and the fits that it will be asked for."""
    width, height = picture.image.size
    across, down = target_pixels or picture.image.size
    return len(body) + _BYTES_PER_PIXEL * (width * height + MAX_CACHED_RESIZES * across * down)


@dataclass(slots=True)
class ImageResolver:
    """The pictures of one drawing: `brought` by reference."""

    template: Template
    values: Mapping[str, object]
    fetched_images: Mapping[str, bytes]
    cache: DecodedImageCache
    add_warning: AddWarning
    _document_references: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._document_references = frozenset(self.template.image_references)

    def __call__(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage | None:
        """The node's picture, or what its `on_error` says; raises `RenderFailed`."""
        choice = image_choice(self.template, node, self.values)
        layer = node.layer
        assert isinstance(layer, ImageLayer)
        target_pixels = target_pixels if layer.fit != "none" else None
        try:
            return self._decode(choice.reference, target_pixels)
        except ImageDecodeError as error:
            if layer.on_error == "fail":
                raise RenderFailed(node.pointer, str(error), choice.reference) from None
            self.add_warning(_image_unavailable(node, choice, error))
        if layer.on_error == "hide" or choice.default in (None, choice.reference):
            return None
        return self.find(choice.default or "", target_pixels)

    def find(self, reference: str, target_pixels: TargetPixels) -> DecodedImage | None:
        """A picture that may be missing."""
        try:
            return self._decode(reference, target_pixels)
        except ImageDecodeError:
            return None

    def _decode(self, reference: str, target_pixels: TargetPixels) -> DecodedImage:
        body = self.fetched_images.get(reference)
        if body is None:
            raise ImageDecodeError("it could not be fetched")
        return self.cache.decode(
            body, target_pixels, trusted=reference in self._document_references
        )
