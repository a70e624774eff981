"""Budgets in the table, and notices of those that are used up."""

from collections.abc import Sequence

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.errors import ServiceUnavailable
from postcard.ports import BudgetNotice

MAX_TRIES = 8  # while others take from the same budget
TOKEN_SLOTS = 16
NOTICE_SECONDS = 3 * 86_400  # for which a notice is kept


class DynamoBudgetStore:
    """A row for each budget: what is held, and the tokens of the last calls.

    A token is kept in one of 16 attributes, so that a call whose response was lost is recognized
    when it is repeated, unless another one took the same attribute in between. Then more is held
    than is used: never less.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def hold(
        self, name: str, *, wanted: int, at_least: int, limit: int, expires_at: int, token: str
    ) -> int:
        """Add `wanted`, or what is left if that is enough; what was added."""
        slot = f"token_{int(token[:8], 16) % TOKEN_SLOTS}"
        left = limit
        for _ in range(MAX_TRIES):
            if left < at_least:
                return 0
            wanted = min(wanted, left)
            try:
                self._table.update(
                    *_key(name),
                    sets={"ttl": expires_at, slot: token},
                    adds={"held": wanted},
                    condition=_if_enough(limit - wanted, slot, token),
                )
            except ConditionFailed as failure:
                row: Row = failure.row or {}
                if row.get(slot) == token:
                    return wanted
                left = limit - row.get("held", 0)
            else:
                return wanted
        raise ServiceUnavailable("Too many processes take from one budget at once.")

    def held(self, name: str) -> int:
        """What is held of a budget."""
        row = self._table.get(*_key(name))
        return int(row.get("held", 0)) if row else 0


def _key(name: str) -> tuple[str, str]:
    return f"budget#{name}", "budget"


def _if_enough(room: int, slot: str, token: str) -> ConditionExpression:
    return ConditionExpression(
        "(attribute_not_exists(pk) OR #held <= :room)"
        f" AND (attribute_not_exists(#{slot}) OR #{slot} <> :token)",
        ("held", slot),
        {"room": room, "token": token},
    )


class DynamoBudgetNoticeStore:
    """A row for each notice, in a partition for each day.

    `add` is an update, since the image function has no right to put rows.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, notice: BudgetNotice) -> None:
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
