"""Token buckets in the table: exact, however many take at once.

A bucket is one number (`postcard.token_bucket`), and what a call does to it depends on whether the
bucket is full. DynamoDB cannot compute a maximum, so there is a conditional write for either case;
what this process saw last says which to try first, and a call is one write in all but few cases.
"""

from postcard.adapters.aws.table import Condition, NotMet, Table
from postcard.ports import Allowance
from postcard.token_bucket import SECOND, Bucket

KEPT_SECONDS = 3600  # a bucket that nobody took from for so long is full: the row may go
MOST_SEEN = 10_000
TRIES = 3  # a guess, what it should have been, and once more if others took in between


class DynamoRateLimiter:
    """A row for each bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._seen: dict[str, int] = {}

    def take(self, name: str, *, rate: int, now: float) -> Allowance:
        """Take a token if one is left."""
        bucket = Bucket.at(rate, now)
        full_at = self._seen.get(name)
        for _ in range(TRIES):
            if not bucket.allows(full_at):  # the number only grows: an old one suffices to refuse
                return bucket.answer(full_at, allowed=False)
            try:
                full_at = self._take(name, bucket, full_at)
                return bucket.answer(full_at, allowed=True)
            except NotMet as fault:
                full_at = fault.row["full_at"] if fault.row else None
            finally:
                self._remember(name, full_at)
        return bucket.answer(full_at, allowed=False)

    def _take(self, name: str, bucket: Bucket, full_at: int | None) -> int:
        ttl = bucket.now // SECOND + KEPT_SECONDS
        if full_at is None or full_at <= bucket.now:
            full = Condition(
                "attribute_not_exists(pk) OR #full_at <= :now", ("full_at",), {"now": bucket.now}
            )
            sets, adds = {"full_at": bucket.after(None), "ttl": ttl}, None
        else:
            bounds = {"now": bucket.now, "latest": bucket.latest}
            full = Condition("#full_at > :now AND #full_at <= :latest", ("full_at",), bounds)
            sets, adds = {"ttl": ttl}, {"full_at": bucket.token}
        row = self._table.update(f"rate#{name}", "bucket", sets=sets, adds=adds, condition=full)
        return int(row["full_at"])

    def _remember(self, name: str, full_at: int | None) -> None:
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        self._seen[name] = full_at or 0
