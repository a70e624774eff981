"""How much of a canvas is photographs: what `format: auto` is guessed by before it is drawn."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from postcard.color import parse_color
from postcard.template.fields.field_types import Fields, ListField
from postcard.template.layers.group import AnyLayer, GroupLayer
from postcard.template.layers.image import ImageLayer
from postcard.template.liquid.programs import paths_in
from postcard.template.model import Document
from postcard.template.schema.validators import has_liquid

_SHARE = 0.25  # of the canvas; from here on a jpg is smaller than a png

_Shown = tuple[ImageLayer, GroupLayer | None]  # a picture, and the repeated group that it is in


def guessed_format(document: Document) -> str:
    """The format of the document, and for `auto` a guess."""
    if document.format != "auto":
        return "jpg" if document.format == "jpeg" else document.format
    return "jpg" if _cover(_pictures(document.layers), document) else "png"


def awaits_photos(document: Document) -> bool:
    """Whether much of its canvas is for pictures that neither a default nor an example shows."""
    unseen = (
        (layer, around)
        for layer, around in _pictures(document.layers)
        if has_liquid(layer.source)
        and not any(_known(path, around, document.fields) for path in paths_in(layer.source))
    )
    return _cover(unseen, document)


def _pictures(layers: Sequence[AnyLayer], around: GroupLayer | None = None) -> Iterator[_Shown]:
    for layer in layers:
        if isinstance(layer, ImageLayer):
            yield layer, around
        elif isinstance(layer, GroupLayer):
            yield from _pictures(layer.layers, layer if layer.repeat else around)


def _known(path: Sequence[str], around: GroupLayer | None, fields: Fields) -> bool:
    """Whether a field has a picture to show; one of an item has it from the list, too."""
    spec, key = fields.get(path[0]), path[1] if len(path) > 1 else ""
    if around and path[0] == around.item_name:
        whole = fields.get(around.repeat or "")
        if not isinstance(whole, ListField):
            return False
        spec = whole.items.get(key)
        if any(key in item for item in _items(whole)):
            return True
    return spec is not None and not (spec.default is None and spec.example is None)


def _items(spec: ListField) -> Sequence[Any]:
    return spec.example or spec.default or ()


def _cover(shown: Iterable[_Shown], document: Document) -> bool:
    """Whether pictures cover so much of an opaque canvas."""
    covered = sum(
        _side(layer.width, document.width)
        * _side(layer.height, document.height)
        * _times(around, document.fields)
        for layer, around in shown
    )
    enough = covered >= document.width * document.height * _SHARE
    return enough and _opaque(document.background)


def _times(around: GroupLayer | None, fields: Fields) -> int:
    """For how many items a picture is shown: as many as there may be where none are written."""
    spec = fields.get(around.repeat or "") if around else None
    return (len(_items(spec)) or spec.max_items) if isinstance(spec, ListField) else 1


def _side(side: float | str | None, most: int) -> float:
    """Pixels of a side: all there are for a picture that fills its row or column."""
    return most if isinstance(side, str) else side or 0.0


def _opaque(background: str) -> bool:
    return not has_liquid(background) and parse_color(background)[3] == 255
