"""What a template makes of a link: open fields that it keeps closed, values that will not show."""

from collections.abc import Callable

from postcard.links.parse import Link
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import TemplateRecord
from postcard.template.bind import bind
from postcard.template.fields.list_values import may_be_unsigned
from postcard.template.modifications import modifications_from_link

AddCheck = Callable[[str, str, str], None]


def diagnose_template(add_check: AddCheck, link: Link, templates: TemplateLoader) -> None:
    """Notes on template and values; `NotFound` without the version."""
    record = templates.record(link.template)
    if record is None:
        add_check("template", "wrong", f"there is no {link.template}: it shows a plain card.")
    elif record.erased:
        add_check("template", "wrong", "was erased: it shows the fallback picture.")
    else:
        _diagnose_values(add_check, link, record, templates.load_effective(record, link.version))


def _diagnose_values(
    add_check: AddCheck, link: Link, record: TemplateRecord, loaded: LoadedTemplate
) -> None:
    if record.paused:
        add_check("template", "wrong", "is paused: what is not drawn yet shows the ended picture.")
    add_check("template", "right", f"{record.name}, drawn with version {loaded.version}.")
    fields = loaded.template.fields
    for name in link.open_fields:
        if not may_be_unsigned(fields, name):
            add_check(
                "open", "wrong", f"the template keeps {name} closed: the link is refused (403)."
            )
    changes = modifications_from_link(loaded.template, link.fields)
    for name in changes.ignored_names:
        add_check("values", "note", f"{name} is nothing that the template knows: it is left out.")
    bound = bind(loaded.template, changes, mode="default")
    for warning in bound.warnings:
        add_check("values", "note", warning.detail)
    for name in bound.missing_required:
        add_check("values", "wrong", f"{name} is required and missing: the fallback picture shows.")
