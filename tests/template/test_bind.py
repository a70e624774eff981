"""template.md, "Addressing by a request" and the table of missing and bad values."""

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
def made() -> Template:
    return template(fields=FIELDS, layers=LAYERS)


CODE = {"name": "code", "text": "ABC"}


# The table


def test_missing_with_a_default_is_the_default_in_every_mode(made: Template) -> None:
    tier = {"name": "tier", "text": "x"}
    for bound in (
        bind_modifications(made, CODE, tier),
        bind_modifications(made, CODE, mode="default"),
        bind_link(made, code="ABC"),
    ):
        assert bound.values["name"] == "there"


def test_missing_without_a_default_is_empty_in_every_mode(made: Template) -> None:
    assert bind_modifications(made, CODE, {"name": "tier", "text": "x"}).values["note"] is None
    assert bind_link(made, code="ABC").values["note"] is None


def test_missing_and_required_is_an_error_by_post_even_with_a_default(made: Template) -> None:
    assert refusal_codes(made) == {"/modifications": "missing_value"}
    with pytest.raises(BadRequest) as refused:
        bind_modifications(made)
    assert [fault.detail.split()[0] for fault in refused.value.errors] == ["code", "tier"]


def test_missing_and_required_by_link_is_the_default_or_else_the_fallback_picture(
    made: Template,
) -> None:
    bound = bind_link(made)
    assert bound.missing_required == ("code",)
    assert bound.values["tier"] == "gold"
    assert bind_link(made, code="ABC").missing_required == ()


def test_missing_and_required_with_defaults_asked_for_is_told(made: Template) -> None:
    bound = bind_modifications(made, mode="default")
    assert bound.missing_required == ("code",)
    assert {warning.code for warning in bound.warnings} == {"missing_value"}


def test_bad_is_an_error_with_its_pointer_by_post(made: Template) -> None:
    assert refusal_codes(
        made, CODE, {"name": "tier", "text": "x"}, {"name": "name", "text": "Alexander"}
    ) == {"/modifications/2/text": "invalid_value"}


def test_bad_is_as_missing_with_a_warning_when_defaults_are_asked_for(made: Template) -> None:
    bound = bind_modifications(made, CODE, {"name": "name", "text": "Alexander"}, mode="default")
    assert bound.values["name"] == "there"
    assert ("invalid_value", "/modifications/1/text") in [
        (w.code, w.pointer) for w in bound.warnings
    ]


def test_bad_is_as_missing_and_counted_by_link(made: Template) -> None:
    bound = bind_link(made, code="abc", name="Alexander", points="many")
    assert (bound.ignored_count, bound.missing_required, bound.warnings) == (3, ("code",), ())
    assert (bound.values["name"], bound.values["points"]) == ("there", 0)


