"""Verifies a received delivery as a receiver does: Standard Webhooks, `v1` signatures."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from postcard.webhooks.signing import SECRET_PREFIX

TOLERANCE_SECONDS = 300  # by which the time of an attempt may differ from the receiver's
MAX_SIGNATURES = 20  # of a delivery that are looked at


class VerificationError(Exception):
    """A delivery is not from the holder of the secret, or too old; the text says which."""


def decode_secret(secret: str) -> bytes:
    """The key in a secret, `whsec_` and base64; `VerificationError` if it is none."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise VerificationError("The secret is not whole: it is whsec_ and base64.")
    return key


def verify_delivery(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The event's id; `VerificationError` unless one of the signatures is that of the secret.

    `headers` have lower-case names; `now` is in Unix seconds.
    """
    event_id, timestamp, signatures = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not event_id or not signatures:
        raise VerificationError("It has no webhook-id or no webhook-signature.")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        raise VerificationError("Its webhook-timestamp is not in Unix seconds.")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise VerificationError(
            "Its webhook-timestamp is over five minutes from this machine's time: set the clock."
        )
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = hmac.digest(decode_secret(secret), signed, hashlib.sha256)
    if not any(hmac.compare_digest(expected, given) for given in _decoded(signatures)):
        raise VerificationError("None of its signatures is that of the secret.")
    return event_id


def _decoded(signatures: str) -> Sequence[bytes]:
    """The `v1` signatures of a header; what is none is left out."""
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
