"""Findings about valid documents."""

from typing import Any

import pytest

from postcard.lint.checks import check_template
from postcard.template.compiled import Template
from tests.template import template_cases

TEXT = {"type": "text", "text": "x"}


def template(**properties: Any) -> Template:
    """A template that is no small picture."""
    return template_cases.template(**{"height": 101, **properties})


def found(families: list[str] | None = None, **properties: Any) -> list[tuple[str, str]]:
    return [(f.code, f.pointer) for f in check_template(template(**properties), families)]


def test_a_field_that_nothing_shows_is_a_finding() -> None:
    fields: dict[str, Any] = {
        name: {} for name in ("text", "condition", "colour", "words", "unused")
    }
    layers = [
        {**TEXT, "text": "{{ text }} unused", "if": "condition == 'a'", "color": "{{ colour }}"},
    ]
    assert found(fields=fields, layers=layers, alt="{{ words }}") == [
        ("unused_field", "/fields/unused")
    ]


def test_a_required_field_without_example_or_default_is_a_finding() -> None:
    def is_reported(**field: Any) -> bool:
        layers = [{**TEXT, "text": "{{ a }}"}]
        return found(fields={"a": field}, layers=layers) == [("missing_example", "/fields/a")]

    assert is_reported(required=True)
    assert not is_reported(required=True, example="x")
    assert not is_reported(required=True, default="x")
    assert not is_reported()


@pytest.mark.parametrize(
    ("place", "outside"),
    [
        ({"x": 200}, True),
        ({"x": 199}, False),
        ({"y": 101}, True),
        ({"x": -10, "width": 10}, True),
        ({"x": -10, "width": 11}, False),
        ({"x": -10, "width": 10, "rotation": 45}, False),
        ({"x": -10}, False),
    ],
)
def test_a_layer_wholly_outside_the_canvas_is_a_finding(
    place: dict[str, Any], outside: bool
) -> None:
    assert (found(layers=[{**TEXT, **place}]) == [("outside_canvas", "/layers/0")]) is outside


def test_overlapping_copies_of_a_repeated_group_are_a_finding() -> None:
    copies = {"type": "group", "repeat": "products", "layers": [{**TEXT, "text": "{{ item.a }}"}]}

    def findings(layer: dict[str, Any], **rest: Any) -> list[tuple[str, str]]:
        products = {"type": "list", "items": {"a": {}}, **rest}
        return found(fields={"products": products}, layers=[layer])

    def within(flow: str) -> dict[str, Any]:
        return {"type": "group", "flow": flow, "layers": [copies]}

    assert (
        findings(copies)
        == findings({**copies, "flow": "row"})
        == [("overlapping_items", "/layers/0/repeat")]
    )
    assert findings(within("none")) == [("overlapping_items", "/layers/0/layers/0/repeat")]
    assert findings(within("row")) == findings(within("column")) == []
    assert findings(copies, max_items=1) == findings({**copies, "if": "forloop.first"}) == []


def test_a_code_too_small_for_any_text_and_a_picture_without_size_are_findings() -> None:
    code = {"type": "qr", "value": "x"}
    assert found(layers=[{**code, "width": 57}]) == [("code_too_small", "/layers/0")]
    assert found(layers=[{**code, "width": 58}]) == []
    bars = {"type": "barcode", "symbology": "ean13", "value": "400638133393", "height": 20}
    assert found(layers=[{**bars, "width": 112}]) == [("code_too_small", "/layers/0")]
    assert found(layers=[{**bars, "width": 113}]) == []
    assert found(layers=[{"type": "image", "source": "asset:a"}]) == [("missing_size", "/layers/0")]


def test_an_unknown_font_is_a_finding_where_it_is_named() -> None:
    layers = [{"type": "text", "text": [{"text": "x", "font": ["Inter", "Comic"]}]}]
    styles = {"a": {"font": "Papyrus"}}
    assert found(["Inter"], layers=layers, styles=styles) == [
        ("unknown_font", "/styles/a/font"),
        ("unknown_font", "/layers/0/text/0/font"),
    ]
    assert found(None, layers=layers, styles=styles) == []


def test_a_list_is_shown_by_a_repeat_and_each_field_of_its_items_by_its_name() -> None:
    items: dict[str, Any] = {key: {} for key in ("name", "price", "note", "unused")}
    fields: dict[str, Any] = {"products": {"type": "list", "items": items}}
    group = {"type": "group", "repeat": "products", "layers": [{**TEXT, "text": "{{ item.name }}"}]}
    joined = {**TEXT, "text": '{{ products | map: "note" | join }}'}
    layers = [{**group, "if": "item.price"}, joined]
    assert found(fields=fields, layers=layers) == [
        ("unused_field", "/fields/products/items/unused")
    ]
    assert found(fields=fields, layers=[TEXT]) == [("unused_field", "/fields/products")]
    still = {**group, "layers": [TEXT]}
    row = {"type": "group", "flow": "row", "layers": [still]}
    pointers = [pointer for _, pointer in found(fields=fields, layers=[row])]
    assert pointers == [f"/fields/products/items/{key}" for key in sorted(items)]


def test_a_list_that_is_required_has_an_example_or_its_items_have() -> None:
    copies = {"type": "group", "repeat": "a", "layers": [{**TEXT, "text": "{{ item.b }}"}]}
    group = {"type": "group", "flow": "column", "layers": [copies]}

    def findings(item: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
        spec = {"type": "list", "required": True, "items": {"b": item}, **more}
        return found(fields={"a": spec}, layers=[group])

    assert findings({}) == [("missing_example", "/fields/a")]
    assert findings({"example": "x"}) == []
    assert findings({}, example=[{"b": "x"}]) == []


@pytest.mark.parametrize("name", ["currency", "copy", "region", "section", "notes", "timestamp"])
def test_a_field_name_that_begins_like_an_html_entity_is_a_finding(name: str) -> None:
    layers = [{**TEXT, "text": f"{{{{ {name} }}}}"}]
    assert found(fields={name: {}}, layers=layers) == [("html_entity_name", f"/fields/{name}")]


@pytest.mark.parametrize("name", ["cop", "first_copy", "order", "euro", "hellip", "alpha", "name"])
def test_names_that_no_parser_takes_for_an_entity_are_no_finding(name: str) -> None:
    assert found(fields={name: {}}, layers=[{**TEXT, "text": f"{{{{ {name} }}}}"}]) == []
