"""What holds for every call: keys, rates, bodies, problems, idempotency, CORS."""

import json
from typing import Any

import pytest

from postcard.keys import digest
from tests.functions.samples import document
from tests.functions.world import NOW, World

PATHS = [
    ("POST", "/v1/images", "images"),
    ("GET", "/v1/images/img_" + "a" * 26, "images"),
    ("DELETE", "/v1/images/img_" + "a" * 26, "admin"),
    ("POST", "/v1/links", "images"),
    ("POST", "/v1/templates", "templates"),
    ("GET", "/v1/templates", "templates"),
    ("PUT", "/v1/templates/welcome", "templates"),
    ("GET", "/v1/templates/welcome", "templates"),
    ("PATCH", "/v1/templates/welcome", "admin"),
    ("DELETE", "/v1/templates/welcome?erase=true", "admin"),
    ("GET", "/v1/templates/welcome/fields", "templates"),
    ("GET", "/v1/templates/welcome/versions", "templates"),
    ("GET", "/v1/templates/welcome/versions/1", "templates"),
    ("POST", "/v1/templates/welcome/versions/1/recall", "admin"),
    ("GET", "/v1/assets", "templates"),
    ("POST", "/v1/assets", "templates"),
    ("DELETE", "/v1/assets/hero", "templates"),
    ("GET", "/v1/fonts", "templates"),
]
PUBLIC = ["/v1/health", "/openapi.json", "/docs", "/v1/template.schema.json"]
OTHERS = {
    "images": ["templates", "batches", "admin"],
    "templates": ["images", "batches", "admin"],
    "admin": ["images", "templates", "batches"],
}


@pytest.mark.parametrize(("method", "path", "scope"), PATHS)
def test_every_call_needs_a_key_with_its_scope(
    world: World, method: str, path: str, scope: str
) -> None:
    missing = world.call(method, path, {}, key=None)
    assert (missing.status, missing.json["code"]) == (401, "missing_key")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    other = world.call(method, path, {}, key=world.new_key(OTHERS[scope]))
    assert (other.status, other.json["code"]) == (403, "missing_scope")
    assert world.call(method, path, {}, key=world.new_key([scope])).status not in (401, 403)


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_needs_no_key(world: World, path: str) -> None:
    assert world.call("GET", path, key=None).status == 200


def test_a_key_comes_as_bearer_or_as_x_api_key(world: World) -> None:
    headers = {"X-API-Key": world.key}
    assert world.call("GET", "/v1/templates", key=None, headers=headers).status == 200


def test_keys_that_are_unknown_revoked_or_expired_are_401(world: World) -> None:
    assert world.call("GET", "/v1/fonts", key="postcard_x").json["code"] == "unknown_key"
    expired = world.new_key(expires_at=int(NOW) - 1)
    assert world.call("GET", "/v1/fonts", key=expired).json["code"] == "expired_key"
    revoked = world.new_key()
    record = world.api_keys.by_digest(digest(revoked))
    assert record is not None
    world.api.keys.revoke(record.key_id, now=NOW)
    assert world.call("GET", "/v1/fonts", key=revoked).json["code"] == "revoked_key"


def test_a_confined_key_reaches_only_its_templates(world: World) -> None:
    made = world.post({"first_name": "Zoe"}).json
    key = world.new_key(templates=["other"])
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/v1/images", {"template_id": "welcome"}),
        ("POST", "/v1/links", {"template_id": "welcome"}),
        ("POST", "/v1/previews", {"template_id": "welcome"}),
        ("GET", "/v1/templates/welcome", None),
        ("PUT", "/v1/templates/welcome", document()),
        ("POST", "/v1/templates", document()),
        ("GET", f"/v1/images/{made['id']}", None),
        ("DELETE", f"/v1/images/{made['id']}", None),
    ]
    for method, path, body in calls:
        reply = world.call(method, path, body, key=key)
        assert (reply.status, reply.json["code"]) == (403, "other_template"), path
    assert world.call("GET", "/v1/templates", key=key).json["items"] == []
    assert world.call("PUT", "/v1/templates/other", document(), key=key).status == 200


