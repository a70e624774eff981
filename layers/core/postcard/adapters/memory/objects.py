"""Objects in memory."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from postcard.ports import StoredObject


class MemoryObjectStore:
    """A bucket."""

    def __init__(self) -> None:
        self._stored: dict[str, StoredObject] = {}

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object, or None."""
        return self._stored.get(key)

    def put(self, key: str, stored: StoredObject) -> None:
        """Replace the object."""
        self._stored[key] = _with_etag(stored)

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Store the object unless there is one; whether it was stored."""
        new = _with_etag(stored)
        return self._stored.setdefault(key, new) is new

    def delete(self, keys: Sequence[str]) -> None:
        """Remove the objects that exist."""
        for key in keys:
            self._stored.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in order."""
        return iter(sorted(key for key in tuple(self._stored) if key.startswith(prefix)))


def _with_etag(stored: StoredObject) -> StoredObject:
    etag = f'"{hashlib.md5(stored.body, usedforsecurity=False).hexdigest()}"'
    return replace(stored, etag=etag, metadata=dict(stored.metadata))
