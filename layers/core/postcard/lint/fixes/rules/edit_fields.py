"""Removes a field that nothing shows, and gives a required field an example."""

import re
from collections.abc import Iterator
from typing import Any

from postcard.errors import Fault
from postcard.json_text import canonical_json, json_pointer
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import pointer_steps, remove, set_value
from postcard.template.fields.field_types import AnyField, ListField, TextField

_OF_PATTERNS = ("ABCDEFGH12", "12345678", "123456", "AB123", "A1", "ABC-123", "abc", "1", "A")
_SAMPLES = {"number": 1, "date": "2027-01-31", "color": "#336699", "boolean": True}


def remove_unused_field(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """Links that still give the field ignore it; calls of the API that give it are refused."""
    steps = pointer_steps(finding.pointer)
    name, owner = steps[-1], f" of the items in {steps[1]}" if len(steps) > 2 else ""
    detail = (
        f"Remove the field {name}{owner}, which nothing shows. Links that still give it ignore it; "
        "calls of the API must not give it any more."
    )
    yield Fix((remove(finding.pointer),), detail)


def add_example(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """A value of the field's type within its bounds."""
    name = pointer_steps(finding.pointer)[1]
    field = examined.template.fields[name]
    for example in _examples(name, field, examined):
        detail = f"Give the field {name} the example {_spoken(example)}, which previews then show."
        pointer = json_pointer("fields", name, "example")
        yield Fix((set_value(examined.document, pointer, example),), detail)


def _examples(name: str, field: AnyField, examined: Examination) -> Iterator[Any]:
    if isinstance(field, ListField):
        item = {
            key: next(_examples(key, inner, examined), None) for key, inner in field.items.items()
        }
        yield [{key: value for key, value in item.items() if value is not None}]
    elif isinstance(field, TextField):
        yield from _texts(name, field)
    elif field.type == "image":
        yield from sorted(examined.template.named_assets)[:1]
    elif (least := getattr(field, "min", None)) is not None:
        yield least if field.type == "date" or least % 1 else int(least)
    elif (most := getattr(field, "max", None)) is not None:
        yield most if field.type == "date" or most % 1 else int(most)
    else:
        yield _SAMPLES[field.type]


def _texts(name: str, field: TextField) -> Iterator[str]:
    if field.choices:
        yield field.choices[0]
    elif field.pattern:
        yield from _OF_PATTERNS
    else:
        words = re.sub("[_-]+", " ", name).strip().capitalize() or "Example"
        yield words[: field.max_length].strip()


def _spoken(example: Any) -> str:
    return f"“{example}”" if isinstance(example, str) else canonical_json(example)
