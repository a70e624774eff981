"""Drafts in the table: two rows, so that lists of drafts do not read their documents."""

from collections.abc import Sequence

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
from postcard.adapters.aws.templates import publication_rows
from postcard.ports import DeliveryRecord, DraftRecord, Page, TemplateRecord, TemplateVersion

DRAFTS_PARTITION = "drafts"


class DynamoDraftStore:
    """A listed row for each draft, which holds the conditions, and a row with its document."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, template_id: str) -> DraftRecord | None:
        """The record, or None; its document is not read."""
        row = self._table.get(DRAFTS_PARTITION, template_id)
        return _to_record(row) if row else None

    def read(self, template_id: str) -> tuple[DraftRecord, str] | None:
        """The record with its document, or None."""
        row = self._table.get(_partition(template_id), "document")
        return (_to_record(row), decompress(row["document"])) if row else None

    def put(self, record: DraftRecord, document: str, *, instead_of: int | None) -> None:
        """Store instead of this revision (None: of nothing); `Conflict` if another is there."""
        row = to_row(record) | {"ttl": record.expires_at}
        condition = IF_ABSENT if instead_of is None else _revision_is(instead_of)
        listed = (DRAFTS_PARTITION, record.template_id, row, condition)
        whole = row | {"document": compress(document)}
        self._table.transact_put(
            [listed, (_partition(record.template_id), "document", whole, None)]
        )

    def delete(self, template_id: str, *, revision: int | None = None) -> None:
        """Delete this revision, or any; `Conflict` if another is there."""
        self._table.transact((), _deletes(template_id, revision))

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: Sequence[DeliveryRecord] = (),
        *,
        revision: int,
    ) -> None:
        """Store the version and delete this revision of the draft, or nothing; `Conflict`."""
        deletes = _deletes(record.template_id, revision)
        self._table.transact(publication_rows(record, version, deliveries), deletes)

    def list(self, *, limit: int, cursor: str | None) -> Page[DraftRecord]:
        """All records by template id."""
        page = self._table.query_page(DRAFTS_PARTITION, limit=limit, cursor=cursor)
        return Page([_to_record(row) for row in page.items], page.next_cursor)


def _partition(template_id: str) -> str:
    return f"draft#{template_id}"


def _revision_is(revision: int) -> ConditionExpression:
    return ConditionExpression("#revision = :revision", ("revision",), {"revision": revision})


def _deletes(
    template_id: str, revision: int | None
) -> list[tuple[str, str, ConditionExpression | None]]:
    condition = None if revision is None else _revision_is(revision)
    return [
        (DRAFTS_PARTITION, template_id, condition),
        (_partition(template_id), "document", None),
    ]


def _to_record(row: Row) -> DraftRecord:
    return DraftRecord(**record_fields(row, DraftRecord))
