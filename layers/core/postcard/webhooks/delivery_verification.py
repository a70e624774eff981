"""Verifies a received delivery as a receiver does: Standard Webhooks, `v1` signatures."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from postcard.webhooks.signing import SECRET_PREFIX

TOLERANCE_SECONDS = 300  # between the time of an attempt and the receiver's clock
MAX_SIGNATURES = 20  # of a delivery that are checked


class VerificationError(Exception):
    """A delivery has no valid signature, or is too old; the text says which."""


def decode_secret(secret: str) -> bytes:
    """The bytes of a secret (`whsec_` and base64); `VerificationError` if it is malformed."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise VerificationError(
            "The secret is malformed: it begins with whsec_, and the rest is base64."
        )
    return key


def verify_delivery(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The event's id; `VerificationError` unless a signature matches the secret.

    `headers` have lower-case names; `now` is in Unix seconds.
    """
    event_id, timestamp, signatures = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not event_id or not signatures:
        raise VerificationError("The header webhook-id or webhook-signature is missing.")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        raise VerificationError("The header webhook-timestamp is not a number of Unix seconds.")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise VerificationError(
            "The webhook-timestamp differs from this machine's time by over five minutes: set the"
            " clock."
        )
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = hmac.digest(decode_secret(secret), signed, hashlib.sha256)
    if not any(hmac.compare_digest(expected, given) for given in _decoded(signatures)):
        raise VerificationError("No signature matches the secret.")
    return event_id


def _decoded(signatures: str) -> Sequence[bytes]:
    """The valid `v1` entries of a header, decoded."""
    found = []
    for entry in signatures.split(" ")[:MAX_SIGNATURES]:
        version, _, text = entry.partition(",")
        try:
            signature = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1":
            found.append(signature)
    return found
