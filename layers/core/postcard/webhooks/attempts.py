"""Sends one event to one endpoint, signed."""

import time
from collections.abc import Callable

from postcard.ports import DeliveryAttempt, WebhookRecord, WebhookResponse, WebhookSender
from postcard.runtime.lazy_dataclass import dataclass
from postcard.webhooks.schedule import ATTEMPT_SECONDS
from postcard.webhooks.signing import signature_headers, valid_secrets


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The stored form of an attempt, and the response."""

    attempt: DeliveryAttempt
    response: WebhookResponse

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint accepted the event (2xx)."""
        return self.response.status is not None and 200 <= self.response.status < 300


class Attempts:
    """Sends events. `key` returns the key that secrets are derived from; `clock` is `time.time`."""

    def __init__(
        self,
        sender: WebhookSender,
        key: Callable[[], str],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sender = sender
        self._key = key
        self._clock = clock

    def send(
        self, webhook: WebhookRecord, event_id: str, body: str, *, seconds: float = ATTEMPT_SECONDS
    ) -> AttemptResult:
        """POST the body, signed with each valid secret."""
        started_at = self._clock()
        secrets = valid_secrets(self._key(), webhook, now=started_at)
        headers = signature_headers(secrets, event_id, body, now=started_at)
        response = self._sender.post(webhook.url, body, headers, seconds=seconds)
        duration_ms = round((self._clock() - started_at) * 1000)
        attempt = DeliveryAttempt(
            round(started_at, 3), response.status, duration_ms, response.error, response.body
        )
        return AttemptResult(attempt, response)
