"""Images after their POST: drawn on open, degraded, timed, read, erased, created again."""

from tests.functions.fake_services import noise_png, solid_png
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


def test_on_open_responds_at_once_and_draws_at_the_first_get(world: InMemoryService) -> None:
    before = world.renderer.renders
    made = world.create_image({"first_name": "Zoe"}, render="on_open").json
    assert (made["status"], made["bytes"], made["cached"]) == ("pending", None, False)
    assert world.renderer.renders == before
    assert world.create_image({"first_name": "Zoe"}, render="on_open").json["cached"] is True
    body = world.open_image(made["url"]).body
    assert world.renderer.renders == before + 1
    read = world.call("GET", f"/v1/images/{made['id']}").json
    assert (read["status"], read["bytes"]) == ("ready", len(body))
    now = world.create_image({"first_name": "Zoe"}).json
    assert (now["cached"], now["status"]) == (True, "ready")
    assert world.renderer.renders == before + 1


def test_a_post_draws_a_pending_image(world: InMemoryService) -> None:
    first = world.create_image({"first_name": "Zoe"}, render="on_open").json
    world.now += 9
    second = world.create_image({"first_name": "Zoe"}).json
    assert (second["status"], second["created_at"]) == ("ready", first["created_at"])


def test_an_image_with_an_unavailable_source_is_degraded_and_not_stored(
    empty: InMemoryService,
) -> None:
    empty.publish(with_photo())
    made = empty.create_image({"photo": PHOTO}).json
    assert made["status"] == "degraded" and made["bytes"] > 0
    (warning,) = made["warnings"]
    assert (warning["code"], warning["pointer"]) == (
        "image_unavailable",
        "/modifications/0/value",
    )
    assert warning["detail"] == "example.com answered 404."
    assert list(empty.pictures.keys("")) == []
    again = empty.create_image({"photo": PHOTO}).json
    assert (again["status"], again["cached"]) == ("degraded", False)
    empty.web.pictures[PHOTO] = solid_png()
    good = empty.create_image({"photo": PHOTO}).json
    assert (good["id"], good["status"], good["warnings"]) == (made["id"], "ready", [])


def test_an_unavailable_source_of_a_layer_with_on_error_fail_is_400(empty: InMemoryService) -> None:
    shown = empty.publish(with_photo(on_error="fail")).json
    reply = empty.create_image({"photo": PHOTO})
    assert (reply.status, reply.json["code"]) == (400, "image_unavailable")
    assert reply.error_locations() == [("image_unavailable", "/modifications/0/value")]
    assert reply.json["fallback_url"] == shown["default_url"]


def test_an_image_of_a_timed_template_is_timed_and_drawn_at_each_open(
    empty: InMemoryService,
) -> None:
    text = {"type": "text", "width": 100, "text": "{{ now | date: 'HH:mm' }}"}
    empty.publish(document(layers=[text]))
    made = empty.create_image().json
    assert (made["status"], made["bytes"]) == ("timed", None)
    assert empty.open_image(made["url"]).headers["cache-control"].endswith("max-age=10")
    assert list(empty.pictures.keys("")) == []


def test_a_picture_over_4_5_mb_is_refused_and_max_bytes_bounds_it(empty: InMemoryService) -> None:
    empty.publish(with_photo(width=2400, height=2400) | {"width": 2400, "height": 2400})
    empty.web.pictures[PHOTO] = noise_png(1500, 1500)
    reply = empty.create_image({"photo": PHOTO})
    assert reply.status == 400 and reply.error_locations() == [("invalid_request", "/max_bytes")]
    bounded = empty.create_image({"photo": PHOTO}, max_bytes=3_000_000, format="jpg").json
    assert bounded["bytes"] <= 3_000_000 and bounded["warnings"] == []
    opened = empty.create_image({"photo": PHOTO}, render="on_open").json
    assert len(empty.open_image(opened["url"]).body) <= 4_500_000, "a GET steps down"


