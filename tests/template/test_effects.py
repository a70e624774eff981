"""Validation of shadows, blend modes, filters and flips in a document."""

from typing import Any

import pytest

from postcard.template.validation.document_schema import document_schema
from postcard.template.validation.parse import load_published, parse_document
from tests.template.template_cases import document, faults, template

TEXT = {"type": "text", "text": "x"}
IMAGE = {"type": "image", "source": "asset:x"}
EVERY_KIND: list[dict[str, Any]] = [
    TEXT,
    IMAGE,
    {"type": "rectangle", "width": 9, "height": 9},
    {"type": "ellipse", "width": 9, "height": 9},
    {"type": "line", "width": 9, "height": 9},
    {"type": "path", "width": 9, "height": 9, "view": [1, 1], "d": "M0 0L1 1"},
    {"type": "qr", "value": "x", "width": 90},
    {"type": "barcode", "symbology": "code128", "value": "x", "width": 90},
    {"type": "progress", "value": 1, "width": 9, "height": 9},
    {"type": "rating", "value": 1, "height": 9},
    {"type": "group"},
]
EFFECTS = {"shadow": {"x": 1, "y": -2.5, "blur": 3, "color": "red"}, "blend": "multiply"}


def faults_of(layer: dict[str, Any]) -> set[str]:
    return {where.removeprefix("/layers/0") for where in faults(layers=[layer])}


def test_every_layer_takes_a_shadow_and_a_blend_mode() -> None:
    assert faults(layers=[{**layer, **EFFECTS} for layer in EVERY_KIND]) == {}


def test_a_published_document_loads_as_it_was_validated() -> None:
    filter = {"grayscale": 1, "blur": 2, "brightness": 0, "contrast": 3, "saturation": 2,
              "tint": "#00000080"}  # fmt: skip
    picture = {**IMAGE, "filter": filter, "flip": "both"}
    body = document(layers=[{**layer, **EFFECTS} for layer in [*EVERY_KIND, picture]])
    assert load_published(body) == parse_document(body)


@pytest.mark.parametrize(
    ("shadow", "pointer"),
    [
        ({"blur": 200}, None),
        ({"blur": 200.5}, "/shadow/blur"),
        ({"blur": 0}, None),
        ({"blur": -1}, "/shadow/blur"),
        ({"x": 1000, "y": -1000}, None),
        ({"x": 1001}, "/shadow/x"),
        ({"y": -1001}, "/shadow/y"),
        ({"color": "rgb(0 0 0 / 30%)"}, None),
        ({"color": "shade"}, "/shadow/color"),
        ({"spread": 3}, "/shadow/spread"),
        ({}, None),
        ("none", "/shadow"),
    ],
)
def test_shadow_properties_are_validated(shadow: Any, pointer: str | None) -> None:
    assert faults_of({**TEXT, "shadow": shadow}) == ({pointer} if pointer else set())


@pytest.mark.parametrize(
    ("filter", "pointer"),
    [
        ({"grayscale": 0}, None),
        ({"grayscale": 1}, None),
        ({"grayscale": 1.1}, "/filter/grayscale"),
        ({"grayscale": True}, "/filter/grayscale"),
        ({"blur": 200}, None),
        ({"blur": 201}, "/filter/blur"),
        ({"blur": -1}, "/filter/blur"),
        ({"brightness": 0, "contrast": 0, "saturation": 0}, None),
        ({"brightness": 10, "contrast": 10, "saturation": 10}, None),
        ({"brightness": 10.1}, "/filter/brightness"),
        ({"contrast": -0.1}, "/filter/contrast"),
        ({"saturation": 11}, "/filter/saturation"),
        ({"tint": "navy"}, None),
        ({"tint": "sepia"}, "/filter/tint"),
        ({"sepia": 1}, "/filter/sepia"),
        ({}, None),
    ],
)
def test_filter_properties_are_validated(filter: Any, pointer: str | None) -> None:
    assert faults_of({**IMAGE, "filter": filter}) == ({pointer} if pointer else set())


@pytest.mark.parametrize("blend", ["normal", "multiply", "screen", "overlay", "darken", "lighten"])
def test_every_blend_mode_is_accepted(blend: str) -> None:
    assert faults_of({**TEXT, "blend": blend}) == set()


def test_unknown_blend_modes_flips_and_misplaced_effects_are_refused() -> None:
    assert faults_of({**TEXT, "blend": "difference"}) == {"/blend"}
    assert faults_of({**IMAGE, "flip": "diagonal"}) == {"/flip"}
    assert faults_of({**TEXT, "flip": "both"}) == {"/flip"}
    assert faults_of({"type": "rectangle", "width": 1, "height": 1, "filter": {}}) == {"/filter"}


def test_the_colours_of_effects_may_be_liquid_that_is_checked_at_publish() -> None:
    brand = {"brand": {"type": "color", "default": "#f00"}}
    colors = {"shadow": {"color": "{{ brand }}"}, "filter": {"tint": "{{ brand }}"}}
    assert faults(fields=brand, layers=[{**IMAGE, **colors}]) == {}
    slots = template(fields=brand, layers=[{**IMAGE, **colors}]).liquid_slots["/layers/0"]
    assert {slot.pointer for slot in slots} == {"/shadow/color", "/filter/tint"}
    assert set(faults(layers=[{**IMAGE, **colors}])) == {
        "/layers/0/shadow/color",
        "/layers/0/filter/tint",
    }


def test_the_json_schema_has_the_limits_of_effects() -> None:
    definitions = document_schema()["$defs"]
    assert definitions["Shadow"]["properties"]["blur"]["maximum"] == 200
    assert definitions["Filter"]["properties"]["saturation"]["maximum"] == 10
    assert "multiply" in definitions["TextLayer"]["properties"]["blend"]["enum"]
