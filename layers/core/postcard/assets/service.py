"""Assets: pictures and fonts of the sender's own, uploaded once, named by templates and requests.

An upload is checked and written anew before its first use, so what is drawn later is a picture
that was drawn once, without anything hidden in it, and a font that holds our own tables alone.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace

from postcard import ports
from postcard.canvas.codecs.reencode import reencode
from postcard.errors import NotFound
from postcard.ports import AssetRecord, JsonObject, StoredObject
from postcard.runtime.digest import content_digest
from postcard.timestamps import format_rfc3339

ASSET_PREFIX = "asset:"


class AssetError(Exception):
    """An asset cannot be drawn; the text says why, for people."""


class AssetService:
    """Announces, lists and deletes assets, and settles what was uploaded."""

    def __init__(
        self,
        records: ports.AssetStore,
        store: ports.ObjectStore,
        uploads: ports.Uploads,
        *,
        new_upload_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._records = records
        self._store = store
        self._uploads = uploads
        self._new_upload_id = new_upload_id

    def create(self, asset_id: str, *, content_type: str, size: int, now: float) -> JsonObject:
        """A new asset of that name, and where to upload its `size` bytes."""
        key = f"uploads/{asset_id}/{self._new_upload_id()}"
        record = AssetRecord(asset_id, content_type, size, key, int(now))
        upload = self._uploads.presign(key, content_type, size)
        self._records.put(record)
        return {**asset_to_json(record), "upload": upload}

    def list(self, *, limit: int, cursor: str | None) -> JsonObject:
        """Part of the list, by id."""
        page = self._records.list(limit=limit, cursor=cursor)
        return {
            "items": [asset_to_json(record) for record in page.items],
            "next_cursor": page.next_cursor,
        }

    def delete(self, asset_id: str) -> None:
        """Forget the name and its bytes; versions keep the copies they were published with."""
        record = self._records.get(asset_id)
        if record is None:
            raise NotFound(f'There is no asset "{asset_id}".')
        self._records.delete(asset_id)
        self._store.delete([record.object_key])


class AssetReader:
    """The bytes of an asset by its id. With `settle`, an upload is kept as it was written anew."""

    def __init__(
        self, records: ports.AssetStore, store: ports.ObjectStore, *, normalize: bool
    ) -> None:
        self.records = records
        self._store = store
        self._normalize = normalize

    def read(self, asset_id: str, *, deadline: float | None = None) -> bytes:
        """The picture's bytes; `AssetError` if there is none, or none that can be drawn."""
        record = self.get_record(asset_id)
        if record.is_font:
            raise AssetError(f'The asset "{asset_id}" is a font, not a picture.')
        stored = self._read_upload(record, deadline)
        return stored.body if record.status == "ready" else self._normalize_image(record, stored)

    def get_record(self, asset_id: str) -> AssetRecord:
        """The record; `AssetError` if there is none."""
        record = self.records.get(asset_id)
        if record is None:
            raise AssetError(f'There is no asset "{asset_id}": POST /v1/assets makes one.')
        return record

    def get_ready_font(self, record: AssetRecord, *, deadline: float | None = None) -> AssetRecord:
        """The record of a font that can be drawn with, checked if it was not yet; `AssetError`."""
        if not record.is_font:
            raise AssetError(f'The asset "{record.asset_id}" is a picture, not a font.')
        if record.status == "refused":
            raise AssetError(record.detail)
        if record.status == "ready":
            return record
        stored = self._read_upload(record, deadline)
        return self._sanitize_font(record, stored)

    def _read_upload(self, record: AssetRecord, deadline: float | None) -> StoredObject:
        stored = self._store.get(record.object_key, deadline=deadline)
        if stored is None:
            raise AssetError(f'The asset "{record.asset_id}" has not been uploaded yet.')
        if record.status != "ready" and len(stored.body) != record.bytes:
            raise AssetError(f'The asset "{record.asset_id}" has not the size that was announced.')
        return stored

    def _sanitize_font(self, record: AssetRecord, stored: StoredObject) -> AssetRecord:
        from postcard.assets import (
            font_upload as new_font,  # what draws pictures never checks a font
        )

        try:
            font = new_font.sanitize_upload(stored.body)
        except ValueError as error:
            detail = f'The asset "{record.asset_id}" is no font we take: {error}.'
            self.records.put(replace(record, status="refused", detail=detail))
            self._store.delete([record.object_key])
            raise AssetError(detail) from None
        return self._store_ready(
            replace(record, font=font.catalog_entry), font.body, font.content_type
        )

    def _normalize_image(self, record: AssetRecord, stored: StoredObject) -> bytes:
        try:
            body, content_type = reencode(stored.body)
        except ValueError as error:
            raise AssetError(
                f'The asset "{record.asset_id}" is no picture we take: {error}.'
            ) from None
        if self._normalize:
            self._store_ready(record, body, content_type)
        return body

    def _store_ready(self, record: AssetRecord, body: bytes, content_type: str) -> AssetRecord:
        key = f"assets/{record.asset_id}/{content_digest(body)}"
        self._store.put(key, StoredObject(body, content_type))
        ready = replace(
            record, object_key=key, content_type=content_type, bytes=len(body), status="ready"
        )
        self.records.put(ready)
        self._store.delete([record.object_key])
        return ready


def asset_to_json(record: AssetRecord) -> JsonObject:
    """An asset as it is told of."""
    return {
        "id": record.asset_id,
        "content_type": record.content_type,
        "bytes": record.bytes,
        "status": record.status,
        "created_at": format_rfc3339(record.created_at),
        "family": record.font["family"] if record.font else None,
        "detail": record.detail or None,
    }
