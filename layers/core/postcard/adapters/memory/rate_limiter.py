"""Token buckets in memory."""

import threading

from postcard.ports import RateLimitResult
from postcard.token_bucket import TokenBucket


class MemoryRateLimiter:
    """A token bucket for each name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: dict[str, int] = {}

    def take(self, name: str, *, rate: int, now: float, tokens: int = 1) -> RateLimitResult:
        """Take all `tokens`, if so many are left."""
        bucket = TokenBucket.from_seconds(rate, now, tokens)
        with self._lock:
            full_at = self._full_at.get(name)
            if not bucket.allows(full_at):
                return bucket.result(full_at, allowed=False)
            self._full_at[name] = bucket.full_at_after_take(full_at)
            return bucket.result(self._full_at[name], allowed=True)
