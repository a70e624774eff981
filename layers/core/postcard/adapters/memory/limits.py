"""Token buckets, counters and kept answers in memory."""

import threading

from postcard.adapters.idempotency_rules import DAY, WORKING_SECONDS, kept_answer
from postcard.ports import Allowance
from postcard.runtime.lazy_dataclass import dataclass
from postcard.token_bucket import Bucket


class MemoryRateLimiter:
    """A token bucket a key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: dict[str, int] = {}

    def take(self, name: str, *, rate: int, now: float) -> Allowance:
        """Take a token if one is left."""
        bucket = Bucket.at(rate, now)
        with self._lock:
            full_at = self._full_at.get(name)
            if not bucket.allows(full_at):
                return bucket.answer(full_at, allowed=False)
            self._full_at[name] = bucket.after(full_at)
            return bucket.answer(self._full_at[name], allowed=True)


class MemoryCounters:
    """Counts by name; they are never forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, name: str, *, expires_at: int) -> int:
        """One more; the count with it."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1
            return self._counts[name]


@dataclass
class _Kept:
    body_digest: str
    expires: float
    working_until: float
    answer: str | None = None

    def stands(self, now: float) -> bool:
        return now < self.expires and (self.answer is not None or now < self.working_until)


class MemoryIdempotency:
    """Answers by idempotency key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the kept answer; `Conflict`, `OtherBody`."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or not kept.stands(now):
                self._kept[name] = _Kept(body_digest, now + DAY, now + WORKING_SECONDS)
                return None
        return kept_answer(kept.answer, same_body=kept.body_digest == body_digest)

    def finish(self, name: str, answer: str, *, now: float) -> None:
        """Keep the answer until 24 hours after now."""
        with self._lock:
            if (kept := self._kept.get(name)) is not None:
                kept.answer, kept.expires = answer, now + DAY

    def abandon(self, name: str) -> None:
        """Forget the key: the next call does the work."""
        with self._lock:
            self._kept.pop(name, None)
