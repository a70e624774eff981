"""Secrets of webhooks, and signatures by the Standard Webhooks specification.

A secret is derived from a key of the installation, the webhook's id and a number, and stored
nowhere: a copy of the table signs nothing.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from postcard.ports import WebhookRecord

SECRET_PREFIX = "whsec_"  # noqa: S105  # what the specification has all secrets begin with


def derive_secret(key: str, webhook_id: str, number: int) -> str:
    """The secret with this number as its receiver gets it: `whsec_` and 32 bytes in base64."""
    text = f"postcard-webhook-v1\n{webhook_id}\n{number}"
    digest = hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).digest()
    return SECRET_PREFIX + base64.b64encode(digest).decode()


def valid_secrets(key: str, webhook: WebhookRecord, *, now: float) -> Sequence[str]:
    """The webhook's secret, and the one before it while they overlap."""
    numbers = [webhook.secret_number]
    if webhook.old_secret_until is not None and now < webhook.old_secret_until:
        numbers.append(webhook.secret_number - 1)
    return [derive_secret(key, webhook.webhook_id, number) for number in numbers]


def signature_headers(
    secrets: Sequence[str], event_id: str, body: str, *, now: float
) -> Mapping[str, str]:
    """The headers of a POST that is sent at `now`, in Unix seconds: a signature by each secret."""
    signatures = [sign(secret, event_id, int(now), body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }


def sign(secret: str, event_id: str, timestamp: int, body: str) -> str:
    """A signature: `v1,` and an HMAC-SHA256 in base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{event_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
