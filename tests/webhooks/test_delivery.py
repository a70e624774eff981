"""What becomes of a delivery, for each answer of an endpoint, over the stores in memory."""

from dataclasses import replace
from typing import Any

import pytest

from postcard.adapters.memory import MemoryDeliveryStore, MemoryHints, MemoryWebhookStore
from postcard.errors import ServiceUnavailable
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import (
    DeliveryAttempt,
    DeliveryKey,
    DeliveryRecord,
    WebhookRecord,
    WebhookResponse,
)
from postcard.webhooks.attempts import AttemptResult, Attempts
from postcard.webhooks.delivery_worker import ClaimedDelivery, DeliveryWorker, Outcome
from postcard.webhooks.endpoints import Endpoints
from postcard.webhooks.tick import WebhookTick
from tests.functions.fake_services import FakeEndpoints

NOW = 1_795_341_600.0
HOUR = 3_600.0
DAY = 24 * HOUR
URL = "https://hooks.example.com/"
ID = "wh_a1b2c3d4e5"
OK, BAD, NOTHING = WebhookResponse(204), WebhookResponse(500), WebhookResponse(None, "nothing")


class SlowEndpoints(FakeEndpoints):
    """Endpoints that take some seconds of the test's clock, or as many as they may."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world
        self.seconds = 0.0
        self.patience: list[float] = []

    def post(self, url: str, body: str, headers: Any, *, seconds: float) -> WebhookResponse:
        response = super().post(url, body, headers, seconds=seconds)
        self.patience.append(seconds)
        self._world.now += min(self.seconds, seconds)
        return response if self.seconds < seconds else NOTHING


class World:
    """One webhook whose endpoint took an event a minute ago, and the clock of a test."""

    def __init__(self) -> None:
        self.now = NOW
        self.webhooks, self.deliveries = MemoryWebhookStore(), MemoryDeliveryStore()
        self.hints = MemoryHints(lambda: self.now)
        self.endpoints = SlowEndpoints(self)
        attempts = Attempts(self.endpoints, lambda: "ab" * 32, clock=lambda: self.now)
        stores = (self.webhooks, self.deliveries, self.hints)
        self.worker = DeliveryWorker(*stores, attempts, clock=lambda: self.now, jitter=lambda: 0.5)
        self.tick = WebhookTick(*stores, clock=lambda: self.now, monotonic=lambda: 0.0)
        self.webhooks.put(WebhookRecord(ID, URL, ("image.rendered",), "", 0))
        self.webhooks.add_success(ID, at=NOW - 60, status=204)

    def answer(self, *responses: WebhookResponse) -> None:
        self.endpoints.answers[URL] = list(responses)

    def add(self, number: int = 1) -> DeliveryKey:
        """A new event, with its hint."""
        id = event_id("image.rendered", f"img_{number}", at=self.now)
        delivery = new_delivery(ID, id, "image.rendered", "{}", now=self.now)
        self.deliveries.put_if_absent([delivery])
        self.hints.send([(delivery.key, delivery.started_at)])
        return delivery.key

    def work(self) -> list[Outcome | Exception]:
        """What becomes of all hints that have arrived, of the slow endpoints' last."""
        outcomes: list[Outcome | Exception] = []
        for slow in (False, True):
            while hint := self.hints.receive(slow=slow):
                outcomes += self.worker.deliver_all([hint], slow=slow)
        return outcomes

    def results(self) -> list[str]:
        return [each.result for each in self.work() if isinstance(each, Outcome)]

    def run_tick(self) -> int:
        return self.tick.run(deadline=1.0).hints

    def record(self, key: DeliveryKey) -> DeliveryRecord:
        record = self.deliveries.get(key)
        assert record is not None
        return record

    def wait(self, key: DeliveryKey) -> float:
        """Seconds until the delivery is tried again."""
        due_at = self.record(key).due_at
        assert due_at is not None
        return due_at - self.now

    def fail_until_failing(self) -> None:
        for _ in range(10):
            self.webhooks.add_failure(ID, at=self.now, status=500)


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_that_is_taken_is_delivered_and_kept_for_three_days(world: World) -> None:
    world.answer(WebhookResponse(200, body="thanks"))
    key = world.add()
    assert world.results() == ["delivered"]
    record = world.record(key)
    assert (record.state, record.due_at, record.tries) == ("delivered", None, 1)
    assert record.expires_at == NOW + 3 * DAY
    [attempt] = record.attempts
    assert (attempt.at, attempt.status, attempt.response) == (NOW, 200, "thanks")
    [post] = world.endpoints.posts
    assert (post.url, post.body, post.headers["webhook-id"]) == (URL, "{}", key.event_id)
    assert post.headers["webhook-signature"].startswith("v1,")


