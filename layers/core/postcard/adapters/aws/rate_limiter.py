"""Token buckets in the table: exact under concurrency, usually one conditional write a call.

A bucket is one number (`postcard.token_bucket`). What a call adds to it depends on whether the
bucket is full; DynamoDB cannot compute a maximum, so there is a conditional write for each case.
The number that this process saw last decides which one is tried first.
"""

from postcard.adapters.aws.table import ConditionExpression, ConditionFailed, Table
from postcard.ports import RateLimitResult
from postcard.token_bucket import MICROSECONDS_PER_SECOND, TokenBucket

IDLE_TTL_SECONDS = 3600  # an idle bucket is full by then, so its row may expire
MAX_CACHED_BUCKETS = 10_000
MAX_ATTEMPTS = 3  # with the cached number, the stored one, and once more after a concurrent call


class DynamoRateLimiter:
    """A row for each bucket."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._cached_full_at: dict[str, int] = {}

    def take(self, name: str, *, rate: int, now: float, tokens: int = 1) -> RateLimitResult:
        """Take all `tokens`, if so many are left."""
        bucket = TokenBucket.from_seconds(rate, now, tokens)
        full_at = self._cached_full_at.get(name)
        for _ in range(MAX_ATTEMPTS):
            if not bucket.allows(full_at):  # the number only grows, so a cached one may refuse
                return bucket.result(full_at, allowed=False)
            try:
                full_at = self._try_take(name, bucket, full_at)
                return bucket.result(full_at, allowed=True)
            except ConditionFailed as failure:
                full_at = failure.row["full_at"] if failure.row else None
            finally:
                self._cache_full_at(name, full_at)
        return bucket.result(full_at, allowed=False)

    def _try_take(self, name: str, bucket: TokenBucket, full_at: int | None) -> int:
        ttl = bucket.now // MICROSECONDS_PER_SECOND + IDLE_TTL_SECONDS
        if full_at is None or full_at <= bucket.now:
            condition = ConditionExpression(
                "attribute_not_exists(pk) OR #full_at <= :now", ("full_at",), {"now": bucket.now}
            )
            sets, adds = {"full_at": bucket.full_at_after_take(None), "ttl": ttl}, None
        else:
            bounds = {"now": bucket.now, "latest": bucket.latest_full_at}
            condition = ConditionExpression(
                "#full_at > :now AND #full_at <= :latest", ("full_at",), bounds
            )
            sets, adds = {"ttl": ttl}, {"full_at": bucket.refill_time}
        row = self._table.update(
            f"rate#{name}", "bucket", sets=sets, adds=adds, condition=condition
        )
        return int(row["full_at"])

    def _cache_full_at(self, name: str, full_at: int | None) -> None:
        if len(self._cached_full_at) >= MAX_CACHED_BUCKETS:
            self._cached_full_at.clear()
        self._cached_full_at[name] = full_at or 0