def test_a_picture_that_cannot_fit_max_bytes_is_sent_with_a_warning(world: InMemoryService) -> None:
    made = world.create_image(max_bytes=2000, format="png", width=1200, dpr=3).json
    assert [w["code"] for w in made["warnings"]] == ["max_bytes_exceeded"]
    cached = world.create_image(max_bytes=2000, format="png", width=1200, dpr=3).json
    assert cached["cached"] and cached["warnings"] == made["warnings"]


def test_reading_an_image_gives_its_response_without_metadata_or_values(
    world: InMemoryService,
) -> None:
    made = world.create_image({"first_name": "Alex"}, metadata={"a": 1}).json
    read = world.call("GET", f"/v1/images/{made['id']}")
    made.pop("metadata")
    assert read.json == {**made, "cached": True}


def test_an_image_that_was_never_created_is_404(world: InMemoryService) -> None:
    for image_id in ("img_" + "a" * 26, "nonsense"):
        for method in ("GET", "DELETE"):
            reply = world.call(method, f"/v1/images/{image_id}")
            assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_deleting_erases_bytes_values_and_the_cdn_s_copies(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Alex-the-person"}).json
    assert world.call("DELETE", f"/v1/images/{made['id']}").status == 204
    assert list(world.pictures.keys("")) == []
    record = world.images.get(made["id"])
    assert record is not None and "Alex" not in repr(record)
    assert f"/images/{made['id']}.png" in world.cdn.invalidated_paths
    erased = world.call("GET", f"/v1/images/{made['id']}")
    assert (erased.status, erased.json["code"]) == (410, "deleted")
    assert world.call("DELETE", f"/v1/images/{made['id']}").status == 204, "it may be repeated"


def test_the_same_post_creates_an_erased_image_again(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Alex"}).json
    world.call("DELETE", f"/v1/images/{made['id']}")
    again = world.create_image({"first_name": "Alex"}).json
    assert (again["id"], again["cached"], again["status"]) == (made["id"], False, "ready")
    assert world.open_image(made["url"]).headers["x-postcard-render"] == "drawn"


def test_a_template_version_can_be_requested(world: InMemoryService) -> None:
    world.publish(document(background="#ff0000"))
    assert world.create_image().json["template_version"] == 2
    assert world.create_image(template_version=1).json["template_version"] == 1
    reply = world.create_image(template_version=3)
    assert reply.error_locations() == [("not_found", "/template_version")] and reply.status == 404


def test_an_unknown_template_is_404_and_a_deleted_one_410(world: InMemoryService) -> None:
    reply = world.create_image(template_id="nowhere")
    assert (reply.status, reply.error_locations()) == (404, [("not_found", "/template_id")])
    world.call("DELETE", "/v1/templates/welcome")
    reply = world.create_image()
    assert (reply.status, reply.json["code"]) == (410, "deleted")


def test_an_image_of_a_paused_template_is_pending(world: InMemoryService) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"paused": True})
    before = world.renderer.renders
    assert world.create_image().json["status"] == "pending"
    assert world.renderer.renders == before


def test_an_image_over_the_daily_budget_is_pending(world: InMemoryService) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    assert world.create_image({"first_name": "a"}).json["status"] == "ready"
    assert world.create_image({"first_name": "b"}).json["status"] == "pending"


def test_a_store_that_is_down_is_503_with_retry_after(world: InMemoryService) -> None:
    world.pictures.down = True
    reply = world.create_image({"first_name": "Zoe"})
    assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
    assert int(reply.headers["retry-after"]) > 0
    assert list(world.images.by_template("welcome")) == [], "no record promises what is not there"


def test_a_table_that_is_down_is_503_with_retry_after(world: InMemoryService) -> None:
    world.templates.down = True
    reply = world.create_image()
    assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
    assert "retry-after" in reply.headers
