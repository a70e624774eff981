"""Hits are exact: what readers saw, what a plain count of the log finds, and what usage reports."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.aws.athena_service import DuckDbQueries, LogTable
from postcard.adapters.memory import MemoryQueue, MemoryUsageStore
from postcard.ports import UsageKey
from postcard.timestamps import utc_day
from postcard.usage.hit_counter import TASK, HitCounter
from postcard.usage.report.period import last_days
from postcard.usage.usage_counts import LOG_COUNTS
from postcard.usage.usage_service import UsageQuery, UsageService
from tests.usage.simulated_traffic import STACK, Traffic, nonzero, raw_lines

REQUESTS = 100_000 if os.environ.get("POSTCARD_USAGE") == "full" else 3_000
KINDS = ("hits", "misses", "heads", "refusals", "failures")
DAY = 86_400.0
Totals = dict[UsageKey, dict[str, int]]


@dataclass
class Counted:
    """Simulated traffic, and the job that counts it at simulated times."""

    traffic: Traffic
    usage: MemoryUsageStore = field(default_factory=MemoryUsageStore)

    def __post_init__(self) -> None:
        clock = lambda: self.traffic.now  # noqa: E731
        self.queue = MemoryQueue(clock)
        table = LogTable.read(STACK.template, self.traffic.folder)
        self.job = HitCounter(
            DuckDbQueries(table), self.usage, self.traffic.images, self.queue, 30, clock
        )

    def count(self) -> None:
        """One run, as the schedule and the queue would do it."""
        self.queue.send({"task": TASK})
        while (due := self.queue.next_due()) is not None:
            self.traffic.now = max(self.traffic.now, due)
            task = self.queue.receive()
            assert task is not None
            self.job.handle(task, deadline=float("inf"))

    def totals(self) -> Totals:
        return {
            key: dict(counts)
            for key, counts in self.usage.read("2026-11-01", "2026-12-31")
            if any(counts.values())
        }


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    return Counted(Traffic(tmp_path))


def kinds(totals: Totals) -> Totals:
    return {key: nonzero(counts, KINDS) for key, counts in totals.items()}


def seen_by_readers(traffic: Traffic) -> Totals:
    """What readers saw; what was never answered on a day has no template."""
    sums: dict[UsageKey, Counter[str]] = {}
    for (day, (template_id, campaign, _)), counts in traffic.seen.items():
        answered = counts["hits"] + counts["misses"] + counts["heads"] + counts["answered_failures"]
        key = UsageKey(day, template_id, campaign) if answered else UsageKey(day, "")
        sums.setdefault(key, Counter()).update(counts)
    return {key: nonzero(counts, KINDS) for key, counts in sums.items()}


def plain_count(traffic: Traffic) -> Totals:
    """The same from the lines of the log, without SQL."""
    images = {record.image_id: record for record in traffic.records}
    groups: dict[tuple[UsageKey, str], Counter[str]] = {}
    for line in raw_lines(traffic.folder):
        key, image_id = UsageKey(line["date"], ""), ""
        path, status = line["cs-uri-stem"], int(line["sc-status"])
        if match := re.fullmatch(r"/(?:r|c/([a-z0-9-]+))/([a-z0-9_-]+)\.[a-z]+", path):
            key = UsageKey(line["date"], match[2], match[1] or "")
        elif match := re.fullmatch(r"/i/(img_[a-z]+)\.png", path):
            record, image_id = images[match[1]], match[1]
            key = UsageKey(line["date"], record.template_id, record.campaign or "")
        if 400 <= status < 500:
            kind = "refusals"
        elif status >= 500 or line["x-edge-result-type"] == "Error":
            kind = "failures"
        elif line["cs-method"] == "HEAD":
            kind = "heads"
        else:
            kind = "misses" if line["x-edge-result-type"] == "Miss" else "hits"
        counts = groups.setdefault((key, image_id), Counter())
        counts.update({kind: 1, "answered": status < 400, "sent_bytes": int(line["sc-bytes"])})
    sums: dict[UsageKey, Counter[str]] = {}
    for (key, _), counts in groups.items():
        named = key if counts["answered"] else UsageKey(key.day, "")
        sums.setdefault(named, Counter()).update(counts)
    return {key: nonzero(counts, LOG_COUNTS) for key, counts in sums.items()}


@pytest.mark.slow
def test_usage_is_what_readers_saw_and_what_a_plain_count_of_the_log_finds(
    counted: Counted,
) -> None:
    for _ in range(6):  # half a day each
        counted.traffic.send(REQUESTS // 6, seconds=DAY / 2)
        counted.count()
    totals = counted.totals()
    exact = plain_count(counted.traffic)
    assert {key: nonzero(counts, LOG_COUNTS) for key, counts in totals.items()} == exact
    assert kinds(totals) == seen_by_readers(counted.traffic)
    assert all(sum(counts[kind] for counts in totals.values()) > 20 for kind in KINDS)
    statuses = {line["sc-status"] for line in raw_lines(counted.traffic.folder)}
    assert statuses == {"200", "304", "400", "403", "404", "405", "503"}
    results = {line["x-edge-result-type"] for line in raw_lines(counted.traffic.folder)}
    assert results == {"Hit", "RefreshHit", "Miss", "Error", "FunctionGeneratedResponse"}

    page = UsageService(counted.usage, region="us-east-1", stored=True).report(
        UsageQuery(last_days(30, utc_day(counted.traffic.now))), now=counted.traffic.now, limit=1000
    )
    for name in ("hits", "misses", "refusals", "sent_bytes"):
        assert page["totals"][name] == sum(counts.get(name, 0) for counts in exact.values())
    assert page["totals"]["fetches"] == page["totals"]["hits"] + page["totals"]["misses"]


def test_a_line_that_comes_late_is_counted_once_and_a_file_that_comes_twice_not_again(
    counted: Counted,
) -> None:
    traffic = counted.traffic
    traffic.send(300, seconds=DAY / 2)
    (late, *_) = sorted(traffic.folder.glob("**/*.gz"))
    held = traffic.folder.parent / "held"
    late.rename(held)
    counted.count()
    without = kinds(counted.totals())
    assert without != seen_by_readers(traffic)

    traffic.now += DAY  # the latest that CloudFront writes a line
    held.rename(late.with_name("LOCAL.late.gz"))
    for copy in range(3):
        for file in sorted(traffic.folder.glob("**/*-*.gz")):
            (file.parent / f"LOCAL.copy{copy}.gz").write_bytes(file.read_bytes())
        counted.count()
        assert kinds(counted.totals()) == seen_by_readers(traffic)


def test_all_requests_are_counted_in_the_time_to_which_the_log_is_complete(
    counted: Counted,
) -> None:
    counted.traffic.send(50, seconds=600)
    last = counted.traffic.now
    counted.traffic.now += 4 * 3600
    counted.count()
    complete_to = counted.usage.log_complete_to()
    assert complete_to == f"{datetime.fromtimestamp(last, UTC):%Y-%m-%dT%H:%M:%SZ}"
    counted.traffic.now += 5 * DAY
    counted.count()
    later = datetime.fromisoformat(str(counted.usage.log_complete_to())).timestamp()
    assert counted.traffic.now - DAY - 10 < later <= counted.traffic.now - DAY
