"""Creates, lists and deletes assets: the customer's own pictures and fonts, uploaded once.

Templates and requests name them as `asset:ID`.
"""

import secrets
from collections.abc import Callable

from postcard import ports
from postcard.errors import NotFound
from postcard.ports import AssetRecord, JsonObject
from postcard.timestamps import format_rfc3339


class AssetService:
    """The use cases behind /v1/assets."""

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
        """A new asset, and the presigned upload of its `size` bytes."""
        key = f"uploads/{asset_id}/{self._new_upload_id()}"
        record = AssetRecord(asset_id, content_type, size, key, int(now))
        upload = self._uploads.presign(key, content_type, size)
        self._records.put(record)
        return {**_to_json(record), "upload": upload}

    def list(self, *, limit: int, cursor: str | None) -> JsonObject:
        """A page of the assets, by id."""
        page = self._records.list(limit=limit, cursor=cursor)
        return {
            "items": [_to_json(record) for record in page.items],
            "next_cursor": page.next_cursor,
        }

    def delete(self, asset_id: str) -> None:
        """Delete the record and its bytes; versions keep the copies they were published with."""
        record = self._records.get(asset_id)
        if record is None:
            raise NotFound(f'There is no asset "{asset_id}".')
        self._records.delete(asset_id)
        self._store.delete([record.object_key])


def _to_json(record: AssetRecord) -> JsonObject:
    return {
        "id": record.asset_id,
        "content_type": record.content_type,
        "bytes": record.bytes,
        "status": record.status,
        "created_at": format_rfc3339(record.created_at),
        "family": record.font["family"] if record.font else None,
        "detail": record.detail or None,
    }
