"""The images that a document itself refers to, as `https://…` or `asset:ID`."""

import re
from collections.abc import Iterator
from datetime import UTC

from postcard.identifiers import ID_PATTERN
from postcard.json_text import json_pointer
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import default_items
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer
from postcard.template.model import Document, fallback_pictures, walk_all_layers
from postcard.template.schema.validators import has_liquid

_ASSET_IN_LIQUID = lazy_regex(rf"asset:{ID_PATTERN}(?![a-z0-9_-]|\{{\{{)", re.ASCII)


def named_assets(document: Document) -> Iterator[str]:
    """The assets that the document shows or whose whole names are in Liquid; some may repeat."""
    yield from (name for name in image_references(document) if name.startswith("asset:"))
    for layer, _, _ in walk_all_layers(document):
        if isinstance(layer, ImageLayer) and has_liquid(layer.source):
            yield from (match[0] for match in _ASSET_IN_LIQUID.finditer(layer.source))


def image_references(document: Document) -> Iterator[str]:
    """The references in layers, field defaults and fallback pictures; some may repeat."""
    for layer, _, _ in walk_all_layers(document):
        if isinstance(layer, ImageLayer) and layer.source and not has_liquid(layer.source):
            yield layer.source
        elif isinstance(layer, QrLayer) and layer.logo:
            yield layer.logo
    yield from (reference for reference, _ in default_images(document))
    yield from (picture.source for picture, _ in fallback_pictures(document) if picture.source)


def default_images(document: Document) -> Iterator[tuple[str, str]]:
    """The image references in field defaults, each with its JSON pointer."""
    for name, field in document.fields.items():
        pointer = json_pointer("fields", name)
        yield from _default_image(field, pointer)
        if isinstance(field, ListField):
            for key, item_field in field.items.items():
                yield from _default_image(item_field, f"{pointer}{json_pointer('items', key)}")
            yield from _default_item_images(field, pointer)


def _default_image(field: AnyField, pointer: str) -> Iterator[tuple[str, str]]:
    if field.type == "image" and isinstance(field.default, str) and field.default:
        yield field.default, f"{pointer}/default"


def _default_item_images(field: ListField, pointer: str) -> Iterator[tuple[str, str]]:
    image_keys = [key for key, item_field in field.items.items() if item_field.type == "image"]
    for index, item in enumerate(default_items(field, UTC) or ()):
        for key in image_keys:
            if item[key]:
                yield str(item[key]), f"{pointer}{json_pointer('default', index, key)}"
