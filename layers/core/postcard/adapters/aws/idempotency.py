"""Responses by idempotency key in the table, for 24 hours."""

import contextlib

from postcard.adapters.aws.table import (
    IF_PRESENT,
    ConditionExpression,
    ConditionFailed,
    Table,
    compress,
    decompress,
)
from postcard.adapters.idempotency import (
    IN_PROGRESS_SECONDS,
    RESPONSE_LIFETIME_SECONDS,
    stored_response,
)

KEY_IS_FREE = (
    "attribute_not_exists(pk) OR #expires <= :now"
    " OR (attribute_not_exists(#answer) AND #working_until <= :now)"
)


class DynamoIdempotencyStore:
    """A row for each key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the stored response.

        `Conflict` while the first call is in progress, `IdempotencyMismatch` for another body.
        """
        second = int(now)
        row = {
            "body_digest": body_digest,
            "working_until": second + IN_PROGRESS_SECONDS,
            "expires": second + RESPONSE_LIFETIME_SECONDS,
            "ttl": second + RESPONSE_LIFETIME_SECONDS,
        }
        free = ConditionExpression(
            KEY_IS_FREE, ("expires", "answer", "working_until"), {"now": second}
        )
        try:
            self._table.put(*_key(name), row, free)
        except ConditionFailed as failure:
            stored = failure.row or {}
            response = decompress(stored["answer"]) if "answer" in stored else None
            return stored_response(response, same_body=stored.get("body_digest") == body_digest)
        return None

    def finish(self, name: str, response: str, *, now: float) -> None:
        """Store the response for 24 hours; nothing if the key was abandoned."""
        expires = int(now) + RESPONSE_LIFETIME_SECONDS
        sets = {"answer": compress(response), "expires": expires, "ttl": expires}
        with contextlib.suppress(ConditionFailed):
            self._table.update(*_key(name), sets=sets, condition=IF_PRESENT)

    def abandon(self, name: str) -> None:
        """Free the key: the next call does the work."""
        self._table.delete(*_key(name))


def _key(name: str) -> tuple[str, str]:
    return f"idempotency#{name}", "answer"
