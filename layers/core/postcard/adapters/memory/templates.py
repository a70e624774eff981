"""Template records and versions in memory."""

import threading
from collections.abc import Sequence

from postcard.adapters.memory.webhooks import MemoryDeliveryStore
from postcard.adapters.pagination import paginate
from postcard.errors import Conflict
from postcard.ports import (
    DeliveryRecord,
    DeliveryStore,
    Page,
    TemplateRecord,
    TemplateVersion,
)


class MemoryTemplateStore:
    """Templates and their versions; the deliveries of their events go to `deliveries`."""

    def __init__(self, deliveries: DeliveryStore | None = None) -> None:
        self._deliveries = deliveries or MemoryDeliveryStore()
        self._lock = threading.Lock()
        self._records: dict[str, TemplateRecord] = {}
        self._versions: dict[tuple[str, int], TemplateVersion] = {}

    def record(self, template_id: str, *, consistent: bool = True) -> TemplateRecord | None:
        """The record, or None."""
        return self._records.get(template_id)

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        """The version, or None."""
        return self._versions.get((template_id, version))

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: Sequence[DeliveryRecord] = (),
    ) -> None:
        """Store all or nothing; `Conflict` if somebody else changed the template meanwhile."""
        with self._lock:
            self._check_revision(record)
            key = (version.template_id, version.version)
            if key in self._versions:
                raise Conflict("This version was published by somebody else: read again.")
            self._deliveries.put_if_absent(deliveries)
            self._versions[key] = version
            self._records[record.template_id] = record

    def update(self, record: TemplateRecord) -> None:
        """Store the record; `Conflict` if somebody else changed it meanwhile."""
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
            return paginate(dict(self._records), limit, cursor)

    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """A template's versions, newest first."""
        with self._lock:
            rows = {f"{n:06d}": v for (name, n), v in self._versions.items() if name == template_id}
        return paginate(rows, limit, cursor, newest_first=True)
