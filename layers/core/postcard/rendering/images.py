"""The pictures of a render: which ones to fetch beforehand, and which one each layer shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.errors import Fault, SourceImageFault
from postcard.geometry import OutputSize
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.drawing_context import TargetPixels, target_pixels
from postcard.rendering.render_tree import RenderNode
from postcard.rendering.static_layers import (
    nodes_start_with,
    static_layer_pointers,
    top_level_count,
    unmodified_nodes,
)
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import SizedLruCache
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.fields.field_types import (
    AnyField,
    BooleanField,
    ImageField,
    ListField,
    TextField,
)
from postcard.template.fields.values import clean_text
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.liquid.parse import paths_used


class RenderFailed(Exception):
    """A picture of a layer with `on_error: fail` is missing; `pointer` is the layer's."""

    def __init__(self, pointer: str, detail: str, reference: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.reference = reference


# Before the pictures are fetched


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A picture to fetch: an address or an asset, for the layer at `pointer`.

    `width` and `height` are the device pixels of its box, 0 where its own proportions decide.
    `from_document`: the document itself names it, so it was fetched at publish.
    `prerendered_only`: it is not needed where the template's prerendered layers can be read.
    `is_permitted`: false for an asset that the request's values may not choose. It is not read.
    """

    pointer: str
    reference: str
    allowed_hosts: tuple[str, ...] | None
    on_error: str
    width: int
    height: int
    from_document: bool
    prerendered_only: bool = False
    is_permitted: bool = True


def image_sources(
    template: Template,
    bound: BoundValues,
    size: OutputSize,
    frames: Iterable[Sequence[RenderNode]],
    *,
    has_prerendered: bool = False,
) -> list[ImageSource]:
    """The pictures in the render trees of these frames, each reference once.

    The default of the field in an `on_error: default` layer is among them. `has_prerendered`: the
    template's prerendered layers are stored in that size.
    """
    scale = size.width / template.width
    static_pointers = static_layer_pointers(template) if has_prerendered else ()
    found: dict[str, ImageSource] = {}
    for nodes in frames:
        is_covered = bool(static_pointers) and nodes_start_with(
            unmodified_nodes(nodes, template), static_pointers
        )
        covered_count = top_level_count(static_pointers) if is_covered else 0
        for index, node in enumerate(nodes):
            for inner in node.walk():
                for source in _node_sources(template, bound, inner, scale):
                    known = found.get(source.reference)
                    is_hidden = index < covered_count and (known is None or known.prerendered_only)
                    found[source.reference] = replace(source, prerendered_only=is_hidden)
    return list(found.values())


def _node_sources(
    template: Template, bound: BoundValues, node: RenderNode, scale: float
) -> Iterator[ImageSource]:
    layer = node.layer
    if isinstance(layer, QrLayer) and layer.logo:
        yield ImageSource(
            f"{node.pointer}/logo", layer.logo, None, "hide", 0, 0, from_document=True
        )
    if not isinstance(layer, ImageLayer):
        return
    choice = _image_choice(template, node, bound.values)
    width, height = target_pixels(layer, template.document, scale) or (0, 0)
    pointer = f"{node.pointer}/source"
    if layer.on_error == "default" and choice.default not in (None, choice.reference):
        reference = str(choice.default)
        yield ImageSource(pointer, reference, None, "hide", width, height, from_document=True)
    yield ImageSource(
        pointer,
        choice.reference,
        choice.allowed_hosts,
        layer.on_error,
        width,
        height,
        from_document=choice.reference in template.image_references,
        is_permitted=_is_permitted(template, bound, node, choice),
    )


def _is_permitted(
    template: Template, bound: BoundValues, node: RenderNode, choice: "_ImageChoice"
) -> bool:
    """Whether the node may show an asset that restricted values have a part in choosing.

    A whole value of an image field or layer was checked when it was bound. Other Liquid, such as
    `asset:badge-{{ tier }}`, may use restricted values that can be listed: booleans and `choices`.
    """
    reference = choice.reference
    if not bound.restricted_fields or not reference.startswith("asset:"):
        return True
    is_modified = "value" in bound.layers.get(node.layer.name or "", ())
    if is_modified or choice.is_value_of_field or reference in template.named_assets:
        return True
    return all(
        _can_be_listed(spec)
        for name, spec in _fields_used(template, node)
        if name in bound.restricted_fields
    )


def _fields_used(template: Template, node: RenderNode) -> Iterator[tuple[str, AnyField]]:
    """The fields in the Liquid of a node's source, by name; those of items by their list's name."""
    for head, *rest in paths_used(_source_liquid(template, node)):
        name, keys = head, []
        if node.iteration is not None and head == node.iteration.item_name:
            name, keys = node.iteration.list_name, rest[:1]
        spec = template.fields.get(name)
        if isinstance(spec, ListField):
            yield from ((name, spec.items[key]) for key in keys or spec.items if key in spec.items)
        elif spec is not None:
            yield name, spec


def _can_be_listed(spec: AnyField) -> bool:
    return isinstance(spec, BooleanField) or (isinstance(spec, TextField) and bool(spec.choices))


# While the picture is drawn


FRAME_PICTURE_BYTES = 48_000_000
_Outcome = DecodedImage | ImageDecodeError


@dataclass(frozen=True, slots=True)
class PictureKey:
    """A picture's reference, its file, and the size for which it is decoded."""

    reference: str
    body: bytes
    target_pixels: TargetPixels


def _outcome_bytes(outcome: _Outcome) -> int:
    if isinstance(outcome, ImageDecodeError):
        return 1_000
    return 4 * outcome.image.width * outcome.image.height


class FramePictures:
    """The untrusted pictures of an animation: each is decoded once, not once for each frame."""

    def __init__(self) -> None:
        self._outcomes: SizedLruCache[PictureKey, _Outcome] = SizedLruCache(
            FRAME_PICTURE_BYTES, _outcome_bytes
        )

    def has(self, key: PictureKey) -> bool:
        """Whether the picture, or the error of decoding it, is kept."""
        return self._outcomes.get(key) is not None

    def get(self, key: PictureKey, decode: Callable[[], DecodedImage]) -> DecodedImage:
        """The picture of that key; raises `ImageDecodeError` in each frame."""
        outcome = self._outcomes.get(key)
        if outcome is None:
            try:
                outcome = decode()
            except ImageDecodeError as error:
                outcome = error
            self._outcomes.put(key, outcome)
        if isinstance(outcome, ImageDecodeError):
            raise outcome
        return outcome


@dataclass(slots=True)
class ImageResolver:
    """The `PictureFinder` of one frame; `fetched_images` are files by reference.

    The frames of an animation share `frame_pictures`.
    """

    template: Template
    values: Mapping[str, object]
    fetched_images: Mapping[str, bytes]
    cache: DecodedImageCache
    add_warning: Callable[[Fault], None]
    deadline: Deadline = NO_DEADLINE
    frame_pictures: FramePictures | None = None
    _document_references: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._document_references = frozenset(self.template.image_references)

    def is_trusted(self, reference: str) -> bool:
        """Whether the document names the picture, so that publishing has re-encoded its file."""
        return reference in self._document_references

    def decode_ahead(self, nodes: Sequence[RenderNode], scale: float) -> None:
        """Announce the untrusted pictures of these layers, so that they are decoded meanwhile."""
        if self.fetched_images.keys() <= self._document_references:
            return
        images = []
        for node in (inner for outer in nodes for inner in outer.walk()):
            if isinstance(node.layer, ImageLayer):
                reference = _image_choice(self.template, node, self.values).reference
                body = self.fetched_images.get(reference)
                if body is not None and not self.is_trusted(reference):
                    box = target_pixels(node.layer, self.template.document, scale)
                    box = box if node.layer.fit != "none" else None
                    kept = self.frame_pictures
                    if kept is None or not kept.has(PictureKey(reference, body, box)):
                        images.append((body, box))
        self.cache.decode_ahead(images)

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> DecodedImage | None:
        """The node's picture, or what its `on_error` says; raises `RenderFailed`."""
        choice = _image_choice(self.template, node, self.values)
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
        """The picture of a reference; None if it is missing or broken."""
        try:
            return self._decode(reference, target_pixels)
        except ImageDecodeError:
            return None

    def _decode(self, reference: str, target_pixels: TargetPixels) -> DecodedImage:
        self.deadline.check()
        body = self.fetched_images.get(reference)
        if body is None:
            raise ImageDecodeError("it could not be fetched")
        trusted = self.is_trusted(reference)
        decode = partial(
            self.cache.decode,
            body,
            target_pixels,
            trusted=trusted,
            source=reference,
            deadline=self.deadline,
        )
        if trusted or self.frame_pictures is None:
            return decode()
        return self.frame_pictures.get(PictureKey(reference, body, target_pixels), decode)


def _image_unavailable(
    node: RenderNode, choice: "_ImageChoice", error: ImageDecodeError
) -> SourceImageFault:
    pointer, detail = f"{node.pointer}/source", f"No picture: {error}."
    return SourceImageFault("image_unavailable", pointer, detail, choice.reference)


# Which picture an image layer names


@dataclass(frozen=True, slots=True)
class _ImageChoice:
    """What an image layer names: a reference, and the hosts and the default of its field.

    `is_value_of_field`: the reference is the value of an image field.
    """

    reference: str
    allowed_hosts: tuple[str, ...] | None = None
    default: str | None = None
    is_value_of_field: bool = False


def _image_choice(
    template: Template, node: RenderNode, values: Mapping[str, object]
) -> _ImageChoice:
    """The picture that a node names, and the image field that it comes from."""
    layer = node.layer
    assert isinstance(layer, ImageLayer)
    candidates = list(_image_fields(template, node, values))
    matching = next((spec for spec, value in candidates if value == layer.source), None)
    spec = matching or next((spec for spec, _ in candidates), None)
    if spec is None:
        return _ImageChoice(layer.source)
    default = clean_text(spec.default) if isinstance(spec.default, str) else None
    return _ImageChoice(
        layer.source,
        matching.allowed_hosts if matching else None,
        default or None,
        is_value_of_field=matching is not None,
    )


def _image_fields(
    template: Template, node: RenderNode, values: Mapping[str, object]
) -> Iterator[tuple[ImageField, object]]:
    """The image fields in the Liquid of a node's source, with their values."""
    for head, *rest in paths_used(_source_liquid(template, node)):
        spec, iteration = template.fields.get(head), node.iteration
        if iteration is not None and head == iteration.item_name:
            yield from _item_image_fields(
                template, iteration.list_name, values, rest[:1], iteration.item_index
            )
        elif isinstance(spec, ImageField):
            yield spec, values.get(head)
        elif isinstance(spec, ListField):
            yield from _item_image_fields(template, head, values, list(spec.items), None)


def _source_liquid(template: Template, node: RenderNode) -> str:
    """The Liquid of a node's source; empty if it has none."""
    slots = template.liquid_slots.get(node.pointer, ())
    return next((slot.source for slot in slots if slot.path == ("source",)), "")


def _item_image_fields(
    template: Template,
    name: str,
    values: Mapping[str, object],
    keys: Sequence[str],
    index: int | None,
) -> Iterator[tuple[ImageField, object]]:
    """The image fields of one item of a list, or of all of them if `index` is None."""
    spec, items = template.fields[name], values.get(name)
    if not isinstance(spec, ListField) or not isinstance(items, tuple):
        return
    for item in items if index is None else items[index : index + 1]:
        for key in keys:
            if isinstance(inner := spec.items.get(key), ImageField):
                yield inner, item[key]
