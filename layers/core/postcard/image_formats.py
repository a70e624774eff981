"""The formats of delivered pictures: extension, media type, default quality; the largest size."""

from postcard.runtime.lazy_dataclass import dataclass

MAX_PICTURE_BYTES = 4_500_000  # Lambda answers at most 6 MB, and base64 adds a third


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format; `default_quality` is None for lossless formats."""

    extension: str
    content_type: str
    default_quality: int | None


FORMATS = {
    f.extension: f
    for f in (
        ImageFormat("png", "image/png", None),
        ImageFormat("jpg", "image/jpeg", 82),
        ImageFormat("webp", "image/webp", 80),
        ImageFormat("avif", "image/avif", 60),
        ImageFormat("gif", "image/gif", None),
    )
}


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An encoded picture; `width` and `height` in device pixels."""

    body: bytes
    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        """The media type."""
        return FORMATS[self.format].content_type
