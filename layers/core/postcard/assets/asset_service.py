"""Creates, lists and deletes assets: the customer's own pictures and fonts, uploaded once.

Templates and requests name them as `asset:ID`. `templates` are those that the caller's API key is
limited to; None if it is not limited.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace as with_changes

from postcard import ports
from postcard.assets.reader import AssetReader
from postcard.errors import Conflict, Forbidden, NotFound
from postcard.ports import AnnouncedUpload, AssetRecord, JsonObject, StoredObject
from postcard.runtime.digest import content_digest
from postcard.timestamps import format_rfc3339

MAX_COPIES = 20  # assets of one picture of ours, whose ids differ in a number
_OWN_DIGITS = 12  # hexadecimal, of a template's id: any number of confined keys may use a picture


class AssetService:
    """The use cases behind /v1/assets."""

    def __init__(
        self,
        reader: AssetReader,
        store: ports.ObjectStore,
        uploads: ports.Uploads,
        *,
        new_upload_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._reader = reader
        self._records = reader.records
        self._store = store
        self._uploads = uploads
        self._new_upload_id = new_upload_id

    def create(
        self,
        asset_id: str,
        *,
        content_type: str,
        size: int,
        now: float,
        templates: Sequence[str] | None = None,
        replace: bool = False,
    ) -> JsonObject:
        """A new asset, or with `replace` new bytes for one, and the presigned upload of these.

        An asset that exists stays in use until the upload was checked. `Conflict`, `Forbidden`.
        """
        key = f"uploads/{asset_id}/{self._new_upload_id()}"
        new = AssetRecord(asset_id, content_type, size, key, int(now), template_ids=templates)
        known = self._records.get(asset_id)
        if known is not None:
            _check_replaceable(known, templates, replace=replace)
            new = with_changes(new, template_ids=known.template_ids)
        form = self._uploads.presign(key, content_type, size)
        self._records.put(new if known is None else _with_announced(known, new))
        if known is not None and known.replacement is not None:
            self._store.delete([known.replacement.object_key])
        return {**_to_json(new), "upload": form}

    def add_copy(
        self,
        asset_id: str,
        body: bytes,
        content_type: str,
        *,
        template_id: str,
        templates: Sequence[str] | None,
        now: float,
        deadline: float | None = None,
    ) -> str:
        """Store a picture of ours as an asset that a template may use; returns the asset's id.

        An asset that is a copy of the same bytes is used again. If the id has other bytes by now,
        or is of other templates, the next of `ID-2`, `ID-3` … is taken, and after some of them one
        that only this template has. `Conflict`.
        """
        digest = content_digest(body)
        numbered = (f"{asset_id}-{n}" for n in range(2, MAX_COPIES + 1))
        own = f"{asset_id}-{content_digest(template_id.encode())[:_OWN_DIGITS]}"
        for candidate in (asset_id, *numbered, own):
            known = self._records.get(candidate)
            if known is None:
                known = self._put_copy(candidate, digest, body, content_type, templates, now)
            if _is_copy(known, digest) and known.is_usable_in([template_id]):
                self._reader.check_upload(known, deadline=deadline)
                return candidate
        raise Conflict(f"There are {MAX_COPIES} assets {asset_id}-N with other bytes: delete some.")

    def _put_copy(
        self,
        asset_id: str,
        digest: str,
        body: bytes,
        content_type: str,
        templates: Sequence[str] | None,
        now: float,
    ) -> AssetRecord:
        """The stored record of a new asset; that of somebody else who was faster."""
        key = f"uploads/{asset_id}/{digest}-{self._new_upload_id()}"
        new = AssetRecord(asset_id, content_type, len(body), key, int(now), template_ids=templates)
        self._store.put(key, StoredObject(body, content_type))
        try:
            self._records.put(new)
        except Conflict:
            self._store.delete([key])
            if (other := self._records.get(asset_id)) is None:
                raise
            return other
        return new

    def read(
        self, asset_id: str, *, templates: Sequence[str] | None, deadline: float | None = None
    ) -> JsonObject:
        """An asset; an upload that is there is checked first. `NotFound`."""
        record = self._reader.check_upload(self._visible(asset_id, templates), deadline=deadline)
        width, height = self._reader.pixel_size(record, deadline=deadline)
        return _to_json(with_changes(record, width=width, height=height))

    def list(
        self, *, limit: int, cursor: str | None, templates: Sequence[str] | None = None
    ) -> JsonObject:
        """A page of the assets, by id; those of other templates are left out."""
        page = self._records.list(limit=limit, cursor=cursor)
        return {
            "items": [_to_json(record) for record in page.items if record.is_usable_in(templates)],
            "next_cursor": page.next_cursor,
        }

    def delete(self, asset_id: str, *, templates: Sequence[str] | None = None) -> None:
        """Delete the record and its bytes; versions keep the copies they were published with."""
        record = self._visible(asset_id, templates)
        _check_ownership(record, templates)
        self._records.delete(asset_id)
        self._store.delete([record.object_key])
        if record.replacement is not None:
            self._store.delete([record.replacement.object_key])

    def _visible(self, asset_id: str, templates: Sequence[str] | None) -> AssetRecord:
        """The record; `NotFound` for one of other templates, as for none."""
        record = self._records.get(asset_id)
        if record is None or not record.is_usable_in(templates):
            raise NotFound(f'There is no asset "{asset_id}".')
        return record


def _is_copy(record: AssetRecord, digest: str) -> bool:
    """Whether an asset's bytes are those that `add_copy` stored, by the id of their upload."""
    prefix = (f"uploads/{record.asset_id}/{digest}-", f"assets/{record.asset_id}/{digest}-")
    return record.status != "refused" and record.object_key.startswith(prefix)


def _check_replaceable(
    known: AssetRecord, templates: Sequence[str] | None, *, replace: bool
) -> None:
    if not known.is_usable_in(templates):
        raise Conflict(f'The id "{known.asset_id}" is taken: choose another.')
    if not replace:
        raise Conflict(
            f'There is an asset "{known.asset_id}": choose another id, or send "replace": true to'
            " replace it."
        )
    _check_ownership(known, templates)


def _check_ownership(record: AssetRecord, templates: Sequence[str] | None) -> None:
    if not record.is_owned_by(templates):
        raise Forbidden(
            f'Templates that this key is not valid for may use the asset "{record.asset_id}": use a'
            " key that is not limited to templates.",
            code="template_not_allowed",
        )


def _with_announced(known: AssetRecord, new: AssetRecord) -> AssetRecord:
    """The known record with an announced upload, which is not used before it was checked."""
    revision = known.revision + 1
    if known.status == "refused":  # there are no bytes in use
        return with_changes(new, revision=revision)
    upload = AnnouncedUpload(new.object_key, new.content_type, new.bytes, new.created_at)
    return with_changes(known, replacement=upload, detail="", revision=revision)


def _to_json(record: AssetRecord) -> JsonObject:
    return {
        "id": record.asset_id,
        "content_type": record.content_type,
        "bytes": record.bytes,
        "status": record.status,
        "created_at": format_rfc3339(record.created_at),
        "template_ids": None if record.template_ids is None else list(record.template_ids),
        "width": record.width,
        "height": record.height,
        "family": record.font["family"] if record.font else None,
        "replacement": _replacement_status(record),
        "detail": record.detail or None,
    }


def _replacement_status(record: AssetRecord) -> str | None:
    """What became of the last upload, if it is not the one in use."""
    if record.replacement is not None:
        return "waiting"
    return "refused" if record.detail and record.status != "refused" else None
