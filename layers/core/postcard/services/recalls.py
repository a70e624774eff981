"""Recalls: one version of a template is drawn as another, also in mail that was sent."""

from dataclasses import replace

from postcard import ports
from postcard.deletion.deletions import Deletions
from postcard.errors import BadRequest, Fault
from postcard.pipeline.template_loader import TemplateLoader, effective_version
from postcard.ports import DeletionRecord
from postcard.services.record_update import update_record


class Recalls:
    """Changes the record, so that no GET draws the old version, and requests the deletion."""

    def __init__(
        self, templates: ports.TemplateStore, loader: TemplateLoader, deletions: Deletions
    ) -> None:
        self._templates = templates
        self._loader = loader
        self._deletions = deletions

    def recall(self, template_id: str, version: int, replaced_by: int) -> DeletionRecord:
        """Draws `version` as `replaced_by` from now on; `NotFound`, `BadRequest`.

        Returns the deletion of its pictures. The same call again only says how far that is, unless
        it has stalled.
        """
        record = self._loader.usable_record(template_id)
        self._loader.load_exact(record, version)
        self._loader.load_exact(record, replaced_by, "/replaced_by")
        if effective_version(record, replaced_by) == version:
            detail = f"Version {replaced_by} is drawn as {version} itself: name another."
            faults = [Fault("invalid_value", "/replaced_by", detail)]
            raise BadRequest(detail, code="invalid_value", errors=faults)
        if record.recalls.get(version) == replaced_by:
            current = self._deletions.current(template_id, version)
            if current is not None:
                return current
        earlier = [each for each in record.recalls if effective_version(record, each) == version]
        versions = sorted({version, *earlier})
        try:
            return self._deletions.request(template_id, version, versions)
        finally:  # also if the queue does not answer: the caller repeats the call
            update_record(
                self._templates,
                template_id,
                lambda current: replace(current, recalls={**current.recalls, version: replaced_by}),
            )
