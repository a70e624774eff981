"""`/v1/webhooks`: settings, secrets and pings, from the event to the response."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from postcard.events.event_types import EVENT_TYPES
from postcard.ports import WebhookRecord, WebhookResponse
from postcard.webhooks.webhook_service import MAX_WEBHOOKS
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import NOW, InMemoryService

HOOK: dict[str, Any] = {
    "url": "https://hooks.example.com/postcard",
    "events": ["batch.completed", "batch.failed"],
    "description": "Tell the CRM",
}
HOUR = 3600
PRIVATE = "https://10.0.0.5/"


@pytest.fixture
def empty(empty: InMemoryService) -> InMemoryService:
    """A service without anything, where one URL may not be sent to."""
    empty.endpoints.refused.add(PRIVATE)
    return empty


def create(world: InMemoryService, **more: Any) -> dict[str, Any]:
    reply = world.call("POST", "/v1/webhooks", {**HOOK, **more})
    assert reply.status == 200, reply.body
    created: dict[str, Any] = reply.json
    return created


def read(world: InMemoryService, webhook: dict[str, Any]) -> dict[str, Any]:
    reply = world.call("GET", f"/v1/webhooks/{webhook['id']}")
    assert reply.status == 200, reply.body
    found: dict[str, Any] = reply.json
    return found


def fault(reply: HandlerResponse) -> tuple[int, str, list[tuple[str, str]]]:
    return reply.status, reply.json["code"], reply.error_locations()


def test_a_new_webhook_is_shown_with_its_secret_and_later_without(empty: InMemoryService) -> None:
    created = create(empty)
    secret = created.pop("secret")
    assert re.fullmatch("whsec_[A-Za-z0-9+/]{43}=", secret)
    assert re.fullmatch("wh_[a-z2-7]{10}", created["id"])
    assert created == {
        "success": True,
        "id": created["id"],
        **HOOK,
        "enabled": True,
        "disabled_reason": None,
        "created_at": "2026-11-22T10:00:00Z",
        "old_secret_until": None,
        "health": {
            "failures": 0,
            "failing_since": None,
            "retry_at": None,
            "last_success_at": None,
            "last_failure_at": None,
            "last_status": None,
        },
    }
    assert read(empty, created) == created
    assert empty.call("GET", "/v1/webhooks").json == {"items": [created]}


def test_a_secret_is_in_no_row_and_differs_between_webhooks(empty: InMemoryService) -> None:
    first, second = create(empty), create(empty)
    assert first["secret"] != second["secret"]
    assert "whsec" not in repr(empty.webhooks.list())
    for secret in (first["secret"], second["secret"]):
        assert secret.removeprefix("whsec_") not in repr(vars(empty.webhooks))


def test_a_repeated_idempotency_key_gets_the_same_webhook_and_stores_no_secret(
    empty: InMemoryService,
) -> None:
    stored = []
    finish = empty.idempotency.finish

    def record(name: str, response: str, *, now: float) -> None:
        stored.append(response)
        finish(name, response, now=now)

    empty.idempotency.finish = record  # type: ignore[method-assign]
    replies = [
        empty.call("POST", "/v1/webhooks", HOOK, headers={"idempotency-key": "one"})
        for _ in range(2)
    ]
    assert replies[0].json == replies[1].json and len(empty.webhooks.list()) == 1
    [text] = stored
    assert replies[0].json["id"] in text and "whsec" not in text


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"url": PRIVATE}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "https://a.example.com/" + "x" * 2048}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["batch.completed", "batch.done"]}, "/events/1"),
        ({"events": ["ping"]}, "/events/0"),
        ({"events": [*EVENT_TYPES, "batch.failed"]}, "/events"),
        ({"description": "a\nb"}, "/description"),
        ({"description": "x" * 201}, "/description"),
        ({"secret": "whsec_mine"}, "/secret"),
    ],
    ids=[
        *("private", "empty", "long", "no-types", "unknown-type", "ping", "too-many-types"),
        *("two-lines", "long-description", "own-secret"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_place(
    empty: InMemoryService, wrong: dict[str, Any], pointer: str
) -> None:
    reply = empty.call("POST", "/v1/webhooks", {**HOOK, **wrong})
    assert reply.status == 400
    assert pointer in [place for _, place in reply.error_locations()], reply.body
    assert empty.webhooks.list() == []
    webhook = create(empty)
    changed = empty.call("PATCH", f"/v1/webhooks/{webhook['id']}", wrong)
    assert changed.status == 400, changed.body
    assert read(empty, webhook)["url"] == HOOK["url"]


def test_all_faults_are_named_at_once(empty: InMemoryService) -> None:
    wrong = {"url": PRIVATE, "events": ["a", "b"], "description": "\u0007"}
    reply = empty.call("POST", "/v1/webhooks", wrong)
    assert fault(reply) == (
        400,
        "invalid_value",
        [("invalid_value", place) for place in ("/events/0", "/events/1", "/description", "/url")],
    )


def test_types_are_listed_once_in_one_order(empty: InMemoryService) -> None:
    types = ["batch.failed", "template.published", "batch.failed"]
    assert create(empty, events=types)["events"] == ["template.published", "batch.failed"]


def test_there_are_at_most_twenty(empty: InMemoryService) -> None:
    webhooks = [create(empty) for _ in range(MAX_WEBHOOKS)]
    reply = empty.call("POST", "/v1/webhooks", HOOK)
    assert (reply.status, reply.json["code"]) == (409, "too_many_webhooks")
    assert empty.call("DELETE", f"/v1/webhooks/{webhooks[0]['id']}").status == 204
    create(empty)


def test_only_an_unlimited_key_with_admin_may_call(empty: InMemoryService) -> None:
    webhook = create(empty)
    paths = [
        ("GET", "/v1/webhooks", None),
        ("POST", "/v1/webhooks", HOOK),
        ("GET", f"/v1/webhooks/{webhook['id']}", None),
        ("PATCH", f"/v1/webhooks/{webhook['id']}", {"enabled": False}),
        ("DELETE", f"/v1/webhooks/{webhook['id']}", None),
        ("POST", f"/v1/webhooks/{webhook['id']}/rotate", {}),
        ("POST", f"/v1/webhooks/{webhook['id']}/ping", None),
        ("GET", f"/v1/webhooks/{webhook['id']}/deliveries", None),
        ("GET", f"/v1/webhooks/{webhook['id']}/deliveries/evt_{'0' * 26}", None),
        ("POST", f"/v1/webhooks/{webhook['id']}/deliveries/evt_{'0' * 26}/replay", None),
        ("POST", f"/v1/webhooks/{webhook['id']}/deliveries/replay", {"since": "2026-11-22"}),
    ]
    others = empty.new_api_key(("images", "templates", "drafts", "batches", "usage"))
    limited = empty.new_api_key(("admin",), templates=["welcome"])
    for method, path, body in paths:
        refused = empty.call(method, path, body, key=others)
        assert (refused.status, refused.json["code"]) == (403, "missing_scope"), path
        refused = empty.call(method, path, body, key=limited)
        assert (refused.status, refused.json["code"]) == (403, "template_not_allowed"), path
    assert read(empty, webhook)["enabled"] and empty.endpoints.posts == []


def test_a_changed_webhook_keeps_what_was_not_named(empty: InMemoryService) -> None:
    webhook = create(empty)
    path = f"/v1/webhooks/{webhook['id']}"
    changed = empty.call("PATCH", path, {"events": ["budget.exceeded"]}).json
    assert changed == {**without_secret(webhook), "events": ["budget.exceeded"]}
    checked = len(empty.endpoints.checked)
    assert empty.call("PATCH", path, {"url": HOOK["url"], "description": ""}).status == 200
    assert len(empty.endpoints.checked) == checked, "the same URL is not looked up again"
    assert read(empty, webhook)["description"] == ""


def without_secret(webhook: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in webhook.items() if name != "secret"}


def test_enabling_and_moving_forget_the_failures(empty: InMemoryService) -> None:
    webhook = create(empty)
    path = f"/v1/webhooks/{webhook['id']}"
    for change in ({"enabled": True}, {"url": "https://other.example.com/"}):
        empty.webhooks.add_failure(webhook["id"], at=NOW, status=500, retry_at=NOW + 60)
        failing = read(empty, webhook)["health"]
        assert failing["failures"] == 1 and failing["retry_at"] == "2026-11-22T10:01:00Z"
        assert failing["failing_since"] == "2026-11-22T10:00:00Z" and failing["last_status"] == 500
        assert empty.call("PATCH", path, {"description": "x"}).json["health"]["failures"] == 1
        health = empty.call("PATCH", path, change).json["health"]
        assert set(health.values()) == {0, None}


def test_an_enabled_webhook_never_has_the_failures_that_disabled_it(
    empty: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a tick at that moment would disable it again."""
    webhook = create(empty)
    empty.call("PATCH", f"/v1/webhooks/{webhook['id']}", {"enabled": False})
    empty.webhooks.add_failure(webhook["id"], at=NOW, status=500)
    put = empty.webhooks.put
    failures: list[int] = []

    def put_and_look(record: WebhookRecord) -> None:
        put(record)
        failures.append(empty.webhooks.health(record.webhook_id).failures)

    monkeypatch.setattr(empty.webhooks, "put", put_and_look)
    assert empty.call("PATCH", f"/v1/webhooks/{webhook['id']}", {"enabled": True}).status == 200
    assert failures == [0]


