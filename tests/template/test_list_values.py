"""Values of list fields: by POST, by link, in Liquid, and as canonical JSON."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.errors import BadRequest
from postcard.template.bind import BoundValues, bind, bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.fields.values import value_to_json
from postcard.template.modifications import modifications_from_json
from tests.template.template_cases import bind_link, bind_modifications, refusal_codes, template

VECTORS = json.loads(Path("docs/contract/value-vectors.json").read_text())
ITEMS: dict[str, Any] = {
    "name": {"required": True, "max_length": 10},
    "price": {"type": "number", "min": 0},
    "photo": {"type": "image", "default": "asset:none", "allowed_hosts": ["cdn.example.com"]},
    "until": {"type": "date"},
}
FIELDS: dict[str, Any] = {
    "title": {"default": "Hi"},
    "products": {"type": "list", "max_items": 3, "items": ITEMS},
}


def value(*items: Any) -> dict[str, Any]:
    return {"name": "products", "value": list(items)}


@pytest.fixture(scope="module")
def compiled() -> Template:
    return template(fields=FIELDS, layers=[])


def items_of(bound: BoundValues) -> list[dict[str, Any]]:
    found = bound.values["products"]
    assert isinstance(found, tuple)
    return [dict(item) for item in found]


def names_of(bound: BoundValues) -> list[Any]:
    return [item["name"] for item in items_of(bound)] if bound.values["products"] else []


# By POST


def test_items_are_cleaned_and_typed_and_get_their_defaults(compiled: Template) -> None:
    bound = bind_modifications(
        compiled, value({"name": " Mug ", "price": "12.50", "until": "2026-11-22"})
    )
    (item,) = items_of(bound)
    assert (item["name"], item["price"], item["photo"]) == ("Mug", 12.5, "asset:none")
    assert str(item["until"]) == "2026-11-22"


@pytest.mark.parametrize(
    ("items", "pointer", "code"),
    [
        ([{"name": "a", "price": "x"}], "/0/price", "invalid_value"),
        ([{"name": "a"}, {"name": "b", "price": -1}], "/1/price", "invalid_value"),
        ([{"name": "a" * 11}], "/0/name", "invalid_value"),
        ([{"name": "a", "photo": "https://evil.example/x.png"}], "/0/photo", "invalid_value"),
        ([{"name": "a", "nmae": "b"}], "/0/nmae", "unknown_name"),
        ([{"price": 1}], "/0/name", "missing_value"),
        ([{"name": "null", "price": 1}], "/0/name", "missing_value"),
        ([{"name": "a"}, {}], "/1/name", "missing_value"),
        ([{"name": "a"}, 5], "/1", "invalid_value"),
        ([{"name": "a", "price": [1]}], "/0/price", "invalid_value"),
        ([{"name": "a"}] * 4, "/3", "too_many_items"),
    ],
)
def test_faults_have_pointers_into_the_items(
    compiled: Template, items: list[Any], pointer: str, code: str
) -> None:
    assert refusal_codes(compiled, value(*items)) == {f"/modifications/0/value{pointer}": code}


def test_all_faults_of_all_items_are_reported_at_once(compiled: Template) -> None:
    items = [{"name": "a", "price": "x"}, {"price": 2}, {"name": "b", "x": 1}]
    assert set(refusal_codes(compiled, value(*items))) == {
        "/modifications/0/value/0/price",
        "/modifications/0/value/1/name",
        "/modifications/0/value/2/x",
    }


@pytest.mark.parametrize("wrong", ["x", 5, {"name": "a"}, True])
def test_a_list_field_accepts_only_a_list(compiled: Template, wrong: Any) -> None:
    codes = refusal_codes(compiled, {"name": "products", "value": wrong})
    assert codes == {"/modifications/0/value": "invalid_value"}


@pytest.mark.parametrize("word", ["text", "image_url"])
def test_a_list_field_is_not_set_by_text_or_image_url(compiled: Template, word: str) -> None:
    codes = refusal_codes(compiled, {"name": "products", word: "x"})
    assert codes == {f"/modifications/0/{word}": "invalid_value"}


def test_an_empty_item_before_a_filled_one_is_a_fault() -> None:
    compiled = template(fields={"products": {"type": "list", "items": {"name": {}}}}, layers=[])
    codes = refusal_codes(compiled, value({"name": "a"}, {"name": ""}, {"name": "c"}))
    assert codes == {"/modifications/0/value/2": "invalid_value"}
    assert names_of(bind_modifications(compiled, value({"name": "a"}, {"name": None}, {}))) == ["a"]


@pytest.mark.parametrize("nothing", [[], None, "", [{}], [None]])
def test_a_list_without_values_is_missing(nothing: Any) -> None:
    spec = {"type": "list", "items": {"name": {}}}
    compiled = template(fields={"products": spec}, layers=[])
    assert (
        bind_modifications(compiled, {"name": "products", "value": nothing}).values["products"]
        is None
    )
    with_default = template(fields={"products": {**spec, "default": [{"name": "a"}]}}, layers=[])
    assert names_of(bind_modifications(with_default, {"name": "products", "value": nothing})) == [
        "a"
    ]
    required = template(fields={"products": {**spec, "required": True}}, layers=[])
    assert (
        "missing_value" in refusal_codes(required, {"name": "products", "value": nothing}).values()
    )


def test_bad_values_in_items_become_defaults_in_default_mode(
    compiled: Template,
) -> None:
    items = [{"name": "a", "photo": "ftp://x", "price": "x", "y": 1}, {"name": "b"}]
    bound = bind_modifications(compiled, value(*items), mode="default")
    assert [(one["name"], one["price"], one["photo"]) for one in items_of(bound)] == [
        ("a", None, "asset:none"),
        ("b", None, "asset:none"),
    ]
    assert {warning.pointer for warning in bound.warnings} == {
        f"/modifications/0/value/0/{key}" for key in ("photo", "price", "y")
    }


def test_items_beyond_the_maximum_are_ignored_in_default_mode(compiled: Template) -> None:
    bound = bind_modifications(
        compiled, value(*({"name": name} for name in "abcd")), mode="default"
    )
    assert names_of(bound) == ["a", "b", "c"]
    assert [warning.code for warning in bound.warnings] == ["too_many_items"]


def test_a_missing_required_item_field_is_listed_by_its_flat_name(compiled: Template) -> None:
    bound = bind_modifications(compiled, value({"name": "a"}, {"price": 1}), mode="default")
    assert bound.missing_required == ("products_2_name",)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']} {v['raw']!r}")
def test_every_value_vector_reads_the_same_in_an_item(
    vector: dict[str, Any],
) -> None:
    spec = {"type": "list", "items": {"one": {"type": vector["type"]}, "more": {}}}
    compiled = template(fields={"products": spec}, layers=[], locale=vector.get("locale", "en"))
    bound = bind_modifications(compiled, value({"one": vector["raw"], "more": "x"}), mode="default")
    (item,) = items_of(bound)
    assert value_to_json(item["one"]) == (None if vector["value"] == "BAD" else vector["value"])
    assert [warning.code for warning in bound.warnings] == ["invalid_value"] * (
        vector["value"] == "BAD"
    )


# By link, and by the same names in a POST


def test_a_link_gives_items_by_flat_names(compiled: Template) -> None:
    bound = bind_link(compiled, products_1_name="a", products_2_name="b", products_2_price="3")
    assert [(item["name"], item["price"]) for item in items_of(bound)] == [("a", None), ("b", 3)]
    assert bound.ignored_count == 0


def test_a_missing_item_in_a_link_ends_the_list(compiled: Template) -> None:
    bound = bind_link(compiled, products_1_name="a", products_3_name="c")
    assert names_of(bound) == ["a"]
    assert bind_link(compiled, products_2_name="b").values["products"] is None


@pytest.mark.parametrize("nothing", ["", " ", "{{ item.name }}", "*|P2|*", "null"])
def test_unfilled_merge_tags_end_the_list(compiled: Template, nothing: str) -> None:
    bound = bind_link(
        compiled, products_1_name="a", products_2_name=nothing, products_2_price=nothing
    )
    assert (names_of(bound), bound.missing_required, bound.ignored_count) == (["a"], (), 0)


@pytest.mark.parametrize(
    "name", ["products_0_name", "products_4_name", "products_01_name", "products_1_nmae"]
)
def test_a_flat_name_without_such_an_item_field_is_unknown(compiled: Template, name: str) -> None:
    bound = bind_link(compiled, products_1_name="a", **{name: "x"})
    assert (bound.ignored_count, names_of(bound)) == (1, ["a"])
    assert refusal_codes(compiled, {"name": name, "text": "x"}) == {
        "/modifications/0/name": "unknown_name"
    }


def test_a_bad_item_value_in_a_link_is_the_default_and_is_counted(compiled: Template) -> None:
    bound = bind_link(compiled, products_1_name="a", products_1_price="x", products_1_photo="y")
    (item,) = items_of(bound)
    assert (item["price"], item["photo"], bound.ignored_count) == (None, "asset:none", 2)


def test_a_link_cannot_give_a_whole_list(compiled: Template) -> None:
    bound = bind_link(compiled, products="x", products_1_name="a")
    assert (names_of(bound), bound.ignored_count) == (["a"], 1)


def test_a_missing_required_item_field_in_a_link_is_reported_as_missing(compiled: Template) -> None:
    assert bind_link(compiled, products_1_price="3").missing_required == ("products_1_name",)


def test_a_post_may_use_flat_names_too(compiled: Template) -> None:
    entries = [
        {"name": "products_1_name", "text": "a"},
        {"name": "products_1_photo", "image_url": "https://cdn.example.com/a.png"},
        {"name": "products_2_name", "value": "b"},
    ]
    assert names_of(bind_modifications(compiled, *entries)) == ["a", "b"]
    wrong = {"name": "products_1_price", "text": "x"}
    assert refusal_codes(compiled, *entries, wrong) == {"/modifications/3/text": "invalid_value"}


def test_a_list_cannot_be_given_both_whole_and_by_flat_names(compiled: Template) -> None:
    whole, flat = value({"name": "a"}), {"name": "products_1_name", "text": "a"}
    assert refusal_codes(compiled, whole, flat) == {"/modifications/1/text": "invalid_request"}
    assert refusal_codes(compiled, flat, whole) == {"/modifications/1/value": "invalid_request"}


def test_a_flat_name_takes_precedence_over_a_layer_of_that_name() -> None:
    layers = [{"type": "text", "name": "products_1_name", "text": "x"}]
    compiled = template(fields=FIELDS, layers=layers)
    bound = bind_link(compiled, products_1_name="a", **{"products_1_name.color": "red"})
    assert names_of(bound) == ["a"] and bound.layers == {"products_1_name": {"color": "red"}}


def test_the_error_for_an_unknown_name_lists_flat_names(compiled: Template) -> None:
    with pytest.raises(BadRequest) as error:
        bind_modifications(compiled, {"name": "product_name", "text": "x"})
    assert "products_1_name" in error.value.errors[0].detail


# Defaults, examples, canonical JSON


def test_a_list_has_a_default_and_its_item_fields_have_theirs() -> None:
    spec = {**FIELDS["products"], "default": [{"name": "Mug", "until": "2026-11-22"}]}
    compiled = template(fields={"products": spec}, layers=[])
    (item,) = items_of(bind_defaults(compiled))
    assert (item["name"], item["photo"]) == ("Mug", "asset:none")
    assert names_of(bind_link(compiled, products_1_name="Cup")) == ["Cup"], (
        "a given list replaces it all"
    )


def test_a_list_without_an_example_has_one_item_of_its_fields_examples() -> None:
    items: dict[str, Any] = {"name": {"example": "Mug"}, "price": {"type": "number"}}
    spec: dict[str, Any] = {"type": "list", "items": items}
    assert names_of(bind_examples(template(fields={"products": spec}, layers=[]))) == ["Mug"]
    spec["example"] = [{"name": "Cup"}, {"name": "Pot"}]
    assert names_of(bind_examples(template(fields={"products": spec}, layers=[]))) == ["Cup", "Pot"]


NAMES = st.sampled_from(["", "a", " b ", "Zoë", "x" * 11, "null", "*|N|*"]) | st.text(max_size=4)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "price": st.integers(-1, 9) | st.floats(0, 9) | st.just("x"),
        "photo": st.sampled_from(["asset:a", "https://cdn.example.com/a.png", "x"]),
        "until": st.sampled_from(["2026-11-22", "2026-11-22T20:00Z", "x"]),
        "else": st.just("x"),
    },
)
LISTS = st.lists(ENTRIES | st.none() | st.just("x"), max_size=5)


@given(LISTS)
def test_any_list_can_be_restored_from_canonical_json(items: list[Any]) -> None:
    compiled = template(fields=FIELDS, layers=[])
    bound = bind_modifications(compiled, value(*items), mode="default")
    restored = BoundValues.from_canonical_json(compiled, bound.to_canonical_json())
    assert (restored.values, restored.to_canonical_json()) == (
        bound.values,
        bound.to_canonical_json(),
    )


@given(LISTS)
def test_the_link_fields_of_bound_values_bind_to_the_same_values(items: list[Any]) -> None:
    compiled = template(fields=FIELDS, layers=[])
    bound = bind_modifications(compiled, value(*items), mode="default")
    assert bind_link(compiled, **bound.link_fields()).values == bound.values


@given(
    st.dictionaries(
        st.from_regex("products_[0-9]{1,3}_(name|price|x)", fullmatch=True) | st.just("products"),
        st.text(max_size=5),
        max_size=9,
    )
)
def test_no_flat_names_in_a_link_raise_an_error(fields: dict[str, str]) -> None:
    compiled = template(fields=FIELDS, layers=[])
    bound = bind_link(compiled, **fields)
    assert (
        BoundValues.from_canonical_json(compiled, bound.to_canonical_json()).values == bound.values
    )
    assert len(bound.values["products"] or ()) <= 3  # type: ignore[arg-type]


# In Liquid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ products | map: "name" | join: ", " }}', "Mug, Pot"),
        ('{{ products | map: "price" | join: "/" }}', "12.5/"),
        ('{{ products | map: "until" | compact | size }}', "0"),
        ("{% for p in products %}{{ forloop.index }} {{ p.name }};{% endfor %}", "1 Mug;2 Pot;"),
        (
            '{{ products.size }} {{ products[1].name }} {{ products[2].name | default: "-" }}',
            "2 Pot -",
        ),
        ('{{ products | sum: "price" | currency: "EUR" }}', "€12.50"),
        ('{{ products | sort: "price" | map: "name" | join: " " }}', "Mug Pot"),
        ("{% if products %}some{% else %}none{% endif %}", "some"),
    ],
)
def test_liquid_can_use_lists(text: str, expected: str) -> None:
    compiled = template(fields=FIELDS, layers=[], alt=text)
    assert (
        bind_modifications(
            compiled, value({"name": "Mug", "price": 12.5}, {"name": "Pot"})
        ).alt_text(compiled)
        == expected
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a{{ products | map: "name" | join: ", " }}b', "ab"),
        ("{% for p in products %}x{% else %}nothing{% endfor %}", "nothing"),
        ("{% if products %}some{% else %}none{% endif %}", "none"),
        ("{% if products.size > 0 %}some{% else %}none{% endif %}", "none"),
        ("a{{ products.size }}{{ products[0].name }}{{ products.first.price | number }}b", "ab"),
    ],
)
def test_a_missing_list_is_empty_in_liquid(text: str, expected: str) -> None:
    compiled = template(fields=FIELDS, layers=[], alt=text)
    assert bind_defaults(compiled).alt_text(compiled) == expected


def count_calls(name: str, action: Callable[[], object]) -> int:
    """How often a function of that name is called."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_name == name

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def test_the_defaults_of_items_are_read_once_for_a_list() -> None:
    items = {f"key{number}": {"default": f"é{number}"} for number in range(20)}
    fields = {"items": {"type": "list", "max_items": 100, "items": {**items, "n": {}}}}
    compiled = template(fields=fields)
    value = [{"name": "items", "value": [{"n": "x"}] * 100}]
    modifications = modifications_from_json(compiled, value)
    assert count_calls("clean_text", lambda: bind(compiled, modifications, mode="link")) < 300


def test_the_choices_of_a_field_are_cleaned_once_for_a_list() -> None:
    choices = [f"choice {number}" for number in range(300)]
    fields = {"items": {"type": "list", "max_items": 100, "items": {"c": {"choices": choices}}}}
    compiled = template(fields=fields)
    value = [{"name": "items", "value": [{"c": "no"}] * 100}]
    modifications = modifications_from_json(compiled, value)
    assert count_calls("clean_text", lambda: bind(compiled, modifications, mode="link")) < 1000
    with pytest.raises(BadRequest) as error:
        bind(compiled, modifications, mode="error")
    assert all(len(fault.detail) < 400 for fault in error.value.errors)


def test_an_item_of_many_unknown_keys_reports_the_first_ten() -> None:
    fields = {"items": {"type": "list", "items": {"n": {}}}}
    compiled = template(fields=fields)
    value = [{"name": "items", "value": [{f"u{number}": 0 for number in range(5000)}]}]
    with pytest.raises(BadRequest) as error:
        bind(compiled, modifications_from_json(compiled, value), mode="error")
    assert len(error.value.errors) == 10
