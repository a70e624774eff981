"""Counts of usage in the table.

A day's rows lie in eight partitions, by writer: each takes 1,000 writes a second, and a large send
has 5,000 first opens a second. Some days after its end, the first reader of a day stores its sums
in a few rows, so that a year is read in a few calls.
"""

import json
import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, takewhile
from typing import Any

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    compress,
    decompress,
)
from postcard.ports import USAGE_SECONDS, UsageKey
from postcard.runtime.lazy_dataclass import dataclass

SHARDS = 8
SUMMED_DAYS = "usage-days"
# Then a process has long written what it could not write at once, and lines of the access log come
# up to a day late. A day that is written to later still is added up again.
DAYS_BEFORE_SUM = 2
KEYS_IN_A_ROW = 4_000  # of a day's sums: 60 to 150 bytes each before they are compressed
TOTAL = "total"  # the sort key's end of what the access log tells, in place of a writer
_NO_DAY: tuple[str, Sequence[Row]] = ("", ())
_OTHER_ATTRIBUTES = ("pk", "sk", "last", "ttl")

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class DaySums:
    """The sums of a day by template and campaign."""

    by_key: Mapping[tuple[str, str], Counts]

    def usage(self, day: str) -> Iterator[tuple[UsageKey, Counts]]:
        """The same as the port gives it."""
        for template_id, campaign in sorted(self.by_key):
            yield UsageKey(day, template_id, campaign), self.by_key[template_id, campaign]


