"""The contract of the stores of webhooks and deliveries and of hints, in memory and with boto3."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from postcard import ports
from postcard.adapters import memory
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.webhooks import DynamoDeliveryStore, DynamoWebhookStore, delivery_puts
from postcard.errors import BadRequest, Conflict
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import (
    DeliveryAttempt,
    DeliveryKey,
    DeliveryRecord,
    WebhookHealth,
    WebhookRecord,
)
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import make_table
from tests.clocks import PATIENCE_SECONDS

NOW = 1_795_341_600.125
WEBHOOK = WebhookRecord(
    webhook_id="wh_a1b2c3d4e5",
    url="https://hooks.example.com/postcard",
    events=("image.rendered", "template.published"),
    description="Our CRM",
    created_at=1_795_000_000,
)
WEBHOOK_ID = WEBHOOK.webhook_id


@dataclass
class Stores:
    """An implementation of each port."""

    webhooks: ports.WebhookStore
    deliveries: ports.DeliveryStore


@pytest.fixture(params=["memory", "boto3"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each implementation in turn."""
    if request.param == "memory":
        yield Stores(memory.MemoryWebhookStore(), memory.MemoryDeliveryStore())
        return
    settings = request.getfixturevalue("settings")
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    table = Table(dynamodb, settings.table)
    yield Stores(DynamoWebhookStore(table), DynamoDeliveryStore(table))


def delivery(number: int, *, webhook_id: str = WEBHOOK_ID) -> DeliveryRecord:
    """The delivery of event `number`, which happened `number` seconds after `NOW`."""
    at = NOW + number
    id = event_id("image.rendered", f"img_{number}", at=at)
    return new_delivery(webhook_id, id, "image.rendered", '{"a":"Zoë \u2028"}', now=at)


def due_of(record: DeliveryRecord) -> float:
    assert record.due_at is not None
    return record.due_at


def test_a_webhook_is_stored_changed_listed_and_deleted(stores: Stores) -> None:
    webhooks = stores.webhooks
    assert webhooks.get(WEBHOOK_ID) is None
    webhooks.put(WEBHOOK)
    assert webhooks.get(WEBHOOK_ID) == WEBHOOK
    changed = replace(WEBHOOK, enabled=False, disabled_reason="410", old_secret_until=9, revision=2)
    webhooks.put(changed)
    other = replace(WEBHOOK, webhook_id="wh_0000000000")
    webhooks.put(other)
    assert webhooks.list() == [other, changed]
    webhooks.add_failure(WEBHOOK_ID, at=NOW, status=500)
    webhooks.delete(WEBHOOK_ID)
    webhooks.delete(WEBHOOK_ID)
    assert webhooks.list() == [other]
    assert webhooks.health(WEBHOOK_ID) == WebhookHealth()


@pytest.mark.parametrize("revision", [1, 2, 4])
def test_a_webhook_that_somebody_else_changed_is_not_overwritten(
    stores: Stores, revision: int
) -> None:
    stores.webhooks.put(WEBHOOK)
    stores.webhooks.put(replace(WEBHOOK, description="new", revision=2))
    with pytest.raises(Conflict):
        stores.webhooks.put(replace(WEBHOOK, revision=revision))


def test_a_webhook_whose_stored_response_was_lost_is_stored(settings: Any) -> None:
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    webhooks = DynamoWebhookStore(Table(dynamodb, settings.table))
    for record in (WEBHOOK, replace(WEBHOOK, secret_number=2, old_secret_until=9, revision=2)):
        for _ in range(2):  # a client repeats a call that had no response
            webhooks.put(record)
        assert webhooks.get(WEBHOOK_ID) == record
    with pytest.raises(Conflict):
        webhooks.put(WEBHOOK)