def test_the_same_hint_a_hundred_times_is_one_post(world: World) -> None:
    key = world.add()
    hints = [(key, NOW)] * 100
    outcomes = [
        outcome
        for start in range(0, 100, 10)
        for outcome in world.worker.deliver_all(hints[start : start + 10])
    ]
    results = [each.result for each in outcomes if isinstance(each, Outcome)]
    assert results.count("delivered") == 1 and results.count("stale") == 99
    assert len(world.endpoints.posts) == 1


def test_a_failure_is_tried_ten_times_in_76_hours_and_then_dead(world: World) -> None:
    world.answer(BAD, OK, BAD)
    key = world.add()
    waits = []
    while world.record(key).state == "waiting":
        world.webhooks.add_success(ID, at=world.now, status=204)  # other events are taken
        world.results()
        if world.record(key).state == "waiting":
            waits.append(round(world.wait(key) / 1.05))
            world.now = NOW + (world.record(key).due_at or 0) - NOW + 6
            world.answer(BAD)
            world.run_tick()
    assert waits == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    record = world.record(key)
    assert (record.state, record.tries, len(record.attempts)) == ("dead", 10, 10)
    assert {attempt.status for attempt in record.attempts} == {500}
    assert record.expires_at - int(world.now) == 14 * DAY
    assert len({post.body for post in world.endpoints.posts}) == 1


@pytest.mark.parametrize(
    "response", [BAD, NOTHING, WebhookResponse(301), WebhookResponse(404), WebhookResponse(199)]
)
def test_everything_but_a_success_is_tried_again(world: World, response: WebhookResponse) -> None:
    world.answer(response, OK)
    key = world.add()
    assert world.results() == ["retry"]
    world.now += 6
    assert world.results() == ["delivered"]
    assert world.record(key).tries == 2


@pytest.mark.parametrize("header", ["120", "Sun, 22 Nov 2026 10:02:00 GMT"])
def test_retry_after_is_kept_to_the_second(world: World, header: str) -> None:
    world.answer(WebhookResponse(429, retry_after=header), OK)
    key = world.add()
    world.work()
    assert world.wait(key) == 120
    world.now += 119
    assert world.results() == []
    world.now += 1
    assert world.results() == ["delivered"]


@pytest.mark.parametrize(
    ("header", "wait"),
    [("5", 5.25), ("-5", 5.25), ("soon", 5.25), ("", 5.25), ("9" * 40, DAY), ("99999999", DAY)],
)
def test_retry_after_is_bounded(world: World, header: str, wait: float) -> None:
    world.answer(WebhookResponse(503, retry_after=header))
    key = world.add()
    world.work()
    assert world.wait(key) == wait


@pytest.mark.parametrize("failures", [0, 10])
def test_an_event_that_was_sent_days_late_has_all_of_its_tries(world: World, failures: int) -> None:
    key = world.add()
    world.now += 5 * DAY
    for _ in range(failures):
        world.webhooks.add_failure(ID, at=world.now, status=500)
    world.answer(BAD)
    world.results()
    record = world.record(key)
    assert (record.state, len(record.attempts)) == ("waiting", 1)
    assert record.tries == (0 if failures else 1)


def test_410_disables_the_webhook_and_ends_its_deliveries(world: World) -> None:
    world.answer(WebhookResponse(410))
    first, second = world.add(1), world.add(2)
    [outcome, after] = world.work()
    assert isinstance(outcome, Outcome) and isinstance(after, Outcome)
    assert (outcome.result, outcome.disabled) == ("dead", True)
    assert (after.result, after.disabled) == ("dead", False)
    assert len(world.endpoints.posts) == 1
    webhook = world.webhooks.get(ID)
    assert webhook is not None and not webhook.enabled
    assert webhook.disabled_reason == "The endpoint answered 410 Gone."
    assert {world.record(key).state for key in (first, second)} == {"dead"}


def test_deliveries_of_a_deleted_webhook_end(world: World) -> None:
    key = world.add()
    world.webhooks.delete(ID)
    world.work()
    assert world.record(key).state == "dead" and not world.endpoints.posts


def test_the_tick_ends_what_waits_for_a_disabled_webhook(world: World) -> None:
    world.answer(BAD)
    key = world.add()
    world.work()
    webhook = world.webhooks.get(ID)
    assert webhook is not None
    world.webhooks.put(replace(webhook, enabled=False, revision=2))
    world.now += HOUR
    world.hints.receive()
    assert world.run_tick() == 1
    assert world.results() == ["dead"]
    assert world.record(key).state == "dead"