class DynamoUsageStore:
    """A row for each day, template, campaign and writer; sums of the days that are over.

    A write to a day that is over changes the version of its sums, and only sums of the
    version that was there before the rows were read may be stored.
    """

    def __init__(
        self,
        table: Table,
        *,
        clock: Callable[[], float] = time.time,
        keys_in_a_row: int = KEYS_IN_A_ROW,
    ) -> None:
        self._table = table
        self._clock = clock
        self._keys_in_a_row = keys_in_a_row

    def add(
        self, key: UsageKey, counts: Mapping[str, int], *, writer: str, token: str, expires_at: int
    ) -> None:
        """Add to a writer's counts in one write, if `token` is larger than that of its last one."""
        condition = ConditionExpression(
            "attribute_not_exists(#last) OR #last < :token", ("last",), {"token": token}
        )
        # A write that was done, and whose response got lost, does not meet the condition.
        with suppress(ConditionFailed):
            self._table.update(
                _partition(key.day, zlib.crc32(writer.encode()) % SHARDS),
                _sort_key(key, writer),
                sets={"last": token, "ttl": expires_at},
                adds={name: number for name, number in counts.items() if number},
                condition=condition,
            )
        self._drop_sums(key.day, expires_at)

    def read(self, first_day: str, last_day: str) -> Iterator[tuple[UsageKey, Mapping[str, int]]]:
        """The sums by key, ordered by day, template and campaign."""
        first_day = max(first_day, self._day_before(USAGE_SECONDS // 86_400 + 1))
        stored = self._stored_days(first_day, last_day)
        next_day, rows = next(stored, _NO_DAY)
        for day in _days(first_day, last_day):
            rows_of_day: Sequence[Row] = ()
            if next_day == day:
                rows_of_day = rows
                next_day, rows = next(stored, _NO_DAY)
            version, sums = _stored_sums(rows_of_day)
            yield from (sums or self._read_day(day, version)).usage(day)

    def set_total(self, key: UsageKey, counts: Mapping[str, int], *, expires_at: int) -> None:
        """Replace the total. The sums of a day that has them are made again when it is read."""
        row = {**counts, "ttl": expires_at}
        self._table.put(_partition(key.day, 0), _sort_key(key, TOTAL), row)
        self._drop_sums(key.day, expires_at)

    def log_complete_to(self) -> str | None:
        """The time up to which the access log is counted."""
        row = self._table.get("usage", "log")
        return row["complete_to"] if row else None

    def set_log_complete_to(self, time: str) -> None:
        """Store that time."""
        self._table.put("usage", "log", {"complete_to": time})

    def _stored_days(self, first_day: str, last_day: str) -> Iterator[tuple[str, Sequence[Row]]]:
        """The rows with sums, by day."""
        rows = self._table.query(SUMMED_DAYS, after=first_day)
        inside = takewhile(lambda row: row["sk"] < f"{last_day}~", rows)
        for day, of_day in groupby(inside, lambda row: row["sk"].partition("#")[0]):
            yield day, list(of_day)

    def _read_day(self, day: str, version: str) -> DaySums:
        by_key: dict[tuple[str, str], Counts] = {}
        for shard in range(SHARDS):
            for row in self._table.query(_partition(day, shard)):
                template_id, campaign, _ = row["sk"].split("#")
                sums = by_key.setdefault((template_id, campaign), {})
                for name, number in row.items():
                    if name not in _OTHER_ATTRIBUTES:
                        sums[name] = sums.get(name, 0) + number
        sums_of_day = DaySums(by_key)
        if day < self._day_before(DAYS_BEFORE_SUM):
            self._store_sums(day, version, sums_of_day)
        return sums_of_day

    def _store_sums(self, day: str, version: str, sums: DaySums) -> None:
        """Store them; the first row last, since its presence says that all are there."""
        parts = _encode(sums, self._keys_in_a_row)
        condition = IF_ABSENT
        if version:
            condition = ConditionExpression("#version = :seen", ("version",), {"seen": version})
        for number, part in reversed(list(enumerate(parts))):
            expires_at = int(self._clock()) + USAGE_SECONDS
            row = {"sums": part, "rows": len(parts), "version": version, "ttl": expires_at}
            if number:
                self._table.put(SUMMED_DAYS, f"{day}#{number:04}#{version}", row)
                continue
            with suppress(ConditionFailed):  # the day has changed since it was read
                self._table.put(SUMMED_DAYS, f"{day}#0000", row, condition)

    def _drop_sums(self, day: str, expires_at: int) -> None:
        """Let the day be added up again. Begins a day early: clocks differ, and calls take time."""
        if day < self._day_before(DAYS_BEFORE_SUM - 1):
            sets = {"rows": 0, "sums": None, "version": secrets.token_hex(8), "ttl": expires_at}
            self._table.update(SUMMED_DAYS, f"{day}#0000", sets=sets)

    def _day_before(self, days: int) -> str:
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        return (today - timedelta(days)).isoformat()


def _stored_sums(rows: Sequence[Row]) -> tuple[str, DaySums | None]:
    """The version of a day's sums, and the sums unless they were dropped."""
    if not rows or not rows[0]["sk"].endswith("#0000"):
        return "", None
    first = rows[0]
    version = first["version"]
    more = [row for row in rows[1:] if row["sk"].endswith(f"#{version}")][: first["rows"] - 1]
    if first["rows"] == 0 or len(more) != first["rows"] - 1:
        return version, None
    return version, _decode([first, *more])


def _partition(day: str, shard: int) -> str:
    return f"usage#{day}#{shard}"


def _sort_key(key: UsageKey, writer: str) -> str:
    return f"{key.template_id}#{key.campaign}#{writer}"


def _days(first_day: str, last_day: str) -> Iterator[str]:
    day, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    while day <= last:
        yield day.isoformat()
        day += timedelta(1)


def _encode(sums: DaySums, keys_in_a_row: int) -> list[bytes]:
    """The sums as compressed JSON, at least one part."""
    entries = [[*key, counts] for key, counts in sorted(sums.by_key.items())]
    starts = range(0, max(1, len(entries)), keys_in_a_row)
    return [
        compress(json.dumps(entries[start : start + keys_in_a_row], separators=(",", ":")))
        for start in starts
    ]


def _decode(rows: Sequence[Row]) -> DaySums:
    entries: list[Any] = [entry for row in rows for entry in json.loads(decompress(row["sums"]))]
    return DaySums({(template_id, campaign): counts for template_id, campaign, counts in entries})
