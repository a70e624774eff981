"""The job that counts hits: which days, in which steps, and what it does when something fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postcard.adapters.memory import MemoryImageStore, MemoryQueue, MemoryUsageStore
from postcard.ports import LogQueryFailed, UsageKey
from postcard.prices.usage_costs import usage_units
from postcard.usage.billed_counts import billed_counts
from postcard.usage.hit_counter import (
    FIRST_WAIT_SECONDS,
    TASK,
    WAIT_SECONDS,
    HitCounter,
    days_to_count,
)
from postcard.usage.usage_counts import LOG_COUNTS
from tests.usage.simulated_traffic import simulated_image

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
DAY = "2026-11-30"
NEVER = float("inf")
Row = Sequence[str]


def row(
    template_id: str = "welcome",
    campaign: str = "",
    image_id: str = "",
    *,
    day: str = DAY,
    last_at: str = "11:00:00",
    hits: int = 1,
) -> Row:
    numbers = {"hits": hits, "sent_bytes": 1000 * hits}
    counts = (str(numbers.get(name, 0)) for name in LOG_COUNTS)
    return (day, template_id, campaign, image_id, last_at, *counts)


@dataclass
class ScriptedQueries:
    """Queries whose results a test chooses, by their number."""

    results: list[Sequence[Row] | LogQueryFailed | None] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def start(self, sql: str) -> str:
        self.started.append(sql)
        return f"q{len(self.started) - 1}"

    def rows(self, query_id: str) -> Sequence[Row] | None:
        result = self.results[int(query_id[1:])]
        if isinstance(result, LogQueryFailed):
            raise result
        return result


class World:
    """The job with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON
        self.monotonic = 0.0
        self.queries = ScriptedQueries()
        self.usage = MemoryUsageStore()
        self.images = MemoryImageStore()
        self.queue = MemoryQueue(lambda: self.now)
        self.job = HitCounter(
            self.queries,
            self.usage,
            self.images,
            self.queue,
            log_days=30,
            clock=lambda: self.now,
            monotonic=lambda: self.monotonic,
        )

    def step(self, *, deadline: float = NEVER) -> dict[str, Any]:
        """Do the next task of the queue, when it is due."""
        due = self.queue.next_due()
        assert due is not None
        self.now = max(self.now, due)
        task = self.queue.receive()
        assert task is not None
        return dict(self.job.handle(task, deadline=deadline))

    def run(self, result: Sequence[Row] | LogQueryFailed | None) -> dict[str, Any]:
        """Start a query that has this result, and take it."""
        self.queries.results.append(result)
        self.job.handle({"task": TASK}, deadline=NEVER)
        return self.step()

    def hits(self) -> dict[tuple[str, str], int]:
        return {
            (key.template_id, key.campaign): counts["hits"]
            for key, counts in self.usage.read("2026-11-01", "2026-12-31")
            if counts.get("hits")
        }


@pytest.fixture
def world() -> World:
    return World()


def test_a_run_starts_a_query_and_takes_its_result_when_it_is_there(world: World) -> None:
    world.queries.results.append(None)
    started = world.job.handle({"task": TASK}, deadline=NEVER)
    assert started["outcome"] == "started"
    assert "BETWEEN '2026-11-23' AND '2026-11-30'" in world.queries.started[0]
    assert world.step()["outcome"] == "waiting"
    assert world.now == NOON + FIRST_WAIT_SECONDS
    assert world.step()["outcome"] == "waiting"
    assert world.now == NOON + FIRST_WAIT_SECONDS + WAIT_SECONDS
    assert world.hits() == {} and world.usage.log_complete_to() is None
    world.queries.results[0] = [row(hits=7)]
    assert world.step() == {"outcome": "counted", "query": "q0", "stored": 1}
    assert world.hits() == {("welcome", ""): 7}
    assert world.usage.log_complete_to() == "2026-11-30T11:00:00Z"
    assert world.queue.next_due() is None


def test_a_new_count_replaces_the_one_before_and_equal_ones_write_nothing(world: World) -> None:
    world.run([row(hits=7), row("ticket", "spring", hits=2)])
    assert world.run([row(hits=9), row("ticket", "spring", hits=2)])["stored"] == 1
    assert world.hits() == {("welcome", ""): 9, ("ticket", "spring"): 2}
    assert world.run([row(hits=9), row("ticket", "spring", hits=2)])["stored"] == 0


def test_what_other_writers_counted_stays(world: World) -> None:
    key = UsageKey(DAY, "welcome", "")
    counts = {"first_opens": 3, "bytes": 9}
    world.usage.add(key, counts, writer="a", token="t", expires_at=0)
    world.run([row(hits=7)])
    world.run([row(hits=8)])
    ((_, sums),) = world.usage.read(DAY, DAY)
    assert (sums["first_opens"], sums["bytes"], sums["hits"]) == (3, 9, 8)


