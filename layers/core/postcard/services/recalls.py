"""Taking back: a version recalled, all pictures of a template or of a person erased."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from postcard import ports
from postcard.delivery.response import image_key
from postcard.errors import BadRequest, Fault, ServiceUnavailable
from postcard.links.signing import LinkKeys
from postcard.pipeline.template_loader import TemplateLoader, effective_version
from postcard.ports import ImageRecord
from postcard.services.blind_index import blind_index
from postcard.services.images import cdn_paths, without_values
from postcard.services.record_update import update_record

DELETE_BATCH = 1000  # what S3 deletes in one call
IMAGE_BATCH = 100  # images forgotten at once; from here on all of them leave the CDN by one path


class Recalls:
    """Changes the record first, so that nothing is drawn as before; then forgets what was."""

    def __init__(
        self,
        templates: ports.TemplateStore,
        library: TemplateLoader,
        images: ports.ImageStore,
        pictures: ports.ObjectStore,
        cdn: ports.Cdn,
        keys: Callable[[], LinkKeys],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._templates = templates
        self._library = library
        self._images = images
        self._pictures = pictures
        self._cdn = cdn
        self._keys = keys
        self._monotonic = monotonic

    def recall(self, template_id: str, version: int, replaced_by: int) -> None:
        """Draw `version` with `replaced_by` from now on; `NotFound`, `BadRequest`."""
        record = self._library.usable_record(template_id)
        self._library.load_exact(record, version)
        self._library.load_exact(record, replaced_by, "/replaced_by")
        if effective_version(record, replaced_by) == version:
            detail = f"Version {replaced_by} is drawn as {version} itself: name another."
            faults = [Fault("invalid_value", "/replaced_by", detail)]
            raise BadRequest(detail, code="invalid_value", errors=faults)
        update_record(
            self._templates,
            template_id,
            lambda known: replace(known, recalls={**known.recalls, version: replaced_by}),
        )
        self._delete_renders(template_id, f"{version}/")
        images = list(self._images.by_template(template_id, version))
        for image in images:
            if image.status == "ready":
                self._images.put(replace(image, status="pending", bytes=None))
        self._delete_image_files(images)

    def erase_all(self, template_id: str, *, deadline: float = math.inf) -> None:
        """Forget every picture of a template, and the values of its images.

        `Unavailable` at the monotonic instant `deadline`: the same call goes on from there.
        """
        self._delete_renders(template_id, "")
        self._erase(self._images.by_template(template_id), deadline)

    def erase_by_value(self, field: str, value: str) -> int:
        """Forget every image made with this value of a field marked `erase_by`; how many."""
        return self._erase(
            self._images.by_blind_index(blind_index(self._keys(), field, value)), math.inf
        )

    def _erase(self, records: Iterable[ImageRecord], deadline: float) -> int:
        waiting = (record for record in records if not record.erased)
        count = 0
        while some := list(islice(waiting, IMAGE_BATCH)):
            for record in some:
                self._images.put(without_values(record))
            self._delete_image_files(some)
            count += len(some)
            if self._monotonic() > deadline:
                raise ServiceUnavailable(
                    f"{count} images are forgotten, and there are more: call again to go on.",
                    headers={"Retry-After": "1"},
                )
        return count

    def _delete_renders(self, template_id: str, part: str) -> None:
        epoch = self._keys().epoch
        folders = [f"renders/{n}/{template_id}/{part}" for n in range(1, epoch + 1)]
        for folder in folders:
            self._delete(self._pictures.keys(folder))
        self._cdn.invalidate([f"/{folder}*" for folder in folders[-1:]])

    def _delete_image_files(self, records: list[ImageRecord]) -> None:
        if not records:
            return
        self._delete(image_key(record.image_id, record.format) for record in records)
        paths = [path for record in records for path in cdn_paths(record)]
        self._cdn.invalidate(paths if len(records) < IMAGE_BATCH else ["/images/*", "/i/*"])

    def _delete(self, keys: Iterable[str]) -> None:
        waiting: Iterator[str] = iter(keys)
        while some := list(islice(waiting, DELETE_BATCH)):
            self._pictures.delete(some)
