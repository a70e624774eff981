"""Counters, and notices of used-up budgets, in the table."""

from collections.abc import Sequence

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionFailed,
    Table,
    record_fields,
    to_row,
)
from postcard.ports import BudgetNotice

NOTICE_SECONDS = 3 * 86_400  # for which a notice is kept


class DynamoCounters:
    """A row for each counter."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def increment(self, name: str, *, expires_at: int, by: int = 1) -> int:
        """Add `by`; the new count. The row expires some time after `expires_at`."""
        row = self._table.update(
            f"count#{name}", "count", sets={"ttl": expires_at}, adds={"total": by}
        )
        return int(row["total"])


class DynamoBudgetNotices:
    """A row for each notice, in a partition for each day.

    `exceeded` is an update, since the image function has no right to put rows.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def exceeded(self, notice: BudgetNotice) -> None:
        """Store a notice unless there is one."""
        sets = to_row(notice) | {"ttl": int(notice.at) + NOTICE_SECONDS}
        try:
            self._table.update(*_notice_key(notice), sets=sets, condition=IF_ABSENT)
        except ConditionFailed:
            return

    def unannounced(self, day: str) -> Sequence[BudgetNotice]:
        """Those of a day that are no events yet."""
        return [
            BudgetNotice(**record_fields(row, BudgetNotice))
            for row in self._table.query(_notices_partition(day))
            if not row.get("announced")
        ]

    def mark_announced(self, notice: BudgetNotice) -> None:
        """The notice is an event now."""
        self._table.update(*_notice_key(notice), sets={"announced": True})


def _notices_partition(day: str) -> str:
    return f"budget-notices#{day}"


def _notice_key(notice: BudgetNotice) -> tuple[str, str]:
    return _notices_partition(notice.day), f"{notice.budget}#{notice.subject}"
