"""Assets in the table."""

from postcard.adapters.aws.table import Table, kept, row_of
from postcard.adapters.page_cursors import cursor_after, key_before
from postcard.ports import AssetRecord, Page

PARTITION = "assets"


class DynamoAssets:
    """A row for each asset; the bytes are in the store bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, asset_id)
        return AssetRecord(**kept(row, AssetRecord)) if row else None

    def put(self, record: AssetRecord) -> None:
        """Replace the record."""
        self._table.put(PARTITION, record.asset_id, row_of(record))

    def delete(self, asset_id: str) -> None:
        """Remove the record; none is no fault."""
        self._table.delete(PARTITION, asset_id)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        after = key_before(cursor) if cursor is not None else None
        rows, more = self._table.page(PARTITION, limit=limit, after=after)
        records = [AssetRecord(**kept(row, AssetRecord)) for row in rows]
        return Page(records, cursor_after(rows[-1]["sk"]) if more else None)
