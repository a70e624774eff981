"""Stored pictures written anew: at another size, or without whatever a stranger put in them."""

from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.codecs.encode import encode
from postcard.canvas.surface import Surface
from postcard.formats import EncodedImage

FULL_REGION = (0.0, 0.0, 1.0, 1.0)
REENCODE_QUALITY = 92  # a quality at which nobody sees that a photo was written once more


def resize(
    body: bytes,
    size: tuple[int, int],
    *,
    format: str,
    quality: int | None,
    max_bytes: int | None = None,
) -> EncodedImage:
    """A stored picture at `size` device pixels (height 0: in proportion); PictureError."""
    picture = DecodedImage.decode(body)
    width, height = size
    height = height or max(1, round(width * picture.height / picture.width))
    image = picture.resized((width, height), FULL_REGION)
    return encode(_to_surface(image), format, quality=quality, max_bytes=max_bytes).image


def reencode(body: bytes) -> tuple[bytes, str]:
    """A stranger's picture as we keep it, and its media type; PictureError if it is none.

    Photographs become JPEG; what came without loss, or shows something through, becomes PNG.
    """
    written = _encode_like(DecodedImage.decode(body).image, body)
    return written.body, written.content_type


def reencode_at_size(body: bytes, size: tuple[int, int]) -> bytes:
    """A picture with fewer pixels, as faithful as `normalised`; PictureError if it is none."""
    return _encode_like(
        DecodedImage.decode(body, target_pixels=size).resized(size, FULL_REGION), body
    ).body


def _encode_like(image: Image.Image, body: bytes) -> EncodedImage:
    """A picture written anew as `body` was: without loss or as a photograph."""
    lossless = image.mode == "RGBA" or body.startswith((b"\x89PNG", b"GIF8"))
    format = "png" if lossless else "jpg"
    quality = None if lossless else REENCODE_QUALITY
    return encode(_to_surface(image), format, quality=quality, exact=True).image


def _to_surface(image: Image.Image) -> Surface:
    if image.mode == "RGB":
        return Surface(image, None)
    *channels, alpha = image.convert("RGBa").split()
    return Surface(Image.merge("RGB", channels), alpha)
