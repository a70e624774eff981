"""Batches in the table."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    TransactionFailed,
    record_fields,
    to_row,
)
from postcard.adapters.aws.webhooks import delivery_puts
from postcard.errors import Conflict, ServiceUnavailable
from postcard.ports import UNSTARTED_BATCH_SECONDS, BatchRecord, DeliveryRecord, Page

JSON_FIELDS = ("settings", "summary", "error")
UPDATE_TRIES = 8  # with deliveries, while other calls change the batch's counts
DAY = 86_400  # a row outlives its files by a day, to say that they expired


class DynamoBatchStore:
    """A row for each batch, one that lists it under its key, and the running ones of each key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, batch_id: str) -> BatchRecord | None:
        """The record, or None."""
        row = self._table.get(*_key(batch_id))
        return _to_record(row) if row else None

    def create(self, record: BatchRecord) -> None:
        """Store a new record; `Conflict` if its id exists. One that is not started soon expires."""
        ttl = record.expires_at + DAY
        self._table.put(*_list_key(record), {"batch_id": record.batch_id, "ttl": ttl})
        if record.status == "waiting":
            ttl = record.created_at + UNSTARTED_BATCH_SECONDS
        row = _encode(to_row(record)) | {"ttl": ttl}
        try:
            self._table.put(*_key(record.batch_id), row, IF_ABSENT)
        except ConditionFailed as failure:
            raise Conflict("There is a batch with this id.") from failure

    def update(
        self,
        batch_id: str,
        changes: Mapping[str, Any],
        deliveries: Sequence[DeliveryRecord] = (),
        *,
        status_is: Sequence[str],
    ) -> bool:
        """Change these properties if the status is one of these; whether they were changed."""
        sets = _encode(dict(changes))
        if "expires_at" in changes:
            sets["ttl"] = changes["expires_at"] + DAY
        if deliveries:
            return self._update_with(deliveries, batch_id, sets, status_is)
        try:
            self._table.update(*_key(batch_id), sets=sets, condition=_if_status(status_is))
        except ConditionFailed:
            return False
        return True

    def _update_with(
        self,
        deliveries: Sequence[DeliveryRecord],
        batch_id: str,
        sets: Row,
        status_is: Sequence[str],
    ) -> bool:
        update = (*_key(batch_id), sets, _if_status(status_is))
        for _ in range(UPDATE_TRIES):
            try:
                self._table.transact(delivery_puts(deliveries), (), [update])
            except TransactionFailed as failure:
                if failure.failed_conditions:
                    return False
            else:
                return True
        raise ServiceUnavailable("The batch is changed by too many calls: try again.")

    def add_counts(
        self,
        batch_id: str,
        *,
        ok: int,
        defaults: int,
        failed: int,
        cost: int,
        status_is: Sequence[str],
    ) -> bool:
        """Add to the counts, atomically, if the status is one of these; whether it was done."""
        adds = {"ok": ok, "defaults": defaults, "failed": failed, "cost": cost}
        condition = _if_status(status_is)
        try:
            self._table.update(*_key(batch_id), sets={}, adds=adds, condition=condition)
        except ConditionFailed:
            return False
        return True

    def delete(self, batch_id: str) -> None:
        """Remove the record, if it exists."""
        if (record := self.get(batch_id)) is not None:
            self._table.delete(*_list_key(record))
            self._table.delete(*_key(batch_id))

    def list(self, key_digest: str, *, limit: int, cursor: str | None) -> Page[BatchRecord]:
        """The batches of an API key, newest first."""
        page = self._table.query_page(
            _list_partition(key_digest), limit=limit, cursor=cursor, newest_first=True
        )
        rows = self._table.batch_get([_key(row["batch_id"]) for row in page.items])
        found = {record.batch_id: record for record in map(_to_record, rows)}
        listed = [found[row["batch_id"]] for row in page.items if row["batch_id"] in found]
        return Page(listed, page.next_cursor)

    def active(self, key_digest: str) -> Sequence[str]:
        """The ids that `set_active` stored."""
        row = self._table.get(*_active_key(key_digest))
        return row["batch_ids"] if row else ()

    def set_active(
        self, key_digest: str, batch_ids: Sequence[str], *, instead_of: Sequence[str]
    ) -> bool:
        """Store these ids if `instead_of` is what is stored; whether they were stored."""
        condition = ConditionExpression(
            "#batch_ids = :before", ("batch_ids",), {"before": tuple(instead_of)}
        )
        if not instead_of:
            expression = f"attribute_not_exists(pk) OR {condition.expression}"
            condition = ConditionExpression(expression, condition.names, condition.values)
        try:
            row = {"batch_ids": tuple(batch_ids)}
            self._table.put(*_active_key(key_digest), row, condition)
        except ConditionFailed:
            return False
        return True


def _if_status(status_is: Sequence[str]) -> ConditionExpression:
    values = {f"status_{n}": status for n, status in enumerate(status_is)}
    expression = f"#status IN ({', '.join(f':{name}' for name in values)})"
    return ConditionExpression(expression, ("status",), values)


def _key(batch_id: str) -> tuple[str, str]:
    return f"batch#{batch_id}", "record"


def _list_partition(key_digest: str) -> str:
    return f"batches#{key_digest}"


def _list_key(record: BatchRecord) -> tuple[str, str]:
    return _list_partition(record.key_digest), f"{record.created_at:012d}#{record.batch_id}"


def _active_key(key_digest: str) -> tuple[str, str]:
    return f"active#{key_digest}", "record"


def _encode(row: Row) -> Row:
    """JSON without a model of its own is kept as text."""
    texts = {name: json.dumps(row[name]) for name in JSON_FIELDS if name in row}
    return row | texts


def _to_record(row: Row) -> BatchRecord:
    row |= {name: json.loads(row[name]) for name in JSON_FIELDS if name in row}
    return BatchRecord(**record_fields(row, BatchRecord))
