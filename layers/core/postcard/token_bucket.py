"""A token bucket's arithmetic: one number a key, so that one conditional write settles a call.

The number is the instant at which the bucket will be full again, in whole microseconds (the
"theoretical arrival time" of the generic cell rate algorithm). A bucket holds `rate` tokens and
gains `rate` a second.
"""

import math

from postcard.ports import Allowance
from postcard.runtime.lazy_dataclass import dataclass

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """One call to a bucket of `rate` tokens a second at `now` (microseconds)."""

    rate: int
    now: int

    @classmethod
    def at(cls, rate: int, now: float) -> "Bucket":
        """`now` in seconds, as `time.time()` gives it."""
        return cls(rate, round(now * SECOND))

    @property
    def token(self) -> int:
        """Microseconds in which one token comes back."""
        return max(1, SECOND // self.rate) if self.rate > 0 else SECOND

    @property
    def latest(self) -> int:
        """The greatest stored instant at which one more token may still be taken."""
        return self.now + (self.rate - 1) * self.token

    def after(self, full_at: int | None) -> int:
        """The instant to store once a token is taken."""
        return max(full_at or 0, self.now) + self.token

    def allows(self, full_at: int | None) -> bool:
        """Whether a token is left."""
        return self.rate > 0 and (full_at or 0) <= self.latest

    def answer(self, full_at: int | None, *, allowed: bool) -> Allowance:
        """What to tell the caller when the stored instant is now `full_at`."""
        wait = max(full_at or 0, self.now) - self.now
        left = max(0, (self.rate * self.token - wait) // self.token)
        # Refused: until a token is there. Allowed: until the bucket is full.
        until = wait if allowed else wait - (self.rate - 1) * self.token
        return Allowance(allowed, left if allowed else 0, max(1, math.ceil(until / SECOND)))
