"""Creates the deliveries of an event, to be stored in the transaction of the change it reports.

A stored delivery is always sent: a hint triggers it at once, and the tick of the webhook function
finds those whose hint was lost. So a change calls `deliveries`, stores them in its own transaction,
and then calls `announce`.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from postcard.errors import ServiceUnavailable
from postcard.events.event_body import event_body
from postcard.events.event_types import FREQUENT_TYPES
from postcard.ports import (
    DeliveryKey,
    DeliveryRecord,
    Hints,
    JsonObject,
    WebhookRecord,
    WebhookStore,
)

CACHE_SECONDS = 10.0  # for which the list of webhooks is cached, for frequent event types only
RETENTION_SECONDS = 14 * 86_400  # of a delivery that waits or is dead


class WebhookOutbox:
    """The outbox of one process. `clock` is `time.monotonic`."""

    def __init__(
        self, webhooks: WebhookStore, hints: Hints, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._webhooks = webhooks
        self._hints = hints
        self._clock = clock
        self._known: Sequence[WebhookRecord] = ()
        self._read_at: float | None = None

    def wants(self, event_type: str) -> bool:
        """Whether an enabled webhook subscribes to the type."""
        return bool(self._webhooks_for(event_type))

    def deliveries(
        self, event_type: str, event_id: str, data: JsonObject, *, now: float
    ) -> Sequence[DeliveryRecord]:
        """A delivery for each enabled webhook with this type, to be stored with the change."""
        webhooks = self._webhooks_for(event_type)
        if not webhooks:
            return ()
        body = event_body(event_type, data, at=now)
        return [
            new_delivery(webhook.webhook_id, event_id, event_type, body, now=now)
            for webhook in webhooks
        ]

    def announce(self, deliveries: Sequence[DeliveryRecord]) -> None:
        """Send hints for stored deliveries; failures are ignored, since the tick finds them too."""
        due = [(each.key, each.due_at) for each in deliveries if each.due_at is not None]
        if due:
            with suppress(ServiceUnavailable):
                self._hints.send(due)

    def _webhooks_for(self, event_type: str) -> Sequence[WebhookRecord]:
        return [
            webhook
            for webhook in self._current(cached=event_type in FREQUENT_TYPES)
            if webhook.enabled and event_type in webhook.events
        ]

    def _current(self, *, cached: bool) -> Sequence[WebhookRecord]:
        now = self._clock()
        is_known = self._read_at is not None and now - self._read_at < CACHE_SECONDS
        if not (cached and is_known):
            self._known, self._read_at = self._webhooks.list(), now
        return self._known


class NoOutbox:
    """Discards events, where there are no webhooks."""

    def wants(self, event_type: str) -> bool:
        """No webhook subscribes to it."""
        return False

    def deliveries(
        self, event_type: str, event_id: str, data: JsonObject, *, now: float
    ) -> Sequence[DeliveryRecord]:
        """No deliveries."""
        return ()

    def announce(self, deliveries: Sequence[DeliveryRecord]) -> None:
        """Nothing to announce."""


def new_delivery(
    webhook_id: str, event_id: str, event_type: str, body: str, *, now: float
) -> DeliveryRecord:
    """A delivery that is due at once."""
    due_at = round(now, 3)
    return DeliveryRecord(
        DeliveryKey(webhook_id, event_id),
        event_type,
        body,
        state="waiting",
        due_at=due_at,
        started_at=due_at,
        expires_at=int(now) + RETENTION_SECONDS,
    )
