"""The use cases behind `/v1/webhooks/{id}/deliveries`: read deliveries, and replay them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from postcard import ports
from postcard.errors import BadRequest, Conflict, Fault, NotFound, ServiceUnavailable
from postcard.events.event_ids import event_time
from postcard.events.outbox import new_delivery
from postcard.ports import (
    DeliveryAttempt,
    DeliveryKey,
    DeliveryRecord,
    JsonObject,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_optional_rfc3339, format_rfc3339, parse_rfc3339
from postcard.webhooks.endpoints import find_webhook

SOON_SECONDS = 180  # a delivery that is due so soon may be claimed by a worker right now
REPLAYED_STATES = {"dead": ("dead",), "delivered": ("delivered",), "any": ("dead", "delivered")}
PAGE_LENGTH = 100
MAX_PAGES = 10  # read by one call of `replay_since`


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Which deliveries to replay: those of events since a time, in a state of REPLAYED_STATES."""

    since: str
    state: str = "dead"
    cursor: str | None = None


class DeliveryService:
    """Deliveries of webhooks. `now` is in Unix seconds."""

    def __init__(
        self, webhooks: ports.WebhookStore, deliveries: ports.DeliveryStore, hints: ports.Hints
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._hints = hints

    def list(
        self, webhook_id: str, *, state: str | None, limit: int, cursor: str | None
    ) -> JsonObject:
        """A page of a webhook's deliveries, newest first, without bodies; `NotFound`."""
        find_webhook(self._webhooks, webhook_id)
        page = self._deliveries.page(webhook_id, state=state, limit=limit, cursor=cursor)
        return {
            "items": [_to_json(record) for record in page.items],
            "next_cursor": page.next_cursor,
        }

    def read(self, webhook_id: str, event_id: str) -> JsonObject:
        """A delivery with the exact text that is sent; `NotFound`."""
        record = self._delivery(webhook_id, event_id)
        return {**_to_json(record), "body": record.body}

    def replay(self, webhook_id: str, event_id: str, *, now: float) -> JsonObject:
        """Send a delivery again now; `NotFound`, `Conflict` if its webhook is disabled.

        A delivered or dead one gets ten new tries. A waiting one keeps its count of tries.
        """
        self._check_enabled(webhook_id)
        record = self._delivery(webhook_id, event_id)
        if record.state == "waiting":
            self._hasten(record, now)
        else:
            self._restart([record], now)
        return self.read(webhook_id, event_id)

    def replay_since(
        self,
        webhook_id: str,
        request: ReplayRequest,
        *,
        now: float,
        has_time: Callable[[], bool] = lambda: True,
    ) -> JsonObject:
        """Replay deliveries, newest first, up to the limit of a call; `NotFound`, `Conflict`.

        `next_cursor` continues with the rest. Waiting deliveries keep their schedule.
        """
        self._check_enabled(webhook_id)
        since = _parse_since(request.since)
        states = REPLAYED_STATES[request.state]
        state = states[0] if len(states) == 1 else None
        cursor, replayed = request.cursor, 0
        for _ in range(MAX_PAGES):
            page = self._deliveries.page(webhook_id, state=state, limit=PAGE_LENGTH, cursor=cursor)
            recent = [each for each in page.items if event_time(each.key.event_id) >= since]
            replayed += self._restart([each for each in recent if each.state in states], now)
            cursor = page.next_cursor if len(recent) == len(page.items) else None
            if cursor is None or not has_time():
                break
        return {"replayed": replayed, "next_cursor": cursor}

    def _restart(self, records: Sequence[DeliveryRecord], now: float) -> int:
        """Make delivered and dead deliveries due now; returns how many were."""
        restarted = [_restarted(record, now) for record in records]
        hints = [
            (record.key, record.due_at)
            for record in restarted
            if record.due_at is not None and self._deliveries.replay(record)
        ]
        if hints:
            self._announce(hints)
        return len(hints)

    def _hasten(self, record: DeliveryRecord, now: float) -> None:
        """Make a waiting delivery due now, unless it is due soon anyway."""
        now = round(now, 3)
        if record.due_at is None or record.due_at <= now + SOON_SECONDS:
            return
        if self._deliveries.claim(record.key, due_at=record.due_at, next_due_at=now):
            self._announce([(record.key, now)])

    def _announce(self, hints: Sequence[tuple[DeliveryKey, float]]) -> None:
        with suppress(ServiceUnavailable):  # the next tick finds them
            self._hints.send(hints)

    def _check_enabled(self, webhook_id: str) -> None:
        if not find_webhook(self._webhooks, webhook_id).enabled:
            raise Conflict(
                "This webhook is disabled, so nothing is sent to it: enable it, then repeat.",
                code="webhook_disabled",
            )

    def _delivery(self, webhook_id: str, event_id: str) -> DeliveryRecord:
        find_webhook(self._webhooks, webhook_id)
        record = self._deliveries.get(DeliveryKey(webhook_id, event_id))
        if record is None:
            raise NotFound(
                f'This webhook has no delivery of the event "{event_id}"; it may have expired.'
            )
        return record


def attempt_to_json(attempt: DeliveryAttempt) -> JsonObject:
    """An attempt in responses."""
    return {
        "at": format_rfc3339(attempt.at),
        "status": attempt.status,
        "duration_ms": attempt.duration_ms,
        "error": attempt.error or None,
        "response": attempt.response,
    }


def _restarted(record: DeliveryRecord, now: float) -> DeliveryRecord:
    """A new delivery of the same event, with the earlier attempts."""
    key = record.key
    new = new_delivery(key.webhook_id, key.event_id, record.event_type, record.body, now=now)
    return replace(new, attempts=record.attempts)


def _parse_since(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        detail = str(error)
        raise BadRequest(detail, errors=[Fault("invalid_value", "/since", detail)]) from None


def _to_json(record: DeliveryRecord) -> JsonObject:
    return {
        "id": record.key.event_id,
        "type": record.event_type,
        "timestamp": format_rfc3339(event_time(record.key.event_id)),
        "state": record.state,
        "tries": record.tries,
        "due_at": format_optional_rfc3339(record.due_at),
        "expires_at": format_rfc3339(record.expires_at),
        "attempts": [attempt_to_json(attempt) for attempt in record.attempts],
    }
