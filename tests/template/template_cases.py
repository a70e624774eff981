"""Documents and templates for the tests of template/."""

import json
from typing import Any

from postcard.errors import BadRequest
from postcard.template.bind import BindMode, BoundValues, bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json, modifications_from_link
from postcard.template.validation.parse import parse_document


def document(**properties: Any) -> str:
    return json.dumps({"width": 200, "height": 100, **properties})


def template(**properties: Any) -> Template:
    return Template.compile("demo", 1, parse_document(document(**properties)))


def faults(**properties: Any) -> dict[str, str]:
    """Pointer → detail of every fault at publish."""
    try:
        template(**properties)
    except BadRequest as error:
        return {fault.pointer: fault.detail for fault in error.errors}
    return {}


def bind_modifications(
    compiled: Template, *modifications: dict[str, Any], mode: BindMode = "error"
) -> BoundValues:
    return bind(compiled, modifications_from_json(compiled, modifications), mode=mode)


def bind_link(compiled: Template, **fields: str) -> BoundValues:
    return bind(compiled, modifications_from_link(compiled, fields), mode="link")


def refusal_codes(compiled: Template, *modifications: dict[str, Any]) -> dict[str, str]:
    """Pointer → code of every fault of a POST."""
    try:
        bind_modifications(compiled, *modifications)
    except BadRequest as error:
        return {fault.pointer: fault.code for fault in error.errors}
    return {}