def test_a_webhook_that_postcard_disabled_says_why_until_it_is_enabled(
    empty: InMemoryService,
) -> None:
    webhook = create(empty)
    path = f"/v1/webhooks/{webhook['id']}"
    [record] = empty.webhooks.list()
    reason = "The endpoint answered 410."
    empty.webhooks.put(replace(record, enabled=False, disabled_reason=reason, revision=2))
    assert read(empty, webhook)["disabled_reason"] == reason
    assert empty.call("PATCH", path, {"description": "x"}).json["disabled_reason"] == reason
    enabled = empty.call("PATCH", path, {"enabled": True}).json
    assert (enabled["enabled"], enabled["disabled_reason"]) == (True, None)


def test_a_change_at_the_same_moment_is_a_conflict(empty: InMemoryService) -> None:
    webhook = create(empty)
    get = empty.webhooks.get

    def get_then_lose(webhook_id: str) -> Any:
        record = get(webhook_id)
        assert record is not None
        empty.webhooks.put(replace(record, description="mine", revision=record.revision + 1))
        return record

    empty.webhooks.get = get_then_lose  # type: ignore[method-assign]
    reply = empty.call("PATCH", f"/v1/webhooks/{webhook['id']}", {"description": "yours"})
    assert (reply.status, reply.json["code"]) == (409, "conflict")


