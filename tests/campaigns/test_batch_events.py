"""`batch.completed` and `batch.failed`: stored when the batch's record says that it ended."""

import json

import pytest

from postcard.campaigns.batches.batch_service import batch_to_json
from postcard.errors import ServiceUnavailable
from postcard.ports import DeliveryRecord
from tests.campaigns.batch_runner import BatchRunner, csv_bytes, people
from tests.functions.in_memory_service import InMemoryService

COMPLETED, FAILED = "batch.completed", "batch.failed"


@pytest.fixture
def told(world: InMemoryService) -> BatchRunner:
    """Batches of a service with a webhook."""
    world.subscribe(COMPLETED, FAILED)
    return BatchRunner(world)


def test_a_completed_batch_is_an_event_with_its_counts(
    told: BatchRunner, world: InMemoryService
) -> None:
    told.do(csv_bytes([["a@x.dk", "Zoë"], ["b@x.dk", ""]]), metadata={"run": 7})
    (delivery,) = world.deliveries_of()
    usd = world.events()[0]["data"]["usd"]
    assert 0 < usd < 0.01
    assert delivery.body == (
        '{"type":"batch.completed","timestamp":"2026-11-22T10:00:00Z","data":{"id":"bat_1",'
        '"status":"completed","mode":"links","dry_run":false,"template_id":"welcome",'
        '"template_versions":{"welcome":1},"total":2,"done":2,"ok":1,"defaults":1,"failed":0,'
        f'"max_usd":null,"on_budget":"fallback","usd":{usd},'
        '"same_as":null,"created_at":"2026-11-22T10:00:00Z","started_at":null,'
        '"ended_at":"2026-11-22T10:00:00Z","expires_at":"2026-11-29T10:00:00Z",'
        '"metadata":{"run":7},"error":null,"warnings":[{"code":"unmapped_fields",'
        '"pointer":"/columns","detail":"No column gives code of welcome: every picture shows the '
        'default."}]}}'
    )
    assert world.hints.receive() == (delivery.key, world.now)


def test_the_cost_in_an_event_is_that_of_the_region_as_in_the_batch(
    world: InMemoryService,
) -> None:
    world.subscribe(COMPLETED)
    region = "eu-west-1"
    runner = BatchRunner(world, region=region)
    record = runner.do(csv_bytes(people(300)))
    (event,) = world.events()
    shown, elsewhere = (
        batch_to_json(record, now=world.now, region=each)["usd"] for each in (region, "us-east-1")
    )
    assert event["data"]["usd"] == shown != elsewhere


def test_a_batch_that_cannot_be_done_is_an_event_that_says_why(
    told: BatchRunner, world: InMemoryService
) -> None:
    told.create(b"Email,First Name\r\n")
    record = told.run()
    (event,) = world.events()
    assert (event["type"], event["data"]["status"]) == (FAILED, "failed")
    assert (
        event["data"]["error"]
        == record.error
        == {
            "code": "no_rows",
            "detail": "The file has a header but no rows: upload one with a row a person.",
            "line": None,
        }
    )


def test_steps_that_come_twice_are_one_event(told: BatchRunner, world: InMemoryService) -> None:
    told.do(csv_bytes(people(3)))
    for step in ("join", "fail", "ended"):
        told.step(step, status="FAILED", execution="arn:1")
    assert [event["type"] for event in world.events()] == [COMPLETED]


def test_a_batch_that_failed_and_was_started_again_is_an_event_each_time(
    told: BatchRunner, world: InMemoryService
) -> None:
    told.create(csv_bytes(people(3)))
    told.step("fail", error="BatchIncomplete")
    world.now += 1
    changes = {"status": "running", "attempt": 2, "error": None, "ended_at": None}
    told.batches.update("bat_1", changes, status_is=("failed",))
    assert told.run().status == "completed"
    assert [event["type"] for event in world.events()] == [FAILED, COMPLETED]


def test_a_batch_that_gets_the_result_of_an_equal_one_is_an_event(
    told: BatchRunner, world: InMemoryService
) -> None:
    for batch_id in ("bat_1", "bat_2"):
        told.do(csv_bytes(people(3)), batch_id)
        world.now += 1
    first, second = world.events()
    assert (first["data"]["same_as"], second["data"]["same_as"]) == (None, "bat_1")
    assert second["data"]["ok"] == 3


def test_a_cancelled_batch_is_no_event(told: BatchRunner, world: InMemoryService) -> None:
    told.create(csv_bytes(people(3)))
    told.step("split")
    told.batches.update("bat_1", {"status": "cancelled"}, status_is=("running",))
    assert told.step("join")["state"] == "cancelled"
    told.step("ended", status="ABORTED", execution="arn:1")
    assert world.events() == []


def test_where_the_event_cannot_be_stored_the_batch_has_not_ended(
    told: BatchRunner, world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is repeated, and ends the batch with its event."""

    def down(records: list[DeliveryRecord]) -> None:
        raise ServiceUnavailable("DynamoDB is down.")

    told.create(csv_bytes(people(3)))
    answer = told.step("split")
    for chunk in told.json_file(answer["chunks"]):
        told.step("work", chunk=chunk)
    store = world.deliveries.put_if_absent
    monkeypatch.setattr(world.deliveries, "put_if_absent", down)
    with pytest.raises(ServiceUnavailable):
        told.step("join")
    assert told.record().status == "running"
    monkeypatch.setattr(world.deliveries, "put_if_absent", store)
    assert told.step("join")["state"] == "done"
    assert [event["type"] for event in world.events()] == [COMPLETED]


def test_an_event_names_no_column_and_no_value(told: BatchRunner, world: InMemoryService) -> None:
    header = ("Kanarie mail", "First Name", "Kanarie city")
    body = csv_bytes([["kanarie@x.dk", "Kanarie", "Kanarievogel"]] * 3, header=header)
    told.do(body, mode="images")
    assert len(world.events()) == 1
    assert "kanarie" not in json.dumps(world.events()).lower()
