"""Token bucket arithmetic on one number, so that one conditional write can take a token.

The number, `full_at`, is the instant at which the bucket will be full again, in whole microseconds
(the "theoretical arrival time" of the generic cell rate algorithm). A bucket holds `rate` tokens
and gains `rate` a second.
"""

import math

from postcard.ports import RateLimitResult
from postcard.runtime.lazy_dataclass import dataclass

MICROSECONDS_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """A bucket of `rate` tokens a second, at `now` in microseconds, and the tokens to take."""

    rate: int
    now: int
    tokens: int = 1

    @classmethod
    def from_seconds(cls, rate: int, now: float, tokens: int = 1) -> "TokenBucket":
        """`now` in seconds, from `time.time()`."""
        return cls(rate, round(now * MICROSECONDS_PER_SECOND), tokens)

    @property
    def token_interval(self) -> int:
        """Microseconds until one token is refilled."""
        return (
            max(1, MICROSECONDS_PER_SECOND // self.rate)
            if self.rate > 0
            else MICROSECONDS_PER_SECOND
        )

    @property
    def refill_time(self) -> int:
        """Microseconds until the tokens to take are refilled."""
        return self.tokens * self.token_interval

    @property
    def latest_full_at(self) -> int:
        """The greatest `full_at` at which the tokens may be taken."""
        return self.now + self.rate * self.token_interval - self.refill_time

    def full_at_after_take(self, full_at: int | None) -> int:
        """The `full_at` to store once the tokens are taken."""
        return max(full_at or 0, self.now) + self.refill_time

    def allows(self, full_at: int | None) -> bool:
        """Whether enough tokens are left."""
        return self.rate >= self.tokens and (full_at or 0) <= self.latest_full_at

    def result(self, full_at: int | None, *, allowed: bool) -> RateLimitResult:
        """The result of a call after which the stored instant is `full_at`."""
        wait = max(full_at or 0, self.now) - self.now
        remaining = max(0, (self.rate * self.token_interval - wait) // self.token_interval)
        # Allowed: until the bucket is full. Refused: until there are enough tokens.
        reset = wait if allowed else wait - (self.latest_full_at - self.now)
        return RateLimitResult(
            allowed, remaining if allowed else 0, max(1, math.ceil(reset / MICROSECONDS_PER_SECOND))
        )
