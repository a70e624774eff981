"""Templates and their versions in the table."""

from dataclasses import replace

from postcard.adapters.aws.table import (
    ABSENT,
    Condition,
    NotMet,
    Row,
    Table,
    kept,
    restored,
    row_of,
    shrunk,
)
from postcard.adapters.page_cursors import cursor_after, key_before
from postcard.errors import Conflict
from postcard.ports import Page, TemplateRecord, TemplateVersion

RECORDS = "templates"


class DynamoTemplates:
    """A template is a row of what changes and a row for each version."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, template_id: str) -> TemplateRecord | None:
        """The record, or None."""
        row = self._table.get(RECORDS, template_id)
        return _record(row) if row else None

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        """The version, or None."""
        row = self._table.get(_partition(template_id), _sort(version))
        return _version(row) if row else None

    def publish(self, record: TemplateRecord, version: TemplateVersion) -> None:
        """Store both or neither; `Conflict` if somebody was faster."""
        row = row_of(version) | {"document": shrunk(version.document)}
        self._table.put_all(
            [
                (RECORDS, record.template_id, row_of(record), _follows(record)),
                (_partition(version.template_id), _sort(version.version), row, ABSENT),
            ]
        )

    def update(self, record: TemplateRecord) -> None:
        """Store the record; `Conflict` if somebody was faster."""
        try:
            self._table.put(RECORDS, record.template_id, row_of(record), _follows(record))
        except NotMet as fault:
            raise Conflict("The template was changed by somebody else: read it again.") from fault

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]:
        """All records by id."""
        after = key_before(cursor) if cursor is not None else None
        rows, more = self._table.page(RECORDS, limit=limit, after=after)
        return Page([_record(row) for row in rows], cursor_after(rows[-1]["sk"]) if more else None)

    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """A template's versions, newest first."""
        after = key_before(cursor) if cursor is not None else None
        partition = _partition(template_id)
        rows, more = self._table.page(partition, limit=limit, after=after, newest_first=True)
        return Page([_version(row) for row in rows], cursor_after(rows[-1]["sk"]) if more else None)


def _partition(template_id: str) -> str:
    return f"template#{template_id}"


def _sort(version: int) -> str:
    return f"{version:06d}"


def _follows(record: TemplateRecord) -> Condition:
    """The stored revision is the one before; of a first revision, there is none."""
    if record.revision == 1:
        return ABSENT
    return Condition("#revision = :last", ("revision",), {"last": record.revision - 1})


def _record(row: Row) -> TemplateRecord:
    recalls = {int(version): other for version, other in row["recalls"].items()}
    return replace(TemplateRecord(**kept(row, TemplateRecord)), recalls=recalls)


def _version(row: Row) -> TemplateVersion:
    return TemplateVersion(**kept(row, TemplateVersion) | {"document": restored(row["document"])})
