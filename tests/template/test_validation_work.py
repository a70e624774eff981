"""The work of validating a document or a value is bounded, however many faults it has."""

from collections.abc import Callable
from typing import Any

import pytest

from postcard.errors import MAX_FAULTS, BadRequest, faults_to_json
from postcard.template.fields.field_types import ListField, TextField
from postcard.template.fields.list_values import read_list
from postcard.template.validation.parse import parse_document
from tests.steps import count_steps
from tests.template.template_cases import document, faults

TEXT = {"type": "text", "text": "x"}


def unknown_properties(count: int) -> str:
    return document(layers=[{**TEXT, **{f"k{index}": "" for index in range(count)}}])


def wrong_types(count: int) -> str:
    return document(layers=[{"type": "tekst"}] * count)


def list_fields(count: int, max_items: int = 100) -> str:
    items = {name: {"default": ""} for name in "abcdef"}
    spec = {"type": "list", "max_items": max_items, "items": items}
    return document(layers=[], fields={f"list{index}": spec for index in range(count)})


def many_layers(count: int) -> str:
    return document(layers=[{**TEXT, "style": "none"}] * count)


@pytest.mark.parametrize("make", [unknown_properties, wrong_types])
def test_no_faults_are_looked_for_past_the_hundredth(make: Callable[[int], str]) -> None:
    def steps(count: int) -> int:
        return count_steps(lambda: parse_document(make(count)))

    steps(1)  # compiles the validator
    more_faults = steps(2_000) - steps(MAX_FAULTS + 1)
    assert more_faults < 2_000 * 300  # of reading the JSON; a fault's message takes 10,000


@pytest.mark.parametrize("make", [list_fields, many_layers])
def test_a_document_that_is_too_large_is_checked_for_nothing_else(
    make: Callable[[int], str],
) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_document(make(400))
    assert [fault.code for fault in refused.value.errors] == ["too_many_items"]


def test_too_many_list_fields_are_not_counted_item_by_item() -> None:
    def steps(max_items: int) -> int:
        return count_steps(lambda: parse_document(list_fields(50, max_items=max_items)))

    short, long = steps(1), steps(100)
    assert long < 1.2 * short


def test_a_long_key_above_many_faults_is_not_repeated_in_each_pointer() -> None:
    wrong = {f"k{index}": "" for index in range(1_000)}
    found = faults(layers=[], fields={"x" * 100_000: wrong})
    assert sum(len(pointer) for pointer in found) < 100 * 500


def test_a_long_unknown_property_is_refused_without_a_suggestion() -> None:
    found = faults(layers=[{**TEXT, "colour" * 10_000: "red"}])
    assert found["/layers/0"].startswith("unknown property; there are ")
    assert faults(layers=[{**TEXT, "colour": "red"}])["/layers/0/colour"].endswith("color?")


def test_a_detail_that_lists_every_name_is_cut() -> None:
    styles = {f"style{index}": {"color": "red"} for index in range(2_000)}
    with pytest.raises(BadRequest) as refused:
        parse_document(document(layers=[{**TEXT, "style": "none"}], styles=styles))
    (shown,) = faults_to_json(refused.value.errors)
    assert shown["detail"].startswith("There is no style none; there are style0, ")
    assert len(shown["detail"]) == 2_000


def test_the_faults_of_one_item_do_not_slow_down_the_next() -> None:
    spec = ListField(max_items=100, items={name: TextField(required=True) for name in "abc"})
    wrong: list[dict[str, Any]] = [{f"k{index}": "" for index in range(50)}]

    def steps(count: int) -> int:
        return count_steps(lambda: read_list(spec, wrong * count))

    few, many = steps(10), steps(100)
    assert many < 12 * few
