"""Batches in memory."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from postcard.adapters.memory.webhooks import MemoryDeliveryStore
from postcard.adapters.pagination import paginate
from postcard.errors import Conflict
from postcard.ports import BatchRecord, DeliveryRecord, DeliveryStore, Page


class MemoryBatchStore:
    """Batches by id; the deliveries of their events go to `deliveries`."""

    def __init__(self, deliveries: DeliveryStore | None = None) -> None:
        self._deliveries = deliveries or MemoryDeliveryStore()
        self._records: dict[str, BatchRecord] = {}
        self._active: dict[str, Sequence[str]] = {}
        self._lock = threading.Lock()

    def get(self, batch_id: str) -> BatchRecord | None:
        """The record, or None."""
        return self._records.get(batch_id)

    def create(self, record: BatchRecord) -> None:
        """Store a new record; `Conflict` if its id exists."""
        if self._records.setdefault(record.batch_id, record) is not record:
            raise Conflict("There is a batch with this id.")

    def update(
        self,
        batch_id: str,
        changes: Mapping[str, Any],
        deliveries: Sequence[DeliveryRecord] = (),
        *,
        status_is: Sequence[str],
    ) -> bool:
        """Change these properties if the status is one of these; whether they were changed."""
        with self._lock:
            record = self._records.get(batch_id)
            if record is None or record.status not in status_is:
                return False
            self._deliveries.put_if_absent(deliveries)
            self._records[batch_id] = replace(record, **changes)
            return True

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
        with self._lock:
            record = self._records.get(batch_id)
            if record is None or record.status not in status_is:
                return False
            self._records[batch_id] = replace(
                record,
                ok=record.ok + ok,
                defaults=record.defaults + defaults,
                failed=record.failed + failed,
                cost=record.cost + cost,
            )
            return True

    def delete(self, batch_id: str) -> None:
        """Remove the record, if it exists."""
        self._records.pop(batch_id, None)

    def list(self, key_digest: str, *, limit: int, cursor: str | None) -> Page[BatchRecord]:
        """The batches of an API key, newest first."""
        own = {
            f"{record.created_at:012d}#{record.batch_id}": record
            for record in tuple(self._records.values())
            if record.key_digest == key_digest
        }
        return paginate(own, limit, cursor, newest_first=True)

    def active(self, key_digest: str) -> Sequence[str]:
        """The ids that `set_active` stored."""
        return self._active.get(key_digest, ())

    def set_active(
        self, key_digest: str, batch_ids: Sequence[str], *, instead_of: Sequence[str]
    ) -> bool:
        """Store these ids if `instead_of` is what is stored; whether they were stored."""
        with self._lock:
            if tuple(self._active.get(key_digest, ())) != tuple(instead_of):
                return False
            self._active[key_digest] = tuple(batch_ids)
            return True
