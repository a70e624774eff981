"""Asset records in the table."""

from collections.abc import Mapping, Sequence

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.errors import Conflict
from postcard.ports import AnnouncedUpload, AssetRecord, Page

PARTITION = "assets"
IS_LAST_REVISION = "#revision = :last"
IS_FIRST_REVISION = (
    f"{IS_LAST_REVISION} OR (attribute_exists(pk) AND attribute_not_exists(#revision))"
)


class DynamoAssetStore:
    """A row for each asset; the files are in the store bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, asset_id)
        return _to_record(row) if row else None

    def get_many(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRecord]:
        """The records that exist, by id."""
        if len(asset_ids) == 1:
            one = self.get(asset_ids[0])
            return {} if one is None else {one.asset_id: one}
        rows = self._table.batch_get([(PARTITION, asset_id) for asset_id in asset_ids])
        return {record.asset_id: record for record in map(_to_record, rows)}

    def put(self, record: AssetRecord) -> None:
        """Store the record; `Conflict` if somebody else changed it meanwhile."""
        row, replacement = to_row(record), record.replacement
        row["replacement"] = None if replacement is None else to_row(replacement)
        try:
            self._table.put(PARTITION, record.asset_id, row, _revision_condition(record))
        except ConditionFailed as failure:
            raise Conflict("The asset was changed by somebody else: read it again.") from failure

    def delete(self, asset_id: str) -> None:
        """Remove the record, if it exists."""
        self._table.delete(PARTITION, asset_id)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        page = self._table.query_page(PARTITION, limit=limit, cursor=cursor)
        return Page([_to_record(row) for row in page.items], page.next_cursor)


def _revision_condition(record: AssetRecord) -> ConditionExpression:
    """The stored revision is the one before; rows of 0.1 have none, which counts as the first."""
    if record.revision == 1:
        return IF_ABSENT
    last = record.revision - 1
    expression = IS_FIRST_REVISION if last == 1 else IS_LAST_REVISION
    return ConditionExpression(expression, ("revision",), {"last": last})


def _to_record(row: Row) -> AssetRecord:
    if replacement := row.get("replacement"):
        row |= {"replacement": AnnouncedUpload(**record_fields(replacement, AnnouncedUpload))}
    return AssetRecord(**record_fields(row, AssetRecord))