def test_all_faults_are_told_at_once(made: Template) -> None:
    found = refusal_codes(
        made,
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


def test_a_value_goes_to_the_field_and_a_property_to_the_layer_of_that_name(made: Template) -> None:
    bound = bind_link(made, code="ABC", name="Alex", **{"name.color": "red"})
    assert bound.values["name"] == "Alex"
    assert bound.layers == {"name": {"color": "red"}}


def test_a_value_goes_to_the_layer_if_there_is_no_field(made: Template) -> None:
    bound = bind_link(made, code="ABC", title="Hello", hero="asset:other", qr="y")
    assert bound.layers == {
        "title": {"value": "Hello"},
        "hero": {"value": "asset:other"},
        "qr": {"value": "y"},
    }


def test_two_entries_for_one_name_are_read_as_one(made: Template) -> None:
    rest = [CODE, {"name": "tier", "text": "x"}]
    bound = bind_modifications(
        made, *rest, {"name": "name", "text": "Alex"}, {"name": "name", "color": "red"}
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
def test_what_cannot_be_addressed_is_refused_by_post_and_left_out_by_link(
    made: Template, entries: list[dict[str, Any]], pointer: str, code: str
) -> None:
    assert refusal_codes(made, *entries)[pointer] == code


def test_an_unknown_name_lists_the_names_there_are(made: Template) -> None:
    with pytest.raises(BadRequest) as refused:
        bind_modifications(made, {"name": "nome", "text": "x"})
    detail = refused.value.errors[0].detail
    assert all(name in detail for name in [*FIELDS, "title", "hero", "card", "box", "qr"])


@pytest.mark.parametrize(
    "name", ["nome", "nome.color", "hero.color", "title.size", "card", "title.text", "title.value"]
)
def test_by_link_it_is_left_out_and_counted(made: Template, name: str) -> None:
    bound = bind_link(made, code="ABC", **{name: "x"})
    assert (bound.ignored_count, bound.layers) == (1, {})


def test_blank_leaves_what_the_document_says(made: Template) -> None:
    bound = bind_link(made, code="ABC", title=" ", **{"title.color": "", "card.visible": "null"})
    assert (bound.layers, bound.ignored_count) == ({}, 0)


@pytest.mark.parametrize(
    ("key", "value"), [("color", "reddish"), ("visible", "maybe"), ("background", "url(x)")]
)
def test_a_bad_property_is_as_bad_as_a_bad_value(made: Template, key: str, value: str) -> None:
    assert (
        refusal_codes(made, {"name": "title", key: value})[f"/modifications/0/{key}"]
        == "invalid_value"
    )
    assert bind_link(made, code="ABC", **{f"title.{key}": value}).ignored_count == 1


def test_at_most_200_modifications(made: Template) -> None:
    many = [CODE, {"name": "tier", "text": "x"}] + [{"name": "nome", "text": "x"}] * 199
    assert refusal_codes(made, *many) == {"/modifications": "too_many_items"}
    assert "/modifications" not in refusal_codes(made, *many[:200])


# Canonical


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
def test_the_canonical_text_restores_the_same_picture(fields: dict[str, str]) -> None:
    made = template(fields=FIELDS, layers=LAYERS)
    bound = bind_link(made, **fields)
    again = BoundValues.from_canonical_json(made, bound.to_canonical_json())
    assert (again.values, again.layers) == (bound.values, bound.layers)
    assert again.to_canonical_json() == bound.to_canonical_json()
    assert json.loads(bound.to_canonical_json())


def test_equal_values_have_one_canonical_text(made: Template) -> None:
    first = bind_link(made, code="ABC", name=" Zoe\u0308 ", points="007.50")
    second = bind_modifications(
        made,
        CODE,
        {"name": "tier", "value": "gold"},
        {"name": "points", "value": 7.5},
        {"name": "name", "text": "Zoë"},
    )
    assert first.to_canonical_json() == second.to_canonical_json()


def test_what_was_given_can_be_written_as_a_link_and_means_the_same(made: Template) -> None:
    bound = bind_modifications(
        made,
        CODE,
        {"name": "tier", "text": "x"},
        {"name": "points", "value": 1.25},
        {"name": "ok", "value": True},
        {"name": "title", "color": "red", "visible": False},
        {"name": "at", "text": "2026-11-22 20:00"},
    )
    fields = bound.link_fields()
    assert fields["ok"] == "true" and fields["title.visible"] == "false" and "name" not in fields
    assert bind_link(made, **fields).to_canonical_json() == bound.to_canonical_json()


def test_the_alt_text_is_filled_with_the_values() -> None:
    made = template(fields=FIELDS, alt="Hi {{ name }}{% if note %}: {{ note }}{% endif %}")
    assert bind_link(made, name="Zoë", note="*x*").alt_text(made) == "Hi Zoë: *x*"
    assert bind_defaults(made).alt_text(made) == "Hi there"
    assert bind_examples(made).alt_text(made) == "Hi Alex"


@given(st.dictionaries(st.text(), st.text()))
def test_a_link_can_say_anything_and_nothing_is_raised(fields: dict[str, str]) -> None:
    made = template(fields=FIELDS, layers=LAYERS)
    assert bind_link(made, **fields).to_canonical_json()
    assert modifications_from_link(made, fields).pointer_to("x") == "/modifications"


def test_modifications_of_no_template_are_all_unknown() -> None:
    with pytest.raises(BadRequest, match="modifications"):
        modifications_from_json(template(), [{"name": "a", "text": "b"}])
