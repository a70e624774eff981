"""Templates by id and version: recalls followed, deletions known, each version compiled once."""

import time
from collections import OrderedDict
from collections.abc import Callable

from postcard import ports
from postcard.errors import Fault, Gone, NotFound, ServiceUnavailable
from postcard.ports import TemplateRecord, TemplateVersion
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published

COMPILED_VERSIONS = 64  # compiled versions
REMEMBERED_RECORDS = 1_000  # records
REMEMBERED_SECONDS = 4 * 3600.0  # longer than DynamoDB has been away
RETRY_SECONDS = 5.0  # before a table that did not answer is asked again


@dataclass(frozen=True, slots=True)
class LoadedTemplate:
    """A version of a template, ready to be drawn."""

    stored: TemplateVersion
    template: Template

    @property
    def version(self) -> int:
        """The version."""
        return self.stored.version


def effective_version(record: TemplateRecord, version: int) -> int:
    """The version that is drawn for `version`: itself, or what a recall replaced it by."""
    for _ in record.recalls:
        version = record.recalls.get(version, version)
    return version


class TemplateLoader:
    """Finds templates. A version never changes, so it is read and compiled once.

    `clock` is `time.monotonic`.
    """

    def __init__(
        self, templates: ports.TemplateStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._templates = templates
        self._clock = clock
        self._versions: OrderedDict[tuple[str, int], LoadedTemplate] = OrderedDict()
        self._remembered: OrderedDict[str, tuple[float, TemplateRecord]] = OrderedDict()
        self._retry_at = 0.0

    def record(self, template_id: str) -> TemplateRecord | None:
        """What is known of a template now."""
        record = self._templates.record(template_id)
        self._remembered.pop(template_id, None)
        if record is not None:
            self._remembered[template_id] = self._clock(), record
        if len(self._remembered) > REMEMBERED_RECORDS:
            self._remembered.popitem(last=False)
        return record

    def record_or_last_known(
        self, template_id: str
    ) -> tuple[TemplateRecord | None, ServiceUnavailable | None]:
        """The record; the last that was read, and why, if it cannot be had now; `Unavailable`."""
        since, last = self._remembered.get(template_id, (0.0, None))
        if self._clock() - since >= REMEMBERED_SECONDS:
            last = None
        if last and self._clock() < self._retry_at:
            return last, ServiceUnavailable("The table did not answer a moment ago.")
        try:
            return self.record(template_id), None
        except ServiceUnavailable as failure:
            self._retry_at = self._clock() + RETRY_SECONDS
            if last is None:
                raise
            return last, failure

    def usable_record(self, template_id: str, pointer: str = "") -> TemplateRecord:
        """The record of a template that can be used; `NotFound`, `Gone`."""
        record = self._templates.record(template_id)
        if record is None:
            detail = f'There is no template "{template_id}".'
            raise NotFound(detail, errors=_faults_at(pointer, "not_found", detail))
        if record.deleted or record.erased:
            detail = f'The template "{template_id}" was deleted.'
            raise Gone(detail, errors=_faults_at(pointer, "deleted", detail))
        return record

    def load_version(self, template_id: str, version: int) -> LoadedTemplate | None:
        """That version, or None; recalls are the caller's business."""
        key = (template_id, version)
        if (known := self._versions.get(key)) is not None:
            self._versions.move_to_end(key)
            return known
        stored = self._templates.version(template_id, version)
        return None if stored is None else self._compile_and_cache(stored)

    def load_effective(
        self, record: TemplateRecord, version: int | None, pointer: str = ""
    ) -> LoadedTemplate:
        """What is drawn for a version (None: the latest), recalls followed; `NotFound`."""
        return self.load_exact(record, effective_version(record, version or record.latest), pointer)

    def load_exact(self, record: TemplateRecord, number: int, pointer: str = "") -> LoadedTemplate:
        """That very version, recalled or not; `NotFound`."""
        found = self.load_version(record.template_id, number)
        if found is None:
            detail = f"This template has no version {number}: the latest is {record.latest}."
            raise NotFound(detail, errors=_faults_at(pointer, "not_found", detail))
        return found

    def _compile_and_cache(self, stored: TemplateVersion) -> LoadedTemplate:
        template = _compiled(stored)
        edition = LoadedTemplate(stored, template)
        self._versions[stored.template_id, stored.version] = edition
        if len(self._versions) > COMPILED_VERSIONS:
            self._versions.popitem(last=False)
        return edition


def _compiled(stored: TemplateVersion) -> Template:
    document = load_published(stored.document)
    return Template.compile(
        stored.template_id, stored.version, document, trusted=True, format=stored.format
    )


def _faults_at(pointer: str, code: str, detail: str) -> list[Fault]:
    return [Fault(code, pointer, detail)] if pointer else []
