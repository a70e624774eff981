"""Assets in the table."""

from postcard.adapters.aws.table import Table, record_fields, to_row
from postcard.adapters.pagination import decode_cursor, encode_cursor
from postcard.ports import AssetRecord, Page

PARTITION = "assets"


class DynamoAssetStore:
    """A row for each asset; the bytes are in the store bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, asset_id)
        return AssetRecord(**record_fields(row, AssetRecord)) if row else None

    def put(self, record: AssetRecord) -> None:
        """Replace the record."""
        self._table.put(PARTITION, record.asset_id, to_row(record))

    def delete(self, asset_id: str) -> None:
        """Remove the record; none is no fault."""
        self._table.delete(PARTITION, asset_id)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        after = decode_cursor(cursor) if cursor is not None else None
        rows, more = self._table.query_page(PARTITION, limit=limit, after=after)
        records = [AssetRecord(**record_fields(row, AssetRecord)) for row in rows]
        return Page(records, encode_cursor(rows[-1]["sk"]) if more else None)
