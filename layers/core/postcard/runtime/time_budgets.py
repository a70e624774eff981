"""Bounds the time that slow work takes, for each host or address on its own."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

MAX_KEYS = 1_000


class TimeBudgets:
    """A token bucket of seconds for each key: full at first, refilled by a second each second.

    Keys that nothing was charged to are not kept; of too many, the least recently charged is
    dropped, and is full again. `clock` gives seconds, as `time.monotonic` does.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds left, when

    def left(self, key: str) -> float:
        """The seconds that are left; 0 or less if the budget is spent."""
        with self._lock:
            return self._left(key)

    def charge(self, key: str, seconds: float) -> None:
        """Takes seconds that were spent; the empty key, of no host, has no budget."""
        if seconds <= 0 or not key:
            return
        with self._lock:
            self._buckets[key] = (self._left(key) - seconds, self._clock())
            self._buckets.move_to_end(key)
            while len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)

    def _left(self, key: str) -> float:
        if key not in self._buckets:
            return self._seconds
        left, since = self._buckets[key]
        return min(self._seconds, left + self._clock() - since)
