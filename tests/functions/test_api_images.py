"""`POST GET DELETE /v1/images`."""

from typing import Any

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

PHOTO = "https://example.com/alex.png"
PHOTO_LAYER = {
    "type": "image",
    "name": "avatar",
    "width": 20,
    "height": 20,
    "source": "{{ photo }}",
}


def with_photo(**layer: object) -> dict[str, object]:
    fields = {"first_name": {"default": "there"}, "photo": {"type": "image"}}
    return document(fields=fields, layers=[{**PHOTO_LAYER, **layer}])


def test_a_post_returns_every_property_of_the_contract(world: InMemoryService) -> None:
    reply = world.create_image({"first_name": "Alex Rivera"}, metadata={"order": 7})
    made = reply.json
    assert reply.status == 200
    assert made["id"].startswith("img_") and len(made["id"]) == 30
    assert made == {
        "success": True,
        "id": made["id"],
        "url": f"https://pictures.example.com/i/{made['id']}.png",
        "created_at": "2026-11-22T10:00:00Z",
        "template_id": "welcome",
        "template_version": 1,
        "status": "ready",
        "format": "png",
        "width": 120,
        "height": 60,
        "display_width": 120,
        "display_height": 60,
        "bytes": len(world.open_image(made["url"]).body),
        "cached": False,
        "alt": "Hi Alex Rivera",
        "metadata": {"order": 7},
        "warnings": [],
    }


def test_the_same_post_twice_is_the_same_id_and_one_render(world: InMemoryService) -> None:
    before = world.renderer.renders
    first = world.create_image({"first_name": "Alex"}).json
    world.now += 5
    second = world.create_image({"first_name": " Alex "}, campaign="spring", metadata={"a": 1}).json
    assert world.renderer.renders == before + 1 and world.pictures.puts == 1
    assert second["id"] == first["id"] and second["cached"] is True
    assert second["created_at"] == first["created_at"]


def test_a_different_picture_has_another_id(world: InMemoryService) -> None:
    requests: list[dict[str, Any]] = [
        {},
        {"format": "jpg"},
        {"format": "jpg", "quality": 60},
        {"width": 60},
        {"dpr": 2},
        {"max_bytes": 90_000},
    ]
    ids = {world.create_image({"first_name": "Alex"}, **more).json["id"] for more in requests}
    assert len(ids) == len(requests)
    assert world.create_image({"first_name": "Alex"}, quality=60).json["cached"], (
        "png knows no quality"
    )


def test_jpeg_is_read_as_jpg(world: InMemoryService) -> None:
    made = world.create_image(format="jpeg").json
    assert made["format"] == "jpg" and made["url"].endswith(".jpg")
    assert world.create_image(format="jpg").json["id"] == made["id"]


def test_width_and_dpr_set_the_displayed_and_the_sent_size(world: InMemoryService) -> None:
    made = world.create_image(width=61, dpr=1.5).json
    assert (made["display_width"], made["display_height"]) == (61, 31)
    assert (made["width"], made["height"]) == (92, 46)
    assert world.open_image(made["url"]).size == (92, 46)


def test_a_picture_over_5000_pixels_or_16_mpx_is_400(world: InMemoryService) -> None:
    assert world.create_image(width=4000, dpr=2).error_locations() == [
        ("invalid_request", "/width")
    ]
    assert world.create_image(width=5001).error_locations() == [("invalid_request", "/width")]
    assert world.create_image(dpr=2.5).error_locations() == [("invalid_request", "/dpr")]
    world.publish(document(width=2000, height=4000))
    assert world.create_image(dpr=2).error_locations() == [("invalid_request", "/dpr")]


def test_all_faults_are_listed_at_once_each_with_its_pointer(world: InMemoryService) -> None:
    sent = [{"name": "code", "text": "no"}, {"name": "first_name", "text": "x" * 41}]
    reply = world.call(
        "POST",
        "/v1/images",
        {"template_id": "welcome", "modifications": sent, "width": 5001},
    )
    assert reply.status == 400
    assert reply.json["code"] == "invalid_request"
    assert reply.error_locations() == [
        ("invalid_value", "/modifications/1/text"),
        ("invalid_value", "/modifications/0/text"),
        ("invalid_request", "/width"),
    ]


def test_invalid_values_are_listed_along_with_unknown_names(world: InMemoryService) -> None:
    reply = world.create_image({"nobody": "x", "code": "no", "first_name": 5})
    assert reply.error_locations() == [
        ("unknown_name", "/modifications/0/name"),
        ("invalid_value", "/modifications/1/value"),
    ]


