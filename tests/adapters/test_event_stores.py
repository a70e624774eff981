"""Stores write an event's deliveries with the change or not at all; notices of budgets."""

from dataclasses import replace

import pytest

from postcard.errors import Conflict
from postcard.events.event_ids import event_id
from postcard.events.outbox import new_delivery
from postcard.ports import (
    BatchRecord,
    BudgetNotice,
    DeliveryRecord,
    DraftRecord,
    TemplateRecord,
    TemplateVersion,
)
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import PortImplementations
from tests.image_records import image_record

NOW = 1_795_341_600.0
MAX_WEBHOOKS = 20
CALLS = 12
DAY = "2026-11-22"
TEMPLATE = TemplateRecord("welcome", "Welcome", 1, int(NOW))
DRAFT = DraftRecord("welcome", 3, 1, int(NOW), int(NOW), int(NOW) + 99, "ann", 2)
IMAGE = image_record("img_a1", blind_indexes=("b1",))
BATCH = BatchRecord("bat_1", "k", {}, "running", int(NOW), int(NOW) + 604_800, attempt=1)


def deliveries(subject: str, webhooks: int = 3) -> list[DeliveryRecord]:
    id = event_id("any.type", subject, at=NOW)
    return [new_delivery(f"wh_{n}", id, "any.type", "{}", now=NOW) for n in range(webhooks)]


def stored(adapters: PortImplementations, records: list[DeliveryRecord]) -> list[bool]:
    return [adapters.deliveries.get(record.key) == record for record in records]


def version(number: int = 1) -> TemplateVersion:
    return TemplateVersion("welcome", number, "{}", int(NOW))


def test_a_publication_is_stored_with_its_deliveries_or_not_at_all(
    adapters: PortImplementations,
) -> None:
    first, second = deliveries("v1", MAX_WEBHOOKS), deliveries("v2")
    adapters.templates.publish(TEMPLATE, version(), first)
    assert all(stored(adapters, first))
    with pytest.raises(Conflict):
        adapters.templates.publish(TEMPLATE, version(), second)
    assert not any(stored(adapters, second))


def test_a_draft_is_published_with_its_deliveries_or_not_at_all(
    adapters: PortImplementations,
) -> None:
    adapters.templates.publish(TEMPLATE, version())
    adapters.drafts.put(DRAFT, "{}", instead_of=None)
    record, records = replace(TEMPLATE, latest=2, revision=2), deliveries("v2")
    with pytest.raises(Conflict):
        adapters.drafts.publish(record, version(2), records, revision=2)
    assert not any(stored(adapters, records)) and adapters.templates.version("welcome", 2) is None
    adapters.drafts.publish(record, version(2), records, revision=3)
    assert all(stored(adapters, records)) and adapters.drafts.get("welcome") is None


def test_an_image_that_gets_a_status_is_stored_with_deliveries_and_then_without(
    adapters: PortImplementations,
) -> None:
    first, second = deliveries("one"), deliveries("two")
    ready = replace(IMAGE, status="ready", bytes=9)
    assert not adapters.images.put(IMAGE)
    assert adapters.images.put(ready, first)
    assert not adapters.images.put(replace(ready, bytes=8), second)
    assert all(stored(adapters, first)) and not any(stored(adapters, second))
    assert adapters.images.get("img_a1") == replace(ready, bytes=8)
    assert [each.image_id for each in adapters.images.by_blind_index("b1")] == ["img_a1"]


def test_an_image_is_replaced_with_deliveries_if_it_has_the_status(
    adapters: PortImplementations,
) -> None:
    ready, records = replace(IMAGE, status="ready", bytes=9), deliveries("one")
    assert not adapters.images.replace(ready, records, status="pending"), "it does not exist"
    adapters.images.put(IMAGE)
    assert not adapters.images.replace(ready, records, status="degraded")
    assert not any(stored(adapters, records)) and adapters.images.get("img_a1") == IMAGE
    assert adapters.images.replace(ready, records, status="pending")
    assert all(stored(adapters, records)) and adapters.images.get("img_a1") == ready


def test_of_several_calls_that_say_that_an_image_is_ready_one_stores_its_event(
    adapters: PortImplementations,
) -> None:
    adapters.images.put(IMAGE)
    ready = replace(IMAGE, status="ready", bytes=9)
    records = [deliveries(f"call {n}", webhooks=1) for n in range(CALLS)]

    def say(n: int) -> bool:
        if n % 2:
            return adapters.images.put(ready, records[n])
        return adapters.images.replace(ready, records[n], status="pending")

    assert sorted(map(str, run_concurrently(say, CALLS))) == ["False"] * (CALLS - 1) + ["True"]
    assert sum(stored(adapters, [each for [each] in records])) == 1


def test_a_batch_ends_with_its_deliveries_or_not_at_all(adapters: PortImplementations) -> None:
    first, second = deliveries("completed"), deliveries("failed")
    adapters.batches.create(BATCH)
    ended = {"status": "completed", "ended_at": int(NOW), "error": None}
    assert adapters.batches.update("bat_1", ended, first, status_is=("waiting", "running"))
    failed = {"status": "failed", "error": {"code": "internal"}}
    assert not adapters.batches.update("bat_1", failed, second, status_is=("running",))
    assert all(stored(adapters, first)) and not any(stored(adapters, second))
    record = adapters.batches.get("bat_1")
    assert record is not None
    assert (record.status, record.ended_at, record.error) == ("completed", int(NOW), None)


def test_a_budget_has_one_notice_a_day_that_is_announced_once(
    adapters: PortImplementations,
) -> None:
    notices = adapters.budget_notices
    first = BudgetNotice("template_renders", "welcome", 1000, DAY, NOW + 0.125)
    dollars = BudgetNotice("template_usd", "card", 2.5, DAY, NOW)
    tomorrow = replace(first, day="2026-11-23", at=NOW + 86_400)
    for notice in (first, replace(first, limit=5, at=NOW + 9), dollars, tomorrow):
        notices.add(notice)
    assert notices.unannounced(DAY) == [first, dollars]
    notices.mark_announced(first)
    notices.add(replace(first, at=NOW + 99))
    assert notices.unannounced(DAY) == [dollars]
    assert notices.unannounced("2026-11-23") == [tomorrow]
    assert notices.unannounced("2026-11-24") == []
