"""Asset records in the table."""

from postcard.adapters.aws.table import Row, Table, record_fields, to_row
from postcard.ports import AssetRecord, Page

PARTITION = "assets"


class DynamoAssetStore:
    """A row for each asset; the files are in the store bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, asset_id)
        return _to_record(row) if row else None

    def put(self, record: AssetRecord) -> None:
        """Replace the record."""
        self._table.put(PARTITION, record.asset_id, to_row(record))

    def delete(self, asset_id: str) -> None:
        """Remove the record, if it exists."""
        self._table.delete(PARTITION, asset_id)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        page = self._table.query_page(PARTITION, limit=limit, cursor=cursor)
        return Page([_to_record(row) for row in page.items], page.next_cursor)


def _to_record(row: Row) -> AssetRecord:
    return AssetRecord(**record_fields(row, AssetRecord))