def test_an_image_counts_for_the_template_and_campaign_of_its_record(world: World) -> None:
    spring, plain, gone = simulated_image(2), simulated_image(1), simulated_image(4)
    assert (spring.template_id, spring.campaign) == ("tmpl_a1b2c3d4e5", "spring-26")
    world.images.put(spring)
    world.images.put(replace(plain, erased=True, values=""))
    rows = [row("", "", each.image_id, hits=n) for n, each in enumerate((spring, plain, gone), 1)]
    world.run([*rows, row("tmpl_a1b2c3d4e5", "spring-26", hits=10)])
    assert world.hits() == {
        ("tmpl_a1b2c3d4e5", "spring-26"): 11,
        ("ticket-2", ""): 2,
        ("", ""): 3,
    }


def test_hits_that_moved_to_another_template_are_not_counted_twice(world: World) -> None:
    world.run([row("welcome", hits=5)])
    world.run([row("", hits=5)])  # too many others had more answers
    assert world.hits() == {("", ""): 5}


def test_a_failed_query_changes_nothing_and_the_next_run_counts(world: World) -> None:
    world.run([row(hits=5)])
    failed = world.run(LogQueryFailed("SYNTAX_ERROR: line 1"))
    assert (failed["outcome"], failed["reason"]) == ("failed", "SYNTAX_ERROR: line 1")
    assert world.queue.next_due() is None
    assert world.hits() == {("welcome", ""): 5}
    world.run([row(hits=6)])
    assert world.hits() == {("welcome", ""): 6}


def test_a_result_older_than_a_stored_one_is_dropped(world: World) -> None:
    for result in ([row(hits=5, last_at="10:00:00")], [row(hits=9, last_at="11:30:00")]):
        world.queries.results.append(result)
        world.job.handle({"task": TASK}, deadline=NEVER)
    older = world.queue.receive
    world.now += 60
    first, second = older(), older()
    assert first is not None and second is not None
    assert world.job.handle(second, deadline=NEVER)["outcome"] == "counted"
    assert world.job.handle(first, deadline=NEVER)["outcome"] == "outdated"
    assert world.hits() == {("welcome", ""): 9}


def test_a_task_that_comes_twice_changes_nothing(world: World) -> None:
    world.queries.results.append([row(hits=5)])
    world.job.handle({"task": TASK}, deadline=NEVER)
    world.now += 60
    task = world.queue.receive()
    assert task is not None
    assert world.job.handle(task, deadline=NEVER)["stored"] == 1
    assert world.job.handle(task, deadline=NEVER)["stored"] == 0


def test_when_the_time_is_up_the_next_task_goes_on(world: World) -> None:
    rows = [row("welcome", f"campaign-{n}") for n in range(5)]
    world.queries.results.append(rows)
    world.job.handle({"task": TASK}, deadline=NEVER)
    world.monotonic = 100.0
    outcomes = [world.step(deadline=50.0) for _ in range(5)]
    assert [each["outcome"] for each in outcomes] == ["continued"] * 4 + ["counted"]
    assert len(world.hits()) == 5
    assert world.usage.log_complete_to() == "2026-11-30T11:00:00Z"


def test_without_requests_the_log_is_complete_to_a_day_ago(world: World) -> None:
    world.run([])
    assert world.usage.log_complete_to() == "2026-11-29T12:00:00Z"


@pytest.mark.parametrize(
    ("complete_to", "log_days", "first_day"),
    [
        (None, 30, "2026-11-23"),  # the first run
        (None, 1, "2026-11-29"),
        ("2026-11-30T11:50:00Z", 30, "2026-11-29"),
        ("2026-11-29T12:00:00Z", 30, "2026-11-28"),  # nobody opened anything since
        ("2026-11-20T12:00:00Z", 30, "2026-11-19"),  # the job was down
        ("2026-09-20T12:00:00Z", 365, "2026-10-31"),  # for long
        ("2026-11-20T12:00:00Z", 5, "2026-11-25"),  # the log of the days before is gone
        ("2027-01-01T00:00:00Z", 30, "2026-11-29"),  # a clock was wrong
    ],
)
def test_a_run_counts_the_days_that_lines_may_still_come_for(
    complete_to: str | None, log_days: int, first_day: str
) -> None:
    first, last = days_to_count(NOON, complete_to, log_days)
    assert (first.isoformat(), last.isoformat()) == (first_day, DAY)


def test_a_day_is_counted_until_its_last_line_is_sure_to_be_there() -> None:
    """A line comes up to a day late; with runs up to four hours apart, one comes after that."""
    midnight = datetime(2026, 11, 30, tzinfo=UTC)
    for run in range(100):
        now = midnight + timedelta(minutes=run * 15)
        first, _ = days_to_count(now.timestamp(), f"{now:%Y-%m-%dT%H:%M:%SZ}", 30)
        assert (first.isoformat() <= "2026-11-29") == (now < midnight + timedelta(hours=30))


def test_each_request_of_the_log_is_billed() -> None:
    counts = {"hits": 10, "misses": 4, "heads": 2, "refusals": 3, "failures": 1, "sent_bytes": 900}
    units = usage_units(billed_counts(counts))
    assert units["cloudfront_request"] == units["edge_function"] == 20
