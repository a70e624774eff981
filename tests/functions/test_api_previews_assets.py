"""Previews, assets, fonts, health."""

import base64

import pytest

from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

JSON = {"accept": "application/json"}


def test_a_preview_is_the_picture_and_stores_nothing(world: InMemoryService) -> None:
    puts = world.store.puts
    sent = [{"name": "first_name", "text": "Zoe"}]
    reply = world.call("POST", "/v1/previews", {"template_id": "welcome", "modifications": sent})
    assert reply.headers["content-type"] == "image/png"
    assert reply.body == world.open_link(world.sign_link({"first_name": "Zoe"})).body
    assert world.store.puts == puts and list(world.images.by_template("welcome")) == []


def test_a_document_is_previewed_without_being_published(empty: InMemoryService) -> None:
    reply = empty.call("POST", "/v1/previews", {"document": document(), "width": 60, "dpr": 2})
    assert reply.size == (120, 60)
    assert empty.call("GET", "/v1/templates").json["items"] == []


def test_as_json_a_preview_has_boxes_warnings_and_findings(world: InMemoryService) -> None:
    body = {"template_id": "welcome", "modifications": [{"name": "code", "text": "no"}]}
    body_sent = {**body, "on_invalid": "default"}
    result = world.call("POST", "/v1/previews", body_sent, headers=JSON).json
    assert set(result) == {"image", "boxes", "warnings", "findings"}
    kind, _, base64_image = result["image"].partition(",")
    assert kind == "data:image/png;base64" and base64.b64decode(base64_image)[1:4] == b"PNG"
    assert [box["pointer"] for box in result["boxes"]] == ["/layers/0"]
    assert set(result["boxes"][0]) == {"pointer", "x", "y", "width", "height"}
    assert [w["code"] for w in result["warnings"]] == ["invalid_value"]


def test_findings_of_a_document_are_in_its_preview_and_in_its_publish_response(
    empty: InMemoryService,
) -> None:
    fields = {"first_name": {"default": "you"}, "code": {"required": True}, "spare": {}}
    layer = {"type": "text", "x": 4, "y": 400, "width": 99, "text": "{{ first_name }} {{ code }}"}
    draft = document(height=120, fields=fields, layers=[{**layer, "font": "Nope"}])
    found = [
        ("unused_field", "/fields/spare"),
        ("missing_example", "/fields/code"),
        ("outside_canvas", "/layers/0"),
        ("unknown_font", "/layers/0/font"),
    ]
    body = {"document": draft, "on_invalid": "default"}
    shown = empty.call("POST", "/v1/previews", body, headers=JSON).json
    put = empty.publish(draft).json
    read = empty.call("GET", "/v1/templates/welcome").json
    one = empty.call("GET", "/v1/templates/welcome/versions/1").json
    stored = {"template_id": "welcome", "modifications": [{"name": "code", "text": "A"}]}
    later = empty.call("POST", "/v1/previews", stored, headers=JSON).json
    for result in (shown, put, read, one, later):
        assert [(f["code"], f["pointer"]) for f in result["findings"]] == found
        assert all(set(f) == {"code", "pointer", "detail"} for f in result["findings"])


def test_faults_of_the_drawn_example_are_findings(empty: InMemoryService) -> None:
    layer = {"type": "text", "text": "{{ name }}", "color": "#334455"}
    fields = {"name": {"default": "you", "example": "Ann \U00013080"}}
    result = empty.publish(document(height=120, fields=fields, layers=[layer], alt=""))
    findings = [(f["code"], f["pointer"]) for f in result.json["findings"]]
    assert findings == [("low_contrast", "/layers/0"), ("missing_glyph", "/layers/0")]
    good = document(fields={"name": {"example": "Ann"}}, layers=[{**layer, "color": "#ffffff"}])
    assert empty.publish({**good, "alt": "", "height": 120}).json["findings"] == []


