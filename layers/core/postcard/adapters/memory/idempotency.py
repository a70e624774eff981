"""Responses by idempotency key in memory."""

import threading

from postcard.adapters.idempotency import (
    IN_PROGRESS_SECONDS,
    RESPONSE_LIFETIME_SECONDS,
    stored_response,
)
from postcard.runtime.lazy_dataclass import dataclass


@dataclass
class _Entry:
    body_digest: str
    expires: float
    in_progress_until: float
    response: str | None = None

    def is_active(self, now: float) -> bool:
        return now < self.expires and (self.response is not None or now < self.in_progress_until)


class MemoryIdempotencyStore:
    """Responses by idempotency key, for 24 hours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the stored response.

        `Conflict` while the first call is in progress, `IdempotencyMismatch` for another body.
        """
        with self._lock:
            entry = self._entries.get(name)
            if entry is None or not entry.is_active(now):
                self._entries[name] = _Entry(
                    body_digest, now + RESPONSE_LIFETIME_SECONDS, now + IN_PROGRESS_SECONDS
                )
                return None
        return stored_response(entry.response, same_body=entry.body_digest == body_digest)

    def finish(self, name: str, response: str, *, now: float) -> None:
        """Store the response for 24 hours; nothing if the key was abandoned."""
        with self._lock:
            if (entry := self._entries.get(name)) is not None:
                entry.response, entry.expires = response, now + RESPONSE_LIFETIME_SECONDS

    def abandon(self, name: str) -> None:
        """Free the key: the next call does the work."""
        with self._lock:
            self._entries.pop(name, None)
