"""List fields and repeated groups in a document: which faults are reported, and where."""

from typing import Any

import pytest

from postcard.template.validation.parse import load_published, parse_document
from tests.template.template_cases import document, faults, template

ITEMS = {"name": {}, "price": {"type": "number", "max": 1000}, "photo": {"type": "image"}}
PRODUCTS = {"type": "list", "items": ITEMS, "max_items": 3}
TEXT = {"type": "text", "text": "x"}


def group(**more: Any) -> dict[str, Any]:
    return {"type": "group", "repeat": "products", "layers": [TEXT], **more}


def faults_of(*layers: dict[str, Any], **fields: Any) -> dict[str, str]:
    return faults(fields={"products": PRODUCTS, **fields}, layers=list(layers))


def test_a_published_list_loads_as_it_was_validated() -> None:
    text = document(fields={"products": PRODUCTS}, layers=[group(**{"as": "product"})])
    assert parse_document(text) == load_published(text)
    assert template(fields={"a": {"type": "list", "items": {"b": {}}}}).fields["a"].type == "list"


@pytest.mark.parametrize(
    ("invalid", "pointer"),
    [
        ({"items": {}}, "/items"),
        ({"items": None}, "/items"),
        ({"max_items": 0}, "/max_items"),
        ({"max_items": 101}, "/max_items"),
        ({"items": {"A": {}}}, "/items/A"),
        ({"items": {"for": {}}}, "/items/for"),
        ({"items": {"a": {"type": "number", "min": 2, "max": 1}}}, "/items/a/min"),
        ({"items": {"a": {"type": "number", "default": "x"}}}, "/items/a/default"),
        ({"items": {"a": {"open": True}}}, "/items/a/open"),
        ({"items": {"a": {"max": 3}}}, "/items/a/max"),
        ({"open": True}, "/open"),
        ({"erase_by": True}, "/erase_by"),
        ({"default": "x"}, "/default"),
        ({"default": [{"price": 2000}]}, "/default/0/price"),
        ({"example": [{"name": "a"}, 5]}, "/example/1"),
        ({"example": [{"nmae": "a"}]}, "/example/0/nmae"),
        ({"example": [{"name": "a"}] * 4}, "/example/3"),
    ],
)
def test_an_invalid_list_is_reported_with_its_pointer(
    invalid: dict[str, Any], pointer: str
) -> None:
    found = faults_of(products={**PRODUCTS, **invalid})
    assert list(found) == [f"/fields/products{pointer}"]


def test_a_list_cannot_contain_lists() -> None:
    inner = {"type": "list", "items": {"a": {"type": "list", "items": {"b": {}}}}}
    assert "no list" in faults_of(products=inner)["/fields/products/items/a/type"]


def test_the_fields_of_items_count_as_fields() -> None:
    many: dict[str, Any] = {f"a{index}": {} for index in range(98)}
    assert faults_of(products={"type": "list", "items": many}) == {}
    over = {"type": "list", "items": {**many, "more": {}, "much": {}}}
    assert list(faults_of(products=over)) == ["/fields"]


def test_every_flat_name_is_unambiguous() -> None:
    assert "products_2_name" in faults_of(products_2_name={})["/fields/products"]
    assert faults_of(products_4_name={}) == {}, "the list has three items at most"
    two = {"type": "list", "items": {"b_2_c": {}}}
    other = {"type": "list", "items": {"c": {}}}
    assert set(faults(fields={"a": two, "a_1_b": other})) == {"/fields/a", "/fields/a_1_b"}


def test_flat_names_must_be_valid_in_links() -> None:
    assert "64" in faults_of(**{"p" * 60: PRODUCTS})[f"/fields/{'p' * 60}"]
    assert "utm_1" in faults_of(utm=PRODUCTS)["/fields/utm"]


@pytest.mark.parametrize(
    ("layer", "pointer"),
    [
        (group(repeat="prodcuts"), "/repeat"),
        (group(repeat="title"), "/repeat"),
        (group(repeat=None, **{"as": "product"}), "/repeat"),
        (group(**{"as": "title"}), "/as"),
        (group(**{"as": "products"}), "/as"),
        (group(**{"as": "Product"}), "/as"),
        (group(**{"as": "now"}), "/as"),
        (group(layers=[group(**{"as": "inner"})]), "/layers/0/repeat"),
        (group(layers=[{"type": "group", "layers": [group()]}]), "/layers/0/layers/0/repeat"),
        ({**TEXT, "repeat": "products"}, "/repeat"),
    ],
)
def test_an_invalid_repeat_is_reported_with_its_pointer(
    layer: dict[str, Any], pointer: str
) -> None:
    assert list(faults_of(layer, title={})) == [f"/layers/0{pointer}"]


