"""Budgets in memory, and a list of the notices about them."""

import threading

from postcard.ports import MoneyBudget


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
