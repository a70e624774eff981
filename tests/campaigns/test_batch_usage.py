"""What a batch adds to the usage: each chunk once, however often it is delivered."""

from collections import Counter

import pytest

from postcard.errors import ServiceUnavailable
from postcard.ports import UsageKey
from tests.campaigns.batch_runner import BatchRunner, csv_bytes, people
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import Json, document

TODAY = "2026-11-22"
SIZES = ("bytes", "ahead_bytes", "stored_bytes", "duration_ms", "batches", "batch_chunks")


def counted(world: InMemoryService) -> dict[UsageKey, Json]:
    """The counts without bytes, milliseconds and the batch's own work."""
    return {
        key: {name: n for name, n in counts.items() if name not in SIZES}
        for key, counts in world.usage.read("2026-01-01", "2027-12-31")
    }


def test_the_rows_with_a_link_are_counted_by_template(world: InMemoryService) -> None:
    world.publish(document(), "hello")
    runner = BatchRunner(world, chunk_rows=2)
    templates = ("hello", "welcome", "hello", "nowhere", "welcome", "hello")
    rows = [[f"{n}@x.dk", "Ann", template] for n, template in enumerate(templates)]
    body = csv_bytes(rows, ("Email", "First Name", "Template"))
    record = runner.do(body, template_column="Template", campaign="spring")
    assert (record.ok, record.failed) == (5, 1)
    assert counted(world) == {
        UsageKey(TODAY, "hello", "spring"): {"links": 3, "batch_links": 3},
        UsageKey(TODAY, "welcome", "spring"): {"links": 2, "batch_links": 2},
    }


@pytest.mark.parametrize("mode", ["links", "images"])
def test_a_chunk_is_counted_once_though_it_is_delivered_again_and_on_another_day(
    world: InMemoryService, mode: str
) -> None:
    runner = BatchRunner(world, chunk_rows=2)
    runner.create(csv_bytes(people(5)), mode=mode, campaign="spring")
    assert runner.step("split")["state"] == "ready"
    chunks = runner.json_file("batches/bat_1/chunks.json")
    assert len(chunks) == 3
    for chunk in chunks:
        write = runner.files.write_if_absent

        def crash(*arguments: object, **more: object) -> bool:
            raise ServiceUnavailable("S3 is down, after the chunk was counted.")

        runner.files.write_if_absent = crash  # type: ignore[method-assign]
        with pytest.raises(ServiceUnavailable):
            runner.step("work", chunk=chunk)
        runner.files.write_if_absent = write  # type: ignore[method-assign]
        world.now += 86_400
        runner.restart()
        for _ in range(2):
            runner.step("work", chunk=chunk)
    counts = {"links": 5, "batch_links": 5} if mode == "links" else {"images": 5}
    assert counted(world) == {UsageKey(TODAY, "welcome", "spring"): counts}


def test_a_picture_that_a_batch_warms_is_no_first_open(world: InMemoryService) -> None:
    runner = BatchRunner(world)
    rows = csv_bytes([["a", "Zoë"], ["b", "Bo"], ["c", "Zoë"]])
    runner.do(rows, mode="warm", rate=10, campaign="spring")
    key = UsageKey(TODAY, "welcome", "spring")
    counts = {"links": 3, "batch_links": 3, "drawn_ahead": 2}
    assert counted(world) == {key: counts}
    for row in runner.rows()[:1]:  # the CDN has lost it, and S3 does not answer
        world.open_link(row["personalized_image_url"].removeprefix(BASE_URL))
    assert counted(world) == {key: {**counts, "redraws": 1}}


def test_an_image_of_a_batch_is_opened_in_the_batchs_campaign(world: InMemoryService) -> None:
    runner = BatchRunner(world)
    runner.do(csv_bytes(people(2)), mode="images", campaign="spring")
    for row in runner.rows():
        assert world.open_image(row["personalized_image_url"]).status == 200
    key = UsageKey(TODAY, "welcome", "spring")
    assert counted(world) == {key: {"images": 2, "first_opens": 2}}


@pytest.mark.parametrize("mode", ["links", "images", "warm"])
def test_the_work_of_a_batch_and_its_chunks_is_counted_once(
    world: InMemoryService, mode: str
) -> None:
    world.publish(document(), "hello")
    runner = BatchRunner(world, chunk_rows=2)
    templates = ("hello", "welcome", "welcome", "hello", "hello")
    rows = [[f"{n}@x.dk", "Ann", template] for n, template in enumerate(templates)]
    body = csv_bytes(rows, ("Email", "First Name", "Template"))
    settings: Json = {"rate": 9} if mode == "warm" else {}
    runner.do(body, "bat_1", template_column="Template", mode=mode, **settings)
    sums = Counter[str]()
    for _, counts in world.usage.read(TODAY, TODAY):
        sums.update(counts)
    assert (sums["batches"], sums["batch_chunks"]) == (1, 3)


def test_a_dry_run_counts_nothing(world: InMemoryService) -> None:
    BatchRunner(world).do(csv_bytes(people(2)), dry_run=True)
    assert counted(world) == {}
