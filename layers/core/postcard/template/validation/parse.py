"""The template document: read at the door with every fault, or trusted once it was published."""

from functools import cache
from typing import Any

from postcard.errors import Fault, refuse
from postcard.json_text import read_json, write_json
from postcard.template.model import Document, StoredPicture
from postcard.template.schema.json_mapping import read, without_nulls
from postcard.template.validation.consistency import inconsistencies

__all__ = ["MAX_BYTES", "Document", "StoredPicture", "load", "parse", "schema"]

MAX_BYTES = 262_144  # of a document


def parse(body: str | bytes) -> Document:
    """A document at the door; `BadRequest` with every fault, its pointer and a guess."""
    from pydantic import ValidationError

    data = without_nulls(_object(body))
    try:
        document: Document = _adapter().validate_json(write_json(data))
    except ValidationError as error:
        from postcard.template.validation.pydantic_errors import faults_of

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
    data = read_json(body)
    size = len(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
    if not isinstance(data, dict):
        refuse([Fault("invalid_request", "", "A template is a JSON object.")])
    if size > MAX_BYTES:
        refuse([Fault("too_many", "", f"A template has at most {MAX_BYTES} bytes.")])
    return dict(data)


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Document)
