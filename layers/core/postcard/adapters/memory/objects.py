"""Objects in memory."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from postcard.ports import ListedObject, Page, StoredObject


class MemoryObjectStore:
    """A bucket; `clock` tells when its objects were put."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._stored: dict[str, StoredObject] = {}
        self._modified_at: dict[str, float] = {}
        self._clock = clock

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object, or None."""
        return self._stored.get(key)

    def put(self, key: str, stored: StoredObject) -> None:
        """Replace the object."""
        self._modified_at[key] = self._clock()
        self._stored[key] = _with_etag(stored)

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Store the object unless there is one; whether it was stored."""
        new = _with_etag(stored)
        was_stored = self._stored.setdefault(key, new) is new
        if was_stored:
            self._modified_at[key] = self._clock()
        return was_stored

    def delete(self, keys: Sequence[str]) -> None:
        """Remove the objects that exist."""
        for key in keys:
            self._stored.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in order."""
        return iter(sorted(key for key in tuple(self._stored) if key.startswith(prefix)))

    def page(self, prefix: str, *, after: str, limit: int) -> Page[ListedObject]:
        """At most `limit` objects whose keys begin with `prefix`, in order, behind key `after`."""
        keys = [key for key in self.keys(prefix) if key > after]
        listed = [ListedObject(key, self._modified_at[key]) for key in keys[:limit]]
        return Page(listed, listed[-1].key if len(keys) > limit else None)


def _with_etag(stored: StoredObject) -> StoredObject:
    etag = f'"{hashlib.md5(stored.body, usedforsecurity=False).hexdigest()}"'
    return replace(stored, etag=etag, metadata=dict(stored.metadata))
