"""An object store whose reads are checked: a replaced or damaged object counts as missing.

The expected digest is the last part of the key or, where the key is fixed, the object's metadata.
S3 checks what it stores and sends; this detects objects that somebody replaced since.
"""

from collections.abc import Iterator, Sequence

from postcard.ports import ObjectStore, StoredObject
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_regex import lazy_regex

DIGEST_METADATA_KEY = "sha256"
VERIFIED_PREFIXES = ("assets/", "templates/")  # everything that a render reads from the store
_DIGEST_IN_KEY = lazy_regex(r"[/-]([0-9a-f]{32})(?:\.[a-z]+)?")


class VerifiedObjectStore:
    """Wraps another object store and compares what `get` reads with its digest."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.corrupt_count = 0  # objects whose digest was wrong

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object; None if there is none or its digest is wrong."""
        stored = self._objects.get(key, deadline=deadline)
        if stored is None or not key.startswith(VERIFIED_PREFIXES):
            return stored
        digest_start = max(key.rfind("/"), key.rfind("-"))
        digest_match = _DIGEST_IN_KEY.fullmatch(key[digest_start:])
        expected = digest_match[1] if digest_match else stored.metadata.get(DIGEST_METADATA_KEY, "")
        if expected == content_digest(stored.body):
            return stored
        self.corrupt_count += 1
        return None

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Unchanged."""
        return self._objects.put_if_absent(key, stored)

    def put(self, key: str, stored: StoredObject) -> None:
        """Unchanged."""
        self._objects.put(key, stored)

    def delete(self, keys: Sequence[str]) -> None:
        """Unchanged."""
        self._objects.delete(keys)

    def keys(self, prefix: str) -> Iterator[str]:
        """Unchanged."""
        return self._objects.keys(prefix)
