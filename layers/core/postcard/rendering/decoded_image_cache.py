"""A cache of decoded pictures, shared by all renders of a process."""

from collections.abc import Callable
from functools import cached_property
from operator import itemgetter
from typing import Protocol

from postcard.canvas.codecs.decoded_image import MAX_CACHED_RESIZES, DecodedImage
from postcard.rendering.drawing_context import TargetPixels
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lru_cache import SizedLruCache

DECODED_IMAGE_CACHE_BYTES = 48_000_000  # of decoded pictures, their resized copies and their files
_BYTES_PER_PIXEL = 4


class UntrustedImageDecoder(Protocol):
    """Decodes pictures that come from anywhere, such as those that a request names."""

    def prepare(self) -> None:
        """Starts what decoding needs, while the picture is still being fetched."""

    def decode(
        self,
        body: bytes,
        target_pixels: TargetPixels,
        *,
        reference: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """The picture; raises `ImageDecodeError`, at `deadline` too. `reference`: its address."""


class DecodedImageCache:
    """Decodes pictures, and keeps those that documents name.

    The key is the file itself, since an asset's name may come to mean other bytes. Pictures that
    only a request names are not cached, and are decoded by the untrusted decoder if there is one.
    """

    def __init__(
        self,
        max_bytes: int = DECODED_IMAGE_CACHE_BYTES,
        untrusted_decoder_factory: Callable[[], UntrustedImageDecoder] | None = None,
    ) -> None:
        self.decode_count = 0  # for tests
        self._pictures: SizedLruCache[tuple[bytes, TargetPixels], tuple[int, DecodedImage]]
        self._pictures = SizedLruCache(max_bytes, itemgetter(0))
        self._untrusted_decoder_factory = untrusted_decoder_factory

    @cached_property
    def _untrusted_decoder(self) -> UntrustedImageDecoder | None:
        return self._untrusted_decoder_factory() if self._untrusted_decoder_factory else None

    def prepare_untrusted(self) -> None:
        """Lets the untrusted decoder start before its picture has arrived."""
        if self._untrusted_decoder:
            self._untrusted_decoder.prepare()

    def decode(
        self,
        body: bytes,
        target_pixels: TargetPixels,
        *,
        trusted: bool,
        reference: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """The picture in a file; raises `ImageDecodeError`. `reference` is its address."""
        key = (body, target_pixels)
        if (cached := self._pictures.get(key)) is not None:
            return cached[1]
        self.decode_count += 1
        if not trusted and self._untrusted_decoder:
            return self._untrusted_decoder.decode(
                body, target_pixels, reference=reference, deadline=deadline
            )
        picture = DecodedImage.decode(body, target_pixels=target_pixels)
        if trusted:
            self._pictures.put(key, (_memory_bytes(body, picture, target_pixels), picture))
        return picture


def _memory_bytes(body: bytes, picture: DecodedImage, target_pixels: TargetPixels) -> int:
    """The bytes of a picture, its file, and the resized copies that it may cache."""
    width, height = picture.image.size
    shown_width, shown_height = target_pixels or picture.image.size
    pixels = width * height + MAX_CACHED_RESIZES * shown_width * shown_height
    return len(body) + _BYTES_PER_PIXEL * pixels
