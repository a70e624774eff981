"""Templates for the API: read, list, pause, delete."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from postcard import ports
from postcard.adapters.pagination import encode_cursor
from postcard.deletion.deletions import Deletions
from postcard.errors import NotFound
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import DeletionRecord, DraftRecord, JsonObject, TemplateRecord
from postcard.services.field_list import field_list
from postcard.services.links import LinkService
from postcard.services.preconditions import check_if_match
from postcard.services.publishing import PublishedTemplate
from postcard.services.record_update import update_record
from postcard.timestamps import format_rfc3339

THUMBNAIL_WIDTH = 320  # CSS pixels of a template's picture in lists, or its own width
THUMBNAIL_FORMAT = "webp"  # of every template: small, with transparency, and shown by browsers only


class TemplateCatalog:
    """Everything about templates except publishing and recalls."""

    def __init__(
        self,
        templates: ports.TemplateStore,
        loader: TemplateLoader,
        links: LinkService,
        deletions: Deletions,
        drafts: ports.DraftStore,
    ) -> None:
        self._drafts = drafts
        self._templates = templates
        self._loader = loader
        self._links = links
        self._deletions = deletions

    def show(self, template_id: str, version: int | None = None) -> JsonObject:
        """The template with one of its versions (None: the latest), whether recalled or not."""
        record = self._loader.usable_record(template_id)
        loaded = self._loader.load_exact(record, version or record.latest)
        template = loaded.template
        return self.describe(
            PublishedTemplate(
                record, loaded.stored, template.document.name or template_id, template.format
            )
        )

    def describe(self, published: PublishedTemplate) -> JsonObject:
        """A template with one of its versions as JSON; reads and compiles nothing."""
        record, version = published.record, published.version
        return {
            "id": version.template_id,
            "version": version.version,
            "name": published.name,
            "created_at": format_rfc3339(record.created_at),
            "published_at": format_rfc3339(version.published_at),
            "paused": record.paused,
            "daily_renders": record.daily_renders,
            "daily_usd": record.daily_usd,
            "on_budget": record.on_budget,
            "document": json.loads(version.document),
            "findings": list(version.findings),
            "default_url": self._links.version_url(
                version.template_id, version.version, published.format
            ),
        }

    def fields(self, template_id: str) -> JsonObject:
        """The fields and layers that a request may address in the latest version."""
        record = self._loader.usable_record(template_id)
        return field_list(self._loader.load_effective(record, None).template)

    def document(self, template_id: str, version: int | None = None) -> tuple[int, str]:
        """The number and the text of a version (None: of the latest), as it was published."""
        record = self._loader.usable_record(template_id)
        number = version or record.latest
        stored = self._templates.version(template_id, number)
        if stored is None:
            detail = f"This template has no version {number}: the latest is {record.latest}."
            raise NotFound(detail)
        return number, stored.document

    def list(
        self, *, limit: int, cursor: str | None, now: float, only: Sequence[str] | None = None
    ) -> JsonObject:
        """A page of templates and of drafts that were never published, without deleted ones.

        `only` confines it to these ids. Two reads of the table, however many there are.
        """
        templates = self._templates.list(limit=limit, cursor=cursor)
        drafts = self._drafts.list(limit=limit, cursor=cursor)
        records = {record.template_id: record for record in templates.items}
        drafted = {draft.template_id: draft for draft in drafts.items}
        ids = sorted({*records, *drafted})
        ends = len(ids) <= limit and templates.next_cursor is None and drafts.next_cursor is None
        shown = []
        for template_id in ids[:limit]:
            record, draft = records.get(template_id), drafted.get(template_id)
            draft = None if draft is None or draft.is_expired(now) else draft
            is_deleted = record is not None and record.deleted
            if (record or draft) and not is_deleted and (only is None or template_id in only):
                shown.append(self._line(record, draft))
        return {"items": shown, "next_cursor": None if ends else encode_cursor(ids[:limit][-1])}

    def _line(self, record: TemplateRecord | None, draft: DraftRecord | None) -> JsonObject:
        if record is None:
            assert draft is not None
            return _draft_only_line(draft)
        published_at = record.published_at
        width = min(THUMBNAIL_WIDTH, record.width or THUMBNAIL_WIDTH)
        return {
            "id": record.template_id,
            "version": record.latest,
            "name": record.name,
            "created_at": format_rfc3339(record.created_at),
            "published_at": None if published_at is None else format_rfc3339(published_at),
            "paused": record.paused,
            "daily_renders": record.daily_renders,
            "daily_usd": record.daily_usd,
            "on_budget": record.on_budget,
            "width": record.width,
            "height": record.height,
            "thumbnail_url": self._links.version_url(
                record.template_id,
                record.latest,
                THUMBNAIL_FORMAT,
                width=width,
                fields=record.examples,
            ),
            "draft": None if draft is None else draft_line(draft),
        }

    def versions(self, template_id: str, *, limit: int, cursor: str | None) -> JsonObject:
        """A page of versions, newest first."""
        record = self._loader.usable_record(template_id)
        page = self._templates.versions(template_id, limit=limit, cursor=cursor)
        deletions = self._deletions.of_template(template_id) if record.recalls else {}
        progress = {
            version: self._deletions.to_json(deletion)
            for version, deletion in deletions.items()
            if version in record.recalls
        }
        items = [
            {
                "version": version.version,
                "published_at": format_rfc3339(version.published_at),
                "replaced_by": record.recalls.get(version.version),
                "deletion": progress.get(version.version),
                "note": version.note or None,
                "by": version.by,
            }
            for version in page.items
        ]
        return {"items": items, "next_cursor": page.next_cursor}

    def change(
        self, template_id: str, changes: Mapping[str, Any], *, if_match: str | None = None
    ) -> None:
        """Changes `paused`, `daily_renders`, `daily_usd` and `on_budget`."""
        check_if_match(if_match, self._loader.usable_record(template_id))
        update_record(self._templates, template_id, lambda record: replace(record, **changes))

    def delete(
        self, template_id: str, *, erase: bool, if_match: str | None = None
    ) -> DeletionRecord | None:
        """Ends POSTs, new links and previews; with `erase` existing links and images as well.

        Returns the deletion of an erased template's pictures. The same call again only says how far
        that is, unless it has stalled.
        """
        record = self._templates.record(template_id)
        if record is None or not (erase and record.deleted):
            self._loader.usable_record(template_id)
        check_if_match(if_match, record)
        if record is not None and record.erased:
            self._drafts.delete(template_id)  # a call before this one may have been cut off
            current = self._deletions.current(template_id, None)
            if current is not None:
                return current
        try:
            return self._deletions.request(template_id, None) if erase else None
        finally:  # also if the queue does not answer: the caller repeats the call
            update_record(
                self._templates,
                template_id,
                lambda current: replace(current, deleted=True, erased=current.erased or erase),
            )
            self._drafts.delete(template_id)  # last: whoever stores a draft reads the record again


def draft_line(draft: DraftRecord) -> JsonObject:
    """A draft in a list."""
    return {
        "etag": draft.tag,
        "base": draft.base,
        "created_at": format_rfc3339(draft.created_at),
        "updated_at": format_rfc3339(draft.updated_at),
        "expires_at": format_rfc3339(draft.expires_at),
        "by": draft.by,
        "bytes": draft.bytes,
    }


def _draft_only_line(draft: DraftRecord) -> JsonObject:
    """A draft of a template that has no version, in the list of templates."""
    return {
        "id": draft.template_id,
        "version": None,
        "name": draft.name or draft.template_id,
        "created_at": format_rfc3339(draft.created_at),
        "published_at": None,
        "paused": False,
        "daily_renders": None,
        "daily_usd": None,
        "on_budget": "fallback",
        "width": draft.width,
        "height": draft.height,
        "thumbnail_url": None,
        "draft": draft_line(draft),
    }
