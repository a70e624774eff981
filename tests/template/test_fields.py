"""Validation of fields in a document (template.md, "Fields")."""

import gc
from typing import Any

import pytest

from postcard.template.schema.validators import (
    MAX_PATTERN_BYTES,
    MAX_PATTERNS_BYTES,
    compiled_patterns,
)
from tests.template.template_cases import faults, template


@pytest.mark.parametrize(
    ("closed", "bounded"),
    [
        ({}, {"max_length": 9}),
        ({}, {"pattern": "[a-z]+"}),
        ({}, {"choices": ["a"]}),
        ({"type": "image"}, {"allowed_hosts": ["a.example"]}),
        ({"type": "number", "min": 1}, {"max": 2}),
    ],
)
def test_an_open_field_needs_a_bound(closed: dict[str, Any], bounded: dict[str, Any]) -> None:
    assert list(faults(fields={"a": {"open": True, **closed}})) == ["/fields/a/open"]
    assert faults(fields={"a": {"open": True, **closed, **bounded}}) == {}


@pytest.mark.parametrize("kind", ["boolean", "date", "color"])
def test_open_fields_of_other_types_need_no_bound(kind: str) -> None:
    assert faults(fields={"a": {"type": kind, "open": True}}) == {}


@pytest.mark.parametrize("key", ["default", "example"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"max_length": 2}, "abc"),
        ({"type": "number", "max": 2}, 3),
        ({"type": "boolean"}, "maybe"),
        ({"type": "date"}, "22.11.2026"),
        ({"type": "color"}, "reddish"),
        ({"type": "image", "allowed_hosts": ["a.example"]}, "https://b.example/x"),
    ],
)
def test_default_and_example_must_be_valid_values(
    key: str, field: dict[str, Any], value: Any
) -> None:
    assert list(faults(fields={"a": {**field, key: value}})) == [f"/fields/a/{key}"]


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ({"pattern": "("}, "pattern"),
        ({"pattern": "(?=x)x"}, "pattern"),  # RE2 looks nowhere but at what it reads
        ({"type": "number", "min": 2, "max": 1}, "min"),
        ({"type": "date", "min": "soon"}, "min"),
        ({"type": "number", "max_length": 2}, "max_length"),
        ({"max": 2}, "max"),
        ({"max_length": 0}, "max_length"),
        ({"type": "image", "allowed_hosts": ["https://a.example"]}, "allowed_hosts/0"),
        ({"type": "image", "allowed_hosts": ["*"]}, "allowed_hosts/0"),
        ({"requierd": True}, "requierd"),
    ],
)
def test_an_invalid_bound_is_reported_with_its_pointer(field: dict[str, Any], pointer: str) -> None:
    assert list(faults(fields={"a": field})) == [f"/fields/a/{pointer}"]


def test_a_blank_default_is_no_default() -> None:
    assert template(fields={"a": {"default": " "}}).default_values == {"a": None}


def test_a_pattern_with_catastrophic_backtracking_takes_no_time() -> None:
    compiled = template(fields={"a": {"pattern": "(a+)+b", "default": "aab"}})
    assert compiled.default_values == {"a": "aab"}
    attack = "a" * 1000
    assert faults(fields={"a": {"pattern": "(a+)+b", "default": attack}}) != {}


def living_patterns() -> int:
    gc.collect()
    return sum(type(one).__name__ == "_Regexp" for one in gc.get_objects())


def test_compiled_patterns_are_bounded_by_the_bytes_that_they_may_take() -> None:
    compiled_patterns.clear()
    before = living_patterns()
    for number in range(3 * MAX_PATTERNS_BYTES // MAX_PATTERN_BYTES):
        made = template(fields={"a": {"pattern": f"x{number}[a-z]*", "default": f"x{number}y"}})
        assert made.default_values == {"a": f"x{number}y"}
    assert 0 < (living_patterns() - before) * MAX_PATTERN_BYTES <= MAX_PATTERNS_BYTES