def test_every_v1_answer_carries_the_rate(world: World) -> None:
    key = world.new_key(rate=7)
    good = world.call("GET", "/v1/fonts", key=key)
    assert good.headers["ratelimit-policy"] == '"key";q=7;w=1'
    assert good.headers["ratelimit"] == '"key";r=6;t=1'
    lost = world.call("GET", "/v1/nothing", key=key)
    for reply in (lost, world.call("GET", "/v1/fonts", key=None), world.call("GET", "/v1/health")):
        assert "ratelimit" in reply.headers and "ratelimit-policy" in reply.headers


def test_over_its_rate_a_key_waits(world: World) -> None:
    key = world.new_key(rate=2)
    assert [world.call("GET", "/v1/fonts", key=key).status for _ in range(3)] == [200, 200, 429]
    reply = world.call("GET", "/v1/fonts", key=key)
    assert reply.json["code"] == "rate_limited"
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["ratelimit"] == '"key";r=0;t=1'
    world.now += 1
    assert world.call("GET", "/v1/fonts", key=key).status == 200


def test_a_month_s_quota_ends_with_the_month(world: World) -> None:
    key = world.new_key(monthly_quota=1)
    assert world.call("GET", "/v1/fonts", key=key).status == 200
    spent = world.call("GET", "/v1/fonts", key=key)
    assert (spent.status, spent.json["code"]) == (429, "quota_exceeded")
    world.now += int(spent.headers["retry-after"])
    assert world.call("GET", "/v1/fonts", key=key).status == 200


def test_a_problem_has_every_member(world: World) -> None:
    reply = world.call("GET", "/v1/templates/none")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "type": "/docs#not_found",
        "title": "Not Found",
        "status": 404,
        "detail": 'There is no template "none".',
        "instance": "/v1/templates/none",
        "success": False,
        "code": "not_found",
        "request_id": reply.headers["x-request-id"],
        "errors": [],
    }


