"""Erasure: the values and pictures of all images that were made with a person's value."""

from collections.abc import Callable
from itertools import islice

from postcard import ports
from postcard.deletion.blind_index import blind_index
from postcard.deletion.stored_pictures import IMAGE_BATCH, StoredPictures, without_values
from postcard.links.signing import LinkKeys


class Erasure:
    """Erases the values in the records first, so that no GET draws them; then the pictures.

    A whole template is erased in the background: `deletions.py`.
    """

    def __init__(
        self,
        images: ports.ImageStore,
        stored_pictures: StoredPictures,
        keys: Callable[[], LinkKeys],
    ) -> None:
        self._images = images
        self._stored_pictures = stored_pictures
        self._keys = keys

    def erase_by_value(self, field: str, value: str) -> int:
        """Erases every image made with this value of an `erase_by` field; returns how many."""
        records = self._images.by_blind_index(blind_index(self._keys(), field, value))
        remaining = (record for record in records if not record.erased)
        count = 0
        while batch := list(islice(remaining, IMAGE_BATCH)):
            for record in batch:
                self._images.put(without_values(record))
            self._stored_pictures.delete_images(batch)
            count += len(batch)
        return count
