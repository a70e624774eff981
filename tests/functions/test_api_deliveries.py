"""`/v1/webhooks/{id}/deliveries`: list, read and replay."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import DeliveryAttempt, DeliveryKey, DeliveryRecord
from postcard.timestamps import format_rfc3339
from postcard.webhooks.delivery_service import MAX_PAGES, PAGE_LENGTH
from tests.functions.in_memory_service import NOW, InMemoryService

HOUR = 3600


@pytest.fixture
def hook(empty: InMemoryService) -> str:
    body = {"url": "https://hooks.example.com/", "events": ["batch.completed"]}
    return str(empty.call("POST", "/v1/webhooks", body).json["id"])


def put(world: InMemoryService, hook: str, number: int, state: str = "dead") -> DeliveryRecord:
    """A delivery of an event `number` hours ago; one that waits is due in `number` hours."""
    at = NOW - number * HOUR
    sent_id = event_id("batch.completed", f"bat_{number}", at=at)
    body = json.dumps({"type": "batch.completed", "timestamp": format_rfc3339(at), "data": {}})
    attempt = DeliveryAttempt(at, 500, 12, "", "Oops")
    record = replace(
        new_delivery(hook, sent_id, "batch.completed", body, now=at),
        state=state,
        due_at=NOW + number * HOUR if state == "waiting" else None,
        tries=10,
        attempts=(attempt,),
    )
    world.deliveries.put_if_absent([record])
    return record


def stored(world: InMemoryService, record: DeliveryRecord) -> DeliveryRecord:
    found = world.deliveries.get(record.key)
    assert found is not None
    return found


def hints(world: InMemoryService) -> Iterator[tuple[DeliveryKey, float]]:
    while (hint := world.hints.receive()) is not None:
        yield hint


def test_deliveries_are_listed_newest_first_in_pages(empty: InMemoryService, hook: str) -> None:
    records = [put(empty, hook, number) for number in range(5)]
    path = f"/v1/webhooks/{hook}/deliveries"
    first = empty.call("GET", f"{path}?limit=3").json
    rest = empty.call("GET", f"{path}?limit=3&cursor={first['next_cursor']}").json
    listed = [item["id"] for item in first["items"] + rest["items"]]
    assert listed == [record.key.event_id for record in records] and rest["next_cursor"] is None
    assert first["items"][1] == {
        "id": records[1].key.event_id,
        "type": "batch.completed",
        "timestamp": "2026-11-22T09:00:00Z",
        "state": "dead",
        "tries": 10,
        "due_at": None,
        "expires_at": "2026-12-06T09:00:00Z",
        "attempts": [
            {
                "at": "2026-11-22T09:00:00Z",
                "status": 500,
                "duration_ms": 12,
                "error": None,
                "response": "Oops",
            }
        ],
    }


def test_a_state_is_a_filter(empty: InMemoryService, hook: str) -> None:
    for number, state in enumerate(("dead", "waiting", "delivered")):
        put(empty, hook, number, state)
    for state in ("dead", "waiting", "delivered"):
        reply = empty.call("GET", f"/v1/webhooks/{hook}/deliveries?state={state}").json
        assert [item["state"] for item in reply["items"]] == [state]
    assert empty.call("GET", f"/v1/webhooks/{hook}/deliveries?state=lost").status == 400


def test_a_delivery_has_the_exact_body(empty: InMemoryService, hook: str) -> None:
    record = put(empty, hook, 1)
    reply = empty.call("GET", f"/v1/webhooks/{hook}/deliveries/{record.key.event_id}").json
    assert reply["body"] == record.body and reply["success"] is True
    missing = f"/v1/webhooks/{hook}/deliveries/evt_{'0' * 26}"
    assert empty.call("GET", missing).status == 404
    assert empty.call("GET", f"/v1/webhooks/{hook}/deliveries/evt_short").status == 404


def test_deliveries_of_another_webhook_are_not_found(empty: InMemoryService, hook: str) -> None:
    record = put(empty, "wh_aaaaaaaaaa", 1)
    path = f"/v1/webhooks/{hook}/deliveries/{record.key.event_id}"
    assert empty.call("GET", path).status == 404
    assert empty.call("POST", f"{path}/replay").status == 404


@pytest.mark.parametrize("state", ["dead", "delivered"])
def test_a_replay_is_due_now_with_ten_new_tries(
    empty: InMemoryService, hook: str, state: str
) -> None:
    record = put(empty, hook, 30, state)
    path = f"/v1/webhooks/{hook}/deliveries/{record.key.event_id}/replay"
    reply = empty.call("POST", path).json
    assert (reply["state"], reply["tries"], reply["due_at"]) == (
        "waiting",
        0,
        "2026-11-22T10:00:00Z",
    )
    after = stored(empty, record)
    assert (after.key, after.body, after.attempts) == (record.key, record.body, record.attempts)
    assert (after.started_at, after.expires_at) == (NOW, NOW + 14 * 86_400)
    assert list(hints(empty)) == [(record.key, NOW)]
    assert empty.call("POST", path).status == 200 and list(hints(empty)) == []


def test_a_waiting_delivery_is_made_due_and_keeps_its_tries(
    empty: InMemoryService, hook: str
) -> None:
    record = put(empty, hook, 7, "waiting")
    path = f"/v1/webhooks/{hook}/deliveries/{record.key.event_id}/replay"
    reply = empty.call("POST", path).json
    assert (reply["tries"], reply["due_at"]) == (10, "2026-11-22T10:00:00Z")
    assert list(hints(empty)) == [(record.key, NOW)]


def test_a_delivery_that_is_being_tried_is_left_alone(empty: InMemoryService, hook: str) -> None:
    record = put(empty, hook, 0, "waiting")
    claimed = empty.deliveries.claim(record.key, due_at=NOW, next_due_at=NOW + 60)
    path = f"/v1/webhooks/{hook}/deliveries/{record.key.event_id}/replay"
    assert empty.call("POST", path).status == 200
    assert stored(empty, record) == claimed and list(hints(empty)) == []


def replay_since(world: InMemoryService, hook: str, **body: Any) -> dict[str, Any]:
    reply = world.call("POST", f"/v1/webhooks/{hook}/deliveries/replay", body)
    assert reply.status == 200, reply.body
    replayed: dict[str, Any] = reply.json
    return replayed


def test_all_dead_ones_since_a_time_are_replayed(empty: InMemoryService, hook: str) -> None:
    states = ("dead", "delivered", "waiting", "dead", "dead")
    records = [put(empty, hook, number, state) for number, state in enumerate(states)]
    since = format_rfc3339(NOW - 3 * HOUR)
    assert replay_since(empty, hook, since=since) == {
        "success": True,
        "replayed": 2,
        "next_cursor": None,
    }
    after = [stored(empty, record).state for record in records]
    assert after == ["waiting", "delivered", "waiting", "waiting", "dead"]
    assert {key for key, _ in hints(empty)} == {records[0].key, records[3].key}
    assert replay_since(empty, hook, since=since)["replayed"] == 0
    assert replay_since(empty, hook, since=since, state="delivered")["replayed"] == 1
    assert replay_since(empty, hook, since="2026-11-01T00:00:00Z", state="any")["replayed"] == 1


def test_a_large_replay_goes_on_where_it_ended(empty: InMemoryService, hook: str) -> None:
    count = MAX_PAGES * PAGE_LENGTH + 30
    for number in range(count):
        put(empty, hook, number)
    since = format_rfc3339(NOW - count * HOUR)
    first = replay_since(empty, hook, since=since)
    assert first["replayed"] == MAX_PAGES * PAGE_LENGTH and first["next_cursor"]
    second = replay_since(empty, hook, since=since, cursor=first["next_cursor"])
    assert (second["replayed"], second["next_cursor"]) == (30, None)
    assert len(list(hints(empty))) == count


def test_a_large_replay_ends_in_time(empty: InMemoryService, hook: str) -> None:
    for number in range(PAGE_LENGTH + 1):
        put(empty, hook, number)
    body = {"since": "2026-01-01T00:00:00Z"}
    path = f"/v1/webhooks/{hook}/deliveries/replay"
    reply = empty.call("POST", path, body, remaining_ms=5_000).json
    assert reply["replayed"] == PAGE_LENGTH and reply["next_cursor"]


def test_a_wrong_bulk_replay_is_refused(empty: InMemoryService, hook: str) -> None:
    path = f"/v1/webhooks/{hook}/deliveries/replay"
    for body, pointer in (
        ({}, "/since"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-11-22T00:00:00Z", "state": "waiting"}, "/state"),
        ({"since": "2026-11-22T00:00:00Z", "cursor": "?"}, "/cursor"),
    ):
        reply = empty.call("POST", path, body)
        assert reply.status == 400
        assert pointer in [place for _, place in reply.error_locations()], reply.body


def test_nothing_is_replayed_to_a_disabled_webhook(empty: InMemoryService, hook: str) -> None:
    record = put(empty, hook, 1)
    assert empty.call("PATCH", f"/v1/webhooks/{hook}", {"enabled": False}).status == 200
    path = f"/v1/webhooks/{hook}/deliveries"
    one = empty.call("POST", f"{path}/{record.key.event_id}/replay")
    many = empty.call("POST", f"{path}/replay", {"since": "2026-11-22T00:00:00Z"})
    for reply in (one, many):
        assert (reply.status, reply.json["code"]) == (409, "webhook_disabled")
    assert stored(empty, record) == record
