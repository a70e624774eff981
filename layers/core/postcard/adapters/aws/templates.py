"""Template records and versions in the table."""

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
from postcard.errors import Conflict
from postcard.ports import Page, TemplateRecord, TemplateVersion

RECORDS_PARTITION = "templates"
OLD_NAMES = {"stand_ins": "fallbacks", "grounds": "prerendered"}  # attributes as 0.1 named them


class DynamoTemplateStore:
    """A row for each template's record, and a row for each of its versions."""

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
        """Store both or neither; `Conflict` if somebody else changed the template meanwhile."""
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
        """Store the record; `Conflict` if somebody else changed it meanwhile."""
        try:
            self._table.put(
                RECORDS_PARTITION, record.template_id, to_row(record), _revision_condition(record)
            )
        except ConditionFailed as failure:
            raise Conflict("The template was changed by somebody else: read it again.") from failure

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
