"""Deletes stored pictures of opaque images from the bucket and invalidates the CDN's copies."""

from collections.abc import Sequence
from dataclasses import replace

from postcard import ports
from postcard.delivery.picture_service import image_key
from postcard.ports import ImageRecord

IMAGE_BATCH = 100  # from so many images on, all images are invalidated by one path


class StoredPictures:
    """The pictures bucket and the CDN in front of it."""

    def __init__(self, pictures: ports.ObjectStore, cdn: ports.Cdn) -> None:
        self._pictures = pictures
        self._cdn = cdn

    def delete_images(self, records: Sequence[ImageRecord]) -> None:
        """Deletes the pictures of at most `IMAGE_BATCH` opaque images."""
        if not records:
            return
        self._pictures.delete([image_key(record.image_id, record.format) for record in records])
        self._cdn.invalidate(paths_of_images(records))


def paths_of_images(records: Sequence[ImageRecord]) -> list[str]:
    """All paths under which the CDN may have cached the images; of many, those of all images."""
    if len(records) >= IMAGE_BATCH:
        return ["/images/*", "/i/*"]
    return [
        f"{folder}{record.image_id}.{record.format}"
        for record in records
        for folder in ("/images/", "/i/")
    ]


def without_values(record: ImageRecord) -> ImageRecord:
    """The record of an erased image: enough to show a fallback picture of its size."""
    bare = replace(record, values="", alt="", warnings=(), blind_indexes=(), bytes=None)
    return replace(bare, status="erased", erased=True)