def test_failures_in_a_row_are_counted_until_a_success(stores: Stores) -> None:
    webhooks = stores.webhooks
    assert webhooks.health(WEBHOOK_ID) == WebhookHealth()
    webhooks.add_failure(WEBHOOK_ID, at=10.5, status=500)
    failed = webhooks.add_failure(WEBHOOK_ID, at=20.5, status=None, retry_at=30.5)
    assert failed == WebhookHealth(2, 30.5, 10.5, None, 20.5, None) == webhooks.health(WEBHOOK_ID)
    webhooks.add_success(WEBHOOK_ID, at=40.5, status=204)
    assert webhooks.health(WEBHOOK_ID) == WebhookHealth(0, 0, None, 40.5, 20.5, 204)
    webhooks.mark_slow(WEBHOOK_ID, until=90.5)
    assert webhooks.add_failure(WEBHOOK_ID, at=50.5, status=429).failing_since == 50.5
    webhooks.reset_health(WEBHOOK_ID)
    assert webhooks.health(WEBHOOK_ID) == WebhookHealth()
    assert webhooks.claim_probe(WEBHOOK_ID, now=1, retry_at=2)


def test_failures_that_are_counted_at_once_are_all_counted(stores: Stores) -> None:
    def fail(number: int) -> None:
        stores.webhooks.add_failure(WEBHOOK_ID, at=number, status=500)

    run_concurrently(fail, 6)
    assert stores.webhooks.health(WEBHOOK_ID).failures == 6


def test_of_several_workers_one_tries_an_endpoint_that_fails(stores: Stores) -> None:
    webhooks = stores.webhooks

    def claim(_: int) -> bool:
        return webhooks.claim_probe(WEBHOOK_ID, now=100, retry_at=120)

    assert run_concurrently(claim, 4).count(True) == 1
    assert not webhooks.claim_probe(WEBHOOK_ID, now=119.5, retry_at=140)
    assert webhooks.claim_probe(WEBHOOK_ID, now=120, retry_at=140)


def test_a_delivery_is_stored_once(stores: Stores) -> None:
    first = delivery(1)
    stores.deliveries.put_if_absent([first, delivery(2)])
    stores.deliveries.put_if_absent([replace(first, body="other"), delivery(3)])
    assert stores.deliveries.get(first.key) == first
    assert stores.deliveries.get(delivery(3).key) == delivery(3)
    assert stores.deliveries.get(delivery(4).key) is None
    other = DeliveryKey("wh_other", first.key.event_id)
    assert stores.deliveries.get(other) is None


def test_of_several_workers_one_claims_a_delivery(stores: Stores) -> None:
    record = delivery(1)
    stores.deliveries.put_if_absent([record])

    def claim(number: int) -> DeliveryRecord | None:
        next_due_at = NOW + 60 + number
        return stores.deliveries.claim(record.key, due_at=due_of(record), next_due_at=next_due_at)

    [claimed] = [each for each in run_concurrently(claim, 4) if isinstance(each, DeliveryRecord)]
    assert replace(claimed, due_at=record.due_at) == record
    assert stores.deliveries.get(record.key) == claimed
    assert stores.deliveries.claim(delivery(2).key, due_at=1, next_due_at=2) is None


def test_the_outcome_of_a_delivery_is_stored_while_it_is_claimed(stores: Stores) -> None:
    record = delivery(1)
    deliveries = stores.deliveries
    deliveries.put_if_absent([record])
    claimed = deliveries.claim(record.key, due_at=due_of(record), next_due_at=NOW + 60)
    assert claimed is not None
    attempts = (
        DeliveryAttempt(NOW, None, 15_000, "no response in time"),
        DeliveryAttempt(NOW + 5.25, 200, 81, response="thanks"),
    )
    failed = replace(claimed, tries=1, attempts=attempts[:1], due_at=NOW + 5)
    assert deliveries.finish(failed, due_at=NOW + 60)
    assert not deliveries.finish(failed, due_at=NOW + 60), "it is due at another time by now"
    assert deliveries.get(record.key) == failed
    done = replace(failed, state="delivered", due_at=None, attempts=attempts, expires_at=5)
    assert deliveries.finish(done, due_at=NOW + 5)
    assert deliveries.get(record.key) == done
    assert deliveries.due(WEBHOOK_ID, until=NOW + 10**6, limit=10) == []
    assert not deliveries.finish(failed, due_at=NOW + 5), "it no longer waits"
    assert deliveries.claim(record.key, due_at=NOW + 5, next_due_at=NOW) is None


