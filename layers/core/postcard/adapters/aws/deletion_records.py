"""Deletions of stored pictures in the table."""

from collections.abc import Sequence

from postcard.adapters.aws.table import (
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.ports import DeletionRecord


class DynamoDeletionStore:
    """A row for the last deletion of each version, and of each erased template."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, template_id: str, version: int | None) -> DeletionRecord | None:
        """The record, or None."""
        row = self._table.get(*_key(template_id, version))
        return _to_record(row) if row else None

    def of_template(self, template_id: str) -> Sequence[DeletionRecord]:
        """All records of a template."""
        return [_to_record(row) for row in self._table.query(_partition(template_id))]

    def begin(self, record: DeletionRecord) -> None:
        """Store a new deletion in the place of the last one."""
        self._table.put(*_key(record.template_id, record.version), to_row(record))

    def advance(self, record: DeletionRecord) -> bool:
        """Store the record unless it is of another run, or not one step further; whether it was."""
        before = {"run": record.run, "step": record.step - 1}
        condition = ConditionExpression("#run = :run AND #step = :step", tuple(before), before)
        try:
            self._table.put(*_key(record.template_id, record.version), to_row(record), condition)
        except ConditionFailed:
            return False
        return True


def _partition(template_id: str) -> str:
    return f"deletions#{template_id}"


def _key(template_id: str, version: int | None) -> tuple[str, str]:
    return _partition(template_id), f"{version or 0:06d}"


def _to_record(row: Row) -> DeletionRecord:
    return DeletionRecord(**record_fields(row, DeletionRecord))