def test_the_detail_of_an_unknown_name_lists_all_names(world: InMemoryService) -> None:
    reply = world.create_image({"nobody": "x"})
    assert (reply.status, reply.json["code"]) == (400, "unknown_name")
    assert reply.error_locations() == [("unknown_name", "/modifications/0/name")]
    assert "first_name, code, title" in reply.json["errors"][0]["detail"]


def test_over_200_modifications_are_400(world: InMemoryService) -> None:
    many = [{"name": "first_name", "text": "x"}] * 201
    reply = world.call("POST", "/v1/images", {"template_id": "welcome", "modifications": many})
    assert reply.error_locations() == [("too_many_items", "/modifications")]
    layers = [{"type": "text", "name": f"t{n}", "width": 9, "text": "x"} for n in range(200)]
    world.publish(document(layers=layers))
    most = [{"name": f"t{n}", "text": "y"} for n in range(200)]
    fits = world.call("POST", "/v1/images", {"template_id": "welcome", "modifications": most})
    assert fits.status == 200


def test_a_missing_required_value_is_400_with_the_fallback_url(empty: InMemoryService) -> None:
    shown = empty.publish(document(fields={"first_name": {"required": True}, "code": {}})).json
    reply = empty.create_image()
    assert (reply.status, reply.json["code"]) == (400, "missing_value")
    assert reply.json["fallback_url"] == shown["default_url"]
    assert empty.create_image(on_invalid="default").json["code"] == "missing_value", (
        "it has no default"
    )


def test_on_invalid_default_replaces_values_with_a_warning_each(
    world: InMemoryService,
) -> None:
    reply = world.create_image({"code": "no good", "first_name": "Alex"}, on_invalid="default").json
    assert [(w["code"], w["pointer"]) for w in reply["warnings"]] == [
        ("invalid_value", "/modifications/0/value")
    ]
    assert reply["id"] == world.create_image({"first_name": "Alex"}).json["id"]
    unknown = world.create_image({"nobody": "x", "code": "no good"}, on_invalid="default")
    assert unknown.error_locations() == [("unknown_name", "/modifications/0/name")]


def test_on_invalid_default_replaces_a_missing_required_value(empty: InMemoryService) -> None:
    empty.publish(document(fields={"first_name": {"required": True, "default": "you"}, "code": {}}))
    assert empty.create_image().error_locations() == [("missing_value", "/modifications")]
    made = empty.create_image(on_invalid="default").json
    assert [(w["code"], w["pointer"]) for w in made["warnings"]] == [
        ("missing_value", "/modifications")
    ]
    assert made["alt"] == "Hi you"
    shown = empty.open_link(empty.sign_link())
    assert shown.body == empty.open_image(made["url"]).body, "a link shows the default, too"


def test_null_in_a_modification_is_the_same_as_not_given(world: InMemoryService) -> None:
    alex = {"name": "first_name", "text": "Alex"}
    nulls = [
        {**alex, "image_url": None, "value": None, "color": None, "visible": None},
        {"name": "first_name", "image_url": None, "value": "Alex"},
    ]
    ids = {
        world.call("POST", "/v1/images", {"template_id": "welcome", "modifications": [entry]}).json[
            "id"
        ]
        for entry in (alex, *nulls)
    }
    assert len(ids) == 1
    missing = [{"name": "first_name", "text": None}]
    made = world.call("POST", "/v1/images", {"template_id": "welcome", "modifications": missing})
    assert made.json["alt"] == "Hi there"


def test_an_invalid_request_has_a_fallback_url_if_its_template_is_known(
    world: InMemoryService,
) -> None:
    good = world.call("GET", "/v1/templates/welcome").json["default_url"]
    assert world.create_image(width="wide").json["fallback_url"] == good
    assert "fallback_url" not in world.call("POST", "/v1/images", {"template_id": "none"}).json
    assert "fallback_url" not in world.call("POST", "/v1/images", {"width": 3}).json
    confined = world.new_api_key(templates=["other"])
    sent = {"template_id": "welcome", "width": "wide"}
    assert "fallback_url" not in world.call("POST", "/v1/images", sent, key=confined).json


@pytest.mark.parametrize("name", [b'"\\ud800"', b'"a": {"b": ["\\udfff"]}, "c"'])
def test_metadata_with_half_of_a_surrogate_pair_is_refused(
    world: InMemoryService, name: bytes
) -> None:
    body = b'{"template_id": "welcome", "metadata": {%s: {"x": null}}}' % name
    reply = world.call("POST", "/v1/images", raw=body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert reply.json["errors"][0]["pointer"] == "/metadata"