def test_a_delivery_without_a_hint_is_found_by_the_tick_once(world: World) -> None:
    """A process may be killed between its transaction and its hints."""
    key = world.add()
    assert world.hints.receive()
    world.now += 4
    assert world.run_tick() == 0, "its hint may be on the way"
    world.now += 2
    assert [world.run_tick(), world.run_tick()] == [1, 0]
    assert world.results() == ["delivered"]
    assert world.now - NOW < 65 and world.record(key).state == "delivered"


def test_a_delivery_whose_worker_was_killed_is_sent_again(world: World) -> None:
    key = world.add()
    hint = world.hints.receive()
    assert hint is not None
    world.deliveries.claim(key, due_at=NOW, next_due_at=NOW + 60)
    world.now += 30
    assert world.worker.deliver_all([hint]) == [Outcome("stale", ID)]
    assert world.run_tick() == 0
    world.now += 36
    assert world.run_tick() == 1
    assert world.results() == ["delivered"]


def test_an_endpoint_that_is_failing_gets_one_probe_at_a_time(world: World) -> None:
    world.answer(BAD)
    world.fail_until_failing()
    keys = [world.add(number) for number in range(20)]
    results = world.results()
    assert sorted(set(results)) == ["postponed", "retry", "slow"]
    assert len(world.endpoints.posts) == 1, "of twenty events"
    assert {world.record(key).tries for key in keys} == {0}, "a failing endpoint's tries are free"
    world.now += 300
    assert world.run_tick() == 1
    world.answer(OK)
    assert world.results() == ["delivered"]
    assert world.run_tick() == 19, "now everything is sent"
    assert set(world.results()) == {"delivered"}


def test_the_probes_of_a_failing_endpoint_come_at_growing_intervals(world: World) -> None:
    world.answer(BAD)
    world.fail_until_failing()
    world.add()
    waits = []
    for _ in range(9):
        world.work()
        waits.append(round(world.webhooks.health(ID).retry_at - world.now))
        world.now = world.webhooks.health(ID).retry_at + 6
        assert world.run_tick() == 1
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300, 300]


def test_a_failing_endpoint_can_say_when_it_wants_the_next_probe(world: World) -> None:
    world.answer(WebhookResponse(503, retry_after="7200"))
    world.fail_until_failing()
    world.add()
    world.work()
    assert world.webhooks.health(ID).retry_at == world.now + 7_200


def test_an_endpoint_that_fails_for_five_days_is_disabled(world: World) -> None:
    world.fail_until_failing()
    key = world.add()
    world.hints.receive()
    for seconds, disabled in ((5 * DAY - 10, 0), (20, 1)):
        world.now += seconds
        world.webhooks.add_failure(ID, at=world.now, status=500)
        assert world.tick.run(deadline=1.0).disabled == disabled
    webhook = world.webhooks.get(ID)
    assert webhook is not None and webhook.disabled_reason.endswith("five days.")
    world.now += 300
    world.run_tick()
    world.work()
    assert world.record(key).state == "dead"


def test_an_endpoint_to_which_nothing_was_sent_for_days_is_not_disabled_for_them(
    world: World,
) -> None:
    world.fail_until_failing()
    world.now += 9 * DAY
    assert world.tick.run(deadline=1.0).disabled == 0
    world.answer(BAD, OK)
    key = world.add()
    world.results()
    health = world.webhooks.health(ID)
    assert (health.failures, health.failing_since) == (1, world.now), "counted anew"
    assert (world.record(key).tries, round(world.wait(key) / 1.05)) == (1, 5)
    world.now += 6
    assert world.results()[-1] == "delivered"


def test_retry_after_is_obeyed_by_the_first_probe_too(world: World) -> None:
    for _ in range(9):
        world.webhooks.add_failure(ID, at=world.now, status=503)
    world.answer(WebhookResponse(503, retry_after="3600"))
    first = world.add(1)
    world.work()
    world.add(2)
    world.work()
    assert world.wait(first) == 3_600
    for _ in range(58):
        world.now += 60
        world.run_tick()
        world.work()
    assert len(world.endpoints.posts) == 1, "nothing else was sent in this hour"


def test_a_new_endpoint_that_asks_for_time_costs_nothing_until_then(world: World) -> None:
    world.webhooks.reset_health(ID)
    world.answer(WebhookResponse(503, retry_after="7200"))
    keys = [world.add(number) for number in range(5)]
    world.work()
    assert len(world.endpoints.posts) == 1
    assert {world.wait(key) for key in keys} == {7_200}
    assert world.hints.next_due() is None, "the tick finds them"
    world.now += 7_206
    world.answer(OK)
    assert world.run_tick() == 1
    assert world.results() == ["delivered"]


