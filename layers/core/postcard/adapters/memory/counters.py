"""Counters, and notices of used-up budgets, in memory."""

import threading
from collections.abc import Sequence

from postcard.ports import BudgetNotice


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


class MemoryBudgetNotices:
    """The first notice of each budget, subject and day, and which of them are announced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: dict[tuple[str, str, str], BudgetNotice] = {}
        self._announced: set[BudgetNotice] = set()

    def exceeded(self, notice: BudgetNotice) -> None:
        """Store a notice unless there is one."""
        with self._lock:
            self._notices.setdefault((notice.day, notice.budget, notice.subject), notice)

    def unannounced(self, day: str) -> Sequence[BudgetNotice]:
        """Those of a day that are no events yet."""
        with self._lock:
            return [
                notice
                for key, notice in sorted(self._notices.items())
                if notice.day == day and notice not in self._announced
            ]

    def mark_announced(self, notice: BudgetNotice) -> None:
        """The notice is an event now."""
        with self._lock:
            self._announced.add(notice)
