"""Drafts: a JSON text for each template id, which only its editors see.

Links, images and batches never read one. What is wrong with a draft, previews say.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from postcard import ports
from postcard.errors import (
    BadRequest,
    Conflict,
    Fault,
    Gone,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    TooManyRequests,
)
from postcard.geometry import MAX_SIDE
from postcard.json_text import json_pointer
from postcard.ports import DraftRecord, JsonObject, TemplateRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.preconditions import check_draft_if_match
from postcard.services.templates import draft_line
from postcard.timestamps import DAY_SECONDS, format_day

LIFETIME_SECONDS = 90 * 86_400  # after the last change
MAX_NEW_DRAFTS = 1_000  # of an API key in a day (UTC)
MAX_NAME_LENGTH = 200  # of a draft in lists


@dataclass(frozen=True, slots=True)
class DraftChange:
    """The body and headers of `PUT /v1/templates/{id}/draft`.

    `document` is the text and `value` the same parsed. `base` None: as before, or the latest
    version for a new draft. `by` is the name of the API key with the id `key_id`.
    """

    template_id: str
    document: str
    value: Any
    by: str
    key_id: str
    base: int | None = None
    if_match: str | None = None
    if_none_match: str | None = None


class Drafts:
    """The use cases behind `/v1/templates/{id}/draft`. `now` is in Unix seconds."""

    def __init__(
        self, drafts: ports.DraftStore, templates: ports.TemplateStore, counters: ports.Counters
    ) -> None:
        self._drafts = drafts
        self._templates = templates
        self._counters = counters

    def check_template(self, template_id: str) -> TemplateRecord | None:
        """The record of a template that may have a draft, if it has a version; `Gone`."""
        record = self._templates.record(template_id)
        if record is not None and (record.deleted or record.erased):
            raise Gone(f'The template "{template_id}" was deleted: choose another id.')
        return record

    def describe(self, template_id: str, *, now: float) -> JsonObject:
        """What is known of a draft without its document; `NotFound`, `Gone`."""
        self.check_template(template_id)
        draft = self._drafts.get(template_id)
        if draft is None or draft.is_expired(now):
            raise _no_draft(template_id)
        return to_json(draft)

    def document(self, template_id: str, *, now: float) -> tuple[DraftRecord, str]:
        """A draft and its text; `NotFound`, `Gone`."""
        stored = self.find_document(template_id, now=now)
        if stored is None:
            raise _no_draft(template_id)
        return stored

    def find_document(self, template_id: str, *, now: float) -> tuple[DraftRecord, str] | None:
        """A draft and its text, or None; `Gone`."""
        self.check_template(template_id)
        stored = self._drafts.read(template_id)
        return None if stored is None or stored[0].is_expired(now) else stored

    def save(self, change: DraftChange, *, now: float) -> JsonObject:
        """Store a draft in the place of the one that the caller read, or a first one.

        A text that is stored already is no change: a call that is repeated because its response
        was lost succeeds. `PreconditionRequired`, `PreconditionFailed`, `Gone`, `BadRequest`.
        """
        template = self.check_template(change.template_id)
        _check_change(change, template)
        stored = self._drafts.get(change.template_id)
        current = None if stored is None or stored.is_expired(now) else stored
        try:
            _check_preconditions(change, current)
        except PreconditionFailed:
            if current is None or not self._is_stored(change, current):
                raise
            return to_json(current)
        if current is None:
            self._count_new(change.key_id, now)
        draft = _changed(change, stored, current, template, now)
        instead_of = stored.revision if stored else None
        with _conflict_as_precondition():
            self._drafts.put(draft, change.document, instead_of=instead_of)
        self._delete_if_template_is_gone(change.template_id)
        return to_json(draft)

    def delete(self, template_id: str, *, if_match: str | None, now: float) -> None:
        """Delete a draft; `NotFound`, `Gone`, `PreconditionFailed`."""
        self.check_template(template_id)
        draft = self._drafts.get(template_id)
        if draft is None or draft.is_expired(now):
            raise _no_draft(template_id)
        check_draft_if_match(if_match, draft)
        revision = None if if_match is None else draft.revision
        with _conflict_as_precondition():
            self._drafts.delete(template_id, revision=revision)

    def _is_stored(self, change: DraftChange, current: DraftRecord) -> bool:
        if change.base not in (None, current.base):
            return False
        stored = self._drafts.read(change.template_id)
        return stored is not None and stored == (current, change.document)

    def _count_new(self, key_id: str, now: float) -> None:
        """Count a new draft; `TooManyRequests` over the key's drafts of this day."""
        day = format_day(now)
        tomorrow = (int(now) // DAY_SECONDS + 1) * DAY_SECONDS
        count = self._counters.increment(
            f"drafts#{key_id}#{day}", expires_at=tomorrow + DAY_SECONDS
        )
        if count > MAX_NEW_DRAFTS:
            raise TooManyRequests(
                f"This key may begin {MAX_NEW_DRAFTS} drafts a day: wait for the next day (UTC).",
                headers={"Retry-After": str(max(1, tomorrow - int(now)))},
            )

    def _delete_if_template_is_gone(self, template_id: str) -> None:
        """A template may be erased between the check and the write; then this draft goes, too."""
        try:
            self.check_template(template_id)
        except Gone:
            self._drafts.delete(template_id)
            raise


def to_json(draft: DraftRecord) -> JsonObject:
    """A draft in responses of its own."""
    return {"template_id": draft.template_id, **draft_line(draft)}


@contextmanager
def _conflict_as_precondition() -> Iterator[None]:
    """`PreconditionFailed` for a draft that changed between the check and the write."""
    try:
        yield
    except Conflict as conflict:
        raise PreconditionFailed(
            "Somebody else changed the draft at the same moment: read it again."
        ) from conflict


def _no_draft(template_id: str) -> NotFound:
    return NotFound(f'There is no draft of the template "{template_id}".')


def _check_change(change: DraftChange, template: TemplateRecord | None) -> None:
    if not isinstance(change.value, dict):
        detail = "A draft is a JSON object."
        raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
    latest = template.latest if template else 0
    if change.base is not None and change.base > latest:
        detail = f"There is no version {change.base}: the latest is {latest or 'none'}."
        raise BadRequest(detail, errors=[Fault("invalid_request", json_pointer("base"), detail)])


def _check_preconditions(change: DraftChange, current: DraftRecord | None) -> None:
    if change.if_match is not None:
        check_draft_if_match(change.if_match, current)
    elif (change.if_none_match or "").strip() != "*":
        raise PreconditionRequired(
            'Send If-Match with the ETag of the draft that you read, such as "d7", or'
            " If-None-Match: * for a first draft."
        )
    elif current is not None:
        raise PreconditionFailed(
            f"There is a draft of {current.by}: read it, and send its ETag as If-Match."
        )


def _changed(
    change: DraftChange,
    stored: DraftRecord | None,
    current: DraftRecord | None,
    template: TemplateRecord | None,
    now: float,
) -> DraftRecord:
    """The record of a changed draft, or of a new one, whose revision is that of its time."""
    draft = DraftRecord(
        template_id=change.template_id,
        revision=stored.revision + 1 if stored else int(now * 1000),
        base=change.base or (template.latest if template else None),
        created_at=int(now),
        updated_at=int(now),
        expires_at=int(now) + LIFETIME_SECONDS,
        by=change.by,
        bytes=len(change.document.encode()),
        name=_shown_name(change.value),
        width=_side(change.value, "width"),
        height=_side(change.value, "height"),
    )
    if current is None:
        return draft
    return replace(draft, base=change.base or current.base, created_at=current.created_at)


def _shown_name(document: Mapping[str, Any]) -> str | None:
    """The document's name for lists; None if it has none. Half of a surrogate pair is replaced."""
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        return None
    return name[:MAX_NAME_LENGTH].encode("utf-8", "replace").decode()


def _side(document: Mapping[str, Any], name: str) -> int | None:
    """The document's width or height, if it is one that a template may have."""
    side = document.get(name)
    is_usable = isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= MAX_SIDE
    return side if is_usable else None
