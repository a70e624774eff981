"""Answers by idempotency key in the table, for 24 hours."""

from postcard.adapters.aws.table import (
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
        """None: begin the work; a text: the kept answer; `Conflict`, `OtherBody`."""
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
        except ConditionFailed as fault:
            kept = fault.row or {}
            answer = decompress(kept["answer"]) if "answer" in kept else None
            return stored_response(answer, same_body=kept.get("body_digest") == body_digest)
        return None

    def finish(self, name: str, response: str, *, now: float) -> None:
        """Keep the answer until 24 hours after now; nothing if the key was abandoned."""
        expires = int(now) + RESPONSE_LIFETIME_SECONDS
        there = ConditionExpression("attribute_exists(pk)")
        sets = {"answer": compress(response), "expires": expires, "ttl": expires}
        try:
            self._table.update(*_key(name), sets=sets, condition=there)
        except ConditionFailed:
            return

    def abandon(self, name: str) -> None:
        """Forget the key: the next call does the work."""
        self._table.delete(*_key(name))


def _key(name: str) -> tuple[str, str]:
    return f"idempotency#{name}", "answer"
