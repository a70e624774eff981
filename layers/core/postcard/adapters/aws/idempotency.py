"""Responses by idempotency key in the table, for 24 hours."""

import contextlib

from postcard.adapters.aws.table import (
    IF_PRESENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    compress,
    decompress,
)
from postcard.adapters.idempotency import (
    IN_PROGRESS_SECONDS,
    RESPONSE_LIFETIME_SECONDS,
    hashed_name,
    stored_response,
)

KEY_IS_FREE = (
    "attribute_not_exists(pk) OR #expires <= :now"
    " OR (attribute_not_exists(#answer) AND #working_until <= :now)"
)


class DynamoIdempotencyStore:
    """A row for each key, whose name is stored as a hash."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the stored response.

        `Conflict` while the first call is in progress, `IdempotencyMismatch` for another body.
        """
        second = int(now)
        if (old := self._table.get(*_key_in_clear(name))) and _is_active(old, second):
            return _stored_response(old, body_digest)
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
            return _stored_response(failure.row or {}, body_digest)
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
    return f"idempotency#{hashed_name(name)}", "answer"


def _key_in_clear(name: str) -> tuple[str, str]:
    """Where 0.1 stored a response; such rows end a day after the update."""
    return f"idempotency#{name}", "answer"


def _is_active(row: Row, second: int) -> bool:
    """The opposite of `KEY_IS_FREE`."""
    is_in_use = "answer" in row or row["working_until"] > second
    return bool(row["expires"] > second and is_in_use)


def _stored_response(row: Row, body_digest: str) -> str:
    response = decompress(row["answer"]) if "answer" in row else None
    return stored_response(response, same_body=row.get("body_digest") == body_digest)
