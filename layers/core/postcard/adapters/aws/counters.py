"""Counters in the table."""

from postcard.adapters.aws.table import Table


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
