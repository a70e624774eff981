"""Documents and templates for the tests of template/."""

import json
from typing import Any

from postcard.errors import BadRequest
from postcard.template.bind import Bound, Mode, bind
from postcard.template.compiled import Template
from postcard.template.modifications import changes_from_link, changes_from_modifications
from postcard.template.validation.parse import parse


def document(**properties: Any) -> str:
    return json.dumps({"width": 200, "height": 100, **properties})


def template(**properties: Any) -> Template:
    return Template.compile("demo", 1, parse(document(**properties)))


def faults(**properties: Any) -> dict[str, str]:
    """Pointer → detail of everything that is wrong at publish."""
    try:
        template(**properties)
    except BadRequest as refused:
        return {fault.pointer: fault.detail for fault in refused.errors}
    return {}


def posted(made: Template, *modifications: dict[str, Any], mode: Mode = "error") -> Bound:
    return bind(made, changes_from_modifications(made, modifications), mode=mode)


def linked(made: Template, **fields: str) -> Bound:
    return bind(made, changes_from_link(made, fields), mode="link")


def refusals(made: Template, *modifications: dict[str, Any]) -> dict[str, str]:
    """Pointer → code of what a POST is refused for."""
    try:
        posted(made, *modifications)
    except BadRequest as refused:
        return {fault.pointer: fault.code for fault in refused.errors}
    return {}