def test_a_delivery_that_has_ended_is_replayed(stores: Stores) -> None:
    record = delivery(1)
    stores.deliveries.put_if_absent([record])
    again = replace(record, due_at=NOW + 500, started_at=NOW + 500)
    assert not stores.deliveries.replay(again), "it waits already"
    assert not stores.deliveries.replay(delivery(2)), "there is none"
    dead = replace(record, state="dead", due_at=None, tries=10)
    assert stores.deliveries.finish(dead, due_at=due_of(record))
    assert stores.deliveries.replay(again)
    assert stores.deliveries.due(WEBHOOK_ID, until=NOW + 500, limit=2) == [(again.key, NOW + 500)]


def test_deliveries_that_are_due_are_found_oldest_first(stores: Stores) -> None:
    deliveries = stores.deliveries
    records = [delivery(number) for number in range(30)]
    deliveries.put_if_absent([*reversed(records), delivery(1, webhook_id="wh_other")])
    due = [(record.key, due_of(record)) for record in records]
    assert deliveries.due(WEBHOOK_ID, until=NOW + 20, limit=100) == due[:21]
    assert deliveries.due(WEBHOOK_ID, until=NOW + 20, limit=7) == due[:7]
    assert deliveries.due(WEBHOOK_ID, until=NOW - 0.125, limit=7) == []
    assert deliveries.claim(records[0].key, due_at=due[0][1], next_due_at=NOW + 3600)
    assert deliveries.due(WEBHOOK_ID, until=NOW + 20, limit=1) == due[1:2]


def test_deliveries_are_listed_newest_first_in_pages(stores: Stores) -> None:
    deliveries = stores.deliveries
    records = [delivery(number) for number in range(12)]
    deliveries.put_if_absent(records)
    for record in records[3:9]:
        dead = replace(record, state="dead", due_at=None)
        assert deliveries.finish(dead, due_at=due_of(record))

    def numbers(state: str | None, limit: int) -> list[list[int]]:
        pages: list[list[int]] = []
        cursor = None
        while True:
            page = deliveries.page(WEBHOOK_ID, state=state, limit=limit, cursor=cursor)
            pages.append([int(each.started_at - NOW) for each in page.items])
            if (cursor := page.next_cursor) is None:
                return pages

    assert numbers(None, 5) == [[11, 10, 9, 8, 7], [6, 5, 4, 3, 2], [1, 0]]
    assert numbers("dead", 4) == [[8, 7, 6, 5], [4, 3]]
    assert numbers("delivered", 4) == [[]]
    with pytest.raises(BadRequest):
        deliveries.page(WEBHOOK_ID, state=None, limit=4, cursor="!")


def test_the_deliveries_of_a_webhook_are_deleted(stores: Stores) -> None:
    other = delivery(1, webhook_id="wh_other")
    stores.deliveries.put_if_absent([other, *(delivery(number) for number in range(12))])
    stores.deliveries.delete_all(WEBHOOK_ID)
    assert stores.deliveries.page(WEBHOOK_ID, state=None, limit=9, cursor=None).items == []
    assert stores.deliveries.due(WEBHOOK_ID, until=NOW + 99, limit=9) == []
    assert stores.deliveries.get(other.key) == other


def test_a_delivery_can_be_stored_with_the_change_that_it_tells_of(settings: Any) -> None:
    dynamodb: Any = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(dynamodb, settings.table)
    table = Table(dynamodb, settings.table)
    change = ("templates", "welcome", {"version": 1}, None)
    table.transact([change, *delivery_puts([delivery(1)])], ())
    assert DynamoDeliveryStore(table).get(delivery(1).key) == delivery(1)
