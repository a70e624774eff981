"""API keys in the table, by digest."""

import contextlib
from collections.abc import Sequence

from postcard.adapters.aws.table import (
    IF_PRESENT,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.ports import ApiKeyRecord

PARTITION = "keys"


class DynamoApiKeyStore:
    """A row for each key, which holds its digest and never the key itself."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def by_digest(self, digest: str) -> ApiKeyRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, digest)
        return _to_record(row) if row else None

    def put(self, record: ApiKeyRecord) -> None:
        """Replace the record."""
        self._table.put(PARTITION, record.digest, to_row(record))

    def record_use(self, digest: str, at: int) -> None:
        """Store when a key was used, unless its row is gone."""
        with contextlib.suppress(ConditionFailed):
            self._table.update(PARTITION, digest, sets={"last_used_at": at}, condition=IF_PRESENT)

    def list(self) -> Sequence[ApiKeyRecord]:
        """All records, oldest first."""
        records = [_to_record(row) for row in self._table.query(PARTITION)]
        return sorted(records, key=lambda record: (record.created_at, record.key_id))


def _to_record(row: Row) -> ApiKeyRecord:
    return ApiKeyRecord(**record_fields(row, ApiKeyRecord))
