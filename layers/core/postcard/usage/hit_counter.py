"""Counts hits: queries the CDN's access log, and stores the sums by template and campaign.

A run counts whole days again, so late lines are added and duplicate lines are not counted twice. It
covers the days for which lines may still arrive. It is done in steps, since a query may take
minutes and the function has 30 seconds.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from postcard.ports import (
    USAGE_SECONDS,
    ImageStore,
    JsonObject,
    LogQueries,
    LogQueryFailed,
    Queue,
    UsageKey,
    UsageStore,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_rfc3339, parse_rfc3339, start_of_day, utc_day
from postcard.usage.hits_query import HitGroup, hits_query, read_group
from postcard.usage.usage_counts import LOG_COUNTS, Counts, add_counts

TASK = "count_hits"
FIRST_WAIT_SECONDS, WAIT_SECONDS = 2, 5  # before the first and each further request for the result
LATE_SECONDS = 24 * 3600  # CloudFront writes a line at most so long after its request
RUNS_SECONDS = 6 * 3600  # within which a run is expected
FIRST_RUN_DAYS = 7  # counted by the first run
MAX_DAYS = 31  # counted by one query


@dataclass(frozen=True, slots=True)
class HitCounter:
    """The job that counts hits, a task of the worker function.

    `log_days`: days until a file of the log is deleted. Older days are never counted again, since
    part of their log may be deleted.
    """

    queries: LogQueries
    usage: UsageStore
    images: ImageStore
    queue: Queue
    log_days: int
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def handle(self, task: JsonObject, *, deadline: float) -> JsonObject:
        """Start a query, or take the result of the one that the task names."""
        if "query" not in task:
            return self._start()
        try:
            rows = self.queries.rows(task["query"])
        except LogQueryFailed as failure:  # the next run counts the same days
            return {"outcome": "failed", "query": task["query"], "reason": str(failure)}
        if rows is None:
            self.queue.send(task, delay_seconds=WAIT_SECONDS)
            return {"outcome": "waiting", "query": task["query"]}
        return self._store(task, [read_group(row) for row in rows], deadline)

    def _start(self) -> JsonObject:
        now = self.clock()
        first_day, last_day = days_to_count(now, self.usage.log_complete_to(), self.log_days)
        query = self.queries.start(hits_query(first_day, last_day))
        days = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
        task = {"task": TASK, "query": query, "started_at": int(now), **days}
        self.queue.send(task, delay_seconds=FIRST_WAIT_SECONDS)
        return {"outcome": "started", "query": query, **days}

    def _store(self, task: JsonObject, groups: Sequence[HitGroup], deadline: float) -> JsonObject:
        """Store the sums that changed; at the deadline, leave the rest to another task."""
        complete_to = log_complete_to(groups, task["started_at"])
        before = self.usage.log_complete_to()
        if before is not None and complete_to < before:
            return {"outcome": "outdated", "query": task["query"]}
        stored = 0
        for key, counts in self._changes(groups, task["first_day"], task["last_day"]):
            if stored and self.monotonic() >= deadline:
                self.queue.send(task)
                return {"outcome": "continued", "query": task["query"], "stored": stored}
            expires_at = start_of_day(key.day) + USAGE_SECONDS
            self.usage.set_total(key, counts, expires_at=expires_at)
            stored += 1
        self.usage.set_log_complete_to(complete_to)
        return {"outcome": "counted", "query": task["query"], "stored": stored}

    def _changes(
        self, groups: Sequence[HitGroup], first_day: str, last_day: str
    ) -> Iterator[tuple[UsageKey, Counts]]:
        """The counts that differ from the stored ones; zeros for keys that have none any more."""
        none = dict.fromkeys(LOG_COUNTS, 0)
        sums: dict[UsageKey, Counts] = {}
        for key, counts in self._by_key(groups):
            add_counts(sums.setdefault(key, {**none}), counts)
        stored = {
            key: {name: counts.get(name, 0) for name in LOG_COUNTS}
            for key, counts in self.usage.read(first_day, last_day)
        }
        for key in sorted({*sums, *stored}, key=_order):
            new = sums.get(key, none)
            if new != stored.get(key, none):
                yield key, new

    def _by_key(self, groups: Iterable[HitGroup]) -> Iterator[tuple[UsageKey, Mapping[str, int]]]:
        """The groups' counts; those of an image by the template and campaign of its record."""
        groups = list(groups)
        names = sorted({group.image_id for group in groups if group.image_id})
        records = {record.image_id: record for record in self.images.get_many(names)}
        for group in groups:
            template_id, campaign = group.template_id, group.campaign
            if record := records.get(group.image_id):
                template_id, campaign = record.template_id, record.campaign or ""
            yield UsageKey(group.day, template_id, campaign), group.counts


def days_to_count(now: float, complete_to: str | None, log_days: int) -> tuple[date, date]:
    """The first and last day that a run counts: those for which lines may still arrive.

    After a gap without runs, it begins where the last run ended.
    """
    today = utc_day(now)
    if complete_to is None:
        first_day = today - timedelta(FIRST_RUN_DAYS)
    else:
        last_run = min(now, parse_rfc3339(complete_to))
        first_day = utc_day(last_run - LATE_SECONDS - RUNS_SECONDS)
    oldest = today - timedelta(min(log_days, MAX_DAYS - 1))
    return max(first_day, oldest), today


def log_complete_to(groups: Sequence[HitGroup], started_at: int) -> str:
    """The time to which a log is complete: that of its last line, at least a day before the query.

    CloudFront writes most lines within an hour, and the last ones within a day.
    """
    lines = [parse_rfc3339(f"{group.day}T{group.last_at}Z") for group in groups]
    return format_rfc3339(min(started_at, max([*lines, started_at - LATE_SECONDS])))


def _order(key: UsageKey) -> tuple[str, str, str]:
    return key.day, key.template_id, key.campaign
