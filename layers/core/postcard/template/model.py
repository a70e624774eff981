"""The document's own properties, beside its fields and layers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Literal

from postcard.formats import MAX_PICTURE_BYTES
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.countdown import Countdown
from postcard.template.fields.field_types import Field
from postcard.template.layers.group import AnyLayer, GroupLayer, Layer
from postcard.template.properties.lengths import Meta
from postcard.template.properties.paints import ColorString
from postcard.template.properties.text_style import Direction, Families, Style
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, Liquid, Validator
from postcard.template.schema.validators import (
    check_color,
    check_image_reference,
    check_locale,
    check_time_zone,
)

Pixels = Annotated[int, Ge(1), Le(5000)]
Layers = tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackPicture:
    """A picture drawn at publish: a `source`, or `layers`, or a `text` on a card."""

    __pydantic_config__ = PYDANTIC_CONFIG

    source: Annotated[str, Validator(check_image_reference)] | None = None
    layers: Layers | None = None
    text: Annotated[str, Len(1, 1000)] | None = None
    color: Annotated[str, Validator(check_color)] | None = None
    background: Annotated[str, Validator(check_color)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template as it is written; lengths in CSS pixels."""

    __pydantic_config__ = PYDANTIC_CONFIG

    schema_: str | None = None
    name: Annotated[str, Len(0, 200)] | None = None
    width: Pixels
    height: Pixels
    alt: Annotated[str, Len(0, 5000), Liquid("plain")] = ""
    background: ColorString = "#ffffff"
    color: ColorString = "#000000"
    font: Families = "Inter"
    direction: Direction = "auto"
    locale: Annotated[str, Len(1, 1000), Liquid("locale"), Validator(check_locale)] = "en"
    time_zone: Annotated[str, Len(1, 1000), Liquid("zone"), Validator(check_time_zone)] = "UTC"
    numerals: Literal["latin", "native"] = "latin"
    styles: Mapping[str, Style] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    layers: Layers = ()
    countdown: Countdown | None = None
    format: Literal["png", "jpg", "jpeg", "webp", "avif", "gif", "auto"] = "png"
    quality: Annotated[int, Ge(1), Le(100)] | None = None
    max_bytes: Annotated[int, Ge(2000), Le(MAX_PICTURE_BYTES)] | None = None
    fallback: FallbackPicture | None = None
    ended: FallbackPicture | None = None
    meta: Meta | None = None


def walk_layers(
    layers: Sequence[AnyLayer], where: str = "/layers", depth: int = 1
) -> Iterator[tuple[AnyLayer, str, int]]:
    """Every layer, groups before what they hold, with its pointer and depth."""
    for index, layer in enumerate(layers):
        yield layer, f"{where}/{index}", depth
        if isinstance(layer, GroupLayer):
            yield from walk_layers(layer.layers, f"{where}/{index}/layers", depth + 1)


def walk_all_layers(document: Document) -> Iterator[tuple[AnyLayer, str, int]]:
    """The same for a whole document, the layers of its stored pictures last."""
    yield from walk_layers(document.layers)
    for kind in ("fallback", "ended"):
        picture = getattr(document, kind)
        if picture and picture.layers:
            yield from walk_layers(picture.layers, f"/{kind}/layers")
