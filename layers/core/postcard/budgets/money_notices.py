"""Stores notices of spent budgets in US dollars; the webhook tick turns them into events."""

from contextlib import suppress

from postcard.budgets.picture_price import BILLION
from postcard.errors import ServiceUnavailable
from postcard.ports import BudgetNotice, BudgetNoticeStore, MoneyBudget


class MoneyNotices:
    """Stores one notice for each spent budget."""

    def __init__(self, store: BudgetNoticeStore) -> None:
        self._store = store

    def exceeded(self, budget: MoneyBudget, *, now: float) -> None:
        """Store a notice, or nothing if the store cannot be reached."""
        dollars = budget.limit / BILLION
        notice = BudgetNotice(
            f"{budget.subject_type}_usd", budget.subject_id, dollars, budget.day, now
        )
        with suppress(ServiceUnavailable):
            self._store.add(notice)
