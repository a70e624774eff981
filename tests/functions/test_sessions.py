"""Sessions of the template editor: an invitation's code becomes an API key that can do little."""

import json
import threading
from typing import Any

import pytest

from api import app as api_app
from api.app import resolver
from api.resolver import scopes_of
from postcard.errors import BadRequest
from postcard.keys.api_keys import key_digest
from postcard.keys.sessions import MAX_NAME_LENGTH, SESSION_SCOPES
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import api_event, document

HOUR, DAY = 3600, 86_400


def invite(world: InMemoryService, name: str = "Anna", **more: Any) -> str:
    code, _ = world.api.sessions.invite(name, now=world.now, **more)
    return code


def begin(world: InMemoryService, code: str, address: str = "203.0.113.7") -> HandlerResponse:
    event = api_event("POST", "/v1/sessions")
    event["requestContext"]["http"]["sourceIp"] = address
    event["headers"]["content-type"] = "application/json"
    event["body"] = json.dumps({"code": code})
    return HandlerResponse.from_lambda(
        api_app.handle_request(event, FakeLambdaContext(29_000), world.api)
    )


def begun(world: InMemoryService, **more: Any) -> str:
    """The key of a new session."""
    response = begin(world, invite(world, **more))
    assert response.status == 200, response.body
    return str(response.json["key"])


def test_a_code_begins_a_session_of_twelve_hours(world: InMemoryService) -> None:
    reply = begin(world, invite(world, "Anna Müller", templates=["welcome"], days=7))
    key, session = reply.json["key"], {**reply.json}
    del session["key"]
    assert session == {
        "success": True,
        "name": "Anna Müller",
        "scopes": ["images", "templates", "drafts", "usage"],
        "templates": ["welcome"],
        "expires_at": "2026-11-22T22:00:00Z",
        "renewable_until": "2026-11-29T10:00:00Z",
    }
    assert reply.headers["cache-control"] == "no-store"
    read = world.call("GET", "/v1/sessions/current", key=key)
    assert read.json == session
    assert world.call("GET", "/v1/templates/welcome", key=key).status == 200


def test_a_code_works_once(world: InMemoryService) -> None:
    code = invite(world)
    assert begin(world, code).status == 200
    again = begin(world, code)
    assert (again.status, again.json["code"]) == (401, "invalid_code")
    assert again.headers["www-authenticate"].startswith("Bearer")
    assert len([key for key in world.api_keys.list() if key.is_session]) == 1


def test_of_many_exchanges_at_once_one_gets_the_session(world: InMemoryService) -> None:
    code, keys, begin_together = invite(world), [], threading.Barrier(8)

    def exchange(number: int) -> None:
        begin_together.wait()
        try:
            key, _ = world.api.sessions.begin(code, address=f"203.0.113.{number}", now=world.now)
        except Exception as error:
            keys.append(type(error).__name__)
        else:
            keys.append(key[:9])

    threads = [threading.Thread(target=exchange, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys) == ["Unauthorized"] * 7 + ["postcard_"]


def test_a_code_expires_after_15_minutes(world: InMemoryService) -> None:
    code = invite(world)
    world.now += 15 * 60
    assert begin(world, code).json["code"] == "invalid_code"
    world.now -= 1
    assert begin(world, code).json["code"] == "invalid_code", "it was spent by the try"
    other = invite(world)
    world.now += 15 * 60 - 1
    assert begin(world, other).status == 200


def test_wrong_used_and_expired_codes_get_the_same_response(world: InMemoryService) -> None:
    used, expired = invite(world), invite(world)
    begin(world, used, "192.0.2.1")
    world.now += 16 * 60
    replies = [
        begin(world, code, "192.0.2.2")
        for code in (
            used,
            expired,
            "q83vEjRWeJq83vEjRWeJqw",
            "x",
            "é" * 22,
            used.lower(),
            f"{used} ",
        )
    ]
    assert {reply.status for reply in replies} == {401}
    assert len({reply.body for reply in replies}) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": ""},
        {"code": 7},
        {"code": "x" * 201},
        {"code": None},
        {"code": ["a"]},
        [],
        {"code": "q83vEjRWeJq83vEjRWeJqw", "name": "Eve"},
    ],
)
def test_a_malformed_request_is_a_400(world: InMemoryService, body: Any) -> None:
    assert world.call("POST", "/v1/sessions", body, key=None).status == 400


def test_right_codes_do_not_count_as_tries(world: InMemoryService) -> None:
    statuses = [begin(world, invite(world)).status for _ in range(25)]
    assert statuses == [200] * 25
    assert [begin(world, "x").status for _ in range(11)] == [401] * 10 + [429]


def test_an_address_has_ten_wrong_tries_a_minute(world: InMemoryService) -> None:
    guesses = [begin(world, f"{number:022}").status for number in range(10)]
    assert guesses == [401] * 10
    code = invite(world)
    refused = begin(world, code)
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert begin(world, code, "198.51.100.1").status == 200, "others are not slowed"
    world.now += int(refused.headers["retry-after"])
    assert begin(world, invite(world)).status == 200


