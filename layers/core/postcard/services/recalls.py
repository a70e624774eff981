"""Recalls: one version of a template gives way to another, also in mail that was sent."""

from dataclasses import replace

from postcard import ports
from postcard.errors import BadRequest, Fault
from postcard.pipeline.template_loader import TemplateLoader, effective_version
from postcard.services.record_update import update_record
from postcard.services.stored_pictures import StoredPictures


class Recalls:
    """Changes the record first, so that no GET draws the old version; then deletes its pictures."""

    def __init__(
        self,
        templates: ports.TemplateStore,
        loader: TemplateLoader,
        images: ports.ImageStore,
        stored_pictures: StoredPictures,
    ) -> None:
        self._templates = templates
        self._loader = loader
        self._images = images
        self._stored_pictures = stored_pictures

    def recall(self, template_id: str, version: int, replaced_by: int) -> None:
        """Draws `version` as `replaced_by` from now on; `NotFound`, `BadRequest`."""
        record = self._loader.usable_record(template_id)
        self._loader.load_exact(record, version)
        self._loader.load_exact(record, replaced_by, "/replaced_by")
        if effective_version(record, replaced_by) == version:
            detail = f"Version {replaced_by} is drawn as {version} itself: name another."
            faults = [Fault("invalid_value", "/replaced_by", detail)]
            raise BadRequest(detail, code="invalid_value", errors=faults)
        update_record(
            self._templates,
            template_id,
            lambda current: replace(current, recalls={**current.recalls, version: replaced_by}),
        )
        self._stored_pictures.delete_renders(template_id, f"{version}/")
        images = list(self._images.by_template(template_id, version))
        for image in images:
            if image.status == "ready":
                self._images.put(replace(image, status="pending", bytes=None))
        self._stored_pictures.delete_images(images)
