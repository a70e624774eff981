"""What stands for the services around the stores: uploads, the secret, the edge, the CDN."""

import threading
from collections.abc import Callable, Sequence

from postcard.adapters.idempotency_rules import secret_conflict
from postcard.ports import JsonObject
from postcard.timestamps import format_rfc3339

UPLOAD_SECONDS = 900


class MemoryUploads:
    """Hands out addresses under `base_url`; nothing listens there unless the test does."""

    def __init__(self, base_url: str, clock: Callable[[], float]) -> None:
        self._base_url = base_url
        self._clock = clock

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """An address for one upload of exactly `size` bytes."""
        return {
            "url": self._base_url,
            "method": "POST",
            "fields": {"key": key, "Content-Type": content_type},
            "expires_at": format_rfc3339(self._clock() + UPLOAD_SECONDS),
        }


class MemorySecretStore:
    """The one secret."""

    def __init__(self, text: str = "") -> None:
        self._text = text
        self._lock = threading.Lock()

    def read(self) -> str:
        """The text; empty if it was never written."""
        return self._text

    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text; `Conflict` if it is no longer what was read."""
        with self._lock:
            if self._text != instead_of:
                raise secret_conflict()
            self._text = text


class MemoryEdgeStore:
    """A key-value store."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """The entry, or None."""
        return self._entries.get(name)

    def write(self, name: str, text: str) -> None:
        """Replace the entry."""
        self._entries[name] = text


class MemoryCdn:
    """Remembers what it was told to forget."""

    def __init__(self) -> None:
        self.invalidated_paths: list[str] = []

    def invalidate(self, paths: Sequence[str]) -> None:
        """Note the paths."""
        self.invalidated_paths.extend(paths)
