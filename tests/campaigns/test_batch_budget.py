"""A batch's `max_usd`: what it counts, where it ends, what the rows behind it get."""

from typing import Any

import pytest

from postcard.budgets.picture_price import batch_cost, picture_price, usd
from postcard.campaigns.batches.batch_service import batch_to_json
from postcard.ports import BatchRecord
from tests.campaigns.batch_runner import BatchRunner
from tests.functions.in_memory_service import BASE_URL, InMemoryService

PRICE = picture_price("us-east-1")
NAMES = [f"Person {number}" for number in range(12)]
FILE = "email,first_name\r\n" + "".join(f"{n},{name}\r\n" for n, name in enumerate(NAMES))


def max_usd(pictures: float) -> float:
    """A `max_usd` for the batch's own work and so many pictures of the usual cost."""
    return (batch_cost(len(NAMES), "us-east-1") + pictures * PRICE.usual_cost) / 10**9


def shown_usd(record: BatchRecord) -> float:
    cost: float = batch_to_json(record, now=0)["usd"]
    return cost


@pytest.mark.parametrize("chunk_rows", [2, 100])
def test_the_first_rows_that_max_usd_pays_for_get_their_links(
    world: InMemoryService, chunk_rows: int
) -> None:
    runner = BatchRunner(world, chunk_rows=chunk_rows)
    record = runner.do(FILE.encode(), max_usd=max_usd(7.5))
    rows = runner.rows()
    assert [row["status"] for row in rows] == ["ok"] * 7 + ["default"] * 5
    assert {row["error"].partition(":")[0] for row in rows[7:]} == {"over_budget"}
    (fallback,) = {row["personalized_image_url"] for row in rows[7:]}
    assert "first_name" not in fallback
    reply = world.open_link(fallback.removeprefix(BASE_URL))
    assert (reply.status, reply.headers["x-postcard-render"]) == (200, "drawn")
    assert {row["alt"] for row in rows[7:]} == {"Hi there"}
    assert (record.ok, record.defaults) == (7, 5)
    assert shown_usd(record) == pytest.approx(max_usd(7), abs=1e-6)
    (notice,) = world.budget_notices.unannounced("")
    assert (notice.budget, notice.subject) == ("batch_usd", "bat_1")
    assert notice.limit == pytest.approx(max_usd(7.5))


@pytest.mark.parametrize(("mode", "is_cheaper"), [("links", True), ("images", False)])
def test_max_usd_pays_for_more_links_where_s3_keeps_no_pictures_of_links(
    world: InMemoryService, mode: str, is_cheaper: bool
) -> None:
    limit = max_usd(6.5)
    stored = BatchRunner(world).do(FILE.encode(), mode=mode, max_usd=limit)
    runner = BatchRunner(world, stores_renders=False, region="eu-west-1")
    unstored = runner.do(FILE.encode(), "bat_2", mode=mode, max_usd=limit)
    assert (unstored.ok > stored.ok + 3) is is_cheaper
    assert shown_usd(unstored) <= limit


def test_what_was_counted_twice_because_a_response_was_lost_is_not_in_the_cost(
    runner: BatchRunner, world: InMemoryService
) -> None:
    add_counts = runner.batches.add_counts

    def add_twice(*batch: str, **counts: Any) -> bool:
        return add_counts(*batch, **counts) and add_counts(*batch, **counts)

    runner.batches.add_counts = add_twice  # type: ignore[method-assign]
    record = runner.do(FILE.encode())
    assert record.ok == 12
    assert shown_usd(record) == pytest.approx(max_usd(12), abs=1e-6)


def test_a_batch_that_fits_its_budget_is_as_without_one(
    runner: BatchRunner, world: InMemoryService
) -> None:
    record = runner.do(FILE.encode(), max_usd=max_usd(12))
    runner.do(FILE.encode(), "bat_2")
    assert runner.result() == runner.result("bat_2")
    assert shown_usd(record) == pytest.approx(max_usd(12), abs=1e-6) == 0.000664
    assert world.budget_notices.unannounced("") == []


@pytest.mark.parametrize("mode", ["links", "images"])
def test_a_batch_that_is_to_stop_ends_before_its_first_row(
    runner: BatchRunner, world: InMemoryService, mode: str
) -> None:
    runner.create(FILE.encode(), max_usd=0.0005, on_budget="stop", mode=mode)
    record = runner.run()
    assert record.status == "failed" and record.error is not None
    assert record.error["code"] == "over_budget"
    assert record.error["detail"].startswith(
        "12 rows cost 0.00066 USD if each"
        if mode == "links"
        else "12 rows cost 0.00069 USD if each"
    )
    assert record.ok == 0 and not any("parts/" in name for name in runner.file_names())
    assert len(world.budget_notices.unannounced("")) == 1


