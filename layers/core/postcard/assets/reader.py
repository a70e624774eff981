"""Reads uploaded assets; an upload is validated and rewritten before its first use.

So what is drawn later is a picture that was re-encoded, without anything hidden in it, and a font
whose tables the sanitizer wrote. Until then the bytes that an asset had before stay in use.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from postcard import ports
from postcard.canvas.codecs.reencode import Decode, pixel_size, reencode
from postcard.errors import Conflict, SandboxUnavailable
from postcard.ports import AnnouncedUpload, AssetRecord, StoredObject
from postcard.runtime.deadline import Deadline, DeadlineExceeded
from postcard.runtime.digest import content_digest
from postcard.runtime.lru_cache import Caches, SizedLruCache

ASSET_PREFIX = "asset:"  # of references to assets in templates and requests
CACHE_BYTES = 32_000_000


class AssetError(Exception):
    """An asset cannot be drawn; the text says why, for people."""


class AssetNotChecked(AssetError):
    """An upload is there and could not be checked just now: another try may succeed."""


class AssetReader:
    """Reads assets by id. With `normalize`, a checked upload takes the place of earlier bytes.

    Uploads are pictures that anybody may have made: `decode` reads them in a sandbox. Records are
    read each time, the checked files that they name are cached.

    `templates` are those that want to use an asset; None for all of the account. An asset of other
    templates counts as missing.
    """

    def __init__(
        self,
        records: ports.AssetStore,
        store: ports.ObjectStore,
        decode: Decode,
        *,
        normalize: bool,
        monotonic: Callable[[], float] = time.monotonic,
        caches: Caches | None = None,
    ) -> None:
        self.records = records
        files: SizedLruCache[str, bytes] = SizedLruCache(CACHE_BYTES, len)
        self._files = (caches or Caches()).add("asset files", files)
        self._store = store
        self._decode = decode
        self._normalize = normalize
        self._monotonic = monotonic

    def read(
        self,
        asset_id: str,
        *,
        templates: Sequence[str] | None = None,
        deadline: float | None = None,
    ) -> bytes:
        """A picture's bytes; `AssetError` if there is none or it is refused.

        Without `normalize`, those of an upload that was not checked yet are as uploaded.
        """
        record = self.get_record(asset_id, templates=templates)
        return self.read_record(record, deadline=deadline)

    def read_record(self, record: AssetRecord, *, deadline: float | None = None) -> bytes:
        """The same of a record that was read just now."""
        if self._normalize:
            record = self.check_upload(record, deadline=deadline)
        if record.is_font:
            raise AssetError(f'The asset "{record.asset_id}" is a font, not a picture.')
        if record.status == "refused":
            raise AssetError(record.detail)
        if record.status == "ready" and (body := self._files.get(record.object_key)) is not None:
            return body
        record, stored = self._read_stored(record, deadline)
        if record.status == "ready":
            if record.object_key.endswith(content_digest(stored.body)):  # they never change
                self._files.put(record.object_key, stored.body)
            return stored.body
        if self._normalize:
            raise _not_checked(record)
        _check_size(record.asset_id, record.bytes, stored)
        return stored.body

    def get_record(self, asset_id: str, *, templates: Sequence[str] | None = None) -> AssetRecord:
        """The record; `AssetError` if there is none."""
        return _usable(asset_id, self.records.get(asset_id), templates)

    def get_records(
        self, asset_ids: Sequence[str], *, templates: Sequence[str] | None = None
    ) -> dict[str, AssetRecord | AssetError]:
        """The records in one call of the table; the error of each that there is not."""
        if not asset_ids:
            return {}
        found = self.records.get_many(asset_ids)
        records: dict[str, AssetRecord | AssetError] = {}
        for asset_id in asset_ids:
            try:
                records[asset_id] = _usable(asset_id, found.get(asset_id), templates)
            except AssetError as error:
                records[asset_id] = error
        return records

    def is_in_memory(self, record: AssetRecord) -> bool:
        """Whether a picture's bytes are cached, and nothing waits to take their place."""
        is_settled = not self._normalize or not _unchecked_uploads(record)
        return is_settled and self._files.get(record.object_key) is not None

    def get_ready_font(self, record: AssetRecord, *, deadline: float | None = None) -> AssetRecord:
        """The record of a usable font, which is sanitized first if it is new; `AssetError`."""
        record = self.check_upload(record, deadline=deadline)
        if not record.is_font:
            raise AssetError(f'The asset "{record.asset_id}" is a picture, not a font.')
        if record.status == "refused":
            raise AssetError(record.detail)
        if record.status == "waiting":
            self._read_stored(record, deadline)
            raise _not_checked(record)
        return record

    def check_upload(self, record: AssetRecord, *, deadline: float | None = None) -> AssetRecord:
        """The record once an announced upload was checked, if its bytes are there by now.

        A good upload takes the place of the bytes in use. A refused one changes only `detail`,
        unless the asset has no other bytes. If it cannot be checked now, the record stays as it
        is, and the next call tries again.
        """
        for upload in _unchecked_uploads(record):
            stored = self._store.get(upload.object_key, deadline=deadline)
            if stored is not None:
                return self._check_and_record(
                    record, upload, stored, Deadline.at(deadline, self._monotonic)
                )
        return record

    def pixel_size(
        self, record: AssetRecord, *, deadline: float | None = None
    ) -> tuple[int | None, int | None]:
        """Width and height of a picture that is ready, which records of 0.1 do not have."""
        if record.width is not None or record.status != "ready" or record.is_font:
            return record.width, record.height
        try:
            return pixel_size(self._read_stored(record, deadline)[1].body)
        except AssetError:
            return None, None

    def _read_stored(
        self, record: AssetRecord, deadline: float | None
    ) -> tuple[AssetRecord, StoredObject]:
        """The bytes in use. Another process may have put others in their place since the read."""
        stored = self._store.get(record.object_key, deadline=deadline)
        if stored is None:
            current = self.records.get(record.asset_id)
            if current is not None and current.object_key != record.object_key:
                record, stored = current, self._store.get(current.object_key, deadline=deadline)
        if stored is None:
            raise _not_uploaded(record)
        return record, stored

    def _check_and_record(
        self,
        record: AssetRecord,
        upload: AnnouncedUpload,
        stored: StoredObject,
        deadline: Deadline,
    ) -> AssetRecord:
        try:
            checked, body = self._check(record, upload, stored, deadline)
        except (SandboxUnavailable, DeadlineExceeded):
            return record
        except AssetError as error:
            return self._put(_refused(record, upload, str(error)), unused=[upload.object_key])
        self._store.put(checked.object_key, StoredObject(body, checked.content_type))
        unused = {record.object_key, upload.object_key}
        return self._put(checked, unused=sorted(unused), new_key=checked.object_key)

    def _put(self, record: AssetRecord, *, unused: Sequence[str], new_key: str = "") -> AssetRecord:
        """Store a record and delete the bytes that it replaces.

        If somebody else changed the asset meanwhile, theirs counts. Each upload has keys of its
        own, so what is deleted here is in no other record.
        """
        try:
            self.records.put(record)
        except Conflict:
            current = self.records.get(record.asset_id)
            if new_key and (current is None or current.object_key != new_key):
                self._store.delete([new_key])
            if current is None:
                gone = f'The asset "{record.asset_id}" was deleted.'
                return replace(record, status="refused", detail=gone)
            return current
        self._store.delete(unused)
        return record

    def _check(
        self,
        record: AssetRecord,
        upload: AnnouncedUpload,
        stored: StoredObject,
        deadline: Deadline,
    ) -> tuple[AssetRecord, bytes]:
        """The record with an upload in use, and the bytes to store; `AssetError` if refused."""
        _check_size(record.asset_id, upload.bytes, stored)
        width = height = font = None
        if upload.content_type.startswith("font/"):
            body, content_type, font = _sanitize_font(record.asset_id, stored, deadline)
        else:
            body, content_type = self._reencode(record.asset_id, stored, deadline)
            width, height = pixel_size(body)
        upload_id = upload.object_key.rpartition("/")[2]
        checked = replace(
            record,
            object_key=f"assets/{record.asset_id}/{upload_id}/{content_digest(body)}",
            content_type=content_type,
            bytes=len(body),
            created_at=upload.announced_at,
            status="ready",
            detail="",
            font=font,
            width=width,
            height=height,
            replacement=None if upload == record.replacement else record.replacement,
            revision=record.revision + 1,
        )
        return checked, body

    def _reencode(
        self, asset_id: str, stored: StoredObject, deadline: Deadline
    ) -> tuple[bytes, str]:
        try:
            return reencode(stored.body, self._decode, deadline)
        except SandboxUnavailable:
            raise
        except ValueError as error:
            raise AssetError(f'The asset "{asset_id}" is not a usable picture: {error}.') from None


