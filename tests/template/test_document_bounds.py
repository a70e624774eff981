"""Every number and every list of a document, on its bounds and beyond: tried on the gallery's."""

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


def on_its_bounds(part: Part) -> list[Any]:
    """The least and the most that are good."""
    if isinstance(part.value, list):
        return [[part.value[0]] * part.schema.get(key, 0) for key in ("minItems", "maxItems")]
    return [part.schema[key] for key in ("minimum", "maximum") if key in part.schema]


def beyond_them(part: Part) -> list[Any]:
    """The nearest that are not."""
    said = part.schema
    if isinstance(part.value, list):
        few = [[part.value[0]] * (said["minItems"] - 1)] if said.get("minItems") else []
        return [*few, [part.value[0]] * (said["maxItems"] + 1)]
    if said["type"] == "integer":
        return [said["minimum"] - 1, said["maximum"] + 1]
    least = said.get("exclusiveMinimum", math.nextafter(said.get("minimum", 0), -math.inf))
    return [least, math.nextafter(said["maximum"], math.inf)]


def is_wrong(document: dict[str, Any], part: Part, value: Any) -> bool:
    """Whether the document is refused for this value."""
    changed: Any = copy.deepcopy(document)
    holder = changed
    for step in part.path[:-1]:
        holder = holder[step]
    holder[part.path[-1]] = value
    return any(found.startswith(json_pointer(*part.path)) for found in faults(**changed))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_value_on_its_bound_is_taken_and_the_next_is_refused(name: str) -> None:
    document, part = CASES[name]
    assert [value for value in on_its_bounds(part) if is_wrong(document, part, value)] == []
    assert [value for value in beyond_them(part) if not is_wrong(document, part, value)] == []


def test_the_gallery_has_a_case_of_every_kind() -> None:
    assert len(CASES) > 120
    assert {"Shadow.blur", "Countdown.frames", "LinearGradient.stops"} <= set(CASES)
