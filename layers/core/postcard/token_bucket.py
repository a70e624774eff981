"""A token bucket's arithmetic: one number a key, so that one conditional write settles a call.

The number is the instant at which the bucket will be full again, in whole microseconds (the
"theoretical arrival time" of the generic cell rate algorithm). A bucket holds `rate` tokens and
gains `rate` a second.
"""

import math

from postcard.ports import RateLimitResult
from postcard.runtime.lazy_dataclass import dataclass

MICROSECONDS_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """One call to a bucket of `rate` tokens a second at `now` (microseconds)."""

    rate: int
    now: int

    @classmethod
    def from_seconds(cls, rate: int, now: float) -> "TokenBucket":
        """`now` in seconds, as `time.time()` gives it."""
        return cls(rate, round(now * MICROSECONDS_PER_SECOND))

    @property
    def token_interval(self) -> int:
        """Microseconds in which one token comes back."""
        return (
            max(1, MICROSECONDS_PER_SECOND // self.rate)
            if self.rate > 0
            else MICROSECONDS_PER_SECOND
        )

    @property
    def latest_full_at(self) -> int:
        """The greatest stored instant at which one more token may still be taken."""
        return self.now + (self.rate - 1) * self.token_interval

    def full_at_after_take(self, full_at: int | None) -> int:
        """The instant to store once a token is taken."""
        return max(full_at or 0, self.now) + self.token_interval

    def allows(self, full_at: int | None) -> bool:
        """Whether a token is left."""
        return self.rate > 0 and (full_at or 0) <= self.latest_full_at

    def result(self, full_at: int | None, *, allowed: bool) -> RateLimitResult:
        """What to tell the caller when the stored instant is now `full_at`."""
        wait = max(full_at or 0, self.now) - self.now
        left = max(0, (self.rate * self.token_interval - wait) // self.token_interval)
        # Refused: until a token is there. Allowed: until the bucket is full.
        until = wait if allowed else wait - (self.rate - 1) * self.token_interval
        return RateLimitResult(
            allowed, left if allowed else 0, max(1, math.ceil(until / MICROSECONDS_PER_SECOND))
        )
