"""The template document: read at the door with every fault, or trusted once it was published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, Len

from postcard.errors import Fault
from postcard.json_text import read_json, write_json
from postcard.template.base import Meta
from postcard.template.fields import Field
from postcard.template.group import Layer
from postcard.template.letters import Direction, Families, Style
from postcard.template.paints import ColorText
from postcard.template.rules import known_locale, known_zone, plain_color, readable_image
from postcard.template.shape import CONFIG, Liquid, Rule, read, without_nulls

MAX_BYTES = 262_144  # of a document

Pixels = Annotated[int, Ge(1), Le(5000)]
Layers = tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture drawn at publish: a `source`, or `layers`, or a `text` on a card."""

    __pydantic_config__ = CONFIG
    later: ClassVar[tuple[str, ...]] = ()

    source: Annotated[str, Rule(readable_image)] | None = None
    layers: Layers | None = None
    text: Annotated[str, Len(1, 1000)] | None = None
    color: Annotated[str, Rule(plain_color)] | None = None
    background: Annotated[str, Rule(plain_color)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template as it is written; lengths in CSS pixels."""

    __pydantic_config__ = CONFIG
    later: ClassVar[tuple[str, ...]] = ("countdown",)

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
    format: Literal["png", "jpg", "jpeg", "webp", "avif", "gif", "auto"] = "png"
    quality: Annotated[int, Ge(1), Le(100)] | None = None
    max_bytes: Annotated[int, Ge(2000), Le(4_500_000)] | None = None
    fallback: StoredPicture | None = None
    ended: StoredPicture | None = None
    meta: Meta | None = None


def parse(body: str | bytes) -> Document:
    """A document at the door; `BadRequest` with every fault, its pointer and a guess."""
    from pydantic import ValidationError

    from postcard.template.changes import refuse
    from postcard.template.consistency import inconsistencies
    from postcard.template.document_faults import faults_of

    data = without_nulls(_object(body))
    try:
        document: Document = _adapter().validate_json(write_json(data))
    except ValidationError as error:
        refuse(faults_of(error, data, Document))
        raise
    refuse(list(inconsistencies(document)))
    return document


def load(body: str | bytes) -> Document:
    """A document that was published: what `parse` gave for it, without validating again."""
    return read(Document, without_nulls(read_json(body)))


def schema() -> dict[str, Any]:
    """The JSON Schema of documents."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postcard template",
        **_adapter().json_schema(by_alias=True),
    }


def _object(body: str | bytes) -> dict[str, Any]:
    from postcard.template.changes import refuse

    data = read_json(body)
    size = len(body.encode() if isinstance(body, str) else body)
    if not isinstance(data, dict):
        refuse([Fault("invalid_request", "", "A template is a JSON object.")])
    if size > MAX_BYTES:
        refuse([Fault("too_many", "", f"A template has at most {MAX_BYTES} bytes.")])
    return dict(data)


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Document)
