"""Rules of idempotency keys that every `IdempotencyStore` applies."""

import hashlib

from postcard.errors import Conflict, IdempotencyMismatch

RESPONSE_LIFETIME_SECONDS = 86_400
IN_PROGRESS_SECONDS = 60  # then the first call is taken for dead, and its key is free again


def hashed_name(name: str) -> str:
    """What is stored in place of a name: a caller may have put personal data into its key."""
    return hashlib.sha256(name.encode()).hexdigest()


def stored_response(response: str | None, *, same_body: bool) -> str:
    """The response to a repeated call.

    `IdempotencyMismatch` for another body; `Conflict` while the first call is in progress, which
    is while `response` is None.
    """
    if not same_body:
        raise IdempotencyMismatch("This Idempotency-Key was used with another body: use a new one.")
    if response is None:
        raise Conflict(
            "The first call with this key is still at work: repeat it in a moment.",
            code="idempotency_in_progress",
        )
    return response
