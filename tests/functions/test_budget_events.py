"""`budget.exceeded`: noted by whoever may not draw any more, an event at the next tick."""

import pytest

from postcard.errors import ServiceUnavailable
from postcard.ports import BudgetNotice
from postcard.webhooks.budget_events import BudgetEvents
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

TYPE = "budget.exceeded"


def open_links(
    world: InMemoryService, count: int, prefix: str = "Ann", **more: object
) -> list[str]:
    """Open new links; returns why each showed a fallback, "" if it did not."""
    links = (world.sign_link({"first_name": f"{prefix}{n}"}, **more) for n in range(count))
    return [world.open_link(link).headers.get("x-postcard-fallback", "") for link in links]


def tick(world: InMemoryService) -> int:
    return BudgetEvents(world.budget_notices, world.deliveries, world.outbox()).announce(world.now)


def test_a_template_that_may_draw_no_more_today_is_one_event(world: InMemoryService) -> None:
    world.subscribe(TYPE)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 2})
    assert open_links(world, 2) == ["", ""]
    assert tick(world) == 0, "the limit is reached, and nothing was refused"
    world.now += 60
    assert open_links(world, 3, "Bo") == ["budget"] * 3
    world.cold_start()
    assert open_links(world, 2, "Cy") == ["budget"] * 2, "another process finds out by itself"
    assert world.events() == [], "the image function writes no deliveries"
    world.now += 60
    assert [tick(world), tick(world)] == [1, 0]
    (delivery,) = world.deliveries_of()
    assert delivery.body == (
        '{"type":"budget.exceeded","timestamp":"2026-11-22T10:01:00Z","data":{"budget":'
        '"template_renders","template_id":"welcome","batch_id":null,"limit":2,'
        '"day":"2026-11-22","exceeded_at":"2026-11-22T10:01:00Z",'
        '"resets_at":"2026-11-23T00:00:00Z"}}'
    )
    assert world.hints.receive() == (delivery.key, NOW + 60)


def test_the_next_day_is_another_event(world: InMemoryService) -> None:
    world.subscribe(TYPE)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    for day in range(2):
        open_links(world, 3, f"day {day} ")
        world.now += 86_400
    assert tick(world) == 1, "the first notice is two days old by now"
    assert [event["data"]["day"] for event in world.events()] == ["2026-11-23"]


def test_a_notice_of_the_last_minute_of_a_day_is_announced_after_midnight(
    world: InMemoryService,
) -> None:
    world.subscribe(TYPE)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    world.now = NOW + 14 * 3600 - 1  # 23:59:59
    open_links(world, 2)
    world.now += 60
    tick(world)
    (event,) = world.events()
    assert (event["data"]["day"], event["timestamp"]) == ("2026-11-22", "2026-11-22T23:59:59Z")


def test_a_merge_link_that_may_draw_no_more_is_an_event_of_its_template() -> None:
    world = InMemoryService(merge_renders=1)
    world.publish(document())
    world.subscribe(TYPE)
    merge_link = world.sign_link(open=("first_name",))
    for name in ("Ann", "Bo", "Cy"):
        world.open_link(f"{merge_link}&first_name={name}")
    tick(world)
    (event,) = world.events()
    assert (event["data"]["budget"], event["data"]["limit"]) == ("merge_link_renders", 1)
    assert event["data"]["template_id"] == "welcome"


def test_a_call_of_the_api_that_may_draw_no_more_is_an_event(world: InMemoryService) -> None:
    world.subscribe(TYPE)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    statuses = [world.create_image({"first_name": name}).json["status"] for name in ("Ann", "Bo")]
    assert statuses == ["ready", "pending"]
    tick(world)
    assert [event["type"] for event in world.events()] == [TYPE]


def test_a_budget_of_a_batch_names_the_batch_and_does_not_come_back(world: InMemoryService) -> None:
    world.subscribe(TYPE)
    for _ in range(2):
        world.budget_notices.add(BudgetNotice("batch_usd", "bat_1", 2.5, "", world.now))
    tick(world)
    (event,) = world.events()
    assert event["data"] == {
        "budget": "batch_usd",
        "template_id": None,
        "batch_id": "bat_1",
        "limit": 2.5,
        "day": None,
        "exceeded_at": "2026-11-22T10:00:00Z",
        "resets_at": None,
    }


def test_a_tick_that_is_killed_half_way_leaves_one_event(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(notice: BudgetNotice) -> None:
        raise ServiceUnavailable("DynamoDB is down.")

    world.subscribe(TYPE)
    world.budget_notices.add(BudgetNotice("template_usd", "welcome", 1, "2026-11-22", world.now))
    with monkeypatch.context() as patched:
        patched.setattr(world.budget_notices, "mark_announced", killed)
        for _ in range(2):
            with pytest.raises(ServiceUnavailable):
                tick(world)
    assert tick(world) == 1
    assert len(world.events()) == 1


def test_opens_over_a_budget_go_on_while_notices_cannot_be_stored_and_are_noted_later(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def down(notice: BudgetNotice) -> None:
        calls.append(notice)
        raise ServiceUnavailable("DynamoDB is down.")

    world.subscribe(TYPE)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    with monkeypatch.context() as patched:
        patched.setattr(world.budget_notices, "add", down)
        assert open_links(world, 20) == [""] + ["budget"] * 19
    assert len(calls) == 1, "not once for each open"
    world.advance_monotonic(6)
    open_links(world, 1, "later")
    assert tick(world) == 1


def test_every_process_notes_a_budget_once_a_day(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[BudgetNotice] = []
    monkeypatch.setattr(world.budget_notices, "add", calls.append)
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    open_links(world, 30)
    assert len(calls) == 1
