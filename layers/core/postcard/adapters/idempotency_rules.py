"""What whoever comes second is answered: to a key's second use, to a second change of the keys."""

from postcard.errors import Conflict, IdempotencyMismatch

RESPONSE_LIFETIME_SECONDS = 86_400
IN_PROGRESS_SECONDS = 60  # a caller that died holds its key no longer than an answer may take


def stored_response(response: str | None, *, same_body: bool) -> str:
    """The kept answer; `OtherBody`, or `Conflict` while the first call is at work."""
    if not same_body:
        raise IdempotencyMismatch("This Idempotency-Key was used with another body: use a new one.")
    if response is None:
        raise Conflict(
            "The first call with this key is still at work: repeat it in a moment.",
            code="idempotency_in_progress",
        )
    return response


def secret_conflict() -> Conflict:
    """For a change of keys that were changed since they were read."""
    return Conflict("Somebody else changed the keys at the same moment: look at them and repeat.")
