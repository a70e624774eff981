"""Counters in memory."""

import threading


class MemoryCounters:
    """Counts by name; they never expire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def increment(self, name: str, *, expires_at: int, by: int = 1) -> int:
        """Add `by`; the new count."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + by
            return self._counts[name]
