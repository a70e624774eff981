"""Token buckets, counters and kept answers in memory."""

import threading

from postcard.adapters.idempotency_rules import (
    IN_PROGRESS_SECONDS,
    RESPONSE_LIFETIME_SECONDS,
    stored_response,
)
from postcard.ports import RateLimitResult
from postcard.runtime.lazy_dataclass import dataclass
from postcard.token_bucket import TokenBucket


class MemoryRateLimiter:
    """A token bucket a key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: dict[str, int] = {}

    def take(self, name: str, *, rate: int, now: float) -> RateLimitResult:
        """Take a token if one is left."""
        bucket = TokenBucket.from_seconds(rate, now)
        with self._lock:
            full_at = self._full_at.get(name)
            if not bucket.allows(full_at):
                return bucket.result(full_at, allowed=False)
            self._full_at[name] = bucket.full_at_after_take(full_at)
            return bucket.result(self._full_at[name], allowed=True)


class MemoryCounters:
    """Counts by name; they are never forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def increment(self, name: str, *, expires_at: int) -> int:
        """One more; the count with it."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1
            return self._counts[name]


@dataclass
class _IdempotencyEntry:
    body_digest: str
    expires: float
    in_progress_until: float
    response: str | None = None

    def is_active(self, now: float) -> bool:
        return now < self.expires and (self.response is not None or now < self.in_progress_until)


class MemoryIdempotencyStore:
    """Answers by idempotency key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _IdempotencyEntry] = {}

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the kept answer; `Conflict`, `OtherBody`."""
        with self._lock:
            kept = self._entries.get(name)
            if kept is None or not kept.is_active(now):
                self._entries[name] = _IdempotencyEntry(
                    body_digest, now + RESPONSE_LIFETIME_SECONDS, now + IN_PROGRESS_SECONDS
                )
                return None
        return stored_response(kept.response, same_body=kept.body_digest == body_digest)

    def finish(self, name: str, response: str, *, now: float) -> None:
        """Keep the answer until 24 hours after now."""
        with self._lock:
            if (kept := self._entries.get(name)) is not None:
                kept.response, kept.expires = response, now + RESPONSE_LIFETIME_SECONDS

    def abandon(self, name: str) -> None:
        """Forget the key: the next call does the work."""
        with self._lock:
            self._entries.pop(name, None)
