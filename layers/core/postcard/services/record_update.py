"""Changes a template's record with optimistic locking."""

from collections.abc import Callable
from dataclasses import replace

from postcard.errors import Conflict, NotFound
from postcard.ports import TemplateRecord, TemplateStore

MAX_ATTEMPTS = 3


def update_record(
    templates: TemplateStore,
    template_id: str,
    change: Callable[[TemplateRecord], TemplateRecord],
) -> None:
    """Applies `change` to the current record; tries again if another writer was faster.

    `Conflict` after three attempts, `NotFound`.
    """
    for attempt in range(MAX_ATTEMPTS):
        record = templates.record(template_id)
        if record is None:
            raise NotFound(f'There is no template "{template_id}".')
        changed = change(record)
        if changed == record:
            return
        try:
            templates.update(replace(changed, revision=record.revision + 1))
        except Conflict:
            if attempt == MAX_ATTEMPTS - 1:
                raise
        else:
            return
