"""Counts what the local service does (function calls, S3 operations, metrics), for tests."""

import threading
from collections import Counter


class ActivityCounters:
    """Thread-safe named counters, such as `s3.put` or `function.ImageFunction`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: float = 1) -> None:
        """Increase the counter `name` by `amount`."""
        with self._lock:
            self._counts[name] += amount  # type: ignore[assignment]

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """A copy of all counters."""
        with self._lock:
            return dict(self._counts)