def test_a_code_whose_colours_do_not_scan_is_a_finding(empty: InMemoryService) -> None:
    code = {"type": "qr", "value": "{{ name }}", "width": 90, "color": "#fff7cc"}
    drawn = document(height=120, fields={"name": {"example": "Ann"}}, layers=[code], alt="")
    findings = empty.publish(drawn).json["findings"]
    assert [(f["code"], f["pointer"]) for f in findings] == [("unscannable", "/layers/0")]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/json", "application/json"),
        ("Application/JSON, */*;q=0.1", "application/json"),
        ("image/png", "image/png"),
        ("*/*", "image/png"),
        ("", "image/png"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/*", "application/json"),
        ("image/*, application/json", "application/json"),
        ("image/png, application/json;q=0.5", "image/png"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("*/*, application/json;q=0", "image/png"),
        ("text/html,application/xhtml+xml,image/avif,*/*;q=0.8", "image/png"),
        ("application/json;q=x", "application/json"),
        ("application/problem+json", "image/png"),
    ],
)
def test_accept_chooses_between_picture_and_json(
    world: InMemoryService, accept: str, media: str
) -> None:
    body_sent = {"template_id": "welcome"}
    reply = world.call("POST", "/v1/previews", body_sent, headers={"accept": accept})
    assert reply.headers["content-type"] == media


def test_faults_of_a_document_point_into_the_body(empty: InMemoryService) -> None:
    reply = empty.call("POST", "/v1/previews", {"document": document(colour="#fff")})
    assert [pointer for _, pointer in reply.error_locations()] == ["/document/colour"]


def test_without_modifications_a_document_shows_its_examples(empty: InMemoryService) -> None:
    fields = {"first_name": {"required": True, "example": "Alex"}, "code": {"default": "A"}}
    shown = empty.call("POST", "/v1/previews", {"document": document(fields=fields)})
    named = [{"name": "first_name", "text": "Alex"}]
    body_sent = {"document": document(fields=fields), "modifications": named}
    assert shown.body == empty.call("POST", "/v1/previews", body_sent).body


def test_debug_draws_the_layers_boxes(world: InMemoryService) -> None:
    plain = world.call("POST", "/v1/previews", {"template_id": "welcome"})
    debug = world.call("POST", "/v1/previews", {"template_id": "welcome", "debug": True})
    assert debug.size == plain.size and debug.body != plain.body


@pytest.mark.parametrize("body", [{}, {"document": document(), "template_id": "welcome"}])
def test_a_preview_takes_either_a_document_or_a_template(
    world: InMemoryService, body: dict[str, object]
) -> None:
    assert world.call("POST", "/v1/previews", body).status == 400


def test_a_preview_s_scope_follows_what_is_previewed(world: InMemoryService) -> None:
    images, templates = world.new_api_key(["images"]), world.new_api_key(["templates"])
    stored, draft = {"template_id": "welcome"}, {"document": document()}
    assert world.call("POST", "/v1/previews", stored, key=images).status == 200
    assert world.call("POST", "/v1/previews", stored, key=templates).status == 403
    assert world.call("POST", "/v1/previews", draft, key=templates).status == 200
    assert world.call("POST", "/v1/previews", draft, key=images).status == 403
    other = world.call("POST", "/v1/previews", stored, key=world.new_api_key(["batches", "admin"]))
    assert (other.status, other.json["code"]) == (403, "missing_scope")
    assert world.call("POST", "/v1/previews", stored, key=None).status == 401