def _usable(
    asset_id: str, record: AssetRecord | None, templates: Sequence[str] | None
) -> AssetRecord:
    if record is None or not record.is_usable_in(templates):
        raise AssetError(f'There is no asset "{asset_id}": POST /v1/assets makes one.')
    return record


def _unchecked_uploads(record: AssetRecord) -> Sequence[AnnouncedUpload]:
    """The announced uploads that were not checked yet, the newest first."""
    uploads = [record.replacement] if record.replacement is not None else []
    if record.status == "waiting":
        first = (record.object_key, record.content_type, record.bytes, record.created_at)
        uploads.append(AnnouncedUpload(*first))
    return uploads


def _refused(record: AssetRecord, upload: AnnouncedUpload, detail: str) -> AssetRecord:
    """The record after an upload was refused; bytes that it had before stay in use."""
    record = replace(record, detail=detail, revision=record.revision + 1)
    if upload == record.replacement:
        return replace(record, replacement=None)
    return replace(record, status="refused")


def _check_size(asset_id: str, announced: int, stored: StoredObject) -> None:
    if len(stored.body) != announced:
        raise AssetError(f'The asset "{asset_id}" has not the size that was announced.')


def _sanitize_font(
    asset_id: str, stored: StoredObject, deadline: Deadline
) -> tuple[bytes, str, dict[str, object]]:
    # Imported here: the image function reads assets and never sanitizes a font.
    from postcard.assets.font_catalog import describe_font
    from postcard.font_sanitizer.subprocess_client import MAX_CHECK_SECONDS, sanitize_in_subprocess
    from postcard.text.font_file import MEDIA_TYPES, read_metadata

    try:
        deadline.check()
        timeout = min(MAX_CHECK_SECONDS, deadline.remaining())
        font = sanitize_in_subprocess(stored.body, timeout=timeout)
        catalog_entry = describe_font(read_metadata(font))
    except SandboxUnavailable:
        raise
    except ValueError as error:
        raise AssetError(f'The asset "{asset_id}" is not a usable font: {error}.') from None
    return font, MEDIA_TYPES[font[:4]], dict(catalog_entry)


def _not_uploaded(record: AssetRecord) -> AssetError:
    return AssetError(f'The asset "{record.asset_id}" has not been uploaded yet.')


def _not_checked(record: AssetRecord) -> AssetNotChecked:
    return AssetNotChecked(
        f'The asset "{record.asset_id}" could not be checked just now: try again.'
    )
