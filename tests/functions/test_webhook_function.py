"""The webhook function: messages of its queues in, the messages that failed out; and ticks."""

import json
from dataclasses import replace
from typing import Any

import pytest

from postcard.adapters.aws.hints import hint_to_json
from postcard.adapters.memory import MemoryDeliveryStore, MemoryHints, MemoryWebhookStore
from postcard.errors import ServiceUnavailable
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import DeliveryKey, JsonObject, WebhookRecord, WebhookResponse
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.delivery_worker import DeliveryWorker
from postcard.webhooks.function_service import WebhookFunctionService
from postcard.webhooks.tick import WebhookTick
from tests.functions.fake_services import FakeEndpoints, FakeLambdaContext
from webhook.app import handle_event

NOW = 1_795_341_600.0
ID = "wh_a1b2c3d4e5"
URL = "https://hooks.example.com/t0k3n"
QUEUES = "arn:aws:sqs:eu-central-1:123456789012:"
TICK = {"source": "aws.scheduler", "detail-type": "Scheduled Event"}


class Webhooks:
    """The function over stores in memory, with one webhook."""

    def __init__(self) -> None:
        self.now = NOW
        self.webhooks, self.deliveries = MemoryWebhookStore(), MemoryDeliveryStore()
        self.hints, self.endpoints = MemoryHints(lambda: self.now), FakeEndpoints()
        self.handled: list[JsonObject] = []
        attempts = Attempts(self.endpoints, lambda: "ab" * 32, clock=lambda: self.now)
        stores = (self.webhooks, self.deliveries, self.hints)
        self.service = WebhookFunctionService(
            DeliveryWorker(*stores, attempts, clock=lambda: self.now),
            WebhookTick(*stores, clock=lambda: self.now),
            lambda instant: None,
            {"s3_notification": self._handle},
        )
        self.webhooks.put(WebhookRecord(ID, URL, ("image.rendered",), "", 0))
        self.webhooks.add_success(ID, at=NOW - 60, status=204)

    def _handle(self, message: JsonObject) -> JsonObject:
        self.handled.append(message)
        return {"images": len(message["Records"])}

    def add(self, number: int) -> str:
        """A new event; the body of its hint."""
        id = event_id("image.rendered", f"img_{number}", at=NOW)
        delivery = new_delivery(ID, id, "image.rendered", '{"name":"Zoë"}', now=NOW)
        self.deliveries.put_if_absent([delivery])
        return hint_to_json(delivery.key, NOW)

    def handle(self, *bodies: str, queue: str = "postcard-hints") -> list[str]:
        """The ids of the messages that come back."""
        records = [
            {"messageId": f"m{n}", "body": body, "eventSourceARN": QUEUES + queue}
            for n, body in enumerate(bodies)
        ]
        answer = handle_event({"Records": records}, FakeLambdaContext(30_000), self.service)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.fixture
def webhooks() -> Webhooks:
    return Webhooks()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_hint_of_a_batch_is_delivered_and_logged(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str]
) -> None:
    assert webhooks.handle(webhooks.add(1), webhooks.add(2)) == []
    assert len(webhooks.endpoints.posts) == 2
    logged = lines(capsys)
    assert [(line["webhook_id"], line["result"], line["status"]) for line in logged] == [
        (ID, "delivered", 204)
    ] * 2
    assert "t0k3n" not in str(logged) and "Zo" not in str(logged), "no URL and no body"


