"""Takes note of budgets in money that are spent; the tick of webhooks makes events of them."""

from contextlib import suppress

from postcard.budgets.picture_price import BILLION
from postcard.errors import ServiceUnavailable
from postcard.ports import BudgetNotice, BudgetNoticeStore, MoneyBudget


class MoneyNotices:
    """Stores a notice of each spent budget, unless there is one."""

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
