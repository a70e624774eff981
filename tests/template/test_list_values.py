"""Values of list fields: by POST, by link, in Liquid, and back again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.errors import BadRequest
from postcard.template.bind import BoundValues, bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.fields.values import value_to_json
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
def made() -> Template:
    return template(fields=FIELDS, layers=[])


def items_of(bound: BoundValues) -> list[dict[str, Any]]:
    found = bound.values["products"]
    assert isinstance(found, tuple)
    return [dict(item) for item in found]


def names_of(bound: BoundValues) -> list[Any]:
    return [item["name"] for item in items_of(bound)] if bound.values["products"] else []


# By POST


def test_items_are_cleaned_typed_and_get_their_defaults(made: Template) -> None:
    bound = bind_modifications(
        made, value({"name": " Mug ", "price": "12.50", "until": "2026-11-22"})
    )
    (item,) = items_of(bound)
    assert (item["name"], item["price"], item["photo"]) == ("Mug", 12.5, "asset:none")
    assert str(item["until"]) == "2026-11-22"


@pytest.mark.parametrize(
    ("items", "place", "code"),
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
def test_faults_point_into_the_items(
    made: Template, items: list[Any], place: str, code: str
) -> None:
    assert refusal_codes(made, value(*items)) == {f"/modifications/0/value{place}": code}


def test_all_faults_of_all_items_are_told_at_once(made: Template) -> None:
    items = [{"name": "a", "price": "x"}, {"price": 2}, {"name": "b", "x": 1}]
    assert set(refusal_codes(made, value(*items))) == {
        "/modifications/0/value/0/price",
        "/modifications/0/value/1/name",
        "/modifications/0/value/2/x",
    }


@pytest.mark.parametrize("wrong", ["x", 5, {"name": "a"}, True])
def test_a_list_takes_nothing_but_a_list(made: Template, wrong: Any) -> None:
    told = refusal_codes(made, {"name": "products", "value": wrong})
    assert told == {"/modifications/0/value": "invalid_value"}


@pytest.mark.parametrize("word", ["text", "image_url"])
def test_a_list_has_no_text_and_no_address(made: Template, word: str) -> None:
    told = refusal_codes(made, {"name": "products", word: "x"})
    assert told == {f"/modifications/0/{word}": "invalid_value"}


def test_a_gap_before_a_filled_item_is_a_fault() -> None:
    made = template(fields={"products": {"type": "list", "items": {"name": {}}}}, layers=[])
    told = refusal_codes(made, value({"name": "a"}, {"name": ""}, {"name": "c"}))
    assert told == {"/modifications/0/value/2": "invalid_value"}
    assert names_of(bind_modifications(made, value({"name": "a"}, {"name": None}, {}))) == ["a"]


@pytest.mark.parametrize("nothing", [[], None, "", [{}], [None]])
def test_a_list_without_anything_in_it_is_missing(nothing: Any) -> None:
    spec = {"type": "list", "items": {"name": {}}}
    made = template(fields={"products": spec}, layers=[])
    assert (
        bind_modifications(made, {"name": "products", "value": nothing}).values["products"] is None
    )
    full = template(fields={"products": {**spec, "default": [{"name": "a"}]}}, layers=[])
    assert names_of(bind_modifications(full, {"name": "products", "value": nothing})) == ["a"]
    needed = template(fields={"products": {**spec, "required": True}}, layers=[])
    assert "missing_value" in refusal_codes(needed, {"name": "products", "value": nothing}).values()


def test_with_defaults_asked_for_what_is_wrong_in_an_item_becomes_its_default(
    made: Template,
) -> None:
    items = [{"name": "a", "photo": "ftp://x", "price": "x", "y": 1}, {"name": "b"}]
    bound = bind_modifications(made, value(*items), mode="default")
    assert [(one["name"], one["price"], one["photo"]) for one in items_of(bound)] == [
        ("a", None, "asset:none"),
        ("b", None, "asset:none"),
    ]
    assert {warning.pointer for warning in bound.warnings} == {
        f"/modifications/0/value/0/{key}" for key in ("photo", "price", "y")
    }


def test_with_defaults_asked_for_items_too_many_are_left_out(made: Template) -> None:
    bound = bind_modifications(made, value(*({"name": name} for name in "abcd")), mode="default")
    assert names_of(bound) == ["a", "b", "c"]
    assert [warning.code for warning in bound.warnings] == ["too_many_items"]


def test_an_item_that_lacks_what_it_requires_is_told_with_its_flat_name(made: Template) -> None:
    bound = bind_modifications(made, value({"name": "a"}, {"price": 1}), mode="default")
    assert bound.missing_required == ("products_2_name",)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']} {v['raw']!r}")
def test_every_vector_of_the_contract_reads_in_an_item_as_it_reads_alone(
    vector: dict[str, Any],
) -> None:
    spec = {"type": "list", "items": {"one": {"type": vector["type"]}, "more": {}}}
    made = template(fields={"products": spec}, layers=[])
    bound = bind_modifications(made, value({"one": vector["raw"], "more": "x"}), mode="default")
    (item,) = items_of(bound)
    assert value_to_json(item["one"]) == (None if vector["value"] == "BAD" else vector["value"])
    assert [warning.code for warning in bound.warnings] == ["invalid_value"] * (
        vector["value"] == "BAD"
    )


# By link, and by the same names in a POST


def test_a_link_writes_items_flat(made: Template) -> None:
    bound = bind_link(made, products_1_name="a", products_2_name="b", products_2_price="3")
    assert [(item["name"], item["price"]) for item in items_of(bound)] == [("a", None), ("b", 3)]
    assert bound.ignored_count == 0


def test_a_gap_ends_the_list(made: Template) -> None:
    bound = bind_link(made, products_1_name="a", products_3_name="c")
    assert names_of(bound) == ["a"]
    assert bind_link(made, products_2_name="b").values["products"] is None


@pytest.mark.parametrize("nothing", ["", " ", "{{ item.name }}", "*|P2|*", "null"])
def test_tags_that_nobody_filled_in_end_the_list(made: Template, nothing: str) -> None:
    bound = bind_link(made, products_1_name="a", products_2_name=nothing, products_2_price=nothing)
    assert (names_of(bound), bound.missing_required, bound.ignored_count) == (["a"], (), 0)


@pytest.mark.parametrize(
    "name", ["products_0_name", "products_4_name", "products_01_name", "products_1_nmae"]
)
def test_a_flat_name_out_of_bounds_is_an_unknown_name(made: Template, name: str) -> None:
    bound = bind_link(made, products_1_name="a", **{name: "x"})
    assert (bound.ignored_count, names_of(bound)) == (1, ["a"])
    assert refusal_codes(made, {"name": name, "text": "x"}) == {
        "/modifications/0/name": "unknown_name"
    }


def test_by_link_a_bad_value_in_an_item_is_as_missing_and_counted(made: Template) -> None:
    bound = bind_link(made, products_1_name="a", products_1_price="x", products_1_photo="y")
    (item,) = items_of(bound)
    assert (item["price"], item["photo"], bound.ignored_count) == (None, "asset:none", 2)


def test_by_link_a_list_has_no_name_of_its_own(made: Template) -> None:
    bound = bind_link(made, products="x", products_1_name="a")
    assert (names_of(bound), bound.ignored_count) == (["a"], 1)


def test_by_link_an_item_without_what_it_requires_is_the_fallback_picture(made: Template) -> None:
    assert bind_link(made, products_1_price="3").missing_required == ("products_1_name",)


def test_a_post_may_use_the_flat_names_too(made: Template) -> None:
    entries = [
        {"name": "products_1_name", "text": "a"},
        {"name": "products_1_photo", "image_url": "https://cdn.example.com/a.png"},
        {"name": "products_2_name", "value": "b"},
    ]
    assert names_of(bind_modifications(made, *entries)) == ["a", "b"]
    wrong = {"name": "products_1_price", "text": "x"}
    assert refusal_codes(made, *entries, wrong) == {"/modifications/3/text": "invalid_value"}


def test_a_list_is_given_whole_or_flat(made: Template) -> None:
    whole, flat = value({"name": "a"}), {"name": "products_1_name", "text": "a"}
    assert refusal_codes(made, whole, flat) == {"/modifications/1/text": "invalid_request"}
    assert refusal_codes(made, flat, whole) == {"/modifications/1/value": "invalid_request"}


def test_a_flat_name_goes_before_a_layer_of_that_name() -> None:
    layers = [{"type": "text", "name": "products_1_name", "text": "x"}]
    made = template(fields=FIELDS, layers=layers)
    bound = bind_link(made, products_1_name="a", **{"products_1_name.color": "red"})
    assert names_of(bound) == ["a"] and bound.layers == {"products_1_name": {"color": "red"}}


def test_unknown_names_are_told_with_those_of_items(made: Template) -> None:
    with pytest.raises(BadRequest) as refused:
        bind_modifications(made, {"name": "product_name", "text": "x"})
    assert "products_1_name" in refused.value.errors[0].detail


# Defaults, examples, canonical text


def test_a_list_has_its_default_and_its_items_have_theirs() -> None:
    spec = {**FIELDS["products"], "default": [{"name": "Mug", "until": "2026-11-22"}]}
    made = template(fields={"products": spec}, layers=[])
    (item,) = items_of(bind_defaults(made))
    assert (item["name"], item["photo"]) == ("Mug", "asset:none")
    assert names_of(bind_link(made, products_1_name="Cup")) == ["Cup"], (
        "a given list replaces it all"
    )


def test_a_list_without_example_shows_one_item_of_its_fields_examples() -> None:
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
def test_any_list_is_bound_and_its_canonical_text_restores_it(items: list[Any]) -> None:
    made = template(fields=FIELDS, layers=[])
    bound = bind_modifications(made, value(*items), mode="default")
    again = BoundValues.from_canonical_json(made, bound.to_canonical_json())
    assert (again.values, again.to_canonical_json()) == (bound.values, bound.to_canonical_json())


@given(LISTS)
def test_what_was_given_can_be_written_as_a_link_and_means_the_same(items: list[Any]) -> None:
    made = template(fields=FIELDS, layers=[])
    bound = bind_modifications(made, value(*items), mode="default")
    assert bind_link(made, **bound.link_fields()).values == bound.values


@given(
    st.dictionaries(
        st.from_regex("products_[0-9]{1,3}_(name|price|x)", fullmatch=True) | st.just("products"),
        st.text(max_size=5),
        max_size=9,
    )
)
def test_a_link_can_say_anything_of_a_list_and_nothing_is_raised(fields: dict[str, str]) -> None:
    made = template(fields=FIELDS, layers=[])
    bound = bind_link(made, **fields)
    assert BoundValues.from_canonical_json(made, bound.to_canonical_json()).values == bound.values
    assert len(bound.values["products"] or ()) <= 3  # type: ignore[arg-type]


# In Liquid


@pytest.mark.parametrize(
    ("text", "said"),
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
def test_liquid_reads_lists(text: str, said: str) -> None:
    made = template(fields=FIELDS, layers=[], alt=text)
    assert (
        bind_modifications(made, value({"name": "Mug", "price": 12.5}, {"name": "Pot"})).alt_text(
            made
        )
        == said
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a{{ products | map: "name" | join: ", " }}b', "ab"),
        ("{% for p in products %}x{% else %}nothing{% endfor %}", "nothing"),
        ("{% if products %}some{% else %}none{% endif %}", "none"),
        ("{% if products.size > 0 %}some{% else %}none{% endif %}", "none"),
        ("a{{ products.size }}{{ products[0].name }}{{ products.first.price | number }}b", "ab"),
    ],
)
def test_liquid_reads_a_missing_list_as_nothing(text: str, said: str) -> None:
    made = template(fields=FIELDS, layers=[], alt=text)
    assert bind_defaults(made).alt_text(made) == said
