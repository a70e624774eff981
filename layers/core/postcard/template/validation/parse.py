"""Parses a template document: validated with every fault, or trusted once it is published."""

from functools import cache
from typing import Any

from postcard.errors import Fault, raise_faults
from postcard.json_text import canonical_json, parse_json
from postcard.template.model import Document
from postcard.template.schema.json_mapping import from_json, without_nulls
from postcard.template.validation.document_checks import document_faults

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "Document",
    "document_adapter",
    "load_published",
    "parse_document",
    "validate_document",
]

MAX_DOCUMENT_BYTES = 262_144


def parse_document(body: str | bytes) -> Document:
    """Parses and validates an untrusted document; raises `BadRequest` with every fault."""
    data = parse_json(body)
    size = len(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
    return validate_document(data, size)


def validate_document(data: Any, size: int | None = None) -> Document:
    """Validates an untrusted document that is parsed already; raises `BadRequest` with every fault.

    `size` are the bytes of its text; None: those of its canonical text.
    """
    from pydantic import ValidationError

    if not isinstance(data, dict):
        raise_faults([Fault("invalid_request", "", "A template is a JSON object.")])
    data = without_nulls(data)
    text = canonical_json(data)
    if size is None:
        size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_DOCUMENT_BYTES:
        raise_faults(
            [Fault("too_many_items", "", f"A template has at most {MAX_DOCUMENT_BYTES} bytes.")]
        )
    try:
        document: Document = document_adapter().validate_json(text)
    except ValidationError as error:
        from postcard.template.validation.pydantic_errors import faults_from_pydantic

        raise_faults(faults_from_pydantic(error, data, Document))
        raise
    raise_faults(document_faults(document))
    return document


def load_published(body: str | bytes) -> Document:
    """Parses a published document into what `parse_document` returned for it; validates nothing."""
    return from_json(Document, without_nulls(parse_json(body)))


@cache
def document_adapter() -> Any:
    """Pydantic's validation of documents, built once a process."""
    from pydantic import TypeAdapter

    return TypeAdapter(Document)