def test_an_unknown_path_is_404_and_another_method_405_with_allow(world: World) -> None:
    assert world.call("GET", "/v1/nothing").json["code"] == "not_found"
    assert world.call("GET", "/").status == 404
    reply = world.call("PUT", "/v1/templates", {})
    assert (reply.status, reply.json["code"]) == (405, "method")
    assert reply.headers["allow"] == "GET, POST"
    assert world.call("GET", "/v1/images").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"template_id": NaN}',
        b'{"width": Infinity}',
        b'{"width": 1e999}',
        b'{"width": 1, "width": 2}',
        b"\xff",
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_400_invalid_json(world: World, body: bytes) -> None:
    reply = world.call("POST", "/v1/images", raw=body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert world.call("PUT", "/v1/templates/x", raw=body).json["code"] == "invalid_json"


def test_a_body_in_base64_is_read_as_it_was_sent(world: World) -> None:
    body = json.dumps({"template_id": "welcome", "modifications": []}).encode()
    assert world.call("POST", "/v1/images", raw=body).status == 200


def test_a_body_over_256_kb_is_413(world: World) -> None:
    body = json.dumps({"template_id": "welcome", "metadata": {"a": "x" * 262_144}})
    reply = world.call("POST", "/v1/images", body)
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_another_media_type_is_415(world: World, media: str) -> None:
    reply = world.call("POST", "/v1/images", {}, headers={"content-type": media})
    assert (reply.status, reply.json["code"]) == (415, "not_json")


def test_json_may_name_its_charset(world: World) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    body = {"template_id": "welcome"}
    assert world.call("POST", "/v1/images", body, headers=headers).status == 200


def test_unknown_properties_are_400_with_pointer_and_guess(world: World) -> None:
    reply = world.post(tempalte_version=1, zzz=2)
    assert sorted(reply.pointers()) == [
        ("invalid_request", "/tempalte_version"),
        ("invalid_request", "/zzz"),
    ]
    details = {error["pointer"]: error["detail"] for error in reply.json["errors"]}
    assert "did you mean template_version?" in details["/tempalte_version"]


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null"])
def test_a_body_that_is_no_object_is_400(world: World, body: str) -> None:
    assert world.call("POST", "/v1/images", body).json["code"] in (
        "invalid_request",
        "missing_value",
    )
    assert world.call("PUT", "/v1/templates/x", body).status == 400


def test_an_idempotency_key_gives_the_same_answer(empty: World) -> None:
    headers = {"idempotency-key": "one"}
    first = empty.call("POST", "/v1/templates", document(), headers=headers)
    empty.now += 3600
    again = empty.call("POST", "/v1/templates", document(), headers=headers)
    assert again.body == first.body and again.headers["etag"] == first.headers["etag"]
    assert len(empty.call("GET", "/v1/templates").json["items"]) == 1
    other = empty.call("POST", "/v1/templates", document(width=121), headers=headers)
    assert (other.status, other.json["code"]) == (422, "other_body")
    empty.now += 86_400
    assert empty.call("POST", "/v1/templates", document(), headers=headers).body != first.body


def test_an_idempotency_key_at_work_is_409(empty: World) -> None:
    record = empty.api_keys.list()[0]
    import hashlib

    text = json.dumps(document())
    digest = hashlib.sha256(text.encode()).hexdigest()
    empty.api.idempotency.begin(f"{record.key_id}#/v1/templates#one", digest, now=empty.now)
    reply = empty.call("POST", "/v1/templates", text, headers={"idempotency-key": "one"})
    assert (reply.status, reply.json["code"]) == (409, "in_progress")


def test_a_failure_is_not_kept_under_its_idempotency_key(empty: World) -> None:
    headers = {"idempotency-key": "one"}
    empty.store.down = True
    assert empty.call("POST", "/v1/templates", document(), headers=headers).status == 503
    empty.store.down = False
    assert empty.call("POST", "/v1/templates", document(), headers=headers).status == 200


def test_an_asset_s_post_honours_the_key_and_an_image_s_needs_none(empty: World) -> None:
    headers = {"idempotency-key": "one"}
    sent = {"id": "hero", "content_type": "image/png", "bytes": 321}
    first = empty.call("POST", "/v1/assets", sent, headers=headers).json
    assert empty.call("POST", "/v1/assets", sent, headers=headers).json == first
    assert empty.call("POST", "/v1/assets", sent).json != first


def test_an_idempotency_key_has_1_to_255_characters(empty: World) -> None:
    for key in ("", "k" * 256):
        reply = empty.call("POST", "/v1/templates", document(), headers={"idempotency-key": key})
        assert reply.status == 400


def test_cors_is_off_unless_set(world: World) -> None:
    headers = {"origin": "https://app.example.com"}
    reply = world.call("GET", "/v1/fonts", headers=headers)
    assert "access-control-allow-origin" not in reply.headers
    assert world.call("OPTIONS", "/v1/fonts", headers=headers, key=None).status == 405


def test_cors_lets_the_origins_in_that_were_set() -> None:
    world = World(cors_origins=("https://app.example.com",))
    headers = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
    asked = world.call("OPTIONS", "/v1/images", headers=headers, key=None)
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    other = world.call("GET", "/v1/fonts", headers={"origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in other.headers


def test_every_answer_has_its_security_headers(world: World) -> None:
    for reply in (world.call("GET", "/v1/fonts"), world.call("GET", "/v1/nothing", key=None)):
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_a_fault_of_ours_is_500_and_tells_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.renderer.broken = 1
    reply = world.post({"first_name": "Zoe-the-person"})
    assert (reply.status, reply.json["code"]) == (500, "internal")
    assert "secret" not in reply.body.decode()
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged and reply.json["request_id"] in logged
    assert "secret value" not in logged and "Zoe-the-person" not in logged


def test_without_time_left_to_draw_a_post_is_504(world: World) -> None:
    fields = {"first_name": {}, "photo": {"type": "image"}}
    layer = {"type": "image", "width": 20, "height": 20, "source": "{{ photo }}"}
    world.put(document(fields=fields, layers=[layer], alt=""))
    world.web.seconds, world.web.passes = 60, world.pass_time
    reply = world.post({"photo": "https://example.com/a.png"})
    assert (reply.status, reply.json["code"]) == (504, "timeout")


def test_the_log_has_one_line_without_values_or_query(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    made = world.post({"first_name": "Zoe-the-person"}, metadata={"order": "secret-7"}).json
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [line for line in lines if "_aws" not in line]
    assert told["image"] == made["id"] and told["template"] == "welcome"
    assert (told["version"], told["did"], told["status"]) == (1, "drawn", 200)
    assert set(told["steps"]) == {"sources", "draw", "store"}
    assert "Zoe" not in json.dumps(lines) and "secret" not in json.dumps(lines)
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["Renders"] == [1.0] and metrics["service"] == "api"
