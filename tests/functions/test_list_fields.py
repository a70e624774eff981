"""List fields in documents, images, links, merge links and previews."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import document

HERE = "https://cdn.example.com/here.png"
GONE = "https://cdn.example.com/gone.png"
ALSO = "https://cdn.example.com/also-gone.png"
ITEMS: dict[str, Any] = {
    "name": {"required": True, "max_length": 80, "open": True},
    "price": {"type": "number", "required": True},
    "photo": {
        "type": "image",
        "default": "asset:no-picture",
        "allowed_hosts": ["cdn.example.com"],
        "open": True,
    },
}
MUG = {"name": "Mug", "price": 12.5}
POT = {"name": "Pot", "price": 30, "photo": HERE}


def cart(**more: Any) -> dict[str, Any]:
    """A cart of up to three products."""
    spec = {"type": "list", "required": True, "max_items": 3, "items": ITEMS, "example": [MUG]}
    photo = {"type": "image", "width": 20, "height": 20, "source": "{{ product.photo }}"}
    words = {"type": "text", "size": 9, "text": "{{ product.name }} {{ product.price | number }}"}
    item = {"type": "group", "repeat": "products", "as": "product", "flow": "column"}
    row = {"type": "group", "flow": "row", "gap": 4, "layers": [{**item, "layers": [photo, words]}]}
    fields = {"first_name": {"default": "you", "max_length": 20, "open": True}, "products": spec}
    alt = '{{ first_name }}: {{ products | map: "name" | join: ", " }}'
    return document(fields=fields, layers=[row], alt=alt, **more)


@pytest.fixture
def shop(empty: InMemoryService) -> InMemoryService:
    empty.upload_asset("no-picture", solid_png())
    empty.web.pictures[HERE] = solid_png()
    empty.publish(cart())
    return empty


def test_a_cart_is_published_without_findings_and_lists_its_fields(shop: InMemoryService) -> None:
    assert shop.publish(cart(name="Cart", height=120)).json["findings"] == []
    fields = shop.call("GET", "/v1/templates/welcome/fields").json["items"]
    products = next(field for field in fields if field["name"] == "products")
    assert (products["type"], products["max_items"]) == ("list", 3)
    assert [(item["name"], item["type"]) for item in products["items"]] == [
        ("name", "text"),
        ("price", "number"),
        ("photo", "image"),
    ]
    assert products["items"][2]["allowed_hosts"] == ["cdn.example.com"]


def test_a_post_of_a_list_is_drawn_and_stored_once(shop: InMemoryService) -> None:
    made = shop.create_image({"products": [MUG, POT]}).json
    assert (made["status"], made["alt"], made["warnings"]) == ("ready", "you: Mug, Pot", [])
    again = shop.create_image({"products": [{**MUG, "price": "12.50"}, POT]}).json
    assert again["id"] == made["id"] and again["cached"] is True
    assert shop.create_image({"products": [POT, MUG]}).json["id"] != made["id"], (
        "items have an order"
    )
    assert shop.open_image(made["url"]).status == 200


def test_an_image_that_is_drawn_on_open_shows_its_list(shop: InMemoryService) -> None:
    now = shop.create_image({"products": [MUG, POT]})
    drawn = shop.open_image(now.json["url"]).body
    shop.pictures.delete(list(shop.pictures.keys("")))
    assert shop.open_image(now.json["url"]).body == drawn, "drawn again from the stored values"


def test_faults_of_a_post_point_into_the_list(shop: InMemoryService) -> None:
    reply = shop.create_image({"products": [MUG, {"name": "x" * 81, "prize": 3}]})
    assert reply.status == 400
    assert sorted(reply.error_locations()) == [
        ("invalid_value", "/modifications/0/value/1/name"),
        ("missing_value", "/modifications/0/value/1/price"),
        ("unknown_name", "/modifications/0/value/1/prize"),
    ]
    assert shop.create_image().error_locations() == [("missing_value", "/modifications")]
    assert shop.create_image({"products": []}).error_locations() == [
        ("missing_value", "/modifications/0/value")
    ]


def test_on_invalid_default_warns_of_a_missing_required_value_of_an_item(
    shop: InMemoryService,
) -> None:
    reply = shop.create_image(
        {"products": [MUG, {"name": "Pot", "price": "x"}]}, on_invalid="default"
    )
    assert ("missing_value", "/modifications/0/value/1/price") in reply.error_locations()


def test_every_unavailable_image_has_the_pointer_of_the_request(shop: InMemoryService) -> None:
    lost = {**MUG, "photo": GONE}, {**POT, "photo": ALSO}
    made = shop.create_image({"products": [POT, *lost]}).json
    assert made["status"] == "degraded"
    assert {(w["code"], w["pointer"]) for w in made["warnings"]} == {
        ("image_unavailable", "/modifications/0/value/1/photo"),
        ("image_unavailable", "/modifications/0/value/2/photo"),
    }


def mint(world: InMemoryService, *modifications: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"template_id": "welcome", "modifications": list(modifications), **more}
    reply = world.call("POST", "/v1/links", body)
    assert reply.status == 200, reply.body
    made: dict[str, Any] = reply.json
    return made


def test_a_link_writes_items_flat_and_shows_what_a_post_shows(shop: InMemoryService) -> None:
    products = {"name": "products", "value": [MUG, POT]}
    made = mint(shop, products)
    query = dict(parse_qsl(urlsplit(made["url"]).query))
    assert {name: text for name, text in query.items() if name[0] != "_"} == {
        "products_1_name": "Mug",
        "products_1_price": "12.5",
        "products_2_name": "Pot",
        "products_2_price": "30",
        "products_2_photo": HERE,
    }
    opened = shop.open_link(made["url"].removeprefix(BASE_URL))
    posted = shop.create_image({"products": [MUG, POT]}).json
    assert opened.body == shop.open_image(posted["url"]).body


def test_a_link_without_a_required_list_shows_the_fallback(shop: InMemoryService) -> None:
    bare = shop.open_link(shop.sign_link())
    full = shop.open_link(shop.sign_link({"products_1_name": "Mug", "products_1_price": "3"}))
    part = shop.open_link(shop.sign_link({"products_1_name": "Mug"}))
    assert bare.body == part.body != full.body
    assert "x-postcard-fallback" not in bare.headers


def test_a_merge_link_opens_fields_of_items(shop: InMemoryService) -> None:
    opened = {"products_1_name": "ITEM1", "products_1_photo": "PHOTO1"}
    price = {"name": "products_1_price", "value": 12.5}
    made = mint(shop, price, esp="mailchimp", open=opened)
    assert "&products_1_name=*|URL:ITEM1|*" in made["url"]
    filled = made["url"].replace("*|URL:ITEM1|*", "Mug").replace("*|URL:PHOTO1|*", "")
    assert (
        shop.open_link(filled.removeprefix(BASE_URL)).body
        == shop.open_link(
            mint(shop, {"name": "products", "value": [MUG]})["url"].removeprefix(BASE_URL)
        ).body
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("products", "invalid_value"),
        ("products_1_price", "invalid_value"),
        ("products_4_name", "unknown_name"),
        ("products_1_nmae", "unknown_name"),
    ],
)
def test_a_list_and_a_closed_or_unknown_field_of_items_cannot_be_opened(
    shop: InMemoryService, name: str, code: str
) -> None:
    body = {"template_id": "welcome", "esp": "mailchimp", "open": {name: "A"}}
    reply = shop.call("POST", "/v1/links", body)
    assert (code, f"/open/{name}") in reply.error_locations()


def test_a_link_that_opens_a_closed_field_of_an_item_is_403(shop: InMemoryService) -> None:
    link = shop.sign_link({"products_1_name": "Mug"}, open=("products_1_price",))
    assert shop.open_link(f"{link}&products_1_price=1").status == 403


def test_a_link_with_a_list_has_the_same_length_limit(shop: InMemoryService) -> None:
    long = [{"name": "é" * 80, "price": 1, "photo": f"{HERE}?{'x' * 900}"}] * 3
    body = {"template_id": "welcome", "modifications": [{"name": "products", "value": long}]}
    assert shop.call("POST", "/v1/links", body).json["code"] == "link_too_long"
    assert shop.create_image({"products": long}).status == 200


def test_previews_draw_a_drafts_example_and_posted_items(shop: InMemoryService) -> None:
    def boxes(body: dict[str, Any]) -> list[str]:
        preview = shop.call(
            "POST", "/v1/previews", body, headers={"accept": "application/json"}
        ).json
        return [one["pointer"] for one in preview["boxes"]]

    item = "/layers/0/layers/0"
    assert boxes({"document": cart()}).count(item) == 1
    items = [{"name": "products", "value": [MUG, POT, MUG]}]
    assert boxes({"document": cart(), "modifications": items}).count(item) == 3
    assert boxes({"template_id": "welcome", "modifications": items}).count(item) == 3


def test_faults_of_a_document_point_into_its_list(shop: InMemoryService) -> None:
    draft = cart()
    spec = draft["fields"]["products"]
    draft["fields"] = {"products": {**spec, "example": [{"name": "Mug", "price": "x"}]}}
    draft["layers"][0]["layers"][0]["repeat"] = "prodcuts"
    reply = shop.call("PUT", "/v1/templates/welcome", draft)
    assert sorted(reply.error_locations()) == [
        ("invalid_value", "/fields/products/example/0/price"),
        ("unknown_name", "/layers/0/layers/0/repeat"),
    ]


def test_an_unavailable_default_image_has_its_pointer(shop: InMemoryService) -> None:
    draft = cart()
    draft["layers"] = []
    draft["fields"]["products"]["items"]["photo"] = {"type": "image", "default": "asset:none"}
    reply = shop.call("PUT", "/v1/templates/welcome", draft)
    assert reply.error_locations() == [
        ("image_unavailable", "/fields/products/items/photo/default")
    ]
