"""Templates by id and version: recalls followed, deletions known, each version compiled once."""

from collections import OrderedDict

from postcard import ports
from postcard.dataclass import dataclass
from postcard.errors import Fault, Gone, NotFound
from postcard.ports import TemplateRecord, TemplateVersion
from postcard.template.compiled import Template
from postcard.template.document import load

KEPT = 64  # compiled versions


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a template, ready to be drawn."""

    stored: TemplateVersion
    template: Template

    @property
    def number(self) -> int:
        """The version."""
        return self.stored.version


def effective(record: TemplateRecord, version: int) -> int:
    """The version that is drawn for `version`: itself, or what a recall replaced it by."""
    for _ in record.recalls:
        version = record.recalls.get(version, version)
    return version


class Library:
    """Finds templates. A version never changes, so it is read and compiled once."""

    def __init__(self, templates: ports.Templates) -> None:
        self._templates = templates
        self._editions: OrderedDict[tuple[str, int], Edition] = OrderedDict()

    def record(self, template_id: str) -> TemplateRecord | None:
        """What is known of a template now."""
        return self._templates.record(template_id)

    def usable(self, template_id: str, pointer: str = "") -> TemplateRecord:
        """The record of a template that can be used; `NotFound`, `Gone`."""
        record = self._templates.record(template_id)
        if record is None:
            detail = f'There is no template "{template_id}".'
            raise NotFound(detail, errors=_at(pointer, "not_found", detail))
        if record.deleted or record.erased:
            detail = f'The template "{template_id}" was deleted.'
            raise Gone(detail, errors=_at(pointer, "deleted", detail))
        return record

    def edition(self, template_id: str, version: int) -> Edition | None:
        """That version, or None; recalls are the caller's business."""
        key = (template_id, version)
        if (known := self._editions.get(key)) is not None:
            self._editions.move_to_end(key)
            return known
        stored = self._templates.version(template_id, version)
        return None if stored is None else self._keep(stored)

    def drawn_for(self, record: TemplateRecord, version: int | None, pointer: str = "") -> Edition:
        """What is drawn for a version (None: the latest), recalls followed; `NotFound`."""
        return self.exactly(record, effective(record, version or record.latest), pointer)

    def exactly(self, record: TemplateRecord, number: int, pointer: str = "") -> Edition:
        """That very version, recalled or not; `NotFound`."""
        found = self.edition(record.template_id, number)
        if found is None:
            detail = f"This template has no version {number}: the latest is {record.latest}."
            raise NotFound(detail, errors=_at(pointer, "not_found", detail))
        return found

    def _keep(self, stored: TemplateVersion) -> Edition:
        template = _compiled(stored)
        edition = Edition(stored, template)
        self._editions[stored.template_id, stored.version] = edition
        if len(self._editions) > KEPT:
            self._editions.popitem(last=False)
        return edition


def _compiled(stored: TemplateVersion) -> Template:
    document = load(stored.document)
    return Template.compile(
        stored.template_id, stored.version, document, trusted=True, format=stored.format
    )


def _at(pointer: str, code: str, detail: str) -> list[Fault]:
    return [Fault(code, pointer, detail)] if pointer else []