def test_messages_that_are_no_hints_come_back_and_the_others_are_delivered(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = ("{", "[]", "7", '{"key": ["a"]}', webhooks.add(1), "null")
    assert webhooks.handle(*bodies) == ["m0", "m1", "m2", "m3", "m5"]
    assert len(webhooks.endpoints.posts) == 1
    failed = [line for line in lines(capsys) if line["level"] == "ERROR"]
    assert len(failed) == 5 and all("error" in line for line in failed)


def test_a_store_that_is_down_brings_the_hint_back(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(webhook_id: str) -> Any:
        raise ServiceUnavailable("get_item: AccessDenied (403)")

    hint = webhooks.add(1)
    monkeypatch.setattr(webhooks.webhooks, "get", fail)
    assert webhooks.handle(hint) == ["m0"]
    assert lines(capsys)[0]["dependency"] == "get_item: AccessDenied (403)"


def test_hints_of_the_slow_queue_are_for_endpoints_that_are_slow(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/postcard-slow"
    monkeypatch.setenv("POSTCARD_SLOW_HINT_QUEUE_URL", url)
    webhooks.webhooks.mark_slow(ID, until=NOW + 600)
    hint = webhooks.add(1)
    assert webhooks.handle(hint) == [] and webhooks.endpoints.posts == []
    assert webhooks.hints.receive(slow=True) is not None
    assert webhooks.handle(hint, queue="postcard-slow") == []
    assert len(webhooks.endpoints.posts) == 1


def test_notifications_of_s3_have_their_own_handler(webhooks: Webhooks) -> None:
    notification = {"Records": [{"eventSource": "aws:s3"}]}
    assert webhooks.handle(json.dumps(notification), webhooks.add(1)) == []
    assert webhooks.handled == [notification]
    assert len(webhooks.endpoints.posts) == 1


def test_an_endpoint_has_all_its_time_however_long_other_messages_take(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monotonic = 0.0
    given: list[float] = []
    post = webhooks.endpoints.post

    def handle(message: JsonObject) -> JsonObject:
        nonlocal monotonic
        monotonic += 9.0
        return {}

    def note_time(*arguments: Any, seconds: float, **more: Any) -> WebhookResponse:
        given.append(seconds)
        return post(*arguments, seconds=seconds, **more)

    monkeypatch.setattr(webhooks.endpoints, "post", note_time)
    webhooks.service = replace(
        webhooks.service, monotonic=lambda: monotonic, message_handlers={"s3_notification": handle}
    )
    notification = json.dumps({"Records": [{"eventSource": "aws:s3"}]})
    assert webhooks.handle(notification, notification, notification, webhooks.add(1)) == []
    assert given == [3.0]


def test_what_waited_for_a_deleted_webhook_raises_no_alarm(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/postcard-slow"
    monkeypatch.setenv("POSTCARD_SLOW_HINT_QUEUE_URL", url)
    hint = webhooks.add(1)
    webhooks.webhooks.delete(ID)
    assert webhooks.handle(hint, queue="postcard-slow") == []
    [line] = lines(capsys)
    assert line["result"] == "dead"


def test_what_is_done_each_minute_does_not_wait_for_a_queue_that_is_down(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[float] = []

    def fail(*, slow: bool = False) -> int:
        raise ServiceUnavailable("get_queue_attributes: Unreachable (no response)")

    monkeypatch.setattr(webhooks.hints, "backlog", fail)
    service = replace(webhooks.service, minute_tasks=[done.append], clock=lambda: NOW)
    with pytest.raises(ServiceUnavailable):
        handle_event(TICK, FakeLambdaContext(30_000), service)
    assert done == [NOW]


def test_dead_deliveries_and_disabled_webhooks_are_metrics(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str]
) -> None:
    webhooks.endpoints.answers[URL] = [WebhookResponse(410)]
    webhooks.handle(webhooks.add(1))
    [metrics] = [line for line in lines(capsys) if "_aws" in line]
    assert (metrics["DeadDeliveries"], metrics["DisabledWebhooks"]) == (1, 1)
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [[]]
    assert [each["Name"] for each in directive["Metrics"]] == ["DeadDeliveries", "DisabledWebhooks"]


def test_a_tick_sends_hints_and_says_how_long_the_oldest_has_waited(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str]
) -> None:
    webhooks.add(1)
    webhooks.now = NOW + 700
    assert handle_event(TICK, FakeLambdaContext(30_000), webhooks.service) == {}
    tick, metrics = lines(capsys)
    assert (tick["webhooks"], tick["hints"], tick["oldest_due_s"]) == (1, 1, 700)
    assert metrics["OldestDueSeconds"] == 700
    key, due_at = webhooks.hints.receive() or (DeliveryKey("", ""), 0.0)
    assert webhooks.handle(hint_to_json(key, due_at)) == []
    assert len(webhooks.endpoints.posts) == 1


def test_without_webhooks_a_tick_says_nothing(
    webhooks: Webhooks, capsys: pytest.CaptureFixture[str]
) -> None:
    webhooks.webhooks.delete(ID)
    handle_event(TICK, FakeLambdaContext(30_000), webhooks.service)
    assert lines(capsys) == []
