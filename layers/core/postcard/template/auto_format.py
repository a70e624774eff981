"""How much of a canvas is photographs: what `format: auto` is guessed by before it is drawn."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from postcard.color import parse_color
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.parse import paths_used
from postcard.template.model import Document
from postcard.template.schema.validators import has_liquid

_MIN_PHOTO_SHARE = 0.25  # of the canvas; from here on a jpg is smaller than a png

_ImageInGroup = tuple[
    ImageLayer, GroupLayer | None
]  # a picture, and the repeated group that it is in


def guess_format(document: Document) -> str:
    """The format of the document, and for `auto` a guess."""
    if document.format != "auto":
        return "jpg" if document.format == "jpeg" else document.format
    return "jpg" if _is_mostly_photos(_image_layers(document.layers), document) else "png"


def expects_photos(document: Document) -> bool:
    """Whether much of its canvas is for pictures that neither a default nor an example shows."""
    unseen = (
        (layer, around)
        for layer, around in _image_layers(document.layers)
        if has_liquid(layer.source)
        and not any(
            _has_sample_image(path, around, document.fields) for path in paths_used(layer.source)
        )
    )
    return _is_mostly_photos(unseen, document)


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
    """Whether a field has a picture to show; one of an item has it from the list, too."""
    spec, key = fields.get(path[0]), path[1] if len(path) > 1 else ""
    if repeated_group and path[0] == repeated_group.item_name:
        whole = fields.get(repeated_group.repeat or "")
        if not isinstance(whole, ListField):
            return False
        spec = whole.items.get(key)
        if any(key in item for item in _sample_items(whole)):
            return True
    return spec is not None and not (spec.default is None and spec.example is None)


def _sample_items(spec: ListField) -> Sequence[Any]:
    return spec.example or spec.default or ()


def _is_mostly_photos(images: Iterable[_ImageInGroup], document: Document) -> bool:
    """Whether pictures cover so much of an opaque canvas."""
    covered = sum(
        _side_pixels(layer.width, document.width)
        * _side_pixels(layer.height, document.height)
        * _repeat_count(around, document.fields)
        for layer, around in images
    )
    enough = covered >= document.width * document.height * _MIN_PHOTO_SHARE
    return enough and _is_opaque(document.background)


def _repeat_count(repeated_group: GroupLayer | None, fields: Fields) -> int:
    """For how many items a picture is shown: as many as there may be where none are written."""
    spec = fields.get(repeated_group.repeat or "") if repeated_group else None
    return (len(_sample_items(spec)) or spec.max_items) if isinstance(spec, ListField) else 1


def _side_pixels(side: float | str | None, available: int) -> float:
    """Pixels of a side: all there are for a picture that fills its row or column."""
    return available if isinstance(side, str) else side or 0.0


def _is_opaque(background: str) -> bool:
    return not has_liquid(background) and parse_color(background)[3] == 255
