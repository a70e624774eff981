"""The document's own properties, beside its fields and layers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Literal

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.countdown import Countdown
from postcard.template.fields.field_types import Field
from postcard.template.layers.group import AnyLayer, GroupLayer, Layer
from postcard.template.properties.lengths import Meta
from postcard.template.properties.paints import ColorText
from postcard.template.properties.text_style import Direction, Families, Style
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import CONFIG, Liquid, Rule
from postcard.template.schema.validators import (
    known_locale,
    known_zone,
    plain_color,
    readable_image,
)

Pixels = Annotated[int, Ge(1), Le(5000)]
Layers = tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture drawn at publish: a `source`, or `layers`, or a `text` on a card."""

    __pydantic_config__ = CONFIG

    source: Annotated[str, Rule(readable_image)] | None = None
    layers: Layers | None = None
    text: Annotated[str, Len(1, 1000)] | None = None
    color: Annotated[str, Rule(plain_color)] | None = None
    background: Annotated[str, Rule(plain_color)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template as it is written; lengths in CSS pixels."""

    __pydantic_config__ = CONFIG

    schema_: str | None = None
    name: Annotated[str, Len(0, 200)] | None = None
    width: Pixels
    height: Pixels
    alt: Annotated[str, Len(0, 5000), Liquid("plain")] = ""
    background: ColorText = "#ffffff"
    color: ColorText = "#000000"
    font: Families = "Inter"
    direction: Direction = "auto"
    locale: Annotated[str, Len(1, 1000), Liquid("locale"), Rule(known_locale)] = "en"
    time_zone: Annotated[str, Len(1, 1000), Liquid("zone"), Rule(known_zone)] = "UTC"
    numerals: Literal["latin", "native"] = "latin"
    styles: Mapping[str, Style] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    layers: Layers = ()
    countdown: Countdown | None = None
    format: Literal["png", "jpg", "jpeg", "webp", "avif", "gif", "auto"] = "png"
    quality: Annotated[int, Ge(1), Le(100)] | None = None
    max_bytes: Annotated[int, Ge(2000), Le(4_500_000)] | None = None
    fallback: StoredPicture | None = None
    ended: StoredPicture | None = None
    meta: Meta | None = None


def walk(
    layers: Sequence[AnyLayer], where: str = "/layers", depth: int = 1
) -> Iterator[tuple[AnyLayer, str, int]]:
    """Every layer, groups before what they hold, with its pointer and depth."""
    for index, layer in enumerate(layers):
        yield layer, f"{where}/{index}", depth
        if isinstance(layer, GroupLayer):
            yield from walk(layer.layers, f"{where}/{index}/layers", depth + 1)


def walk_all(document: Document) -> Iterator[tuple[AnyLayer, str, int]]:
    """The same for a whole document, the layers of its stored pictures last."""
    yield from walk(document.layers)
    for kind in ("fallback", "ended"):
        picture = getattr(document, kind)
        if picture and picture.layers:
            yield from walk(picture.layers, f"/{kind}/layers")
