"""API keys, scopes, rate limits and quotas."""

from typing import Any

import pytest

from postcard.keys.api_keys import key_digest
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

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
    ("GET", "/v1/assets/hero", "templates"),
    ("DELETE", "/v1/assets/hero", "templates"),
    ("GET", "/v1/fonts", "templates"),
]
PUBLIC = ["/v1/health", "/openapi.json", "/docs", "/v1/template.schema.json", "/v1/platforms"]
OTHERS = {
    "images": ["templates", "batches", "admin"],
    "templates": ["images", "batches", "admin"],
    "admin": ["images", "templates", "batches"],
}


@pytest.mark.parametrize(("method", "path", "scope"), PATHS)
def test_every_call_needs_a_key_with_its_scope(
    world: InMemoryService, method: str, path: str, scope: str
) -> None:
    missing = world.call(method, path, {}, key=None)
    assert (missing.status, missing.json["code"]) == (401, "missing_key")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    other = world.call(method, path, {}, key=world.new_api_key(OTHERS[scope]))
    assert (other.status, other.json["code"]) == (403, "missing_scope")
    assert world.call(method, path, {}, key=world.new_api_key([scope])).status not in (401, 403)


@pytest.mark.parametrize("path", PUBLIC)
def test_public_paths_need_no_key(world: InMemoryService, path: str) -> None:
    assert world.call("GET", path, key=None).status == 200


def test_a_key_comes_as_bearer_or_as_x_api_key(world: InMemoryService) -> None:
    headers = {"X-API-Key": world.key}
    assert world.call("GET", "/v1/templates", key=None, headers=headers).status == 200


def test_keys_that_are_unknown_revoked_or_expired_are_401(world: InMemoryService) -> None:
    unknown = world.call("GET", "/v1/fonts", key="postcard_x")
    assert (unknown.status, unknown.json["code"]) == (401, "invalid_key")
    assert unknown.headers["www-authenticate"] == 'Bearer realm="postcard", error="invalid_token"'
    expired = world.new_api_key(expires_at=int(NOW) - 1)
    assert world.call("GET", "/v1/fonts", key=expired).json["code"] == "expired_key"
    revoked = world.new_api_key()
    record = world.api_keys.by_digest(key_digest(revoked))
    assert record is not None
    world.api.keys.revoke(record.key_id, now=NOW)
    assert world.call("GET", "/v1/fonts", key=revoked).json["code"] == "revoked_key"


def test_the_last_use_of_a_key_is_stored_to_the_hour(world: InMemoryService) -> None:
    key = world.new_api_key()

    def last_used() -> int | None:
        record = world.api_keys.by_digest(key_digest(key))
        assert record is not None
        return record.last_used_at

    assert last_used() is None
    for passed, expected in ((0, NOW), (3599, NOW), (1, NOW + 3600)):
        world.now += passed
        assert world.call("GET", "/v1/fonts", key=key).status == 200
        assert last_used() == int(expected)


def test_a_restricted_key_reaches_only_its_templates(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoe"}).json
    key = world.new_api_key(templates=["other"])
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
        assert (reply.status, reply.json["code"]) == (403, "template_not_allowed"), path
    assert world.call("GET", "/v1/templates", key=key).json["items"] == []
    assert world.call("PUT", "/v1/templates/other", document(), key=key).status == 200


def test_every_v1_response_has_rate_limit_headers(world: InMemoryService) -> None:
    key = world.new_api_key(rate=7)
    good = world.call("GET", "/v1/fonts", key=key)
    assert good.headers["ratelimit-policy"] == '"key";q=7;w=1'
    assert good.headers["ratelimit"] == '"key";r=6;t=1'
    lost = world.call("GET", "/v1/nothing", key=key)
    for reply in (lost, world.call("GET", "/v1/fonts", key=None), world.call("GET", "/v1/health")):
        assert "ratelimit" in reply.headers and "ratelimit-policy" in reply.headers


def test_a_key_over_its_rate_is_429(world: InMemoryService) -> None:
    key = world.new_api_key(rate=2)
    assert [world.call("GET", "/v1/fonts", key=key).status for _ in range(3)] == [200, 200, 429]
    reply = world.call("GET", "/v1/fonts", key=key)
    assert reply.json["code"] == "rate_limited"
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["ratelimit"] == '"key";r=0;t=1'
    world.now += 1
    assert world.call("GET", "/v1/fonts", key=key).status == 200


def test_a_used_up_quota_is_available_again_next_month(world: InMemoryService) -> None:
    key = world.new_api_key(monthly_quota=1)
    assert world.call("GET", "/v1/fonts", key=key).status == 200
    spent = world.call("GET", "/v1/fonts", key=key)
    assert (spent.status, spent.json["code"]) == (429, "quota_exceeded")
    world.now += int(spent.headers["retry-after"])
    assert world.call("GET", "/v1/fonts", key=key).status == 200


def test_without_the_rate_limiter_the_api_is_503_and_pictures_are_served(
    world: InMemoryService,
) -> None:
    link = world.sign_link()
    world.limiter.down = True
    reply = world.call("GET", "/v1/fonts")
    assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
    assert int(reply.headers["retry-after"]) > 0
    assert world.open_link(link).headers["x-postcard-render"] == "drawn"
