"""Reads uploaded assets; an upload is validated and rewritten before its first use.

So what is drawn later is a picture that was re-encoded, without anything hidden in it, and a font
whose tables the sanitizer wrote.
"""

from dataclasses import replace

from postcard import ports
from postcard.canvas.codecs.reencode import reencode
from postcard.ports import AssetRecord, StoredObject
from postcard.runtime.digest import content_digest

ASSET_PREFIX = "asset:"  # of references to assets in templates and requests


class AssetError(Exception):
    """An asset cannot be drawn; the text says why, for people."""


class AssetReader:
    """Reads assets by id. With `normalize`, a re-encoded picture replaces its upload."""

    def __init__(
        self, records: ports.AssetStore, store: ports.ObjectStore, *, normalize: bool
    ) -> None:
        self.records = records
        self._store = store
        self._normalize = normalize

    def read(self, asset_id: str, *, deadline: float | None = None) -> bytes:
        """A picture's bytes; `AssetError` if there is none or it cannot be decoded."""
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
        """The record of a usable font, which is sanitized first if it is new; `AssetError`."""
        if not record.is_font:
            raise AssetError(f'The asset "{record.asset_id}" is a picture, not a font.')
        if record.status == "refused":
            raise AssetError(record.detail)
        if record.status == "ready":
            return record
        return self._sanitize_font(record, self._read_upload(record, deadline))

    def _read_upload(self, record: AssetRecord, deadline: float | None) -> StoredObject:
        stored = self._store.get(record.object_key, deadline=deadline)
        if stored is None:
            raise AssetError(f'The asset "{record.asset_id}" has not been uploaded yet.')
        if record.status != "ready" and len(stored.body) != record.bytes:
            raise AssetError(f'The asset "{record.asset_id}" has not the size that was announced.')
        return stored

    def _sanitize_font(self, record: AssetRecord, stored: StoredObject) -> AssetRecord:
        # Imported here: the image function reads assets and never sanitizes a font.
        from postcard.assets.font_catalog import describe_font
        from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
        from postcard.text.font_file import MEDIA_TYPES, read_metadata

        try:
            font = sanitize_in_subprocess(stored.body)
            catalog_entry = describe_font(read_metadata(font))
        except ValueError as error:
            detail = f'The asset "{record.asset_id}" is not a usable font: {error}.'
            self.records.put(replace(record, status="refused", detail=detail))
            self._store.delete([record.object_key])
            raise AssetError(detail) from None
        return self._store_ready(replace(record, font=catalog_entry), font, MEDIA_TYPES[font[:4]])

    def _normalize_image(self, record: AssetRecord, stored: StoredObject) -> bytes:
        try:
            body, content_type = reencode(stored.body)
        except ValueError as error:
            raise AssetError(
                f'The asset "{record.asset_id}" is not a usable picture: {error}.'
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
