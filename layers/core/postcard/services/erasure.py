"""Erasure: the pictures of a template, or all images made with a person's value, are deleted."""

import math
import time
from collections.abc import Callable, Iterable
from itertools import islice

from postcard import ports
from postcard.errors import ServiceUnavailable
from postcard.links.signing import LinkKeys
from postcard.ports import ImageRecord
from postcard.services.blind_index import blind_index
from postcard.services.images import without_values
from postcard.services.stored_pictures import IMAGE_BATCH, StoredPictures


class Erasure:
    """Erases the values in the records first, so that no GET draws them; then the pictures."""

    def __init__(
        self,
        images: ports.ImageStore,
        stored_pictures: StoredPictures,
        keys: Callable[[], LinkKeys],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._images = images
        self._stored_pictures = stored_pictures
        self._keys = keys
        self._monotonic = monotonic

    def erase_template(self, template_id: str, *, deadline: float = math.inf) -> None:
        """Deletes every picture of a template and the values of its images.

        `ServiceUnavailable` at the `time.monotonic()` instant `deadline`; the same call resumes.
        """
        self._stored_pictures.delete_renders(template_id, "")
        self._erase(self._images.by_template(template_id), deadline)

    def erase_by_value(self, field: str, value: str) -> int:
        """Erases every image made with this value of an `erase_by` field; returns how many."""
        images = self._images.by_blind_index(blind_index(self._keys(), field, value))
        return self._erase(images, math.inf)

    def _erase(self, records: Iterable[ImageRecord], deadline: float) -> int:
        remaining = (record for record in records if not record.erased)
        count = 0
        while batch := list(islice(remaining, IMAGE_BATCH)):
            for record in batch:
                self._images.put(without_values(record))
            self._stored_pictures.delete_images(batch)
            count += len(batch)
            if self._monotonic() > deadline:
                raise ServiceUnavailable(
                    f"{count} images are erased, and there are more: call again to go on.",
                    headers={"Retry-After": "1"},
                )
        return count