def test_a_rotation_overlaps_and_can_be_repeated(empty: InMemoryService) -> None:
    webhook = create(empty)
    path = f"/v1/webhooks/{webhook['id']}/rotate"
    rotated = empty.call("POST", path, {"overlap_hours": 24}).json
    assert rotated["secret"] != webhook["secret"]
    assert rotated["old_secret_until"] == "2026-11-23T10:00:00Z"
    empty.now += HOUR
    assert empty.call("POST", path, {"overlap_hours": 48}).json == rotated, "the response was lost"
    empty.now += 23 * HOUR
    assert read(empty, webhook)["old_secret_until"] is None
    again = empty.call("POST", path, {}).json
    assert again["secret"] not in (rotated["secret"], webhook["secret"])
    ended = empty.call("POST", path, {"overlap_hours": 0}).json
    assert ended["secret"] != again["secret"] and ended["old_secret_until"] is None
    for hours in (-1, 169, 1.5, "24"):
        assert empty.call("POST", path, {"overlap_hours": hours}).status == 400


def test_the_deliveries_of_a_deleted_webhook_are_gone(empty: InMemoryService) -> None:
    webhook = create(empty)
    path = f"/v1/webhooks/{webhook['id']}"
    assert empty.call("DELETE", path).status == 204
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/ping"), ("GET", "/deliveries")):
        assert empty.call(method, path + rest).status == 404
    for wrong in ("wh_short", "wh_A2B3C4D5E6", "evt_" + "0" * 26):
        assert empty.call("GET", f"/v1/webhooks/{wrong}").status == 404


def test_a_ping_is_sent_once_and_its_answer_is_the_response(empty: InMemoryService) -> None:
    webhook = create(empty, enabled=False)
    reply = empty.call("POST", f"/v1/webhooks/{webhook['id']}/ping").json
    [sent] = empty.endpoints.posts
    assert sent.url == HOOK["url"] and sent.headers["webhook-id"] == reply["event_id"]
    assert json.loads(sent.body) == {
        "type": "ping",
        "timestamp": "2026-11-22T10:00:00Z",
        "data": {"webhook_id": webhook["id"]},
    }
    assert reply["delivered"] is True
    assert reply["attempt"] == {
        "at": "2026-11-22T10:00:00Z",
        "status": 204,
        "duration_ms": reply["attempt"]["duration_ms"],
        "error": None,
        "response": "",
    }
    assert empty.call("GET", f"/v1/webhooks/{webhook['id']}/deliveries").json["items"] == []
    assert read(empty, webhook)["health"]["last_success_at"] is None


@pytest.mark.parametrize(
    ("status", "error", "delivered"),
    [(200, "", True), (299, "", True), (301, "", False), (503, "", False), (None, "slow", False)],
    ids=["200", "299", "301", "503", "none"],
)
def test_a_ping_is_delivered_by_a_2xx_alone(
    empty: InMemoryService, status: int | None, error: str, delivered: bool
) -> None:
    webhook = create(empty)
    empty.endpoints.answers[HOOK["url"]] = [WebhookResponse(status, error, "Hi")]
    reply = empty.call("POST", f"/v1/webhooks/{webhook['id']}/ping").json
    assert (reply["delivered"], reply["attempt"]["status"]) == (delivered, status)
    assert reply["attempt"]["error"] == (error or None)


def test_a_ping_ends_before_the_call_does(empty: InMemoryService) -> None:
    webhook = create(empty)
    empty.call("POST", f"/v1/webhooks/{webhook['id']}/ping")
    empty.call("POST", f"/v1/webhooks/{webhook['id']}/ping", remaining_ms=6_000)
    first, second = (sent.seconds for sent in empty.endpoints.posts)
    assert first == 15 and second <= 5
