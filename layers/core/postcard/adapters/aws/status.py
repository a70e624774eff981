"""The history of the status page in the table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Table,
    record_fields,
    to_row,
)
from postcard.errors import Conflict
from postcard.ports import AlarmChange, HealthDay
from postcard.timestamps import DAY_SECONDS, start_of_day

RETENTION_SECONDS = 100 * DAY_SECONDS  # the page shows ninety days
HEALTH, ALARMS = "health", "alarms"


class DynamoStatusStore:
    """A row for each day of checks, and one for each change of an alarm."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def day(self, day: str) -> HealthDay | None:
        """The day's row, or None."""
        row = self._table.get(HEALTH, day)
        return HealthDay(**record_fields(row, HealthDay)) if row else None

    def put_day(self, day: HealthDay, *, instead_of: HealthDay | None) -> None:
        """Store a day instead of this one; `Conflict` if another is there."""
        condition = IF_ABSENT
        if instead_of is not None:
            before = {"before": instead_of.minutes}
            condition = ConditionExpression("#minutes = :before", ("minutes",), before)
        row = {**to_row(day), "ttl": start_of_day(day.day) + RETENTION_SECONDS}
        try:
            self._table.put(HEALTH, day.day, row, condition)
        except ConditionFailed as failure:
            raise Conflict("Another check was stored at the same moment.") from failure

    def days(self, *, limit: int) -> Sequence[HealthDay]:
        """The last `limit` days, newest first."""
        rows = self._table.query(HEALTH, newest_first=True, batch=limit)
        return [HealthDay(**record_fields(row, HealthDay)) for row in islice(rows, limit)]

    def add_change(self, change: AlarmChange) -> None:
        """Store a change; its key makes the same change the same row."""
        time = datetime.fromtimestamp(change.at, UTC).isoformat(timespec="milliseconds")
        row = {**to_row(change), "ttl": int(change.at) + RETENTION_SECONDS}
        self._table.put(ALARMS, f"{time}#{change.alarm}#{change.state}", row)

    def changes(self, *, limit: int) -> Sequence[AlarmChange]:
        """The last `limit` changes by their time, newest first."""
        rows = self._table.query(ALARMS, newest_first=True, batch=limit)
        return [AlarmChange(**record_fields(row, AlarmChange)) for row in islice(rows, limit)]