def test_the_addresses_of_one_ipv6_network_share_their_tries(world: InMemoryService) -> None:
    replies = [begin(world, "x", f"2001:db8::{number:x}").status for number in range(11)]
    assert replies == [401] * 10 + [429]
    assert begin(world, "x", "2001:db8:0:1::1").status == 401


def test_neither_code_nor_key_nor_address_is_stored_or_logged(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    code = invite(world)
    assert code not in repr(vars(world.invitations))
    key = begin(world, code).json["key"]
    world.call("GET", "/v1/sessions/current", key=key)
    printed = capsys.readouterr().out
    assert "/v1/sessions" in printed
    for secret in (code, key, "203.0.113.7"):
        assert secret not in printed
        assert secret not in repr(vars(world.api_keys)) + repr(vars(world.counters))


def test_a_session_ends_after_twelve_hours_or_is_renewed(world: InMemoryService) -> None:
    key, other = begun(world), begun(world)
    world.now += 12 * HOUR - 1
    renewed = world.call("POST", "/v1/sessions/renew", key=key)
    assert renewed.json["expires_at"] == "2026-11-23T09:59:59Z"
    world.now += 1
    ended = world.call("GET", "/v1/templates", key=other)
    assert (ended.status, ended.json["code"]) == (401, "expired_key")
    assert "invitation link" in ended.json["detail"]
    assert world.call("POST", "/v1/sessions/renew", key=other).status == 401
    assert world.call("GET", "/v1/templates", key=key).status == 200


def test_a_session_is_renewed_until_its_last_day_and_no_longer(world: InMemoryService) -> None:
    key = begun(world, days=2)
    for _ in range(4):
        world.now += 11 * HOUR
        assert world.call("POST", "/v1/sessions/renew", key=key).status == 200
    assert world.call("GET", "/v1/sessions/current", key=key).json["expires_at"] == (
        "2026-11-24T10:00:00Z"
    )
    world.now = NOW + 2 * DAY
    assert world.call("POST", "/v1/sessions/renew", key=key).status == 401


def test_a_session_is_ended_by_its_person_and_by_keys_revoke(world: InMemoryService) -> None:
    mine, theirs = begun(world), begun(world)
    assert world.call("DELETE", "/v1/sessions/current", key=mine).status == 204
    assert world.call("GET", "/v1/sessions/current", key=mine).json["code"] == "revoked_key"
    record = world.api_keys.by_digest(key_digest(theirs))
    assert record is not None
    world.api.keys.revoke(record.key_id, now=world.now)
    for method, path in (("GET", "/v1/fonts"), ("POST", "/v1/sessions/renew")):
        assert world.call(method, path, key=theirs).status == 401


def test_a_session_that_was_ended_meanwhile_is_not_renewed(world: InMemoryService) -> None:
    key = begun(world)
    record = world.api_keys.by_digest(key_digest(key))
    assert record is not None
    world.api.keys.revoke(record.key_id, now=world.now)
    with pytest.raises(Exception, match="invitation link"):
        world.api.sessions.renew(record, now=world.now + 60)  # it was read before
    assert world.call("GET", "/v1/fonts", key=key).status == 401


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "current"), ("DELETE", "current"), ("POST", "renew")]
)
def test_an_api_key_that_is_no_session_is_neither_renewed_nor_ended(
    world: InMemoryService, method: str, path: str
) -> None:
    assert world.call(method, f"/v1/sessions/{path}").status == 404
    assert world.call("GET", "/v1/fonts").status == 200
    assert world.call(method, f"/v1/sessions/{path}", key=None).status == 401


def test_no_session_can_make_a_call_that_needs_admin_or_batches(world: InMemoryService) -> None:
    key = begun(world)
    routes = [r for r in resolver.all_routes if set(scopes_of(r)) & {"admin", "batches"}]
    only = [r for r in routes if not set(scopes_of(r)) & set(SESSION_SCOPES)]
    assert len(only) >= 9
    for route in only:
        path = route.path.replace("<template_id>", "welcome").replace("<version>", "1")
        path = path.replace("<image_id>", "img_" + "a" * 26).replace(
            "<batch_id>", "bat_" + "a" * 20
        )
        reply = world.call(route.method, path, {}, key=key)
        assert (reply.status, reply.json["code"]) == (403, "missing_scope"), path
    erase = world.call("DELETE", "/v1/templates/welcome?erase=true", key=key)
    assert (erase.status, erase.json["code"]) == (403, "missing_scope")


