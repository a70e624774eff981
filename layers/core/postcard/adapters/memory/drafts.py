"""Drafts in memory."""

import threading
from collections.abc import Sequence

from postcard.adapters.pagination import paginate
from postcard.errors import Conflict
from postcard.ports import (
    DeliveryRecord,
    DraftRecord,
    Page,
    TemplateRecord,
    TemplateStore,
    TemplateVersion,
)


class MemoryDraftStore:
    """Drafts, beside the templates that they become versions of."""

    def __init__(self, templates: TemplateStore) -> None:
        self._lock = threading.Lock()
        self._templates = templates
        self._drafts: dict[str, tuple[DraftRecord, str]] = {}

    def get(self, template_id: str) -> DraftRecord | None:
        """The record, or None."""
        draft = self._drafts.get(template_id)
        return draft[0] if draft else None

    def read(self, template_id: str) -> tuple[DraftRecord, str] | None:
        """The record with its document, or None."""
        return self._drafts.get(template_id)

    def put(self, record: DraftRecord, document: str, *, instead_of: int | None) -> None:
        """Store instead of this revision (None: of nothing); `Conflict` if another is there."""
        with self._lock:
            self._check_revision(record.template_id, instead_of)
            self._drafts[record.template_id] = (record, document)

    def delete(self, template_id: str, *, revision: int | None = None) -> None:
        """Delete this revision, or any; `Conflict` if another is there."""
        with self._lock:
            if revision is not None:
                self._check_revision(template_id, revision)
            self._drafts.pop(template_id, None)

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: Sequence[DeliveryRecord] = (),
        *,
        revision: int,
    ) -> None:
        """Store the version and delete this revision of the draft, or nothing; `Conflict`."""
        with self._lock:
            self._check_revision(record.template_id, revision)
            self._templates.publish(record, version, deliveries)
            del self._drafts[record.template_id]

    def list(self, *, limit: int, cursor: str | None) -> Page[DraftRecord]:
        """All records by template id."""
        with self._lock:
            records = {name: record for name, (record, _) in self._drafts.items()}
        return paginate(records, limit, cursor)

    def _check_revision(self, template_id: str, revision: int | None) -> None:
        stored = self.get(template_id)
        if (stored.revision if stored else None) != revision:
            raise Conflict("The draft was changed by somebody else: read it again.")
