"""Webhooks, deliveries and hints in memory."""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from postcard.adapters.pagination import paginate
from postcard.errors import Conflict
from postcard.ports import DeliveryKey, DeliveryRecord, Page, WebhookHealth, WebhookRecord


class MemoryWebhookStore:
    """Webhooks by id, and the health of their endpoints."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, WebhookRecord] = {}
        self._health: dict[str, WebhookHealth] = {}

    def get(self, webhook_id: str) -> WebhookRecord | None:
        """The record, or None."""
        return self._records.get(webhook_id)

    def list(self) -> Sequence[WebhookRecord]:
        """All records by id."""
        return [record for _, record in sorted(self._records.items())]

    def put(self, record: WebhookRecord) -> None:
        """Store the next revision; `Conflict` if it is not the next one."""
        with self._lock:
            stored = self._records.get(record.webhook_id)
            if record.revision != (stored.revision + 1 if stored else 1):
                raise Conflict("The webhook was changed by somebody else: read it again.")
            self._records[record.webhook_id] = record

    def delete(self, webhook_id: str) -> None:
        """Remove the record and the health, if they exist."""
        with self._lock:
            self._records.pop(webhook_id, None)
            self._health.pop(webhook_id, None)

    def health(self, webhook_id: str) -> WebhookHealth:
        """How the endpoint has answered."""
        return self._health.get(webhook_id, WebhookHealth())

    def add_success(self, webhook_id: str, *, at: float, status: int) -> None:
        """No failures in a row, nothing is held back."""
        with self._lock:
            self._health[webhook_id] = replace(
                self.health(webhook_id),
                failures=0,
                retry_at=0,
                failing_since=None,
                last_success_at=at,
                last_status=status,
            )

    def add_failure(
        self, webhook_id: str, *, at: float, status: int | None, retry_at: float | None = None
    ) -> WebhookHealth:
        """Count a failure and perhaps set `retry_at`; the new health."""
        with self._lock:
            health = self.health(webhook_id)
            health = replace(
                health,
                failures=health.failures + 1,
                retry_at=health.retry_at if retry_at is None else retry_at,
                failing_since=at if health.failing_since is None else health.failing_since,
                last_failure_at=at,
                last_status=status,
            )
            self._health[webhook_id] = health
            return health

    def claim_probe(self, webhook_id: str, *, now: float, retry_at: float) -> bool:
        """Move `retry_at` if it is past."""
        with self._lock:
            health = self.health(webhook_id)
            if health.retry_at > now:
                return False
            self._health[webhook_id] = replace(health, retry_at=retry_at)
            return True

    def mark_slow(self, webhook_id: str, *, until: float) -> None:
        """Set `slow_until`."""
        with self._lock:
            self._health[webhook_id] = replace(self.health(webhook_id), slow_until=until)

    def reset_health(self, webhook_id: str) -> None:
        """Forget all of it."""
        with self._lock:
            self._health.pop(webhook_id, None)


class MemoryDeliveryStore:
    """Deliveries by webhook and event, and a heap of those that are due by webhook.

    An entry of the heap whose delivery is due at another time is old: it is dropped when it is met.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[str, dict[str, DeliveryRecord]] = {}
        self._due: dict[str, list[tuple[float, str]]] = {}

    def put_if_absent(self, records: Sequence[DeliveryRecord]) -> None:
        """Store each record unless there is one with its key."""
        with self._lock:
            for record in records:
                if self.get(record.key) is None:
                    self._store(record)

    def get(self, key: DeliveryKey) -> DeliveryRecord | None:
        """The record, or None."""
        return self._records.get(key.webhook_id, {}).get(key.event_id)

    def claim(
        self, key: DeliveryKey, *, due_at: float, next_due_at: float
    ) -> DeliveryRecord | None:
        """Move a waiting delivery's due time if it still is `due_at`; None if it is not."""
        with self._lock:
            record = self.get(key)
            if record is None or record.state != "waiting" or record.due_at != due_at:
                return None
            return self._store(replace(record, due_at=next_due_at))

    def finish(self, record: DeliveryRecord, *, due_at: float) -> bool:
        """Store the outcome of a delivery claimed until `due_at`; False if it no longer is."""
        with self._lock:
            stored = self.get(record.key)
            if stored is None or stored.state != "waiting" or stored.due_at != due_at:
                return False
            self._store(record)
            return True

    def replay(self, record: DeliveryRecord) -> bool:
        """Store a delivery that waits again; False if it is not delivered or dead."""
        with self._lock:
            stored = self.get(record.key)
            if stored is None or stored.state == "waiting":
                return False
            self._store(record)
            return True

    def due(
        self, webhook_id: str, *, until: float, limit: int
    ) -> Sequence[tuple[DeliveryKey, float]]:
        """At most `limit` waiting deliveries due by `until`, oldest first, with their due time."""
        with self._lock:
            heap = self._due.get(webhook_id, [])
            found: list[tuple[float, str]] = []
            while heap and heap[0][0] <= until and len(found) < limit:
                due_at, event_id = heapq.heappop(heap)
                record = self.get(DeliveryKey(webhook_id, event_id))
                is_due = record is not None and record.due_at == due_at
                if is_due and (not found or found[-1] != (due_at, event_id)):
                    found.append((due_at, event_id))
            for entry in found:
                heapq.heappush(heap, entry)
            return [(DeliveryKey(webhook_id, event_id), due_at) for due_at, event_id in found]

    def page(
        self, webhook_id: str, *, state: str | None, limit: int, cursor: str | None
    ) -> Page[DeliveryRecord]:
        """Deliveries of a webhook, newest first, perhaps only those in a state."""
        with self._lock:
            records = {
                event_id: record
                for event_id, record in self._records.get(webhook_id, {}).items()
                if state in (None, record.state)
            }
        return paginate(records, limit, cursor, newest_first=True)

    def delete_all(self, webhook_id: str) -> None:
        """Delete the deliveries of a webhook."""
        with self._lock:
            self._records.pop(webhook_id, None)
            self._due.pop(webhook_id, None)

    def _store(self, record: DeliveryRecord) -> DeliveryRecord:
        webhook_id, event_id = record.key.webhook_id, record.key.event_id
        self._records.setdefault(webhook_id, {})[event_id] = record
        if record.due_at is not None:
            heapq.heappush(self._due.setdefault(webhook_id, []), (record.due_at, event_id))
        return record


