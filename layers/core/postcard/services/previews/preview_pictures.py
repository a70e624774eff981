"""Keeps the decoded assets of previews: an editor asks for the same ones many times a minute.

A picture that only values name is decoded in a sandbox for each drawing, and forgotten, since it
may be of a person. That of an asset is the account's own.
"""

from collections.abc import Callable
from operator import itemgetter

from postcard.assets.reader import ASSET_PREFIX
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.rendering.decoded_image_cache import memory_bytes
from postcard.rendering.images import FramePictures, PictureKey
from postcard.runtime.lru_cache import Caches, SizedLruCache

CACHE_BYTES = 32_000_000  # of decoded pictures, their resized copies and their files


class PreviewPictures:
    """The decoded assets of a process's previews. Bounded in bytes."""

    def __init__(self, caches: Caches | None = None) -> None:
        assets: SizedLruCache[PictureKey, tuple[int, DecodedImage]]
        assets = SizedLruCache(CACHE_BYTES, itemgetter(0))
        self._assets = (caches or Caches()).add("preview pictures", assets)

    def of_one_preview(self) -> FramePictures:
        """The untrusted pictures of a preview: of these, assets outlive it."""
        return _OnePreview(self._assets)


class _OnePreview(FramePictures):
    def __init__(self, assets: SizedLruCache[PictureKey, tuple[int, DecodedImage]]) -> None:
        super().__init__()
        self._assets = assets

    def has(self, key: PictureKey) -> bool:
        return super().has(key) or self._assets.get(key) is not None

    def get(self, key: PictureKey, decode: Callable[[], DecodedImage]) -> DecodedImage:
        if not key.reference.startswith(ASSET_PREFIX):
            return super().get(key, decode)
        kept = self._assets.get(key)
        if kept is not None:
            return kept[1]
        picture = super().get(key, decode)
        self._assets.put(key, (memory_bytes(key.body, picture, key.target_pixels), picture))
        return picture
