"""Checks the values and open fields of a link against its template."""

from collections.abc import Callable

from postcard.links.parse import Link
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import TemplateRecord
from postcard.template.bind import bind
from postcard.template.fields.list_values import may_be_unsigned
from postcard.template.modifications import modifications_from_link

AddCheck = Callable[[str, str, str], None]
PLAIN_PICTURE = "the link shows a plain picture."  # in the background colour, or white


def diagnose_template(add_check: AddCheck, link: Link, templates: TemplateLoader) -> None:
    """Report on the template and the values; `NotFound` if the version does not exist."""
    record = templates.record(link.template)
    if record is None:
        add_check("template", "wrong", f"{link.template} does not exist: {PLAIN_PICTURE}")
    elif record.erased:
        add_check("template", "wrong", "was erased: the link shows the fallback picture.")
    else:
        _diagnose_values(add_check, link, record, templates.load_effective(record, link.version))


def _diagnose_values(
    add_check: AddCheck, link: Link, record: TemplateRecord, loaded: LoadedTemplate
) -> None:
    if record.paused:
        add_check(
            "template",
            "wrong",
            "is paused: pictures that are not drawn yet show the ended picture.",
        )
    add_check("template", "right", f"{record.name}, version {loaded.version} is shown.")
    fields = loaded.template.fields
    for name in link.open_fields:
        if not may_be_unsigned(fields, name):
            add_check(
                "open",
                "wrong",
                f"the template does not allow {name} as an open field: the link is refused (403).",
            )
    changes = modifications_from_link(loaded.template, link.fields)
    for name in changes.ignored_names:
        add_check("values", "note", f"the template has no field or layer {name}: it is ignored.")
    open_fields = frozenset(link.open_fields)
    bound = bind(loaded.template, changes, mode="default", restricted=open_fields, from_link=True)
    for warning in (fault for fault in bound.warnings if fault not in bound.rejected):
        add_check("values", "note", warning.detail)
    for fault in bound.rejected:
        add_check("values", "wrong", f"{fault.detail} The link shows the fallback picture.")
    for name in bound.missing_required:
        add_check(
            "values",
            "wrong",
            f"the required field {name} is missing: the link shows the fallback picture.",
        )
