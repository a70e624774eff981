"""Every number and list of the gallery's documents, tried on its limits and just beyond."""

import copy
import math
from typing import Any

import pytest

from local import docs_gallery as gallery
from postcard.json_text import json_pointer
from tests.template.document_parts import Part, walk_parts
from tests.template.template_cases import faults


def _is_bounded(part: Part) -> bool:
    if type(part.value) in (int, float):
        return part.schema.get("type") in ("number", "integer") and "maximum" in part.schema
    return isinstance(part.value, list) and "maxItems" in part.schema


CASES = {
    part.name: (entry.document, part)
    for section in gallery.load_sections()
    for entry in section.entries
    for part in walk_parts(entry.document)
    if _is_bounded(part) and "prefixItems" not in part.schema
}


def values_on_limits(part: Part) -> list[Any]:
    """The minimum and the maximum."""
    if isinstance(part.value, list):
        return [[part.value[0]] * part.schema.get(key, 0) for key in ("minItems", "maxItems")]
    return [part.schema[key] for key in ("minimum", "maximum") if key in part.schema]


def values_beyond_limits(part: Part) -> list[Any]:
    """The nearest values below the minimum and above the maximum."""
    schema = part.schema
    if isinstance(part.value, list):
        too_short = [[part.value[0]] * (schema["minItems"] - 1)] if schema.get("minItems") else []
        return [*too_short, [part.value[0]] * (schema["maxItems"] + 1)]
    if schema["type"] == "integer":
        return [schema["minimum"] - 1, schema["maximum"] + 1]
    below = schema.get("exclusiveMinimum", math.nextafter(schema.get("minimum", 0), -math.inf))
    return [below, math.nextafter(schema["maximum"], math.inf)]


def is_refused(document: dict[str, Any], part: Part, value: Any) -> bool:
    """Whether the document is refused for this value."""
    changed: Any = copy.deepcopy(document)
    parent = changed
    for step in part.path[:-1]:
        parent = parent[step]
    parent[part.path[-1]] = value
    return any(found.startswith(json_pointer(*part.path)) for found in faults(**changed))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_value_on_its_limit_is_accepted_and_the_next_is_refused(name: str) -> None:
    document, part = CASES[name]
    assert [value for value in values_on_limits(part) if is_refused(document, part, value)] == []
    assert [
        value for value in values_beyond_limits(part) if not is_refused(document, part, value)
    ] == []


def test_the_gallery_covers_every_kind_of_limit() -> None:
    assert len(CASES) > 120
    assert {"Shadow.blur", "Countdown.frames", "LinearGradient.stops"} <= set(CASES)
