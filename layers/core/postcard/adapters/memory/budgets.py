"""Budgets in memory, and a list of the notices about them."""

import threading
from collections.abc import Sequence

from postcard.ports import BudgetNotice, MoneyBudget


class MemoryBudgetStore:
    """What is held of each budget; rows never expire."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        self._lock = threading.Lock()

    def hold(
        self, name: str, *, wanted: int, at_least: int, limit: int, expires_at: int, token: str
    ) -> int:
        """Add `wanted`, or what is left if that is enough; what was added."""
        with self._lock:
            if token in self._tokens:
                return self._tokens[token]
            left = limit - self._held.get(name, 0)
            granted = min(wanted, left) if left >= at_least else 0
            if granted:
                self._held[name] = self._held.get(name, 0) + granted
                self._tokens[token] = granted
            return granted

    def held(self, name: str) -> int:
        """What is held of a budget."""
        return self._held.get(name, 0)


class MemoryBudgetNotices:
    """Collects the notices."""

    def __init__(self) -> None:
        self.exceeded_budgets: list[MoneyBudget] = []

    def exceeded(self, budget: MoneyBudget, *, now: float) -> None:
        """Keep a notice."""
        self.exceeded_budgets.append(budget)


class MemoryBudgetNoticeStore:
    """The first notice of each budget, subject and day, and which of them are announced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notices: dict[tuple[str, str, str], BudgetNotice] = {}
        self._announced: set[BudgetNotice] = set()

    def add(self, notice: BudgetNotice) -> None:
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
