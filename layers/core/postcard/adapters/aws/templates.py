"""Templates and their versions in the table."""

from dataclasses import replace

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    compress,
    decompress,
    record_fields,
    to_row,
)
from postcard.adapters.pagination import decode_cursor, encode_cursor
from postcard.errors import Conflict
from postcard.ports import Page, TemplateRecord, TemplateVersion

RECORDS_PARTITION = "templates"


class DynamoTemplateStore:
    """A template is a row of what changes and a row for each version."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, template_id: str) -> TemplateRecord | None:
        """The record, or None."""
        row = self._table.get(RECORDS_PARTITION, template_id)
        return _to_record(row) if row else None

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        """The version, or None."""
        row = self._table.get(_versions_partition(template_id), _sort_key(version))
        return _to_version(row) if row else None

    def publish(self, record: TemplateRecord, version: TemplateVersion) -> None:
        """Store both or neither; `Conflict` if somebody was faster."""
        row = to_row(version) | {"document": compress(version.document)}
        self._table.transact_put(
            [
                (
                    RECORDS_PARTITION,
                    record.template_id,
                    to_row(record),
                    _revision_condition(record),
                ),
                (
                    _versions_partition(version.template_id),
                    _sort_key(version.version),
                    row,
                    IF_ABSENT,
                ),
            ]
        )

    def update(self, record: TemplateRecord) -> None:
        """Store the record; `Conflict` if somebody was faster."""
        try:
            self._table.put(
                RECORDS_PARTITION, record.template_id, to_row(record), _revision_condition(record)
            )
        except ConditionFailed as fault:
            raise Conflict("The template was changed by somebody else: read it again.") from fault

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]:
        """All records by id."""
        after = decode_cursor(cursor) if cursor is not None else None
        rows, more = self._table.query_page(RECORDS_PARTITION, limit=limit, after=after)
        return Page(
            [_to_record(row) for row in rows], encode_cursor(rows[-1]["sk"]) if more else None
        )

    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """A template's versions, newest first."""
        after = decode_cursor(cursor) if cursor is not None else None
        partition = _versions_partition(template_id)
        rows, more = self._table.query_page(partition, limit=limit, after=after, newest_first=True)
        return Page(
            [_to_version(row) for row in rows], encode_cursor(rows[-1]["sk"]) if more else None
        )


def _versions_partition(template_id: str) -> str:
    return f"template#{template_id}"


def _sort_key(version: int) -> str:
    return f"{version:06d}"


def _revision_condition(record: TemplateRecord) -> ConditionExpression:
    """The stored revision is the one before; of a first revision, there is none."""
    if record.revision == 1:
        return IF_ABSENT
    return ConditionExpression("#revision = :last", ("revision",), {"last": record.revision - 1})


def _to_record(row: Row) -> TemplateRecord:
    recalls = {int(version): other for version, other in row["recalls"].items()}
    return replace(TemplateRecord(**record_fields(row, TemplateRecord)), recalls=recalls)


def _to_version(row: Row) -> TemplateVersion:
    return TemplateVersion(
        **record_fields(row, TemplateVersion) | {"document": decompress(row["document"])}
    )
