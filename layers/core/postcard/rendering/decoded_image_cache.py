"""A cache of decoded pictures, shared by all renders of a process."""

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from postcard.canvas.codecs.decoded_image import MAX_CACHED_RESIZES, DecodedImage
from postcard.rendering.drawing_context import TargetPixels
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lru_cache import Caches, SizedLruCache

if TYPE_CHECKING:
    from postcard.runtime.sandbox import Seal

DECODED_IMAGE_CACHE_BYTES = 48_000_000  # of decoded pictures, their resized copies and their files
_BYTES_PER_PIXEL = 4


class UntrustedImageDecoder(Protocol):
    """Decodes pictures that come from anywhere, such as those that a request names."""

    def prepare(self) -> None:
        """Starts what decoding needs, while the picture is still being fetched."""

    def check_seal(self, deadline: Deadline) -> "Seal | None":
        """What holds in the process that decodes; None if none can be started."""

    def decode_ahead(self, images: Sequence[tuple[bytes, TargetPixels]]) -> None:
        """Announces the pictures of one render, of which the next is decoded meanwhile."""

    def decode(
        self,
        body: bytes,
        target_pixels: TargetPixels,
        *,
        source: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """The picture; raises `ImageDecodeError`, and `DeadlineExceeded` at the deadline.

        `source` is where it comes from.
        """


class DecodedImageCache:
    """Decodes pictures, and keeps those that documents name.

    The key is the file itself, since an asset's name may come to mean other bytes. Pictures that
    only a request names are not cached, and are decoded by the untrusted decoder if there is one.
    """

    def __init__(
        self,
        max_bytes: int = DECODED_IMAGE_CACHE_BYTES,
        untrusted_decoder_factory: Callable[[], UntrustedImageDecoder] | None = None,
        caches: Caches | None = None,
    ) -> None:
        self.decode_count = 0  # for tests
        pictures: SizedLruCache[tuple[bytes, TargetPixels], tuple[int, DecodedImage]]
        pictures = SizedLruCache(max_bytes, itemgetter(0))
        self._pictures = (caches or Caches()).add("decoded images", pictures)
        self._untrusted_decoder_factory = untrusted_decoder_factory

    @cached_property
    def _untrusted_decoder(self) -> UntrustedImageDecoder | None:
        return self._untrusted_decoder_factory() if self._untrusted_decoder_factory else None

    def prepare_untrusted(self) -> None:
        """Lets the untrusted decoder start before its picture has arrived."""
        if self._untrusted_decoder:
            self._untrusted_decoder.prepare()

    def sandbox_status(self, deadline: Deadline) -> str:
        """What holds where untrusted pictures are decoded: `Seal.status`, or `unavailable`."""
        if self._untrusted_decoder is None:
            return "not_sealed"
        seal = self._untrusted_decoder.check_seal(deadline)
        return "unavailable" if seal is None else seal.status

    def take_unsealed_files(self) -> int:
        """How many were decoded in a process that is not sealed, since the last call."""
        if self.__dict__.get("_untrusted_decoder") is None:
            return 0
        from postcard.runtime.sandboxed_subprocess import unsealed_files  # most renders decode none

        return unsealed_files.take()

    def decode_ahead(self, images: Sequence[tuple[bytes, TargetPixels]]) -> None:
        """Announces untrusted pictures that will be decoded, in that order."""
        if self._untrusted_decoder:
            self._untrusted_decoder.decode_ahead(images)

    def decode_untrusted(
        self,
        body: bytes,
        target_pixels: TargetPixels = None,
        *,
        source: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """The picture in a file that anybody may have made.

        Raises `ImageDecodeError`, and `DeadlineExceeded` at the deadline. `source` is where the
        file comes from.
        """
        if self._untrusted_decoder:
            return self._untrusted_decoder.decode(
                body, target_pixels, source=source, deadline=deadline
            )
        return DecodedImage.decode(body, target_pixels=target_pixels, deadline=deadline)

    def decode(
        self,
        body: bytes,
        target_pixels: TargetPixels,
        *,
        trusted: bool,
        source: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """The picture in a file; raises `ImageDecodeError`. `source` is where it comes from.

        An untrusted one is awaited until the deadline, then `DeadlineExceeded` is raised.
        """
        key = (body, target_pixels)
        if (cached := self._pictures.get(key)) is not None:
            return cached[1]
        self.decode_count += 1
        if not trusted:
            return self.decode_untrusted(body, target_pixels, source=source, deadline=deadline)
        picture = DecodedImage.decode(body, target_pixels=target_pixels)
        self._pictures.put(key, (memory_bytes(body, picture, target_pixels), picture))
        return picture


def memory_bytes(body: bytes, picture: DecodedImage, target_pixels: TargetPixels) -> int:
    """The bytes of a picture, its file, and the resized copies that it may cache."""
    width, height = picture.image.size
    shown_width, shown_height = target_pixels or picture.image.size
    pixels = width * height + MAX_CACHED_RESIZES * shown_width * shown_height
    return len(body) + _BYTES_PER_PIXEL * pixels