def test_a_confined_session_reaches_only_its_templates(world: InMemoryService) -> None:
    world.publish(document(), "secret")
    key = begun(world, templates=["welcome"])
    assert [i["id"] for i in world.call("GET", "/v1/templates", key=key).json["items"]] == [
        "welcome"
    ]
    for method, path, body in (
        ("GET", "/v1/templates/secret", None),
        ("GET", "/v1/templates/secret/versions/1", None),
        ("PUT", "/v1/templates/secret", document()),
        ("DELETE", "/v1/templates/secret", None),
        ("POST", "/v1/previews", {"template_id": "secret"}),
        ("POST", "/v1/images", {"template_id": "secret"}),
        ("POST", "/v1/links", {"template_id": "secret"}),
    ):
        reply = world.call(method, path, body, key=key)
        assert (reply.status, reply.json["code"]) == (403, "template_not_allowed"), path
    assert world.call("PUT", "/v1/templates/welcome", document(), key=key).status == 200


def test_who_only_designs_sees_and_previews_but_publishes_nothing(world: InMemoryService) -> None:
    asset = {"content_type": "image/png", "bytes": 9}
    world.upload_asset("hero", b"123456789")
    key = begun(world, design_only=True)
    allowed = [
        ("GET", "/v1/templates", None),
        ("GET", "/v1/templates/welcome", None),
        ("GET", "/v1/templates/welcome/fields", None),
        ("GET", "/v1/templates/welcome/versions", None),
        ("GET", "/v1/templates/welcome/versions/1", None),
        ("GET", "/v1/assets", None),
        ("GET", "/v1/assets/hero", None),
        ("GET", "/v1/fonts", None),
        ("POST", "/v1/previews", {"document": document()}),
        ("POST", "/v1/previews", {"template_id": "welcome"}),
        ("POST", "/v1/assets", {"id": "new", **asset}),
    ]
    for method, path, body in allowed:
        assert world.call(method, path, body, key=key).status == 200, path
    refused = [
        ("PUT", "/v1/templates/welcome", document(name="Mine")),
        ("POST", "/v1/templates", document()),
        ("DELETE", "/v1/templates/welcome", None),
        ("POST", "/v1/assets", {"id": "hero", "replace": True, **asset}),
        ("POST", "/v1/assets", {"id": "other", "replace": True, **asset}),
        ("DELETE", "/v1/assets/hero", None),
        ("POST", "/v1/images", {"template_id": "welcome"}),
        ("POST", "/v1/links", {"template_id": "welcome"}),
    ]
    for method, path, body in refused:
        reply = world.call(method, path, body, key=key)
        assert (reply.status, reply.json["code"]) == (403, "missing_scope"), path
    assert world.call("POST", "/v1/assets", {"id": "hero", **asset}, key=key).status == 409


def test_a_session_draws_twelve_pictures_a_second_and_slows_nobody_else(
    world: InMemoryService,
) -> None:
    key, preview = begun(world), {"template_id": "welcome"}
    statuses = [world.call("POST", "/v1/previews", preview, key=key).status for _ in range(12)]
    assert statuses == [200] * 12
    renders = world.renderer.renders
    for path in ("/v1/previews", "/v1/images"):
        refused = world.call("POST", path, preview, key=key)
        assert (refused.status, refused.json["code"]) == (429, "rate_limited")
        assert refused.headers["retry-after"] == "1"
    assert world.call("PUT", "/v1/templates/welcome", document(), key=key).status == 429
    assert world.renderer.renders == renders, "nothing was drawn"
    assert world.call("GET", "/v1/templates", key=key).status == 200
    production = [world.call("POST", "/v1/previews", preview).status for _ in range(13)]
    assert production == [200] * 13
    assert world.call("POST", "/v1/previews", preview, key=begun(world)).status == 200
    world.now += 1
    assert world.call("POST", "/v1/previews", preview, key=key).status == 200


def test_each_person_of_a_preview_is_a_picture(world: InMemoryService) -> None:
    key, accept = begun(world), {"Accept": "application/json"}
    body = {"template_id": "welcome", "people": [[]] * 7}
    first = world.call("POST", "/v1/previews", body, key=key, headers=accept)
    assert first.status == 200 and len(first.json["pictures"]) == 7
    assert world.call("POST", "/v1/previews", body, key=key, headers=accept).status == 429
    body["people"] = [[]] * 5
    assert world.call("POST", "/v1/previews", body, key=key, headers=accept).status == 200


def test_the_previews_of_a_session_count_towards_no_quota(world: InMemoryService) -> None:
    key = begun(world)
    world.call("POST", "/v1/previews", {"template_id": "welcome"}, key=key)
    assert not [name for name in vars(world.counters)["_counts"] if name.startswith("calls#")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * (MAX_NAME_LENGTH + 1)},
        {"name": "Anna\nEve"},
        {"templates": []},
        {"templates": ["Welcome!"]},
        {"templates": ["a"] * 101},
        {"days": 0},
        {"days": 31},
    ],
    ids=str,
)
def test_an_invitation_out_of_bounds_is_refused(
    world: InMemoryService, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadRequest):
        invite(world, **{"name": "Anna", **wrong})
