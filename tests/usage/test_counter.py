"""Counting usage: exact where calls of the table fail, and beside the work that is counted."""

import threading
import time
from collections.abc import Callable, Mapping
from random import Random

import pytest

from postcard.adapters.memory import MemoryUsageStore
from postcard.errors import ServiceUnavailable
from postcard.ports import UsageKey
from postcard.usage.counter import (
    TABLE_COOLDOWN_SECONDS,
    BackgroundUsageCounter,
    TableUsageCounter,
)
from tests.clocks import PATIENCE_SECONDS

NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
TODAY = "2026-11-22"


class UnreliableStore(MemoryUsageStore):
    """Of its calls a share fails: before the write, or after it. `on_add` runs before each."""

    def __init__(self, lost_share: float = 0.0) -> None:
        super().__init__()
        self.lost_share = lost_share
        self.writers: set[str] = set()
        self.chance = Random(15)
        self.on_add: Callable[[], object] = lambda: None

    def add(
        self, key: UsageKey, counts: Mapping[str, int], *, writer: str, token: str, expires_at: int
    ) -> None:
        self.writers.add(writer)
        self.on_add()
        fate = self.chance.random()
        if fate < self.lost_share / 2:
            raise ServiceUnavailable("The request was lost.")
        super().add(key, counts, writer=writer, token=token, expires_at=expires_at)
        if fate < self.lost_share:
            raise ServiceUnavailable("The response was lost.")


def total(store: MemoryUsageStore) -> dict[str, int]:
    sums: dict[str, int] = {}
    for _, counts in store.read("2026-11-01", "2026-11-30"):
        for name, number in counts.items():
            sums[name] = sums.get(name, 0) + number
    return sums


def test_three_thousand_counts_are_exact_though_a_tenth_of_the_calls_fails() -> None:
    store, seconds, chance = UnreliableStore(0.1), [0.0], Random(1)
    counters = [TableUsageCounter(store, monotonic=lambda: seconds[0]) for _ in range(10)]
    for number in range(3_000):
        seconds[0] += chance.choice((0.0, 1.0, TABLE_COOLDOWN_SECONDS))
        campaign = chance.choice(("spring", "autumn", None))
        counts = {"first_opens": 1, "bytes": number}
        chance.choice(counters).count("welcome", campaign, counts, now=NOW)
    store.lost_share = 0.0
    seconds[0] += TABLE_COOLDOWN_SECONDS
    for counter in counters:
        counter.finish(seconds[0])
    assert total(store) == {"first_opens": 3_000, "bytes": sum(range(3_000))}
    assert len(store.writers) == 10


def test_a_table_that_is_away_is_asked_again_only_after_a_pause() -> None:
    store, seconds, calls = UnreliableStore(1.0), [0.0], []

    def wait_in_vain() -> None:
        calls.append(seconds[0])
        seconds[0] += 3

    store.on_add = wait_in_vain
    counter = TableUsageCounter(store, monotonic=lambda: seconds[0])
    for _ in range(20):
        counter.count("welcome", None, {"links": 1}, now=NOW)
        seconds[0] += 1
    assert calls == [0, 8, 16, 24]
    store.lost_share, store.on_add = 0.0, lambda: None
    counter.count("welcome", None, {"links": 1}, now=NOW)
    assert total(store) == {"links": 21}


def test_a_write_that_is_throttled_is_made_with_the_next_count() -> None:
    store, seconds = UnreliableStore(1.0), [0.0]
    counter = TableUsageCounter(store, monotonic=lambda: seconds[0])
    counter.count("welcome", None, {"links": 1}, now=NOW)
    store.lost_share = 0.0
    counter.count("welcome", None, {"links": 1}, now=NOW)
    assert total(store) == {"links": 2}


def test_a_count_belongs_to_the_day_on_which_it_was_made() -> None:
    store = MemoryUsageStore()
    counter = TableUsageCounter(store)
    counter.count("welcome", None, {"links": 1}, now=NOW - NOW % 86_400 + 86_399)
    counter.count("welcome", None, {"links": 1}, now=NOW - NOW % 86_400 + 86_400)
    assert [key.day for key, _ in store.read("2026-11-01", "2026-11-30")] == [TODAY, "2026-11-23"]


def test_a_count_in_the_background_does_not_wait_for_the_table() -> None:
    store, may_write = UnreliableStore(), threading.Event()
    store.on_add = lambda: may_write.wait(PATIENCE_SECONDS)
    counter = BackgroundUsageCounter(TableUsageCounter(store))
    counter.count("welcome", None, {"links": 1}, now=NOW)  # returns before the table is written
    assert total(store) == {}
    counter.finish(time.monotonic())  # there is no time left
    assert total(store) == {}
    may_write.set()
    counter.finish(time.monotonic() + PATIENCE_SECONDS)
    assert total(store) == {"links": 1}


def test_a_fault_in_the_background_stops_neither_the_caller_nor_later_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, faults = UnreliableStore(), [ZeroDivisionError("a fault of ours")]
    reported = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda failure: reported.set())

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    store.on_add = fail_once
    counter = BackgroundUsageCounter(TableUsageCounter(store))
    for _ in range(2):
        counter.count("welcome", None, {"links": 1}, now=NOW)
        counter.finish(time.monotonic() + PATIENCE_SECONDS)
    assert reported.wait(PATIENCE_SECONDS)
    assert total(store) == {"links": 2}  # what was not written is sent again with the next
    assert len(store.writers) == 1
