"""Loads templates by id and version: follows recalls, knows deletions, compiles a version once."""

import time
from collections.abc import Callable

from postcard import ports
from postcard.errors import Fault, Gone, NotFound, ServiceUnavailable
from postcard.ports import TemplateRecord, TemplateVersion
from postcard.runtime.cooldown import Cooldown
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Caches, SizedLruCache
from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published

CACHED_VERSIONS = 64
CACHED_RECORDS = 1_000
MAX_RECORD_AGE_SECONDS = 4 * 3600.0  # longer than DynamoDB has been away
RECENT_SECONDS = 1.0  # so long a process draws with a record that it has read
RETRY_SECONDS = 5.0  # before a table that did not answer is asked again


@dataclass(frozen=True, slots=True)
class LoadedTemplate:
    """A version of a template as stored, and compiled for rendering."""

    stored: TemplateVersion
    template: Template

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.stored.version


def effective_version(record: TemplateRecord, version: int) -> int:
    """The version that is drawn for `version`: itself, or the one that replaced it by a recall."""
    for _ in record.recalls:
        version = record.recalls.get(version, version)
    return version


class TemplateLoader:
    """Reads records anew or at most a second old, versions once: a version never changes.

    `clock` is `time.monotonic`.
    """

    def __init__(
        self,
        templates: ports.TemplateStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        caches: Caches | None = None,
    ) -> None:
        self._templates = templates
        self._clock = clock
        versions: SizedLruCache[tuple[str, int], LoadedTemplate] = SizedLruCache(CACHED_VERSIONS)
        records: SizedLruCache[str, tuple[float, TemplateRecord | None]] = SizedLruCache(
            CACHED_RECORDS
        )
        caches = caches or Caches()
        self._versions = caches.add("template versions", versions)
        self._records = caches.add("template records", records)
        self._table_cooldown = Cooldown(RETRY_SECONDS, clock)

    def record(self, template_id: str) -> TemplateRecord | None:
        """The template's record as it is now; None if there is no such template."""
        return self._read(template_id, consistent=True)

    def _read(self, template_id: str, *, consistent: bool) -> TemplateRecord | None:
        try:
            record = self._templates.record(template_id, consistent=consistent)
        except ServiceUnavailable:
            self._table_cooldown.start()
            raise
        self._records.put(template_id, (self._clock(), record))
        return record

    def record_or_last_known(
        self, template_id: str, *, recent: bool = False
    ) -> tuple[TemplateRecord | None, ServiceUnavailable | None]:
        """The record; while the table is down the last one that was read, with the failure.

        `recent`: it may be some seconds old, since the caller asks again before it keeps anything.
        `ServiceUnavailable` if none was read in the last four hours.
        """
        read_at, last = self._records.get(template_id) or (0.0, None)
        age = self._clock() - read_at
        if age >= MAX_RECORD_AGE_SECONDS:
            last = None
        if last is not None and self._table_cooldown.is_active():
            return last, ServiceUnavailable("The table did not answer a moment ago.")
        is_usable = last is not None and not last.paused and not last.erased
        if recent and is_usable and age < RECENT_SECONDS:
            return last, None
        try:
            return self._read(template_id, consistent=not recent), None
        except ServiceUnavailable as failure:
            if last is None:
                raise
            return last, failure

    def usable_record(self, template_id: str, pointer: str = "") -> TemplateRecord:
        """The record of a template that may be used; `NotFound`, `Gone`."""
        record = self._templates.record(template_id)
        if record is None:
            detail = f'There is no template "{template_id}".'
            raise NotFound(detail, errors=_faults_at(pointer, "not_found", detail))
        if record.deleted or record.erased:
            detail = f'The template "{template_id}" was deleted.'
            raise Gone(detail, errors=_faults_at(pointer, "deleted", detail))
        return record

    def load_version(self, template_id: str, version: int) -> LoadedTemplate | None:
        """Exactly that version, or None. The caller follows recalls."""
        loaded = self._versions.get((template_id, version))
        if loaded is None:
            stored = self._templates.version(template_id, version)
            if stored is None:
                return None
            loaded = LoadedTemplate(stored, _compile(stored))
            self._versions.put((template_id, version), loaded)
        return loaded

    def load_effective(
        self, record: TemplateRecord, version: int | None, pointer: str = ""
    ) -> LoadedTemplate:
        """What is drawn for a version (None: the latest), recalls followed; `NotFound`."""
        return self.load_exact(record, effective_version(record, version or record.latest), pointer)

    def load_exact(self, record: TemplateRecord, version: int, pointer: str = "") -> LoadedTemplate:
        """That very version, recalled or not; `NotFound`."""
        loaded = self.load_version(record.template_id, version)
        if loaded is None:
            detail = f"This template has no version {version}: the latest is {record.latest}."
            raise NotFound(detail, errors=_faults_at(pointer, "not_found", detail))
        return loaded


def _compile(stored: TemplateVersion) -> Template:
    document = load_published(stored.document)
    return Template.compile(
        stored.template_id, stored.version, document, trusted=True, format=stored.format
    )


def _faults_at(pointer: str, code: str, detail: str) -> list[Fault]:
    return [Fault(code, pointer, detail)] if pointer else []