def test_an_item_needs_another_name_if_a_field_is_called_item() -> None:
    assert list(faults_of(group(), item={})) == ["/layers/0/as"]
    assert faults_of(group(**{"as": "product"}), item={}) == {}


def test_the_number_of_layers_is_limited_after_repetition() -> None:
    wide = {"type": "list", "items": {"a": {}}, "max_items": 100}
    assert faults_of(group(repeat="wide", layers=[TEXT] * 9), wide=wide) == {}
    found = faults_of(group(repeat="wide", layers=[TEXT] * 10), wide=wide)
    assert list(found) == ["/layers"] and "1000" in found["/layers"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ item.name }} {{ item.price | currency: 'EUR' }} {{ item.name.size }}",
        "{{ forloop.index }}/{{ forloop.length }}{% if forloop.last %}!{% endif %}",
        "{{ products.size }} {{ products[0].name }} {{ products.first.price | number }}",
        "{% for p in products limit: 2 %}{{ p.name }}{{ forloop.index }}{% endfor %}",
        '{{ products | where: "price" | map: "name" | join: ", " }}',
        '{% assign dear = products | sort: "price" | last %}{{ dear.name }}',
        "{% if products[0] %}{{ products[0] | map: 'name' }}{% endif %}",
        "{% if item.price > 3 and item.name == 'a' %}{{ item.name }}{% endif %}",
        "{% for name in products %}{{ name.name }}{% endfor %}",
    ],
)
def test_liquid_may_use_lists_and_the_repeated_item(text: str) -> None:
    assert faults_of(group(layers=[{**TEXT, "text": text}])) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ item.nmae }}", "nmae"),
        ("{{ product.name }}", "product"),
        ("{{ item }}", "item.name"),
        ("{{ forloop.nope }}", "nope"),
        ("{{ products }}", "list"),
        ("{{ products.name }}", "name"),
        ("{{ products[0].nmae }}", "nmae"),
        ("{{ products.first.nmae }}", "nmae"),
        ("{% for p in products %}{{ p.nmae }}{% endfor %}", "nmae"),
        ("{% for p in products %}{% if p.name > 3 %}x{% endif %}{% endfor %}", "compares"),
        ("{% if products[0].price == 'x' %}x{% endif %}", "compares"),
        ("{% if item.price == 'x' %}x{% endif %}", "compares"),
        ('{{ products | map: "nmae" | join }}', "nmae"),
        ('{{ products | sort: "prize" | map: "name" }}', "prize"),
        ('{{ products | append: "x" }}', "append"),
        ("{{ products[0] }}", "whole item: name one of its fields (name, photo, price)"),
        ("{{ products.last }}", "whole item"),
        ("{% echo products[0] %}", "whole item"),
        ("{{ products | first }}", "whole item"),
        ('{{ products | sort: "price" | last }}', "whole item"),
        ("{{ products[0] | upcase }}", "whole item"),
    ],
)
def test_liquid_that_misuses_lists_or_items_is_refused(text: str, expected: str) -> None:
    found = faults_of(group(layers=[{**TEXT, "text": text}]))
    assert list(found) == ["/layers/0/layers/0/text"]
    assert expected in found["/layers/0/layers/0/text"]


def test_outside_a_repeated_group_there_is_no_item() -> None:
    assert list(faults_of(group(), {**TEXT, "if": "item.price > 3"})) == ["/layers/1/if"]
    assert list(faults_of(group(), {**TEXT, "text": "{{ forloop.index }}"})) == ["/layers/1/text"]


def test_the_repeated_group_itself_may_use_its_item() -> None:
    fill = {"type": "color"}
    more = {**PRODUCTS, "items": {**ITEMS, "tint": fill}}
    layer = group(fill="{{ item.tint }}", **{"if": "item.price > 3"})
    assert faults_of(layer, products=more) == {}


def test_layers_in_a_repeated_group_need_unique_names_and_cannot_be_addressed() -> None:
    inner = {**TEXT, "name": "title"}
    compiled = template(
        fields={"products": PRODUCTS}, layers=[group(name="card", layers=[inner]), TEXT]
    )
    assert list(compiled.addressable_layers) == ["card"]
    assert len(faults_of(group(layers=[inner]), inner)) == 2
