"""Answers by idempotency key in the table, for 24 hours."""

from postcard.adapters.aws.table import Condition, NotMet, Table, restored, shrunk
from postcard.adapters.idempotency_rules import DAY, WORKING_SECONDS, kept_answer

FREE = (
    "attribute_not_exists(pk) OR #expires <= :now"
    " OR (attribute_not_exists(#answer) AND #working_until <= :now)"
)


class DynamoIdempotency:
    """A row for each key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the kept answer; `Conflict`, `OtherBody`."""
        second = int(now)
        row = {
            "body_digest": body_digest,
            "working_until": second + WORKING_SECONDS,
            "expires": second + DAY,
            "ttl": second + DAY,
        }
        free = Condition(FREE, ("expires", "answer", "working_until"), {"now": second})
        try:
            self._table.put(*_place(name), row, free)
        except NotMet as fault:
            kept = fault.row or {}
            answer = restored(kept["answer"]) if "answer" in kept else None
            return kept_answer(answer, same_body=kept.get("body_digest") == body_digest)
        return None

    def finish(self, name: str, answer: str, *, now: float) -> None:
        """Keep the answer until 24 hours after now; nothing if the key was abandoned."""
        expires = int(now) + DAY
        there = Condition("attribute_exists(pk)")
        sets = {"answer": shrunk(answer), "expires": expires, "ttl": expires}
        try:
            self._table.update(*_place(name), sets=sets, condition=there)
        except NotMet:
            return

    def abandon(self, name: str) -> None:
        """Forget the key: the next call does the work."""
        self._table.delete(*_place(name))


def _place(name: str) -> tuple[str, str]:
    return f"idempotency#{name}", "answer"