def test_a_post_of_an_asset_returns_a_presigned_upload(empty: InMemoryService) -> None:
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321}
    result = empty.call("POST", "/v1/assets", sent).json
    assert result["upload"]["url"].startswith("https://uploads.example.com")
    assert (result["id"], result["status"], result["bytes"]) == ("hero", "waiting", 321)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "Hero!"),
        ("id", "a" * 65),
        ("id", "_a"),
        ("content_type", "image/svg+xml"),
        ("bytes", 0),
        ("bytes", 10_000_001),
    ],
)
def test_an_asset_outside_its_bounds_is_400(
    empty: InMemoryService, name: str, value: object
) -> None:
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321, name: value}
    assert empty.call("POST", "/v1/assets", sent).error_locations() == [
        ("invalid_request", f"/{name}")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "a" * 64),
        ("id", "0_-"),
        *(("content_type", f"image/{kind}") for kind in ("png", "jpeg", "gif", "webp", "avif")),
        ("bytes", 1),
        ("bytes", 10_000_000),
    ],
)
def test_an_asset_on_its_bounds_is_accepted(
    empty: InMemoryService, name: str, value: object
) -> None:
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321, name: value}
    assert empty.call("POST", "/v1/assets", sent).json[name] == value


def in_use(world: InMemoryService, source: str) -> dict[str, object]:
    return document(layers=[{"type": "image", "width": 10, "height": 10, "source": source}])


def test_an_upload_is_checked_and_normalised_before_its_first_use(empty: InMemoryService) -> None:
    body = solid_png() + b"hidden after the end"
    empty.upload_asset("hero", body)
    empty.publish(in_use(empty, "asset:hero"))
    (line,) = empty.call("GET", "/v1/assets").json["items"]
    assert (line["id"], line["status"]) == ("hero", "ready")
    (key,) = empty.store.keys("assets/hero/")
    stored = empty.store.get(key)
    assert stored is not None and b"hidden" not in stored.body
    assert list(empty.store.keys("uploads/")) == []


def test_an_upload_that_is_not_an_image_cannot_be_used(empty: InMemoryService) -> None:
    empty.upload_asset("hero", b"<svg onload=alert(1)>")
    reply = empty.call("PUT", "/v1/templates/welcome", in_use(empty, "asset:hero"))
    assert (reply.status, reply.json["code"]) == (400, "image_unavailable")


def test_an_upload_of_another_size_cannot_be_used(empty: InMemoryService) -> None:
    empty.upload_asset("hero", solid_png())
    (key,) = empty.store.keys("uploads/")
    stored = empty.store.get(key)
    assert stored is not None
    empty.store.put(key, type(stored)(stored.body + b"more", stored.content_type))
    reply = empty.call("PUT", "/v1/templates/welcome", in_use(empty, "asset:hero"))
    assert reply.json["code"] == "image_unavailable"


def test_an_asset_that_was_never_uploaded_cannot_be_used(empty: InMemoryService) -> None:
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321}
    empty.call("POST", "/v1/assets", sent)
    reply = empty.call("PUT", "/v1/templates/welcome", in_use(empty, "asset:hero"))
    assert "not been uploaded" in reply.json["errors"][0]["detail"]


def test_a_deleted_asset_cannot_be_used(empty: InMemoryService) -> None:
    empty.upload_asset("hero", solid_png())
    assert empty.call("DELETE", "/v1/assets/hero").status == 204
    assert list(empty.store.keys("")) == []
    assert empty.call("DELETE", "/v1/assets/hero").status == 404
    assert empty.call("DELETE", "/v1/assets/HERO").status == 404


def test_fonts_are_listed(empty: InMemoryService) -> None:
    (inter,) = empty.call("GET", "/v1/fonts").json
    assert set(inter) == {"family", "weights", "italic", "scripts"}


def test_health_names_each_dependency(empty: InMemoryService) -> None:
    well = empty.call("GET", "/v1/health", key=None)
    assert (well.status, well.json["status"]) == (200, "ok")
    empty.templates.down = True
    ill = empty.call("GET", "/v1/health", key=None)
    assert ill.status == 503 and "retry-after" in ill.headers
    assert ill.json["dependencies"] == {
        "table": "unavailable",
        "pictures": "ok",
        "store": "ok",
        "keys": "ok",
    }