def test_a_webhook_that_has_moved_is_not_disabled_by_its_old_endpoint(world: World) -> None:
    webhook = world.webhooks.get(ID)
    assert webhook is not None
    key = world.add()
    claimed = world.worker.claim(key, NOW, Endpoints(world.webhooks).get(ID))
    assert isinstance(claimed, ClaimedDelivery)
    world.webhooks.put(replace(webhook, url="https://new.example.com/", revision=2))
    attempt = DeliveryAttempt(world.now, 410, 20)
    outcome = world.worker.store(claimed, AttemptResult(attempt, WebhookResponse(410)))
    assert not outcome.disabled
    moved = world.webhooks.get(ID)
    assert moved is not None and moved.enabled


def test_a_new_endpoint_gets_one_event_until_it_takes_it(world: World) -> None:
    world.webhooks.delete(ID)
    world.webhooks.put(WebhookRecord(ID, URL, ("image.rendered",), "", 0))
    keys = [world.add(number) for number in range(10)]
    outcomes = world.worker.deliver_all([(key, NOW) for key in keys])
    assert {each.result for each in outcomes if isinstance(each, Outcome)} == {"slow"}
    endpoint = Endpoints(world.webhooks).get(ID)
    claims = [world.worker.claim(key, NOW, endpoint, slow=True) for key in keys]
    assert isinstance(claims[0], ClaimedDelivery)
    assert claims[1:] == [Outcome("postponed", ID)] * 9
    world.webhooks.add_success(ID, at=NOW, status=204)  # it took the first one
    world.now += 10
    assert world.results().count("delivered") == 9


def test_an_endpoint_that_takes_over_three_seconds_gets_fifteen_from_other_workers(
    world: World,
) -> None:
    world.endpoints.seconds = 6.0
    key = world.add()
    assert world.results() == ["slow", "delivered"]
    assert world.endpoints.patience == [3.0, 15.0]
    record = world.record(key)
    assert (record.tries, [each.status for each in record.attempts]) == (1, [204])
    assert {post.headers["webhook-id"] for post in world.endpoints.posts} == {key.event_id}
    world.add(2)
    assert world.results() == ["slow", "delivered"]
    assert world.endpoints.patience == [3.0, 15.0, 15.0], "it is known to be slow"
    world.endpoints.seconds = 0.1
    world.now += HOUR
    world.add(3)
    assert world.results() == ["delivered"]


def test_thousands_of_events_of_a_slow_endpoint_do_not_fill_the_queue_of_the_others(
    world: World,
) -> None:
    world.webhooks.mark_slow(ID, until=NOW + HOUR)
    for number in range(2_000):
        world.add(number)
        hint = world.hints.receive()
        assert hint is not None
        world.worker.deliver_all([hint])
        world.now += 0.1
    assert world.hints.backlog(slow=True) < 550
    world.results()
    while world.run_tick():
        world.results()
        world.now += 60
    assert len(world.endpoints.posts) == 2_000, "the tick goes on with the others"


def test_no_response_within_fifteen_seconds_is_a_failure(world: World) -> None:
    world.endpoints.seconds = 16.0
    key = world.add()
    assert world.results() == ["slow", "retry"]
    assert world.record(key).tries == 1
    assert world.record(key).attempts[0].duration_ms == 15_000


def test_a_tick_leaves_a_queue_alone_that_is_full_already(world: World) -> None:
    for number in range(600):
        world.add(number)
    world.now += 60
    result = world.tick.run(deadline=1.0)
    assert (result.hints, result.oldest_seconds) == (0, 60)
    assert set(world.results()) == {"delivered"}


def test_a_tick_ends_in_time(world: World) -> None:
    world.add()
    world.hints.receive()
    world.now += 60
    assert world.tick.run(deadline=0.0).hints == 0
    assert world.tick.run(deadline=0.1).hints == 1


def test_what_fails_comes_back_and_the_others_of_the_batch_do_not(world: World) -> None:
    good, bad = world.add(1), DeliveryKey("wh_other", world.add(2).event_id)

    class Broken(MemoryWebhookStore):
        def get(self, webhook_id: str) -> WebhookRecord | None:
            if webhook_id == "wh_other":
                raise ServiceUnavailable("get_item: timeout")
            return world.webhooks.get(webhook_id)

        def health(self, webhook_id: str) -> Any:
            return world.webhooks.health(webhook_id)

    attempts = Attempts(world.endpoints, lambda: "ab" * 32, clock=lambda: world.now)
    worker = DeliveryWorker(
        Broken(), world.deliveries, world.hints, attempts, clock=lambda: world.now
    )
    [first, second] = worker.deliver_all([(good, NOW), (bad, NOW)])
    assert isinstance(first, Outcome) and first.result == "delivered"
    assert isinstance(second, ServiceUnavailable)
    assert worker.deliver_all([]) == []
