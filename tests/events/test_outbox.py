"""Ids and bodies of events, and which webhooks get them."""

import json
import re
from collections.abc import Sequence

import pytest

from api.request_models import EVENT_ID
from postcard.adapters.memory import MemoryHints, MemoryWebhookStore
from postcard.errors import ServiceUnavailable
from postcard.events.event_body import event_body
from postcard.events.event_ids import event_id, event_time
from postcard.events.outbox import WebhookOutbox
from postcard.ports import DeliveryKey, WebhookRecord

NOW = 1_795_341_600.0
ID = event_id("image.rendered", "img_1", at=NOW)


class Clock:
    """`time.monotonic` that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stores:
    """Webhooks, hints, and the outbox over them."""

    def __init__(self) -> None:
        self.webhooks = MemoryWebhookStore()
        self.hints = MemoryHints()
        self.clock = Clock()
        self.outbox = WebhookOutbox(self.webhooks, self.hints, clock=self.clock)

    def add(self, name: str, *events: str, enabled: bool = True) -> None:
        url = "https://hooks.example.com/"
        self.webhooks.put(WebhookRecord(f"wh_{name}", url, events, "", 0, enabled=enabled))

    def takers(self, event_type: str) -> list[str]:
        deliveries = self.outbox.deliveries(event_type, ID, {"id": "img_1"}, now=NOW)
        return [delivery.key.webhook_id for delivery in deliveries]


def test_the_same_change_has_the_same_id_and_another_has_another() -> None:
    changes: list[tuple[str, str, str | int, float]] = [
        ("template.published", "welcome", 7, NOW),
        ("template.published", "welcome", 8, NOW),
        ("template.published", "welcome7", "", NOW),
        ("image.rendered", "welcome", 7, NOW),
        ("template.published", "welcome", 7, NOW + 0.001),
    ]
    ids = [event_id(kind, subject, n, at=at) for kind, subject, n, at in changes]
    assert len(set(ids)) == len(changes)
    assert ids == [event_id(kind, subject, n, at=at) for kind, subject, n, at in changes]
    assert all(re.fullmatch(EVENT_ID, id) for id in ids)
    assert event_time(ids[-1]) == NOW + 0.001


def test_ids_sort_by_the_time_of_the_event() -> None:
    times = [0, 0.001, 1, 1_000, NOW, NOW + 0.001, NOW + 0.032, NOW + 1, 4_102_444_800]
    ids = [event_id("image.rendered", f"img_{n}", at=at) for n, at in enumerate(times)]
    assert ids == sorted(ids)


def test_a_body_says_type_time_and_what_happened() -> None:
    body = event_body("image.rendered", {"id": "img_1", "text": "Zoë 😀\u2028"}, at=NOW + 0.7)
    assert json.loads(body) == {
        "type": "image.rendered",
        "timestamp": "2026-11-22T10:00:00Z",
        "data": {"id": "img_1", "text": "Zoë 😀\u2028"},
    }
    assert "a?b" in event_body("image.rendered", {"text": "a\ud800b"}, at=NOW)
    with pytest.raises(ValueError, match="more than 65536 bytes"):
        event_body("image.rendered", {"text": "ë" * 32_768}, at=NOW)


def test_the_enabled_webhooks_that_want_a_type_get_it() -> None:
    stores = Stores()
    stores.add("both", "image.rendered", "template.published")
    stores.add("off", "image.rendered", enabled=False)
    stores.add("other", "template.published")
    assert stores.takers("image.rendered") == ["wh_both"]
    assert stores.takers("template.published") == ["wh_both", "wh_other"]
    assert stores.takers("batch.failed") == []


def test_a_delivery_has_the_whole_event_and_is_due_at_once() -> None:
    stores = Stores()
    stores.add("one", "image.rendered")
    [delivery] = stores.outbox.deliveries("image.rendered", ID, {"id": "img_1"}, now=NOW)
    assert delivery.key == DeliveryKey("wh_one", ID)
    assert delivery.body == event_body("image.rendered", {"id": "img_1"}, at=NOW)
    assert (delivery.state, delivery.due_at, delivery.started_at) == ("waiting", NOW, NOW)
    assert delivery.expires_at == NOW + 14 * 86_400
    stores.outbox.announce([delivery])
    assert stores.hints.receive() == (delivery.key, NOW)
    assert stores.hints.receive() is None


def test_a_new_webhook_gets_rare_events_at_once_and_frequent_ones_after_ten_seconds() -> None:
    stores = Stores()
    assert stores.takers("image.rendered") == []
    stores.add("one", "image.rendered", "template.published")
    assert stores.takers("image.rendered") == []
    stores.clock.now += 10
    assert stores.takers("image.rendered") == ["wh_one"]
    stores.add("two", "image.rendered", "template.published")
    assert stores.takers("template.published") == ["wh_one", "wh_two"]


def test_hints_that_cannot_be_sent_fail_nothing() -> None:
    tries: list[Sequence[tuple[DeliveryKey, float]]] = []

    class Down:
        def send(
            self,
            hints: Sequence[tuple[DeliveryKey, float]],
            *,
            delay_seconds: int = 0,
            slow: bool = False,
        ) -> None:
            tries.append(hints)
            raise ServiceUnavailable("send_message_batch: timeout")

        def backlog(self, *, slow: bool = False) -> int:
            return 0

    stores = Stores()
    stores.add("one", "image.rendered")
    outbox = WebhookOutbox(stores.webhooks, Down())
    outbox.announce(outbox.deliveries("image.rendered", ID, {}, now=NOW))
    outbox.announce([])
    assert tries == [[(DeliveryKey("wh_one", ID), NOW)]]
