"""Uploads, the keys' secret, the edge store and the CDN in memory."""

import threading
from collections.abc import Callable, Sequence

from postcard.ports import UPLOAD_LIFETIME_SECONDS, JsonObject, SecretChanged
from postcard.timestamps import format_rfc3339


class MemoryUploads:
    """Hands out upload addresses under `base_url`; the test must serve them itself."""

    def __init__(self, base_url: str, clock: Callable[[], float]) -> None:
        self._base_url = base_url
        self._clock = clock

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """A form for one upload; unlike S3, nothing checks its `size`."""
        return {
            "url": self._base_url,
            "method": "POST",
            "fields": {"key": key, "Content-Type": content_type},
            "expires_at": format_rfc3339(self._clock() + UPLOAD_LIFETIME_SECONDS),
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
        """Replace the text `instead_of`; `SecretChanged` if it is another by now."""
        with self._lock:
            if self._text != instead_of:
                raise SecretChanged
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
    """Records the paths that were invalidated."""

    def __init__(self) -> None:
        self.invalidated_paths: list[str] = []

    def invalidate(self, paths: Sequence[str]) -> None:
        """Record the paths."""
        self.invalidated_paths.extend(paths)