def test_mode_images_stores_no_image_over_the_budget(
    runner: BatchRunner, world: InMemoryService
) -> None:
    record = runner.do(FILE.encode(), mode="images", max_usd=max_usd(5))
    assert len(list(world.images.by_template("welcome"))) == 4, "a record costs a little, too"
    assert shown_usd(record) <= max_usd(5)
    assert "/r/" in runner.rows()[11]["personalized_image_url"]


def test_warm_draws_until_the_measured_cost_is_spent(
    runner: BatchRunner, world: InMemoryService
) -> None:
    before = world.renderer.renders
    record = runner.do(FILE.encode(), mode="warm", max_usd=max_usd(5))
    drawn = world.renderer.renders - before
    rows = runner.rows()
    assert 5 <= drawn < 12, "small pictures, drawn in no time, are cheaper than the usual one"
    assert [row["status"] for row in rows] == ["ok"] * drawn + ["default"] * (12 - drawn)
    assert len(set(world.pictures.keys("renders/"))) == drawn
    assert max_usd(5) * 0.9 < shown_usd(record) <= max_usd(5)
    assert world.budgets.held("batch#bat_1") <= 5 * PRICE.usual_cost
    (notice,) = world.budget_notices.unannounced("")
    assert notice.limit == pytest.approx(max_usd(5)), "the budget as it was set"
    assert notice.subject == "bat_1"


def test_a_warm_batch_that_is_to_stop_fails_and_what_it_drew_costs_nothing_again(
    runner: BatchRunner, world: InMemoryService
) -> None:
    runner.create(FILE.encode(), mode="warm", max_usd=max_usd(5), on_budget="stop")
    record = runner.run()
    assert record.status == "failed" and record.error is not None
    assert record.error["code"] == "over_budget"
    stored = len(set(world.pictures.keys("renders/")))
    assert 5 <= stored < 12
    assert max_usd(3.5) < shown_usd(record) + max_usd(0) <= max_usd(5), "what was drawn is told"
    before = world.renderer.renders
    again = runner.do(FILE.encode(), "bat_2", mode="warm", max_usd=max_usd(12))
    assert world.renderer.renders - before == 12 - stored
    assert shown_usd(again) < max_usd(12 - stored)


def test_workers_that_are_killed_charge_what_they_had_leased_and_no_more(
    world: InMemoryService,
) -> None:
    runner = BatchRunner(world, chunk_rows=2)
    runner.create(FILE.encode(), mode="warm", max_usd=0.01)
    answer = runner.step("split")
    chunks = runner.json_file(answer["chunks"])
    for chunk in chunks:
        for _ in range(2):  # a duplicate by another process: what is drawn costs nothing
            runner.restart()
            runner.step("work", chunk=chunk)
    drawn = len(set(world.pictures.keys("renders/")))
    assert drawn == 12
    most = PRICE.cost(milliseconds=8_000, picture_bytes=150_000)
    assert world.budgets.held("batch#bat_1") <= len(chunks) * most


def test_a_dry_run_tells_what_the_batch_would_cost_and_who_would_be_over(
    runner: BatchRunner, world: InMemoryService
) -> None:
    record = runner.do(FILE.encode(), dry_run=True, mode="warm", max_usd=max_usd(9))
    assert sum(line["code"] == "over_budget" for line in runner.report()) == 3
    assert shown_usd(record) == pytest.approx(max_usd(9), abs=1e-6)
    assert world.budget_notices.unannounced("") == [], "nothing was spent"


def test_the_answer_says_what_a_batch_costs(world: InMemoryService) -> None:
    sent = {"template_id": "welcome", "rows": [{"first_name": "Zoë"}], "max_usd": 2}
    created = world.call("POST", "/v1/batches", sent)
    assert created.status == 202
    shown = (created.json["max_usd"], created.json["on_budget"], created.json["usd"])
    assert shown == (2, "fallback", 0)
    for bad in ({"max_usd": 0}, {"max_usd": "1"}, {"max_usd": 1e7}, {"on_budget": "pause"}):
        reply = world.call("POST", "/v1/batches", {**sent, **bad})
        assert reply.status == 400
        assert reply.json["errors"][0]["pointer"] == f"/{next(iter(bad))}"


def test_amounts_are_told_to_a_millionth() -> None:
    assert usd(1_234_567_891) == 1.234568
