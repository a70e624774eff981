"""Image, API key, invitation and asset records in memory."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from postcard.adapters.memory.webhooks import MemoryDeliveryStore
from postcard.adapters.pagination import paginate
from postcard.errors import Conflict
from postcard.ports import (
    ApiKeyRecord,
    AssetRecord,
    DeletionRecord,
    DeliveryRecord,
    DeliveryStore,
    ImageRecord,
    Invitation,
    Page,
)


class MemoryImageStore:
    """Image records by id; the deliveries of their events go to `deliveries`."""

    def __init__(self, deliveries: DeliveryStore | None = None) -> None:
        self._records: dict[str, ImageRecord] = {}
        self._deliveries = deliveries or MemoryDeliveryStore()
        self._lock = threading.Lock()

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        return self._records.get(image_id)

    def get_many(self, image_ids: Sequence[str]) -> Iterator[ImageRecord]:
        """The records that exist."""
        yield from (self._records[name] for name in image_ids if name in self._records)

    def put(self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = ()) -> bool:
        """Replace the record; store the deliveries if its status is new. Whether they were."""
        with self._lock:
            stored = self._records.get(record.image_id)
            is_new = stored is None or stored.status != record.status
            if is_new:
                self._deliveries.put_if_absent(deliveries)
            self._records[record.image_id] = record
            return bool(deliveries) and is_new

    def replace(
        self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = (), *, status: str
    ) -> bool:
        """Put unless the stored record's status is another than `status`; whether it was put."""
        with self._lock:
            stored = self._records.get(record.image_id)
            if stored is None or stored.status != status:
                return False
            self._deliveries.put_if_absent(deliveries)
            self._records[record.image_id] = record
            return True

    def page_by_template(
        self, template_id: str, version: int | None, *, after: str, limit: int
    ) -> Page[ImageRecord]:
        """At most `limit` images of a template, or of one of its versions; see `ports`."""
        found = {record.image_id: record for record in self.by_template(template_id, version)}
        ids = sorted(image_id for image_id in found if image_id > after)
        cursor = ids[limit - 1] if len(ids) > limit else None
        return Page([found[image_id] for image_id in ids[:limit]], cursor)

    def by_template(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions."""
        for record in tuple(self._records.values()):
            if record.template_id == template_id and version in (None, record.version):
                yield record

    def by_blind_index(self, blind_index: str) -> Iterator[ImageRecord]:
        """Every image with a blind index."""
        for record in tuple(self._records.values()):
            if blind_index in record.blind_indexes:
                yield record


class MemoryDeletionStore:
    """The last deletion of each version, and of each erased template."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, int | None], DeletionRecord] = {}
        self._lock = threading.Lock()

    def get(self, template_id: str, version: int | None) -> DeletionRecord | None:
        """The record, or None."""
        return self._records.get((template_id, version))

    def of_template(self, template_id: str) -> Sequence[DeletionRecord]:
        """All records of a template."""
        return [each for each in tuple(self._records.values()) if each.template_id == template_id]

    def begin(self, record: DeletionRecord) -> None:
        """Store a new deletion in the place of the last one."""
        with self._lock:
            self._records[record.template_id, record.version] = record

    def advance(self, record: DeletionRecord) -> bool:
        """Store the record unless it is of another run, or not one step further; whether it was."""
        with self._lock:
            stored = self._records.get((record.template_id, record.version))
            if stored is None or (stored.run, stored.step) != (record.run, record.step - 1):
                return False
            self._records[record.template_id, record.version] = record
            return True


class MemoryApiKeyStore:
    """API keys by digest."""

    def __init__(self) -> None:
        self._records: dict[str, ApiKeyRecord] = {}

    def by_digest(self, digest: str) -> ApiKeyRecord | None:
        """The record, or None."""
        return self._records.get(digest)

    def put(self, record: ApiKeyRecord) -> None:
        """Replace the record."""
        self._records[record.digest] = record

    def record_use(self, digest: str, at: int) -> None:
        """Store when a key was used, unless its record is gone."""
        if (record := self._records.get(digest)) is not None:
            self._records[digest] = replace(record, last_used_at=at)

    def renew(self, digest: str, expires_at: int) -> bool:
        """Store when a session expires, unless it was ended or its record is gone."""
        record = self._records.get(digest)
        if record is None or record.revoked_at is not None:
            return False
        self._records[digest] = replace(record, expires_at=expires_at)
        return True

    def list(self) -> Sequence[ApiKeyRecord]:
        """All records, oldest first."""
        return sorted(tuple(self._records.values()), key=lambda key: (key.created_at, key.key_id))


class MemoryInvitationStore:
    """Invitations by the digest of their code."""

    def __init__(self) -> None:
        self._invitations: dict[str, Invitation] = {}

    def put(self, invitation: Invitation) -> None:
        """Store an invitation."""
        self._invitations[invitation.digest] = invitation

    def take(self, digest: str) -> Invitation | None:
        """Delete an invitation and return it."""
        return self._invitations.pop(digest, None)


class MemoryAssetStore:
    """Assets by id."""

    def __init__(self) -> None:
        self._records: dict[str, AssetRecord] = {}
        self._lock = threading.Lock()

    def get(self, asset_id: str) -> AssetRecord | None:
        """The record, or None."""
        return self._records.get(asset_id)

    def get_many(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRecord]:
        """The records that exist, by id."""
        records = {asset_id: self.get(asset_id) for asset_id in asset_ids}
        return {asset_id: record for asset_id, record in records.items() if record is not None}

    def put(self, record: AssetRecord) -> None:
        """Store the record; `Conflict` if somebody else changed it meanwhile."""
        with self._lock:
            stored = self._records.get(record.asset_id)
            if record.revision != (stored.revision if stored else 0) + 1:
                raise Conflict("The asset was changed by somebody else: read it again.")
            self._records[record.asset_id] = record

    def delete(self, asset_id: str) -> None:
        """Remove the record, if it exists."""
        self._records.pop(asset_id, None)

    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]:
        """All records by id."""
        return paginate(dict(self._records), limit, cursor)
