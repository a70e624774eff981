"""Counts usage in the table, exactly even if responses of the table are lost.

Each process has its own rows, so no row has two writers. A write has a token, which the row keeps,
and each has a larger one than those before: a write adds nothing that is repeated because its
response was lost, or that arrives after it was given up and repeated.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from postcard.errors import ServiceUnavailable
from postcard.ports import USAGE_SECONDS, UsageKey, UsageStore
from postcard.runtime.cooldown import Cooldown
from postcard.timestamps import format_day
from postcard.usage.usage_counts import Counts, add_counts

TABLE_COOLDOWN_SECONDS = 5.0
SLOW_SECONDS = 0.3  # a call that fails faster was rejected, for example throttled
MAX_WAITING_KEYS = 10_000
MAX_WRITES_AT_ONCE = 20  # of counts that waited while the table was unavailable
MAX_QUEUED = 10_000  # counts that a thread has not written yet


class UsageCounter(Protocol):
    """Counts usage; never raises, even while the table is unavailable."""

    def count(
        self, template_id: str, campaign: str | None, counts: Mapping[str, int], *, now: float
    ) -> None:
        """Add counts on the day of `now` (Unix seconds)."""

    def finish(self, deadline: float) -> None:
        """Wait until the counts are written, at most until a `time.monotonic()` instant."""


class TableUsageCounter:
    """Writes each count at once. A count that cannot be written is retried with the next one.

    A process that ends before its next count loses those that wait. After a call without a response
    no call is made for some seconds. Thread-safe. With `writer` "", a random one is chosen at the
    first count, since processes restored from one snapshot are different writers.
    """

    def __init__(
        self,
        store: UsageStore,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        writer: str = "",
    ) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._writer = writer
        self._last_token = 0
        self._waiting: dict[UsageKey, Counts] = {}
        self._unconfirmed: dict[UsageKey, tuple[str, Counts]] = {}  # sent, without a response
        self._cooldown = Cooldown(TABLE_COOLDOWN_SECONDS, monotonic)

    def count(
        self, template_id: str, campaign: str | None, counts: Mapping[str, int], *, now: float
    ) -> None:
        """Add counts on the day of `now` (Unix seconds)."""
        key = UsageKey(format_day(now), template_id, campaign or "")
        with self._lock:
            if key in self._waiting:
                add_counts(self._waiting[key], counts)
            elif len(self._waiting) < MAX_WAITING_KEYS:
                self._waiting[key] = dict(counts)
            if not self._cooldown.is_active():
                self._write(key, now)

    def finish(self, deadline: float) -> None:
        """Try once more to write what waits."""
        with self._lock:
            keys = [*self._unconfirmed, *self._waiting]
            if keys and not self._cooldown.is_active():
                self._write(keys[0], time.time())

    @property
    def waiting(self) -> Counts:
        """The sums of all counts that are not written yet."""
        sums: Counts = {}
        with self._lock:
            unconfirmed = [counts for _, counts in self._unconfirmed.values()]
            for counts in (*self._waiting.values(), *unconfirmed):
                add_counts(sums, counts)
        return sums

    def _write(self, key: UsageKey, now: float) -> None:
        """Write the counts of a key, then some of those that wait."""
        others = [other for other in (*self._unconfirmed, *self._waiting) if other != key]
        expires_at, began = int(now) + USAGE_SECONDS, self._monotonic()
        try:
            for each in (key, *others[:MAX_WRITES_AT_ONCE]):
                self._write_key(each, expires_at)
        except ServiceUnavailable:
            if self._monotonic() - began >= SLOW_SECONDS:
                self._cooldown.start()

    def _write_key(self, key: UsageKey, expires_at: int) -> None:
        if not self._writer:
            self._writer = os.urandom(4).hex()
        if key in self._unconfirmed:
            self._send(key, expires_at)
        if counts := self._waiting.pop(key, None):
            self._last_token += 1
            self._unconfirmed[key] = (f"{self._last_token:08x}", counts)
            self._send(key, expires_at)

    def _send(self, key: UsageKey, expires_at: int) -> None:
        token, counts = self._unconfirmed[key]
        self._store.add(key, counts, writer=self._writer, token=token, expires_at=expires_at)
        del self._unconfirmed[key]


class BackgroundUsageCounter:
    """Counts in a background thread.

    The thread starts at the first count, so that a snapshot of the process has none.
    """

    def __init__(self, counter: UsageCounter) -> None:
        self._counter = counter
        self._queue: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def count(
        self, template_id: str, campaign: str | None, counts: Mapping[str, int], *, now: float
    ) -> None:
        """Hand counts to the thread."""
        with self._changed:
            if len(self._queue) < MAX_QUEUED:
                self._queue.append(
                    lambda: self._counter.count(template_id, campaign, counts, now=now)
                )
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="usage")
                self._thread.start()
            self._changed.notify_all()

    def finish(self, deadline: float) -> None:
        """Wait until the thread is done, at most until a `time.monotonic()` instant."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._queue or self._thread is None,
                timeout=max(0.0, deadline - time.monotonic()),
            )

    def _run(self) -> None:
        try:
            while True:
                self._count_next()
        finally:  # after an unexpected error: the next count starts another thread
            with self._changed:
                self._thread = None
                self._changed.notify_all()

    def _count_next(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue)
            count = self._queue[0]
        try:
            count()
        finally:
            with self._changed:
                self._queue.popleft()
                self._changed.notify_all()
