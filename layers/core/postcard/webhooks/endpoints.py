"""Webhooks with the health of their endpoints; disables those that are gone."""

from dataclasses import replace
from threading import Lock

from postcard.errors import Conflict, NotFound
from postcard.ports import WebhookHealth, WebhookRecord, WebhookStore
from postcard.runtime.lazy_dataclass import dataclass

GONE_REASON = "The endpoint answered 410 Gone."
FAILED_REASON = "The endpoint took no event for five days."
_MAX_CONFLICTS = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook (None if it was deleted) and the health of its endpoint."""

    webhook: WebhookRecord | None
    health: WebhookHealth


class Endpoints:
    """Caches endpoints for one batch of hints."""

    def __init__(self, webhooks: WebhookStore) -> None:
        self._webhooks = webhooks
        self._lock = Lock()
        self._read: dict[str, Endpoint] = {}

    def get(self, webhook_id: str) -> Endpoint:
        """The endpoint of a webhook."""
        with self._lock:
            if (endpoint := self._read.get(webhook_id)) is None:
                webhook = self._webhooks.get(webhook_id)
                endpoint = Endpoint(webhook, self._webhooks.health(webhook_id))
                self._read[webhook_id] = endpoint
            return endpoint


def find_webhook(webhooks: WebhookStore, webhook_id: str) -> WebhookRecord:
    """The record of a webhook; `NotFound`."""
    record = webhooks.get(webhook_id)
    if record is None:
        raise NotFound(f'There is no webhook "{webhook_id}".')
    return record


def disable(webhooks: WebhookStore, webhook: WebhookRecord, reason: str) -> bool:
    """Disable a webhook, unless it has another URL by now; whether it was enabled before."""
    for _ in range(_MAX_CONFLICTS):
        record = webhooks.get(webhook.webhook_id)
        if record is None or not record.enabled or record.url != webhook.url:
            return False
        disabled = replace(
            record, enabled=False, disabled_reason=reason, revision=record.revision + 1
        )
        try:
            webhooks.put(disabled)
        except Conflict:
            continue  # somebody else changed it
        return True
    return False
