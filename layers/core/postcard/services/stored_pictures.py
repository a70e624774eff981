"""Deletes stored pictures from the bucket and invalidates the CDN's copies."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from postcard import ports
from postcard.delivery.picture_service import image_key
from postcard.links.signing import LinkKeys
from postcard.ports import ImageRecord

DELETE_BATCH = 1000  # keys that S3 deletes in one call
IMAGE_BATCH = 100  # from so many images on, all images are invalidated by one path


class StoredPictures:
    """The pictures bucket and the CDN in front of it."""

    def __init__(
        self, pictures: ports.ObjectStore, cdn: ports.Cdn, keys: Callable[[], LinkKeys]
    ) -> None:
        self._pictures = pictures
        self._cdn = cdn
        self._keys = keys

    def delete_renders(self, template_id: str, prefix: str) -> None:
        """Deletes the pictures of a template's links whose paths go on with `prefix`."""
        epoch = self._keys().epoch
        folders = [f"renders/{n}/{template_id}/{prefix}" for n in range(1, epoch + 1)]
        for folder in folders:
            self._delete(self._pictures.keys(folder))
        self._cdn.invalidate([f"/{folders[-1]}*"])

    def delete_images(self, records: Sequence[ImageRecord]) -> None:
        """Deletes the pictures of opaque images."""
        if not records:
            return
        self._delete(image_key(record.image_id, record.format) for record in records)
        paths = [path for record in records for path in cdn_paths(record)]
        self._cdn.invalidate(paths if len(records) < IMAGE_BATCH else ["/images/*", "/i/*"])

    def _delete(self, keys: Iterable[str]) -> None:
        remaining = iter(keys)
        while batch := list(islice(remaining, DELETE_BATCH)):
            self._pictures.delete(batch)


def cdn_paths(record: ImageRecord) -> list[str]:
    """All paths under which the CDN may have cached the image."""
    name = f"{record.image_id}.{record.format}"
    return [f"/images/{name}", f"/i/{name}"]
