"""Every port in memory: for tests, for trying things out, and as the ports' plainest description.

All of them may be used from several threads.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from postcard.adapters.cursors import cursor_after, key_before
from postcard.adapters.kept import DAY, WORKING_SECONDS, kept_answer
from postcard.adapters.presigned import UPLOAD_SECONDS, rfc3339
from postcard.errors import Conflict
from postcard.ports import (
    Allowance,
    ApiKeyRecord,
    AssetRecord,
    ImageRecord,
    JsonObject,
    Page,
    StoredObject,
    TemplateRecord,
    TemplateVersion,
)
from postcard.ratelimit import Bucket

Row = TypeVar("Row")


class MemoryObjects:
    """A bucket."""

    def __init__(self) -> None:
        self._stored: dict[str, StoredObject] = {}

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        """The object, or None."""
        return self._stored.get(key)

    def put(self, key: str, stored: StoredObject) -> None:
        """Replace the object."""
        etag = f'"{hashlib.md5(stored.body, usedforsecurity=False).hexdigest()}"'
        self._stored[key] = replace(stored, etag=etag, metadata=dict(stored.metadata))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove them; one that is not there is no fault."""
        for key in keys:
            self._stored.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in order."""
        return iter(sorted(key for key in tuple(self._stored) if key.startswith(prefix)))


class MemoryTemplates:
    """Templates and their versions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, TemplateRecord] = {}
        self._versions: dict[tuple[str, int], TemplateVersion] = {}

    def record(self, template_id: str) -> TemplateRecord | None:
        """The record, or None."""
        return self._records.get(template_id)

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        """The version, or None."""
        return self._versions.get((template_id, version))

    def publish(self, record: TemplateRecord, version: TemplateVersion) -> None:
        """Store both or neither; `Conflict` if somebody was faster."""
        with self._lock:
            self._check_revision(record)
            key = (version.template_id, version.version)
            if key in self._versions:
                raise Conflict("This version was published by somebody else: read again.")
            self._versions[key] = version
            self._records[record.template_id] = record

    def update(self, record: TemplateRecord) -> None:
        """Store the record; `Conflict` if somebody was faster."""
        with self._lock:
            self._check_revision(record)
            self._records[record.template_id] = record

    def _check_revision(self, record: TemplateRecord) -> None:
        stored = self._records.get(record.template_id)
        if record.revision != (stored.revision if stored else 0) + 1:
            raise Conflict("The template was changed by somebody else: read it again.")

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]:
        """All records by id."""
        with self._lock:
            return _page(dict(self._records), limit, cursor)

    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """A template's versions, newest first."""
        with self._lock:
            rows = {f"{n:06d}": v for (name, n), v in self._versions.items() if name == template_id}
        return _page(rows, limit, cursor, newest_first=True)


def _page(
    rows: Mapping[str, Row], limit: int, cursor: str | None, *, newest_first: bool = False
) -> Page[Row]:
    keys = sorted(rows, reverse=newest_first)
    if cursor is not None:
        last = key_before(cursor)
        keys = [key for key in keys if (key < last if newest_first else key > last)]
    more = cursor_after(keys[limit - 1]) if len(keys) > limit else None
    return Page([rows[key] for key in keys[:limit]], more)


class MemoryImages:
    """Records of opaque images."""

    def __init__(self) -> None:
        self._records: dict[str, ImageRecord] = {}

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        return self._records.get(image_id)

    def put(self, record: ImageRecord) -> None:
        """Replace the record."""
        self._records[record.image_id] = record


class MemoryApiKeys:
    """API keys by digest."""

    def __init__(self) -> None:
        self._records: dict[str, ApiKeyRecord] = {}

    def by_digest(self, digest: str) -> ApiKeyRecord | None:
        """The record, or None."""
        return self._records.get(digest)

    def put(self, record: ApiKeyRecord) -> None:
        """Replace the record."""
        self._records[record.digest] = record

    def list(self) -> Sequence[ApiKeyRecord]:
        """All records, oldest first."""
        return sorted(tuple(self._records.values()), key=lambda key: (key.created_at, key.key_id))


class MemoryAssets:
    """Assets by id."""

    def __init__(self) -> None:
        self._records: dict[str, AssetRecord] = {}

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        return self._records.get(asset_id)

    def put(self, record: AssetRecord) -> None:
        """Replace the record."""
        self._records[record.asset_id] = record

    def delete(self, asset_id: str) -> None:
        """Remove the record; none is no fault."""
        self._records.pop(asset_id, None)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        return _page(dict(self._records), limit, cursor)


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
            "expires_at": rfc3339(self._clock() + UPLOAD_SECONDS),
        }


class MemorySecrets:
    """The one secret."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    def read(self) -> str:
        """The text; empty if it was never written."""
        return self._text

    def write(self, text: str) -> None:
        """Replace the text."""
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
        self.forgotten: list[str] = []

    def forget(self, paths: Sequence[str]) -> None:
        """Note the paths."""
        self.forgotten.extend(paths)


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


@dataclass
class _Kept:
    body_digest: str
    expires: float
    working_until: float
    answer: str | None = field(default=None)

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
