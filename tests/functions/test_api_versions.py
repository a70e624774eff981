"""`/v1/templates/{id}/versions`: listing, reading, recalling."""

from typing import Any

from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


def test_versions_are_listed_newest_first_and_read_one_by_one(world: InMemoryService) -> None:
    world.publish(document(background="#ff0000"))
    listed = world.call("GET", "/v1/templates/welcome/versions").json
    assert [item["version"] for item in listed["items"]] == [2, 1]
    one = world.call("GET", "/v1/templates/welcome/versions/1")
    assert (one.json["version"], one.json["document"]["background"]) == (1, "#102030")
    assert world.call("GET", "/v1/templates/welcome/versions/9").status == 404
    assert world.call("GET", "/v1/templates/welcome/versions/0").status == 404


def recall(world: InMemoryService, version: int, replaced_by: int) -> HandlerResponse:
    path = f"/v1/templates/welcome/versions/{version}/recall"
    return world.call("POST", path, {"replaced_by": replaced_by})


def test_a_recalled_version_is_drawn_with_its_replacement(world: InMemoryService) -> None:
    link, made = (
        world.sign_link({"first_name": "Zoe"}),
        world.create_image({"first_name": "Zoe"}).json,
    )
    wrong = world.open_link(link).body
    world.publish(document(background="#ff0000"))
    right = world.open_link(world.sign_link({"first_name": "Zoe"}, version=2)).body
    reply = recall(world, 1, 2)
    expected = {"template_id": "welcome", "version": 1, "replaced_by": 2}
    assert {name: reply.json[name] for name in expected} == expected
    world.work()
    assert list(world.pictures.keys("renders/7/welcome/1/")) == []
    assert list(world.pictures.keys("images/")) == []
    assert "/renders/7/welcome/1/*" in world.cdn.invalidated_paths
    assert world.open_link(link).body == right != wrong
    assert world.call("GET", f"/v1/images/{made['id']}").json["status"] == "pending"
    assert world.open_image(made["url"]).body == right
    assert world.call("GET", f"/v1/images/{made['id']}").json["bytes"] == len(right)
    assert world.create_image(template_version=1).json["template_version"] == 2
    listed = world.call("GET", "/v1/templates/welcome/versions").json["items"]
    assert [item["replaced_by"] for item in listed] == [None, 2]


def test_defaults_of_a_recalled_version_are_not_carried_over(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoe"}).json
    fields = document()["fields"] | {"code": {"default": "RIGHT1"}}
    world.publish(document(fields=fields))
    recall(world, 1, 2)
    right = world.open_link(world.sign_link({"first_name": "Zoe"}, version=2)).body
    assert world.open_image(made["url"]).body == right


def test_item_defaults_of_a_recalled_version_are_not_carried_over(world: InMemoryService) -> None:
    def price_list(tint: str) -> dict[str, Any]:
        items = {"name": {}, "tint": {"type": "color", "default": tint}}
        block = {"type": "rectangle", "width": 20, "height": 20, "fill": "{{ item.tint }}"}
        group = {"type": "group", "repeat": "products", "layers": [block]}
        fields = {"products": {"type": "list", "items": items}}
        return document(fields=fields, layers=[{"type": "group", "layers": [group]}], alt="")

    world.publish(price_list("#ff0000"))
    made = world.create_image({"products": [{"name": "Mug"}]}).json
    world.publish(price_list("#00ff00"))
    recall(world, 2, 3)
    right = world.open_link(world.sign_link({"products_1_name": "Mug"}, version=3)).body
    assert world.open_image(made["url"]).body == right


def test_a_recall_needs_existing_versions_and_may_not_form_a_cycle(world: InMemoryService) -> None:
    world.publish(document(background="#ff0000"))
    assert recall(world, 1, 1).status == 400
    assert recall(world, 9, 1).status == 404
    assert recall(world, 1, 9).status == 404
    assert recall(world, 1, 2).status == 200
    assert recall(world, 2, 1).status == 400


def test_recalls_are_followed_from_one_to_the_next(world: InMemoryService) -> None:
    for color in ("#ff0000", "#00ff00"):
        world.publish(document(background=color))
    recall(world, 1, 2)
    recall(world, 2, 3)
    assert (
        world.open_link(world.sign_link()).body == world.open_link(world.sign_link(version=3)).body
    )
