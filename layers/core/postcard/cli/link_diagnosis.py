"""What a template makes of a link: open fields that it keeps closed, values that will not show."""

from collections.abc import Callable

from postcard.links.verify import Link
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import TemplateRecord
from postcard.template.bind import bind
from postcard.template.fields.list_values import may_be_unsigned
from postcard.template.modifications import modifications_from_link

Note = Callable[[str, str, str], None]


def judge(note: Note, link: Link, library: TemplateLoader) -> None:
    """Notes on template and values; `NotFound` without the version."""
    record = library.record(link.template)
    if record is None:
        note("template", "wrong", f"there is no {link.template}: it shows a plain card.")
    elif record.erased:
        note("template", "wrong", "was erased: it shows the fallback picture.")
    else:
        _judge_edition(note, link, record, library.load_effective(record, link.version))


def _judge_edition(note: Note, link: Link, record: TemplateRecord, edition: LoadedTemplate) -> None:
    if record.paused:
        note("template", "wrong", "is paused: what is not drawn yet shows the ended picture.")
    note("template", "right", f"{record.name}, drawn with version {edition.version}.")
    fields = edition.template.fields
    for name in link.open:
        if not may_be_unsigned(fields, name):
            note("open", "wrong", f"the template keeps {name} closed: the link is refused (403).")
    changes = modifications_from_link(edition.template, link.fields)
    for name in changes.ignored_names:
        note("values", "note", f"{name} is nothing that the template knows: it is left out.")
    bound = bind(edition.template, changes, mode="default")
    for warning in bound.warnings:
        note("values", "note", warning.detail)
    for name in bound.missing_required:
        note("values", "wrong", f"{name} is required and missing: the fallback picture shows.")
