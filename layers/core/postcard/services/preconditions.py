"""Checks `If-Match` and `If-None-Match` of a call against a template's latest version or draft."""

from postcard.errors import PreconditionFailed
from postcard.ports import DraftRecord, TemplateRecord
from postcard.timestamps import format_rfc3339


def check_if_match(tags: str | None, record: TemplateRecord | None) -> None:
    """Refuses a call whose `If-Match` names another version than the latest."""
    if tags is not None and not _names_latest(tags, record):
        latest = record.latest if record else "none"
        raise PreconditionFailed(
            f"The latest version is {latest}, not the one you read: read it again."
        )


def check_if_none_match(tags: str | None, record: TemplateRecord | None) -> None:
    """Refuses a call whose `If-None-Match` names the latest version; `*` names any."""
    if record is not None and tags is not None and _names_latest(tags, record):
        raise PreconditionFailed(
            f'The template "{record.template_id}" exists with version {record.latest}: choose'
            " another id, or leave If-None-Match out to publish a version of it."
        )


def check_draft_if_match(tags: str | None, draft: DraftRecord | None) -> None:
    """Refuses a call whose `If-Match` names another state of the draft than that of now."""
    if tags is None:
        return
    if draft is None:
        raise PreconditionFailed("There is no draft: it was published, deleted, or never stored.")
    if not _named(tags) & {"*", draft.tag}:
        raise PreconditionFailed(
            f"{draft.by} changed this draft at {format_rfc3339(draft.updated_at)}: read it again."
        )


def _names_latest(tags: str, record: TemplateRecord | None) -> bool:
    """Whether a list of entity tags names the latest version; `*` names any."""
    return record is not None and bool(_named(tags) & {"*", str(record.latest)})


def _named(tags: str) -> set[str]:
    """The entity tags of a list, without quotes."""
    return {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
