"""`/v1/templates`: publishing, reading, pausing, deleting."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.ports import DeliveryRecord, TemplateRecord, TemplateVersion
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.template.compiled import Template
from tests.functions.fake_services import noise_png, solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

HERO = "https://example.com/hero.png"


def hero(source: str = HERO, **more: object) -> dict[str, object]:
    return {"type": "image", "width": 120, "height": 60, "source": source, **more}


def test_a_post_publishes_under_a_generated_id(empty: InMemoryService) -> None:
    reply = empty.call("POST", "/v1/templates", document())
    assert reply.status == 200
    assert reply.json["id"].startswith("tmpl_") and len(reply.json["id"]) == 15
    assert reply.json["version"] == 1


def test_a_put_creates_the_template_under_the_requested_id(empty: InMemoryService) -> None:
    reply = empty.publish(document(), "my-own_id")
    assert (reply.json["id"], reply.json["version"]) == ("my-own_id", 1)
    assert reply.headers["etag"] == '"1"'


def test_reading_gives_everything_the_contract_names(world: InMemoryService) -> None:
    read = world.call("GET", "/v1/templates/welcome")
    assert list(read.json) == [
        "id",
        "version",
        "name",
        "created_at",
        "published_at",
        "paused",
        "daily_renders",
        "daily_usd",
        "on_budget",
        "document",
        "findings",
        "default_url",
    ]
    assert read.json["name"] == "Welcome"
    assert read.headers["etag"] == '"1"'


def test_a_document_is_returned_as_it_was_published(empty: InMemoryService) -> None:
    text = '{"height": 60, "width": 120, "meta": {"b": null, "a": 1}, "fields": {}, "layers": []}'
    empty.call("PUT", "/v1/templates/welcome", text)
    shown = empty.call("GET", "/v1/templates/welcome").json["document"]
    assert json.dumps(shown) == json.dumps(json.loads(text))


def test_an_equal_document_creates_no_new_version(world: InMemoryService) -> None:
    again = dict(reversed(document().items()))
    assert world.publish(again).json["version"] == 1
    assert world.publish(document(background="#ff0000")).json["version"] == 2
    assert world.publish(document()).json["version"] == 3


def test_if_match_prevents_a_lost_update(world: InMemoryService) -> None:
    path, other = "/v1/templates/welcome", document(background="#ff0000")
    assert world.call("PUT", path, other, headers={"if-match": '"1"'}).status == 200
    stale = world.call("PUT", path, document(), headers={"if-match": '"1"'})
    assert (stale.status, stale.json["code"]) == (412, "precondition_failed")
    assert world.call("PUT", path, document(), headers={"if-match": "*"}).status == 200
    missing = world.call("PUT", "/v1/templates/new", document(), headers={"if-match": "*"})
    assert missing.status == 412


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"paused": True}), ("DELETE", None)])
def test_if_match_guards_every_change_of_a_template(
    world: InMemoryService, method: str, body: dict[str, bool] | None
) -> None:
    path = "/v1/templates/welcome"
    for tag in ('"9"', '"8", W/"9"', "junk"):
        reply = world.call(method, path, body, headers={"if-match": tag})
        assert (reply.status, reply.json["code"]) == (412, "precondition_failed")
    read = world.call("GET", path)
    assert not read.json["paused"]
    assert world.call(method, path, body, headers={"if-match": read.headers["etag"]}).status < 300


def test_if_none_match_publishes_only_a_new_template(world: InMemoryService) -> None:
    path, other = "/v1/templates/welcome", document(background="#ff0000")
    any_version = {"if-none-match": "*"}
    refused = world.call("PUT", path, other, headers=any_version)
    assert (refused.status, refused.json["code"]) == (412, "precondition_failed")
    assert "exists with version 1: choose another id" in refused.json["detail"]
    assert world.call("GET", path).json["version"] == 1
    assert world.call("PUT", path, document(), headers=any_version).status == 412
    assert world.call("PUT", path, other, headers={"if-none-match": '"2"'}).status == 200
    assert (
        world.call("PUT", path, document(), headers={"if-none-match": '"1", W/"2"'}).status == 412
    )
    new = world.call("PUT", "/v1/templates/new", document(), headers=any_version)
    assert (new.status, new.headers["etag"]) == (200, '"1"')


def test_the_second_of_two_concurrent_publishes_is_a_conflict(
    world: InMemoryService,
) -> None:
    path, publish = "/v1/templates/welcome", world.templates.publish

    def first(
        record: TemplateRecord, version: TemplateVersion, deliveries: Sequence[DeliveryRecord] = ()
    ) -> None:
        world.templates.publish = publish  # type: ignore[method-assign]
        other = json.dumps(document(background="#ff0000"))
        world.api.publisher.publish("welcome", other, now=world.now, deadline=9)
        publish(record, version, deliveries)

    world.templates.publish = first  # type: ignore[method-assign]
    reply = world.call("PUT", path, document(background="#00ff00"))
    assert (reply.status, reply.json["code"]) == (409, "conflict")
    assert world.call("PUT", path, document(background="#00ff00")).json["version"] == 3


@pytest.mark.parametrize(
    ("body", "reads", "compiled"),
    [(document(background="#ff0000"), 2, 1), (document(), 2, 0)],
    ids=["changed", "unchanged"],
)
def test_what_was_published_is_neither_read_nor_compiled_again(
    world: InMemoryService,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any],
    reads: int,
    compiled: int,
) -> None:
    world.rebuild()  # nothing is cached
    count, compile_template = [0], Template.compile
    record_reads, version_reads = world.templates.reads, world.templates.version_reads

    def counted(*args: Any, **more: Any) -> Template:
        count[0] += 1
        return compile_template(*args, **more)

    monkeypatch.setattr(Template, "compile", counted)
    response = world.call("PUT", "/v1/templates/welcome", body)
    assert response.status == 200
    all_reads = world.templates.reads - record_reads + world.templates.version_reads - version_reads
    assert (all_reads, count[0]) == (reads, compiled)
    assert response.json == world.call("GET", "/v1/templates/welcome").json


def test_a_new_template_is_read_once_before_it_is_published(
    empty: InMemoryService,
) -> None:
    response = empty.call("POST", "/v1/templates", document())
    assert (empty.templates.reads, empty.templates.version_reads) == (1, 0)
    template_id = response.json["id"]
    assert response.json == empty.call("GET", f"/v1/templates/{template_id}").json


def test_a_picture_over_4_5_mb_is_refused_at_publish(empty: InMemoryService) -> None:
    empty.web.pictures[HERO] = noise_png(1500, 1500)
    large = document(width=1500, height=1500, layers=[{**hero(), "width": 1500, "height": 1500}])
    reply = empty.call("PUT", "/v1/templates/welcome", large)
    assert reply.status == 400 and reply.error_locations() == [("invalid_request", "/max_bytes")]
    assert empty.templates.record("welcome") is None
    assert empty.publish({**large, "format": "jpg", "max_bytes": 4_000_000}).status == 200


def test_faults_of_a_document_point_into_it(world: InMemoryService) -> None:
    wrong = document(colour="#fff", layers=[{"type": "text", "text": "{{ first_name | shout }}"}])
    reply = world.call("PUT", "/v1/templates/welcome", wrong)
    assert reply.status == 400
    assert "/colour" in [pointer for _, pointer in reply.error_locations()]
    assert world.call("GET", "/v1/templates/welcome").json["version"] == 1


def test_a_remote_source_is_fetched_at_publish_and_never_again(empty: InMemoryService) -> None:
    empty.web.pictures[HERO] = solid_png()
    empty.publish(document(layers=[hero()]))
    assert empty.web.fetched == [HERO]
    empty.open_link(empty.sign_link())
    empty.create_image()
    assert empty.web.fetched == [HERO]


def test_an_unavailable_source_is_400_with_its_pointer(empty: InMemoryService) -> None:
    reply = empty.call(
        "PUT", "/v1/templates/welcome", document(layers=[hero(), hero("asset:none")])
    )
    assert (reply.status, reply.json["code"]) == (400, "image_unavailable")
    assert reply.error_locations() == [
        ("image_unavailable", "/layers/0/source"),
        ("image_unavailable", "/layers/1/source"),
    ]
    assert list(empty.store.keys("")) == []


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"layers": [hero()]}, "/layers/0/source"),
        ({"fallback": {"source": HERO}}, "/fallback/source"),
        ({"ended": {"source": HERO}}, "/ended/source"),
        ({"fields": {"photo": {"type": "image", "default": HERO}}}, "/fields/photo/default"),
        (
            {
                "fields": {"photo": {"type": "image", "example": HERO}},
                "layers": [hero("{{ photo }}")],
            },
            "/layers/0/source",
        ),
        (
            {
                "fields": {"photo": {"type": "image", "example": HERO}},
                "layers": [hero("{{ photo }}", on_error="fail")],
            },
            "/layers/0/source",
        ),
    ],
)
def test_every_source_of_a_document_must_be_an_available_image(
    empty: InMemoryService, more: dict[str, object], pointer: str
) -> None:
    sent = document(**{"layers": [], "alt": "", **more})
    for body in (None, b"<svg onload=alert(1)>", solid_png()[:40]):
        empty.web.pictures = {HERO: body} if body else {}
        reply = empty.call("PUT", "/v1/templates/welcome", sent)
        assert reply.error_locations() == [("image_unavailable", pointer)]
        assert (reply.status, reply.json["code"]) == (400, "image_unavailable")
    empty.web.pictures = {HERO: solid_png()}
    assert "image_unavailable" not in {f["code"] for f in empty.publish(sent).json["findings"]}


def test_the_picture_of_an_example_is_decoded_once_at_publish(
    empty: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    decode = DecodedImageCache.decode_untrusted

    def counting(cache: DecodedImageCache, body: bytes, *rest: Any, **more: Any) -> DecodedImage:
        decoded.append(body)
        return decode(cache, body, *rest, **more)

    monkeypatch.setattr(DecodedImageCache, "decode_untrusted", counting)
    empty.web.pictures = {HERO: solid_png()}
    fields = {"photo": {"type": "image", "example": HERO}}
    empty.publish(document(fields=fields, layers=[hero("{{ photo }}")], alt=""))
    assert decoded == [solid_png()]


def test_an_asset_is_pinned_to_the_version(empty: InMemoryService) -> None:
    empty.upload_asset("hero", solid_png(color=(255, 0, 0)))
    empty.publish(document(layers=[hero("asset:hero")]))
    before = empty.open_link(empty.sign_link()).body
    empty.upload_asset("hero", solid_png(color=(0, 0, 255)), replace=True)
    empty.pictures.delete(list(empty.pictures.keys("")))
    assert empty.open_link(empty.sign_link()).body == before
    assert empty.call("DELETE", "/v1/assets/hero").status == 204
    assert empty.open_link(empty.sign_link()).body == before


def test_fallbacks_are_drawn_at_publish_at_twice_the_size(world: InMemoryService) -> None:
    version = world.templates.version("welcome", 1)
    assert version is not None and list(version.fallbacks) == ["fallback", "ended"]
    for kind, key in version.fallbacks.items():
        stored = world.store.get(key)
        assert stored is not None and stored.body[16:24] == b"\0\0\0\xf0\0\0\0\x78"
        shown = world.store.get(f"templates/welcome/1/{kind}.png")
        assert shown is not None and shown.body == stored.body


def test_fallbacks_have_at_most_16_mpx(empty: InMemoryService) -> None:
    empty.publish(document(width=3000, height=3000))
    stored = empty.store.get("templates/welcome/1/ended.png")
    assert stored is not None and stored.body[16:24] == (3000).to_bytes(4, "big") * 2


def test_pictures_are_stored_before_the_record_is(empty: InMemoryService) -> None:
    empty.store.down = True
    assert empty.call("PUT", "/v1/templates/welcome", document()).status == 503
    assert empty.templates.record("welcome") is None


def test_fields_lists_all_names_that_a_request_may_use(world: InMemoryService) -> None:
    listed = world.call("GET", "/v1/templates/welcome/fields").json
    first, code = listed["items"]
    assert first == {
        "name": "first_name",
        "type": "text",
        "required": False,
        "open": True,
        "default": "there",
        "example": None,
        "label": None,
        "max_length": 40,
        "on_bad": "default",
        "too_long": "shorten",
    }
    assert code["pattern"] == "[A-Z0-9]{4,12}" and "max_length" not in code
    (title,) = listed["layers"]
    assert (title["name"], title["type"]) == ("title", "text")
    assert title["properties"] == ["text", "color", "background", "visible"]


def test_a_patch_changes_only_what_is_given(world: InMemoryService) -> None:
    path = "/v1/templates/welcome"
    assert world.call("PATCH", path, {"paused": True, "daily_renders": 5}).json["paused"] is True
    assert world.call("PATCH", path, {"daily_renders": 7}).json["paused"] is True
    record = world.templates.record("welcome")
    assert record is not None and (record.paused, record.daily_renders) == (True, 7)
    assert world.call("PATCH", path, {"paused": "yes"}).error_locations() == [
        ("invalid_request", "/paused")
    ]
    assert world.call("PATCH", "/v1/templates/none", {"paused": True}).status == 404


def test_a_deleted_template_is_410_and_leaves_the_list(world: InMemoryService) -> None:
    path = "/v1/templates/welcome"
    assert world.call("DELETE", path).status == 204
    for method, suffix in (("GET", ""), ("GET", "/fields"), ("GET", "/versions"), ("DELETE", "")):
        assert world.call(method, path + suffix).status == 410
    assert world.call("PUT", path, document()).status == 410
    assert world.call("POST", "/v1/previews", {"template_id": "welcome"}).status == 410
    assert world.call("GET", "/v1/templates").json["items"] == []


def test_erasing_a_template_ends_its_links_and_images(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Zoe"})
    world.open_link(link)
    made = world.create_image({"first_name": "Alex-the-person"}).json
    assert world.call("DELETE", "/v1/templates/welcome?erase=true").status == 202
    assert world.call("GET", f"/v1/images/{made['id']}").status == 410
    world.work()
    assert world.call("DELETE", "/v1/templates/welcome?erase=true").status == 204
    assert list(world.pictures.keys("")) == []
    assert "Alex" not in repr(world.images.get(made["id"]))
    assert world.open_link(link).headers["x-postcard-fallback"] == "erased"
    assert world.open_image(made["url"]).headers["x-postcard-fallback"] == "erased"
    assert "/renders/7/welcome/*" in world.cdn.invalidated_paths
    assert f"/images/{made['id']}.png" in world.cdn.invalidated_paths


def test_a_template_that_was_deleted_can_still_be_erased(world: InMemoryService) -> None:
    world.call("DELETE", "/v1/templates/welcome")
    assert world.call("DELETE", "/v1/templates/welcome?erase=true").status == 202
    assert world.open_link(world.sign_link()).headers["x-postcard-fallback"] == "erased"
