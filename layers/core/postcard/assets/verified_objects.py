"""The store, read with a check: what is not what was stored counts as missing.

A key that ends in a digest tells what its bytes must be; where the name is fixed, the object's
metadata does. S3 checks what it stores and sends; this is for what was put there since.
"""

import hashlib
from collections.abc import Iterator, Sequence

from postcard.ports import ObjectStore, StoredObject
from postcard.runtime.lazy_regex import lazy_regex

DIGEST_METADATA_KEY = "sha256"  # of an object's metadata
VERIFIED_PREFIXES = ("assets/", "templates/")  # everything that drawing takes from the store
DIGEST_IN_KEY = lazy_regex(r"[/-]([0-9a-f]{32})(?:\.[a-z]+)?")


def content_digest(body: bytes) -> str:
    """What keys end in: half a SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()[:32]


class VerifiedObjectStore:
    """A bucket round another one."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.corrupt_count = 0  # objects that were not what was stored

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object; None if there is none, or another than was stored."""
        stored = self._objects.get(key, deadline=deadline)
        if stored is None or not key.startswith(VERIFIED_PREFIXES):
            return stored
        at = key.rfind("/")
        digest_match = DIGEST_IN_KEY.fullmatch(key[max(at, key.rfind("-")) :])
        expected = digest_match[1] if digest_match else stored.metadata.get(DIGEST_METADATA_KEY, "")
        if expected == content_digest(stored.body):
            return stored
        self.corrupt_count += 1
        return None

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """As the bucket does it."""
        return self._objects.put_if_absent(key, stored)

    def put(self, key: str, stored: StoredObject) -> None:
        """As the bucket does it."""
        self._objects.put(key, stored)

    def delete(self, keys: Sequence[str]) -> None:
        """As the bucket does it."""
        self._objects.delete(keys)

    def keys(self, prefix: str) -> Iterator[str]:
        """As the bucket does it."""
        return self._objects.keys(prefix)
