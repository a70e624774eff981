"""The template document: its top-level properties, and walks over its layers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Literal

from postcard.image_formats import MAX_PICTURE_BYTES
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.countdown import Countdown
from postcard.template.fields.field_types import Field
from postcard.template.layers.group import AnyLayer, GroupLayer, Layer
from postcard.template.properties.lengths import Meta
from postcard.template.properties.paints import ColorString
from postcard.template.properties.text_style import Direction, Families, Style
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, Liquid, SchemaHint, Validator
from postcard.template.schema.validators import (
    check_color,
    check_image_reference,
    check_locale_or_liquid,
    check_time_zone_or_liquid,
)

Pixels = Annotated[int, Ge(1), Le(5000), SchemaHint(unit="px")]
Layers = tuple[Layer, ...]
Locale = Annotated[str, Len(1, 1000), Liquid("locale"), Validator(check_locale_or_liquid)]
TimeZone = Annotated[str, Len(1, 1000), Liquid("zone"), Validator(check_time_zone_or_liquid)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackPicture:
    """A picture rendered at publish and served instead: a `source`, `layers`, or a `text`.

    `color` and `background` are those of a `text`.
    """

    __pydantic_config__ = PYDANTIC_CONFIG

    source: Annotated[str, Validator(check_image_reference), SchemaHint("asset")] | None = None
    layers: Layers | None = None
    text: Annotated[str, Len(1, 1000)] | None = None
    color: Annotated[str, Validator(check_color), SchemaHint("color")] | None = None
    background: Annotated[str, Validator(check_color), SchemaHint("color")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template document; lengths are in CSS pixels."""

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
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    numerals: Literal["latin", "native"] = "latin"
    styles: Mapping[str, Style] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    layers: Layers = ()
    countdown: Countdown | None = None
    format: Literal["png", "jpg", "jpeg", "webp", "avif", "gif", "auto"] = "png"
    quality: Annotated[int, Ge(1), Le(100)] | None = None
    max_bytes: Annotated[int, Ge(2000), Le(MAX_PICTURE_BYTES), SchemaHint(unit="bytes")] | None = (
        None
    )
    fallback: FallbackPicture | None = None
    ended: FallbackPicture | None = None
    meta: Meta | None = None


def fallback_pictures(document: Document) -> Iterator[tuple[FallbackPicture, str]]:
    """The document's `fallback` and `ended`, where they are written, with their JSON pointers."""
    for picture, pointer in ((document.fallback, "/fallback"), (document.ended, "/ended")):
        if picture is not None:
            yield picture, pointer


def layer_lists(document: Document) -> Iterator[tuple[Layers, str]]:
    """The top-level layers of the document and of its fallback pictures, with JSON pointers."""
    yield document.layers, "/layers"
    for picture, pointer in fallback_pictures(document):
        yield picture.layers or (), f"{pointer}/layers"


def walk_layers(
    layers: Sequence[AnyLayer], pointer: str = "/layers", depth: int = 1
) -> Iterator[tuple[AnyLayer, str, int]]:
    """Every layer with its JSON pointer and depth; a group comes before its own layers."""
    for index, layer in enumerate(layers):
        yield layer, f"{pointer}/{index}", depth
        if isinstance(layer, GroupLayer):
            yield from walk_layers(layer.layers, f"{pointer}/{index}/layers", depth + 1)


def walk_all_layers(document: Document) -> Iterator[tuple[AnyLayer, str, int]]:
    """`walk_layers` for a whole document; the layers of its fallback pictures come last."""
    for layers, pointer in layer_lists(document):
        yield from walk_layers(layers, pointer)