_Waiting = tuple[float, int, DeliveryKey, float]  # when it arrives, its number, the hint


class MemoryHints:
    """Hints that arrive once each; `receive` takes the next one that is due by `clock`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[bool, list[_Waiting]] = {False: [], True: []}
        self._sent = 0

    def send(
        self,
        hints: Sequence[tuple[DeliveryKey, float]],
        *,
        delay_seconds: int = 0,
        slow: bool = False,
    ) -> None:
        """They arrive after `delay_seconds`."""
        with self._lock:
            for key, due_at in hints:
                self._sent += 1
                entry = (self._clock() + delay_seconds, self._sent, key, due_at)
                heapq.heappush(self._waiting[slow], entry)

    def backlog(self, *, slow: bool = False) -> int:
        """How many have arrived."""
        return sum(entry[0] <= self._clock() for entry in tuple(self._waiting[slow]))

    def receive(self, *, slow: bool = False) -> tuple[DeliveryKey, float] | None:
        """The next hint that has arrived, or None."""
        with self._lock:
            waiting = self._waiting[slow]
            if not waiting or waiting[0][0] > self._clock():
                return None
            _, _, key, due_at = heapq.heappop(waiting)
            return key, due_at

    def next_due(self) -> float | None:
        """When the next hint of either queue arrives, in Unix seconds; None if none waits."""
        return min((entries[0][0] for entries in self._waiting.values() if entries), default=None)
