"""Webhooks and deliveries in the table.

A webhook's deliveries are spread over eight partitions by their event, since a partition takes a
thousand writes a second. The index `due` holds those that wait, by webhook and partition.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from itertools import islice

from postcard.adapters.aws.table import (
    IF_ABSENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.adapters.pagination import decode_cursor, encode_cursor
from postcard.errors import Conflict
from postcard.ports import (
    DeliveryAttempt,
    DeliveryKey,
    DeliveryRecord,
    Page,
    WebhookHealth,
    WebhookRecord,
)

DUE_INDEX = "due"
PARTITIONS = 8
MAX_READ = 1_000  # deliveries that one page looks through
MAX_DELETED = 1_000


class DynamoWebhookStore:
    """A row for each webhook, and one for its endpoint's health."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, webhook_id: str) -> WebhookRecord | None:
        """The record, or None."""
        row = self._table.get(*_webhook_key(webhook_id))
        return _to_webhook(row) if row else None

    def list(self) -> Sequence[WebhookRecord]:
        """All records by id."""
        rows = self._table.query("webhooks")
        return [_to_webhook(row) for row in rows]

    def put(self, record: WebhookRecord) -> None:
        """Store the next revision; `Conflict` if it is not the next one."""
        condition = IF_ABSENT
        if record.revision > 1:
            before = {"before": record.revision - 1}
            condition = ConditionExpression("#revision = :before", ("revision",), before)
        try:
            self._table.put(*_webhook_key(record.webhook_id), to_row(record), condition)
        except ConditionFailed as failure:
            if failure.row and _to_webhook(failure.row) == record:
                return  # by this call, which was repeated because its response was lost
            raise Conflict("The webhook was changed by somebody else: read it again.") from failure

    def delete(self, webhook_id: str) -> None:
        """Remove the record and the health, if they exist."""
        self._table.delete(*_webhook_key(webhook_id))
        self._table.delete(*_health_key(webhook_id))

    def health(self, webhook_id: str) -> WebhookHealth:
        """How the endpoint has answered."""
        return _to_health(self._table.get(*_health_key(webhook_id)) or {})

    def add_success(self, webhook_id: str, *, at: float, status: int) -> None:
        """No failures in a row, nothing is held back."""
        sets = {"last_success_at": at, "last_status": status}
        self._table.update(*_health_key(webhook_id), sets=sets | _WELL)

    def add_failure(
        self, webhook_id: str, *, at: float, status: int | None, retry_at: float | None = None
    ) -> WebhookHealth:
        """Count a failure and perhaps set `retry_at`; the new health."""
        sets: Row = {"last_failure_at": at, "last_status": status}
        if retry_at is not None:
            sets["retry_at"] = retry_at
        row = self._table.update(
            *_health_key(webhook_id),
            sets=sets,
            adds={"failures": 1},
            sets_if_absent={"failing_since": at},
        )
        return _to_health(row)

    def claim_probe(self, webhook_id: str, *, now: float, retry_at: float) -> bool:
        """Move `retry_at` if it is past."""
        is_past = ConditionExpression(
            "attribute_not_exists(#retry_at) OR #retry_at <= :now", ("retry_at",), {"now": now}
        )
        sets = {"retry_at": retry_at}
        try:
            self._table.update(*_health_key(webhook_id), sets=sets, condition=is_past)
        except ConditionFailed:
            return False
        return True

    def mark_slow(self, webhook_id: str, *, until: float) -> None:
        """Set `slow_until`."""
        self._table.update(*_health_key(webhook_id), sets={"slow_until": until})

    def reset_health(self, webhook_id: str) -> None:
        """Forget all of it."""
        nothing = dict.fromkeys(field.name for field in fields(WebhookHealth))
        self._table.update(*_health_key(webhook_id), sets=nothing)


_WELL: Row = {"failures": 0, "retry_at": 0, "failing_since": None}


