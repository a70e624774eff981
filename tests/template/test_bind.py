"""Binding modifications to a template: addressing, missing and bad values (template.md)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.errors import BadRequest
from postcard.template.bind import BoundValues, bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json, modifications_from_link
from tests.template.template_cases import bind_link, bind_modifications, refusal_codes, template

FIELDS = {
    "name": {"default": "there", "max_length": 5, "example": "Alex"},
    "code": {"required": True, "pattern": "[A-Z]+"},
    "tier": {"required": True, "default": "gold"},
    "note": {},
    "points": {"type": "number", "default": 0},
    "at": {"type": "date"},
    "ok": {"type": "boolean"},
    "photo": {"type": "image"},
}
LAYERS = [
    {"type": "text", "name": "title", "text": "Hi {{ name }}"},
    {"type": "text", "name": "name", "text": "{{ name }}"},
    {"type": "image", "name": "hero", "source": "asset:hero"},
    {"type": "rectangle", "name": "card", "width": 9, "height": 9},
    {
        "type": "group",
        "name": "box",
        "layers": [{"type": "qr", "name": "qr", "value": "x", "width": 50}],
    },
]


@pytest.fixture(scope="module")
def compiled() -> Template:
    return template(fields=FIELDS, layers=LAYERS)


CODE = {"name": "code", "text": "ABC"}


# Missing and bad values


def test_a_missing_value_is_the_default_in_every_mode(compiled: Template) -> None:
    tier = {"name": "tier", "text": "x"}
    for bound in (
        bind_modifications(compiled, CODE, tier),
        bind_modifications(compiled, CODE, mode="default"),
        bind_link(compiled, code="ABC"),
    ):
        assert bound.values["name"] == "there"


def test_a_missing_value_without_a_default_is_none_in_every_mode(compiled: Template) -> None:
    assert bind_modifications(compiled, CODE, {"name": "tier", "text": "x"}).values["note"] is None
    assert bind_link(compiled, code="ABC").values["note"] is None


def test_a_missing_required_value_is_an_error_by_post_even_with_a_default(
    compiled: Template,
) -> None:
    assert refusal_codes(compiled) == {"/modifications": "missing_value"}
    with pytest.raises(BadRequest) as error:
        bind_modifications(compiled)
    assert [fault.detail.split()[0] for fault in error.value.errors] == ["code", "tier"]


def test_a_missing_required_value_in_a_link_is_the_default_or_else_the_fallback_picture(
    compiled: Template,
) -> None:
    bound = bind_link(compiled)
    assert bound.missing_required == ("code",)
    assert bound.values["tier"] == "gold"
    assert bind_link(compiled, code="ABC").missing_required == ()


def test_a_missing_required_value_is_a_warning_in_default_mode(compiled: Template) -> None:
    bound = bind_modifications(compiled, mode="default")
    assert bound.missing_required == ("code",)
    assert {warning.code for warning in bound.warnings} == {"missing_value"}


def test_a_bad_value_is_an_error_with_its_pointer_by_post(compiled: Template) -> None:
    assert refusal_codes(
        compiled, CODE, {"name": "tier", "text": "x"}, {"name": "name", "text": "Alexander"}
    ) == {"/modifications/2/text": "invalid_value"}


def test_a_bad_value_is_the_default_with_a_warning_in_default_mode(compiled: Template) -> None:
    bound = bind_modifications(compiled, CODE, {"name": "points", "text": "many"}, mode="default")
    assert bound.values["points"] == 0
    assert ("invalid_value", "/modifications/1/text") in [
        (w.code, w.pointer) for w in bound.warnings
    ]


def test_a_bad_value_in_a_link_is_the_default_and_is_counted(compiled: Template) -> None:
    bound = bind_link(compiled, code="abc", points="many")
    assert (bound.ignored_count, bound.missing_required, bound.warnings) == (2, ("code",), ())
    assert bound.values["points"] == 0


def test_all_faults_are_reported_at_once(compiled: Template) -> None:
    found = refusal_codes(
        compiled,
        {"name": "code", "text": "abc"},
        {"name": "tier", "text": "x"},
        {"name": "points", "value": "x"},
        {"name": "title", "color": "x"},
    )
    assert set(found) == {
        "/modifications/0/text",
        "/modifications/2/value",
        "/modifications/3/color",
    }


# Addressing by a request


def test_a_value_goes_to_the_field_and_a_property_to_the_layer_of_that_name(
    compiled: Template,
) -> None:
    bound = bind_link(compiled, code="ABC", name="Alex", **{"name.color": "red"})
    assert bound.values["name"] == "Alex"
    assert bound.layers == {"name": {"color": "red"}}


def test_a_value_goes_to_the_layer_if_there_is_no_field(compiled: Template) -> None:
    bound = bind_link(compiled, code="ABC", title="Hello", hero="asset:other", qr="y")
    assert bound.layers == {
        "title": {"value": "Hello"},
        "hero": {"value": "asset:other"},
        "qr": {"value": "y"},
    }


def test_two_entries_for_one_name_are_read_as_one(compiled: Template) -> None:
    rest = [CODE, {"name": "tier", "text": "x"}]
    bound = bind_modifications(
        compiled, *rest, {"name": "name", "text": "Alex"}, {"name": "name", "color": "red"}
    )
    assert (bound.values["name"], bound.layers["name"]) == ("Alex", {"color": "red"})


@pytest.mark.parametrize(
    ("entries", "pointer", "code"),
    [
        ([{"name": "nome", "text": "x"}], "/modifications/0/name", "unknown_name"),
        ([{"text": "x"}], "/modifications/0/name", "missing_value"),
        ([{"name": "name"}], "/modifications/0", "missing_value"),
        (
            [{"name": "name", "text": "a", "value": "b"}],
            "/modifications/0/value",
            "invalid_request",
        ),
        (
            [{"name": "name", "text": "a"}, {"name": "name", "text": "a"}],
            "/modifications/1/text",
            "invalid_request",
        ),
        (
            [{"name": "title", "color": "red"}, {"name": "title", "color": "red"}],
            "/modifications/1/color",
            "invalid_request",
        ),
        ([{"name": "card", "text": "a"}], "/modifications/0/text", "unknown_name"),
        ([{"name": "hero", "color": "red"}], "/modifications/0/color", "unknown_name"),
        ([{"name": "card", "background": "red"}], "/modifications/0/background", "unknown_name"),
        ([{"name": "note", "color": "red"}], "/modifications/0/color", "unknown_name"),
        ([{"name": "title", "size": 3}], "/modifications/0/size", "unknown_name"),
        (
            [{"name": "name", "image_url": "https://a.example"}],
            "/modifications/0/image_url",
            "invalid_value",
        ),
        (
            [{"name": "title", "image_url": "https://a.example"}],
            "/modifications/0/image_url",
            "invalid_value",
        ),
    ],
)
def test_a_modification_that_cannot_be_applied_is_refused_by_post(
    compiled: Template, entries: list[dict[str, Any]], pointer: str, code: str
) -> None:
    assert refusal_codes(compiled, *entries)[pointer] == code


def test_the_error_for_an_unknown_name_lists_the_known_names(compiled: Template) -> None:
    with pytest.raises(BadRequest) as error:
        bind_modifications(compiled, {"name": "nome", "text": "x"})
    detail = error.value.errors[0].detail
    assert all(name in detail for name in [*FIELDS, "title", "hero", "card", "box", "qr"])


@pytest.mark.parametrize(
    "name", ["nome", "nome.color", "hero.color", "title.size", "card", "title.text", "title.value"]
)
def test_a_parameter_that_cannot_be_applied_is_ignored_and_counted_by_link(
    compiled: Template, name: str
) -> None:
    bound = bind_link(compiled, code="ABC", **{name: "x"})
    assert (bound.ignored_count, bound.layers) == (1, {})


def test_a_blank_value_for_a_layer_leaves_the_documents_own(compiled: Template) -> None:
    bound = bind_link(
        compiled, code="ABC", title=" ", **{"title.color": "", "card.visible": "null"}
    )
    assert (bound.layers, bound.ignored_count) == ({}, 0)


@pytest.mark.parametrize(
    ("key", "value"), [("color", "reddish"), ("visible", "maybe"), ("background", "url(x)")]
)
def test_a_bad_property_of_a_layer_is_treated_like_a_bad_value(
    compiled: Template, key: str, value: str
) -> None:
    assert (
        refusal_codes(compiled, {"name": "title", key: value})[f"/modifications/0/{key}"]
        == "invalid_value"
    )
    assert bind_link(compiled, code="ABC", **{f"title.{key}": value}).ignored_count == 1


def test_at_most_200_modifications(compiled: Template) -> None:
    many = [CODE, {"name": "tier", "text": "x"}] + [{"name": "nome", "text": "x"}] * 199
    assert refusal_codes(compiled, *many) == {"/modifications": "too_many_items"}
    assert "/modifications" not in refusal_codes(compiled, *many[:200])


# Canonical JSON


@given(
    st.fixed_dictionaries(
        {"code": st.just("ABC")},
        optional={
            "name": st.text(),
            "note": st.text(),
            "points": st.text("0123456789.-", max_size=8),
            "at": st.dates().map(str),
            "ok": st.sampled_from(["yes", "no", "?"]),
            "photo": st.sampled_from(["asset:a", "https://a.example/x", "x"]),
            "title.color": st.sampled_from(["red", "#FFF", "nope"]),
            "title": st.text(),
        },
    )
)
def test_canonical_json_restores_the_same_values(fields: dict[str, str]) -> None:
    compiled = template(fields=FIELDS, layers=LAYERS)
    bound = bind_link(compiled, **fields)
    restored = BoundValues.from_canonical_json(compiled, bound.to_canonical_json())
    assert (restored.values, restored.layers) == (bound.values, bound.layers)
    assert restored.to_canonical_json() == bound.to_canonical_json()
    assert json.loads(bound.to_canonical_json())


def test_equal_values_have_the_same_canonical_json(compiled: Template) -> None:
    first = bind_link(compiled, code="ABC", name=" Zoe\u0308 ", points="007.50")
    second = bind_modifications(
        compiled,
        CODE,
        {"name": "tier", "value": "gold"},
        {"name": "points", "value": 7.5},
        {"name": "name", "text": "Zoë"},
    )
    assert first.to_canonical_json() == second.to_canonical_json()


def test_the_link_fields_of_bound_values_bind_to_the_same_values(compiled: Template) -> None:
    bound = bind_modifications(
        compiled,
        CODE,
        {"name": "tier", "text": "x"},
        {"name": "points", "value": 1.25},
        {"name": "ok", "value": True},
        {"name": "title", "color": "red", "visible": False},
        {"name": "at", "text": "2026-11-22 20:00"},
    )
    fields = bound.link_fields()
    assert fields["ok"] == "true" and fields["title.visible"] == "false" and "name" not in fields
    assert bind_link(compiled, **fields).to_canonical_json() == bound.to_canonical_json()


def test_the_alt_text_contains_the_values() -> None:
    compiled = template(fields=FIELDS, alt="Hi {{ name }}{% if note %}: {{ note }}{% endif %}")
    assert bind_link(compiled, name="Zoë", note="*x*").alt_text(compiled) == "Hi Zoë: *x*"
    assert bind_defaults(compiled).alt_text(compiled) == "Hi there"
    assert bind_examples(compiled).alt_text(compiled) == "Hi Alex"


@given(st.dictionaries(st.text(), st.text()))
def test_no_link_parameters_raise_an_error(fields: dict[str, str]) -> None:
    compiled = template(fields=FIELDS, layers=LAYERS)
    assert bind_link(compiled, **fields).to_canonical_json()
    assert modifications_from_link(compiled, fields).pointer_to("x") == "/modifications"


def test_a_template_without_fields_and_layers_accepts_no_modification() -> None:
    with pytest.raises(BadRequest, match="modifications"):
        modifications_from_json(template(), [{"name": "a", "text": "b"}])
