"""Template records and versions in the table."""

import os
from collections.abc import Callable, Sequence

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    Row,
    Table,
    compress,
    decompress,
    record_fields,
    to_row,
)
from postcard.ports import DeliveryRecord, Page, TemplateRecord, TemplateVersion

RECORDS_PARTITION = "templates"
# DynamoDB reads one item 3,000 times a second (strongly consistent). A send opens one template more
# often than that, so its record has copies in partitions of their own. A transaction writes all.
RECORD_COPIES = 8
OLD_NAMES = {"stand_ins": "fallbacks", "grounds": "prerendered"}  # attributes as 0.1 named them


class DynamoTemplateStore:
    """Rows for each template's record, and a row for each of its versions."""

    def __init__(
        self,
        table: Table,
        *,
        choose_copy: Callable[[int], int] = lambda copies: os.urandom(1)[0] % copies,
    ) -> None:
        self._table = table
        self._choose_copy = choose_copy

    def record(self, template_id: str, *, consistent: bool = True) -> TemplateRecord | None:
        """The record, or None. Not `consistent`: perhaps as it was a second ago."""
        partition = _record_partition(template_id, self._choose_copy(RECORD_COPIES))
        row = self._table.get(partition, "record", consistent=consistent)
        if row is None:  # there is none, or version 0.1 wrote it
            row = self._table.get(RECORDS_PARTITION, template_id)
        return _to_record(row) if row else None

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        """The version, or None."""
        row = self._table.get(_versions_partition(template_id), _sort_key(version))
        return _to_version(row) if row else None

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: Sequence[DeliveryRecord] = (),
    ) -> None:
        """Store all or nothing; `Conflict` if somebody else changed the template meanwhile."""
        self._table.transact_put(publication_rows(record, version, deliveries))

    def update(self, record: TemplateRecord) -> None:
        """Store the record; `Conflict` if somebody else changed it meanwhile."""
        self._table.transact_put(_record_rows(record))

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]:
        """All records by id."""
        page = self._table.query_page(RECORDS_PARTITION, limit=limit, cursor=cursor)
        return Page([_to_record(row) for row in page.items], page.next_cursor)

    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """A template's versions, newest first."""
        page = self._table.query_page(
            _versions_partition(template_id), limit=limit, cursor=cursor, newest_first=True
        )
        return Page([_to_version(row) for row in page.items], page.next_cursor)


def publication_rows(
    record: TemplateRecord, version: TemplateVersion, deliveries: Sequence[DeliveryRecord]
) -> list[tuple[str, str, Row, ConditionExpression | None]]:
    """All rows that publishing a version writes, with the conditions under which it may."""
    rows = [*_record_rows(record), _version_row(version)]
    if deliveries:
        from postcard.adapters.aws.webhooks import delivery_puts  # not for the image function

        rows += delivery_puts(deliveries)
    return rows


def _version_row(
    version: TemplateVersion,
) -> tuple[str, str, Row, ConditionExpression | None]:
    row = to_row(version) | {"document": compress(version.document)}
    partition = _versions_partition(version.template_id)
    return partition, _sort_key(version.version), row, IF_ABSENT


def _record_rows(
    record: TemplateRecord,
) -> list[tuple[str, str, Row, ConditionExpression | None]]:
    """The listed row, which holds the condition, and its copies."""
    row = to_row(record)
    copies = [_record_partition(record.template_id, copy) for copy in range(RECORD_COPIES)]
    listed = (RECORDS_PARTITION, record.template_id, row, _revision_condition(record))
    return [listed, *((partition, "record", row, None) for partition in copies)]


def _record_partition(template_id: str, copy: int) -> str:
    return f"record#{template_id}#{copy}"


def _versions_partition(template_id: str) -> str:
    return f"template#{template_id}"


def _sort_key(version: int) -> str:
    return f"{version:06d}"


def _revision_condition(record: TemplateRecord) -> ConditionExpression:
    """The stored revision is the one before; before the first revision, there is no row."""
    if record.revision == 1:
        return IF_ABSENT
    return ConditionExpression("#revision = :last", ("revision",), {"last": record.revision - 1})


def _to_record(row: Row) -> TemplateRecord:
    row |= {"recalls": {int(version): other for version, other in row["recalls"].items()}}
    return TemplateRecord(**record_fields(row, TemplateRecord))


def _to_version(row: Row) -> TemplateVersion:
    row |= {"document": decompress(row["document"])}
    return TemplateVersion(**record_fields(row, TemplateVersion, old_names=OLD_NAMES))