class DynamoDeliveryStore:
    """A row for each delivery, with its body."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put_if_absent(self, records: Sequence[DeliveryRecord]) -> None:
        """Store each record unless there is one with its key."""
        for pk, sk, row, _ in delivery_puts(records):
            try:
                self._table.put(pk, sk, row, IF_ABSENT)
            except ConditionFailed:
                continue

    def get(self, key: DeliveryKey) -> DeliveryRecord | None:
        """The record, or None."""
        row = self._table.get(*_delivery_key(key))
        return _to_delivery(row) if row else None

    def claim(
        self, key: DeliveryKey, *, due_at: float, next_due_at: float
    ) -> DeliveryRecord | None:
        """Move a waiting delivery's due time if it still is `due_at`; None if it is not."""
        sets = {"due_at": next_due_at}
        try:
            row = self._table.update(*_delivery_key(key), sets=sets, condition=_is_due(due_at))
        except ConditionFailed:
            return None
        return _to_delivery(row)

    def finish(self, record: DeliveryRecord, *, due_at: float) -> bool:
        """Store the outcome of a delivery claimed until `due_at`; False if it no longer is."""
        return self._replace(record, _is_due(due_at))

    def replay(self, record: DeliveryRecord) -> bool:
        """Store a delivery that waits again; False if it is not delivered or dead."""
        ended = {"delivered": "delivered", "dead": "dead"}
        expression = "#state IN (:delivered, :dead)"
        return self._replace(record, ConditionExpression(expression, ("state",), ended))

    def due(
        self, webhook_id: str, *, until: float, limit: int
    ) -> Sequence[tuple[DeliveryKey, float]]:
        """At most `limit` waiting deliveries due by `until`, oldest first, with their due time."""
        due = [
            (row["due_at"], row["sk"])
            for partition in _partitions(webhook_id)
            for row in self._table.query_index(
                DUE_INDEX, ("due", partition), ("due_at", until), limit=limit
            )
        ]
        return [
            (DeliveryKey(webhook_id, event_id), due_at)
            for due_at, event_id in heapq.nsmallest(limit, due)
        ]

    def page(
        self, webhook_id: str, *, state: str | None, limit: int, cursor: str | None
    ) -> Page[DeliveryRecord]:
        """Deliveries of a webhook, newest first, perhaps only those in a state."""
        after = decode_cursor(cursor) if cursor is not None else None
        found: list[DeliveryRecord] = []
        last = ""
        for number, row in enumerate(self._newest_first(webhook_id, after, limit + 1)):
            if len(found) == limit or number == MAX_READ:
                return Page(found, encode_cursor(last))
            last = row["sk"]
            if state in (None, row["state"]):
                found.append(_to_delivery(row))
        return Page(found)

    def delete_all(self, webhook_id: str) -> None:
        """Delete the newest thousand deliveries of a webhook; the others expire by themselves."""
        for row in islice(self._newest_first(webhook_id, None, 100), MAX_DELETED):
            self._table.delete(row["pk"], row["sk"])

    def _newest_first(self, webhook_id: str, after: str | None, batch: int) -> Iterator[Row]:
        rows = [
            self._table.query(
                f"deliveries#{partition}", after=after, newest_first=True, batch=batch
            )
            for partition in _partitions(webhook_id)
        ]
        event_id: Callable[[Row], str] = lambda row: row["sk"]  # noqa: E731
        return heapq.merge(*rows, key=event_id, reverse=True)

    def _replace(self, record: DeliveryRecord, condition: ConditionExpression) -> bool:
        [(pk, sk, row, _)] = delivery_puts([record])
        try:
            self._table.put(pk, sk, row, condition)
        except ConditionFailed:
            return False
        return True


def delivery_puts(
    records: Sequence[DeliveryRecord],
) -> list[tuple[str, str, Row, ConditionExpression | None]]:
    """The rows of deliveries, as `Table.transact` takes them, to store with a change."""
    return [(*_delivery_key(record.key), _to_delivery_row(record), None) for record in records]


def _to_delivery_row(record: DeliveryRecord) -> Row:
    row = to_row(record) | {"attempts": [to_row(attempt) for attempt in record.attempts]}
    row["attempts"] = [
        {name: value for name, value in attempt.items() if value is not None}
        for attempt in row["attempts"]
    ]
    row["ttl"] = row.pop("expires_at")
    del row["key"]
    if record.due_at is not None:
        row["due"] = _partition(record.key)
    return row


def _to_delivery(row: Row) -> DeliveryRecord:
    webhook_id = row["pk"].split("#")[1]
    values = record_fields(row | {"expires_at": row["ttl"]}, DeliveryRecord)
    values["key"] = DeliveryKey(webhook_id, row["sk"])
    values["attempts"] = tuple(
        DeliveryAttempt(**record_fields(attempt, DeliveryAttempt))
        for attempt in row.get("attempts", ())
    )
    return DeliveryRecord(**values)


def _to_webhook(row: Row) -> WebhookRecord:
    return WebhookRecord(**record_fields(row, WebhookRecord))


def _to_health(row: Row) -> WebhookHealth:
    return WebhookHealth(**record_fields(row, WebhookHealth))


def _is_due(due_at: float) -> ConditionExpression:
    names, values = ("state", "due_at"), {"waiting": "waiting", "due_at": due_at}
    return ConditionExpression("#state = :waiting AND #due_at = :due_at", names, values)


def _webhook_key(webhook_id: str) -> tuple[str, str]:
    return "webhooks", webhook_id


def _health_key(webhook_id: str) -> tuple[str, str]:
    return f"health#{webhook_id}", "health"


def _partition(key: DeliveryKey) -> str:
    """By the last character of the event's id, which is of its digest."""
    return f"{key.webhook_id}#{ord(key.event_id[-1]) % PARTITIONS}"


def _partitions(webhook_id: str) -> Sequence[str]:
    return [f"{webhook_id}#{number}" for number in range(PARTITIONS)]


def _delivery_key(key: DeliveryKey) -> tuple[str, str]:
    return _delivery_partition(_partition(key)), key.event_id


def _delivery_partition(partition: str) -> str:
    return f"deliveries#{partition}"
