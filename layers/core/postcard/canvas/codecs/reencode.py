"""Re-encodes image files: at another size, or to remove metadata and anything that was hidden."""

from io import BytesIO
from typing import Protocol

from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.codecs.encode import encode
from postcard.canvas.surface import Surface
from postcard.image_formats import EncodedImage
from postcard.runtime.deadline import NO_DEADLINE, Deadline

FULL_REGION = (0.0, 0.0, 1.0, 1.0)
REENCODE_QUALITY = 92  # JPEG; a second encoding at this quality cannot be seen


def resize(
    body: bytes,
    size: tuple[int, int],
    *,
    format: str,
    quality: int | None,
    max_bytes: int | None = None,
    deadline: Deadline = NO_DEADLINE,
) -> EncodedImage:
    """Resize an image file to `size` device pixels; height 0 keeps its proportions.

    Raises ImageDecodeError, and `DeadlineExceeded` between its steps.
    """
    deadline.check()
    decoded = DecodedImage.decode(body)
    width, height = size
    height = height or max(1, round(width * decoded.height / decoded.width))
    image = decoded.resized((width, height), FULL_REGION, deadline=deadline)
    return encode(
        _to_surface(image), format, quality=quality, max_bytes=max_bytes, deadline=deadline
    ).image


class Decode(Protocol):
    """Reads files that anybody may have made: in a sandbox."""

    def __call__(self, body: bytes, *, deadline: Deadline = NO_DEADLINE) -> DecodedImage:
        """The image; raises ImageDecodeError, and `DeadlineExceeded` at the deadline."""


def reencode(
    body: bytes, decode: Decode = DecodedImage.decode, deadline: Deadline = NO_DEADLINE
) -> tuple[bytes, str]:
    """Re-encode an image file, and its media type.

    PNG and GIF files and images with transparency become PNG, all others JPEG. Raises
    ImageDecodeError, and `DeadlineExceeded` if decoding or encoding would outlast the deadline.
    """
    encoded = _encode_like(decode(body, deadline=deadline).image, body, deadline)
    return encoded.body, encoded.content_type


def reencode_at_size(body: bytes, size: tuple[int, int]) -> bytes:
    """Like `reencode`, resized to `size` device pixels; raises ImageDecodeError."""
    image = DecodedImage.decode(body, target_pixels=size).resized(size, FULL_REGION)
    return _encode_like(image, body).body


def pixel_size(body: bytes) -> tuple[int, int]:
    """Width and height of a file that `reencode` wrote."""
    with Image.open(BytesIO(body), formats=("PNG", "JPEG")) as image:
        return image.size


def _encode_like(image: Image.Image, body: bytes, deadline: Deadline = NO_DEADLINE) -> EncodedImage:
    """Encode without loss if `body` was lossless, else as a JPEG."""
    lossless = image.mode == "RGBA" or body.startswith((b"\x89PNG", b"GIF8"))
    format = "png" if lossless else "jpg"
    quality = None if lossless else REENCODE_QUALITY
    return encode(_to_surface(image), format, quality=quality, exact=True, deadline=deadline).image


def _to_surface(image: Image.Image) -> Surface:
    if image.mode == "RGB":
        return Surface(image, None)
    *channels, alpha = image.convert("RGBa").split()
    return Surface(Image.merge("RGB", channels), alpha)
