"""Picture formats that go out: extension, media type, default quality."""

from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format by its extension; `quality` is the default, None where quality says nothing."""

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
    """Bytes ready to send; `width` and `height` in device pixels."""

    body: bytes
    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        """The media type of the bytes."""
        return FORMATS[self.format].content_type
