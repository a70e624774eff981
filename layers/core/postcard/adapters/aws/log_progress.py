"""How far the access log is counted, in the table."""

from postcard.adapters.aws.table import Table, record_fields, to_row
from postcard.ports import LogProgress

KEY = ("usage-log", "progress")


class DynamoLogProgress:
    """One row."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self) -> LogProgress | None:
        """The record; None if it was never counted."""
        row = self._table.get(*KEY)
        return LogProgress(**record_fields(row, LogProgress)) if row else None

    def put(self, progress: LogProgress) -> None:
        """Replace the record."""
        self._table.put(*KEY, to_row(progress))
