"""The use cases behind `/v1/webhooks`: settings of webhooks, their secrets, and pings.

A secret is derived from the keys of the installation and a number, so none is stored. `now` is in
Unix seconds.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from postcard import ports
from postcard.errors import (
    Conflict,
    Fault,
    Forbidden,
    ServiceUnavailable,
    raise_faults,
)
from postcard.events.event_body import event_body
from postcard.events.event_ids import event_id
from postcard.events.event_types import EVENT_TYPES, PING
from postcard.links.signing import BASE32_ALPHABET
from postcard.ports import ApiKeyRecord, FetchError, JsonObject, WebhookHealth, WebhookRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_optional_rfc3339, format_rfc3339
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.delivery_service import attempt_to_json
from postcard.webhooks.endpoints import find_webhook
from postcard.webhooks.schedule import ATTEMPT_SECONDS
from postcard.webhooks.signing import derive_secret

MAX_WEBHOOKS = 20
MAX_DESCRIPTION_LENGTH = 200
MAX_OVERLAP_HOURS = 168
ID_LENGTH = 10


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What a request says of a webhook; None: as before."""

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    enabled: bool | None = None


class WebhookService:
    """Creates, changes and tries webhooks. `key` is the key that secrets are derived from."""

    def __init__(
        self,
        webhooks: ports.WebhookStore,
        deliveries: ports.DeliveryStore,
        sender: ports.WebhookSender,
        key: Callable[[], str],
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: _new_id(),
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._sender = sender
        self._attempts = Attempts(sender, key, clock=clock)
        self._key = key
        self._new_id = new_id

    def create(self, settings: WebhookSettings, *, now: float) -> JsonObject:
        """Create a webhook; the only response with its secret beside that of `rotate`.

        `BadRequest`, `Conflict` if there are too many.
        """
        self._check_count(MAX_WEBHOOKS - 1)
        self._check(settings)
        record = WebhookRecord(
            webhook_id=self._new_id(),
            url=settings.url or "",
            events=_sorted_types(settings.events or ()),
            description=(settings.description or "").strip(),
            created_at=int(now),
            enabled=settings.enabled is not False,
        )
        secret = self._secret(record)
        self._webhooks.put(record)
        try:
            self._check_count(MAX_WEBHOOKS)  # others may have been created at the same moment
        except Conflict:
            self._webhooks.delete(record.webhook_id)
            raise
        return {**_to_json(record, WebhookHealth(), now), "secret": secret}

    def list(self, *, now: float) -> JsonObject:
        """All webhooks, oldest first."""
        records = sorted(self._webhooks.list(), key=lambda r: (r.created_at, r.webhook_id))
        return {"items": [self._describe(record, now) for record in records]}

    def read(self, webhook_id: str, *, now: float) -> JsonObject:
        """A webhook and how its endpoint has answered; `NotFound`."""
        return self._describe(find_webhook(self._webhooks, webhook_id), now)

    def secret(self, webhook_id: str) -> str:
        """The secret that signs now, for a repeated response; `NotFound`."""
        return self._secret(find_webhook(self._webhooks, webhook_id))

    def update(self, webhook_id: str, settings: WebhookSettings, *, now: float) -> JsonObject:
        """Change a webhook; `NotFound`, `BadRequest`, `Conflict`.

        Another URL, and enabling, forget how the endpoint answered before.
        """
        record = find_webhook(self._webhooks, webhook_id)
        is_moved = settings.url is not None and settings.url != record.url
        self._check(settings if is_moved else replace(settings, url=None))
        enabled = record.enabled if settings.enabled is None else settings.enabled
        changed = replace(
            record,
            url=settings.url or record.url,
            events=record.events if settings.events is None else _sorted_types(settings.events),
            description=record.description
            if settings.description is None
            else settings.description.strip(),
            enabled=enabled,
            disabled_reason="" if enabled or settings.enabled is False else record.disabled_reason,
        )
        if is_moved or settings.enabled:  # before, so that old failures do not disable it again
            self._webhooks.reset_health(webhook_id)
        if changed != record:
            self._webhooks.put(replace(changed, revision=record.revision + 1))
        return self._describe(changed, now)

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook with its deliveries: none of them is tried again; `NotFound`."""
        find_webhook(self._webhooks, webhook_id)
        self._webhooks.delete(webhook_id)
        with suppress(ServiceUnavailable):  # what is left expires, and is not sent
            self._deliveries.delete_all(webhook_id)

    def rotate(self, webhook_id: str, *, overlap_hours: int, now: float) -> JsonObject:
        """Make a new secret; the old one signs beside it for some hours. `NotFound`, `Conflict`.

        During these hours a call that is repeated, perhaps because its response was lost, gets the
        same new secret: else the secret that receivers still know would stop signing.
        """
        record = find_webhook(self._webhooks, webhook_id)
        overlaps = record.old_secret_until is not None and record.old_secret_until > now
        if not overlaps or overlap_hours == 0:
            record = replace(
                record,
                secret_number=record.secret_number + 1,
                old_secret_until=int(now) + overlap_hours * 3600 if overlap_hours else None,
                revision=record.revision + 1,
            )
            self._webhooks.put(record)
        return {**self._describe(record, now), "secret": self._secret(record)}

    def ping(self, webhook_id: str, *, seconds: float, now: float) -> JsonObject:
        """Send an event of the type `ping` once, also to a disabled webhook; `NotFound`.

        Nothing of it is stored. `seconds` bounds it.
        """
        record = find_webhook(self._webhooks, webhook_id)
        body = event_body(PING, {"webhook_id": webhook_id}, at=now)
        sent_id = event_id(PING, webhook_id, self._new_id(), at=now)
        result = self._attempts.send(record, sent_id, body, seconds=min(seconds, ATTEMPT_SECONDS))
        return {
            "event_id": sent_id,
            "delivered": result.succeeded,
            "attempt": attempt_to_json(result.attempt),
        }

    def _describe(self, record: WebhookRecord, now: float) -> JsonObject:
        return _to_json(record, self._webhooks.health(record.webhook_id), now)

    def _secret(self, record: WebhookRecord) -> str:
        return derive_secret(self._key(), record.webhook_id, record.secret_number)

    def _check_count(self, most: int) -> None:
        if len(self._webhooks.list()) > most:
            raise Conflict(
                f"There are {MAX_WEBHOOKS} webhooks, which is the most: delete one.",
                code="too_many_webhooks",
            )

    def _check(self, settings: WebhookSettings) -> None:
        """`BadRequest` with all faults of what the request says."""
        faults = [*_type_faults(settings.events), *_description_faults(settings.description)]
        if settings.url is not None:
            try:
                self._sender.check(settings.url)
            except FetchError as error:
                faults.append(Fault("invalid_value", "/url", str(error)))
        raise_faults(faults)


def require_all_templates(key: ApiKeyRecord) -> None:
    """`Forbidden` for a key that is limited to templates: events are about all of them."""
    if key.templates is not None:
        raise Forbidden(
            "A webhook is sent events about all templates, and this key is limited to some: use"
            " another key.",
            code="template_not_allowed",
        )


def _type_faults(types: Sequence[str] | None) -> Sequence[Fault]:
    unknown = [(place, name) for place, name in enumerate(types or ()) if name not in EVENT_TYPES]
    return [
        Fault(
            "invalid_value",
            f"/events/{place}",
            f'There is no event type "{name[:64]}": choose from {", ".join(EVENT_TYPES)}.',
        )
        for place, name in unknown
    ]


def _description_faults(description: str | None) -> Sequence[Fault]:
    if description is None or description.isprintable():
        return []
    detail = "Write the description in one line, without control characters."
    return [Fault("invalid_value", "/description", detail)]


def _sorted_types(types: Sequence[str]) -> Sequence[str]:
    """The types in the order of EVENT_TYPES, each once."""
    return tuple(name for name in EVENT_TYPES if name in types)


def _to_json(record: WebhookRecord, health: WebhookHealth, now: float) -> JsonObject:
    until = record.old_secret_until
    return {
        "id": record.webhook_id,
        "url": record.url,
        "events": list(record.events),
        "description": record.description,
        "enabled": record.enabled,
        "disabled_reason": record.disabled_reason or None,
        "created_at": format_rfc3339(record.created_at),
        "old_secret_until": format_rfc3339(until) if until is not None and until > now else None,
        "health": {
            "failures": health.failures,
            "failing_since": format_optional_rfc3339(health.failing_since),
            "retry_at": format_optional_rfc3339(health.retry_at) if health.retry_at > now else None,
            "last_success_at": format_optional_rfc3339(health.last_success_at),
            "last_failure_at": format_optional_rfc3339(health.last_failure_at),
            "last_status": health.last_status,
        },
    }


def _new_id() -> str:
    return "wh_" + "".join(secrets.choice(BASE32_ALPHABET) for _ in range(ID_LENGTH))
