"""Resolves `format: auto` before rendering: JPEG if photos cover much of the canvas, else PNG."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from postcard.color import parse_color
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.parse import paths_used
from postcard.template.model import Document
from postcard.template.schema.validators import has_liquid

_MIN_PHOTO_SHARE = 0.25  # of the canvas; above this a JPEG is smaller than a PNG

_ImageInGroup = tuple[ImageLayer, GroupLayer | None]  # with the repeated group around it


def guess_format(document: Document) -> str:
    """The document's format; `auto` is resolved to `jpg` or `png`."""
    if document.format != "auto":
        return "jpg" if document.format == "jpeg" else document.format
    return "jpg" if _is_mostly_photos(_image_layers(document.layers), document) else "png"


def expects_photos(document: Document) -> bool:
    """Whether images from fields without default and example cover much of the canvas."""
    without_sample = (
        (layer, group)
        for layer, group in _image_layers(document.layers)
        if has_liquid(layer.source)
        and not any(
            _has_sample_image(path, group, document.fields) for path in paths_used(layer.source)
        )
    )
    return _is_mostly_photos(without_sample, document)


def _image_layers(
    layers: Sequence[AnyLayer], repeated_group: GroupLayer | None = None
) -> Iterator[_ImageInGroup]:
    for layer in layers:
        if isinstance(layer, ImageLayer):
            yield layer, repeated_group
        elif isinstance(layer, GroupLayer):
            yield from _image_layers(layer.layers, layer if layer.repeat else repeated_group)


def _has_sample_image(
    path: Sequence[str], repeated_group: GroupLayer | None, fields: Fields
) -> bool:
    """Whether a field has a default or an example; an item's field may have it from its list."""
    spec, key = fields.get(path[0]), path[1] if len(path) > 1 else ""
    if repeated_group and path[0] == repeated_group.item_name:
        list_field = fields.get(repeated_group.repeat or "")
        if not isinstance(list_field, ListField):
            return False
        spec = list_field.items.get(key)
        if any(key in item for item in _sample_items(list_field)):
            return True
    return spec is not None and not (spec.default is None and spec.example is None)


def _sample_items(spec: ListField) -> Sequence[Any]:
    return spec.example or spec.default or ()


def _is_mostly_photos(images: Iterable[_ImageInGroup], document: Document) -> bool:
    """Whether the background is opaque and images cover enough of the canvas."""
    image_area = sum(
        _side_pixels(layer.width, document.width)
        * _side_pixels(layer.height, document.height)
        * _repeat_count(group, document.fields)
        for layer, group in images
    )
    large_enough = image_area >= document.width * document.height * _MIN_PHOTO_SHARE
    return large_enough and _is_opaque(document.background)


def _repeat_count(repeated_group: GroupLayer | None, fields: Fields) -> int:
    """How often an image is drawn: for each sample item, or for `max_items` if there are none."""
    spec = fields.get(repeated_group.repeat or "") if repeated_group else None
    return (len(_sample_items(spec)) or spec.max_items) if isinstance(spec, ListField) else 1


def _side_pixels(side: float | str | None, available: int) -> float:
    """The pixels of a side; `fill` is assumed to take all that is available."""
    return available if isinstance(side, str) else side or 0.0


def _is_opaque(background: str) -> bool:
    return not has_liquid(background) and parse_color(background)[3] == 255
