"""Decodes source images within limits: first frame, upright, in sRGB."""

import warnings
from collections.abc import Callable

from PIL import Image

from postcard.canvas.codecs.color_profile import to_srgb
from postcard.canvas.codecs.pillow_plugins import load_pixels, open_image
from postcard.canvas.image_filters import ImageFilters, RelativeRegion
from postcard.errors import SandboxUnavailable
from postcard.runtime.deadline import NO_DEADLINE, Deadline

MAX_DECODED_PIXELS = 25_000_000
MAX_DECODED_SIDE = 30_000  # each row costs memory, however short it is
MAX_DEEP_AVIF_PIXELS = 16_000_000  # of more than 8 bits a channel: decoding takes twice the memory

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_MAX_SCANS = 100  # encoders write about ten
_MAX_SCANNED_PIXELS = 400_000_000  # scans times pixels, which decoding time grows with
_Transpose = Image.Transpose
_EXIF_TRANSPOSES = {  # EXIF orientation → how to turn the image upright
    2: _Transpose.FLIP_LEFT_RIGHT,
    3: _Transpose.ROTATE_180,
    4: _Transpose.FLIP_TOP_BOTTOM,
    5: _Transpose.TRANSPOSE,
    6: _Transpose.ROTATE_270,
    7: _Transpose.TRANSVERSE,
    8: _Transpose.ROTATE_90,
}
_SWAPS_WIDTH_AND_HEIGHT = (
    _Transpose.TRANSPOSE,
    _Transpose.ROTATE_270,
    _Transpose.TRANSVERSE,
    _Transpose.ROTATE_90,
)
_ORIENTATION_TAG = 0x0112
MAX_CACHED_RESIZES = 2

# Pillow warns about files that may be attacks, such as decompression bombs. Damaged EXIF or
# animation data is no reason to refuse a picture: phones and editors write it. The filters are set
# once for the process, because filters are shared by all threads.
warnings.filterwarnings("error", module=r"PIL\.")
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")  # it reads EXIF
warnings.filterwarnings("ignore", "Invalid APNG", module=r"PIL\.PngImagePlugin")


class ImageDecodeError(ValueError):
    """The bytes cannot be decoded or are not allowed; the message says why."""


class DecoderUnavailable(ImageDecodeError, SandboxUnavailable):
    """The image was not decoded for a reason that is not its own: another try may succeed."""


class DecodedImage:
    """A decoded image: the first frame in RGB or RGBA, upright, in sRGB.

    `width` and `height` are the upright size of the file; `image` has fewer pixels if
    `target_pixels` reduced it while decoding.
    """

    __slots__ = ("_resize_cache", "height", "image", "width")

    def __init__(self, image: Image.Image, size: tuple[int, int] | None = None) -> None:
        self.image = image
        self.width, self.height = size or image.size
        self._resize_cache: dict[object, Image.Image] = {}

    @classmethod
    def decode(
        cls,
        body: bytes,
        *,
        target_pixels: tuple[int, int] | None = None,
        deadline: Deadline = NO_DEADLINE,
    ) -> "DecodedImage":
        """Decode PNG, JPEG, GIF, WebP or AVIF of at most 25 Mpx; raises ImageDecodeError.

        `target_pixels` is the size in device pixels at which the image will be drawn: a JPEG is
        reduced while it is decoded, but never below that size. Decoding does not begin after
        `deadline`: `DeadlineExceeded`.
        """
        deadline.check()
        format = detect_format(body)
        try:
            return _decode(body, format, target_pixels)
        except (ImageDecodeError, ImportError):  # an import that the sandbox refuses is our fault
            raise
        except MemoryError as error:
            raise ImageDecodeError("it takes too much memory") from error
        except Exception as error:  # Pillow raises any of them for broken files
            raise ImageDecodeError(f"this {format} picture cannot be read: it is broken") from error

    @classmethod
    def without_pixels(cls, size: tuple[int, int]) -> "DecodedImage":
        """A stand-in that has only a size, for layout."""
        return cls(Image.new("L", (1, 1)), size)

    def resized(
        self,
        size: tuple[int, int],
        region: RelativeRegion,
        filters: ImageFilters | None = None,
        deadline: Deadline = NO_DEADLINE,
    ) -> Image.Image:
        """A region of the image at `size` device pixels, filtered.

        `region` is left, top, right and bottom as fractions of the image, after mirroring if
        `filters` mirror it. The last few results are cached, since a template's image is drawn
        at the same size in every picture.
        """
        key = (size, region, filters)
        if key not in self._resize_cache:
            deadline.check()
            while len(self._resize_cache) >= MAX_CACHED_RESIZES:
                self._resize_cache.pop(next(iter(self._resize_cache)), None)
            resized = self._resize_region(
                size, filters.source_region(region) if filters else region
            )
            self._resize_cache[key] = filters.apply(resized, deadline) if filters else resized
        return self._resize_cache[key]

    def _resize_region(self, size: tuple[int, int], region: RelativeRegion) -> Image.Image:
        width, height = self.image.size
        box = (region[0] * width, region[1] * height, region[2] * width, region[3] * height)
        if size == self.image.size and region == (0.0, 0.0, 1.0, 1.0):
            return self.image
        return self.image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)


def detect_format(body: bytes) -> str:
    """The format by the file's first bytes, never by a name or header; raises ImageDecodeError."""
    for signature, format in _SIGNATURES:
        if body.startswith(signature):
            return format
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis", b"mif1", b"msf1"):
        return "AVIF"
    raise ImageDecodeError("only PNG, JPEG, GIF, WebP and AVIF pictures are drawn")


def _decode(body: bytes, format: str, target_pixels: tuple[int, int] | None) -> DecodedImage:
    image, size = _load_upright(body, format, target_pixels)
    profile = image.info.get("icc_profile")
    image = _to_eight_bits(image)
    image = to_srgb(image, profile)
    image = _drop_opaque_alpha(image)
    image.info.clear()  # Pillow would write comments and profiles into files encoded from it
    return DecodedImage(image, size)


def _load_upright(
    body: bytes, format: str, target_pixels: tuple[int, int] | None
) -> tuple[Image.Image, tuple[int, int]]:
    """The pixels, turned upright, and the upright size of the file.

    The decoder's memory is freed on return, before the pixels are converted.
    """
    with open_image(body, format) as file:
        size = file.size
        check_size(size, body, format)
        transpose = _EXIF_TRANSPOSES.get(_orientation(file))
        sideways = transpose in _SWAPS_WIDTH_AND_HEIGHT
        if format == "JPEG":
            _check_scans(body, size[0] * size[1])
            if target_pixels:
                file.draft("RGB", target_pixels[::-1] if sideways else target_pixels)
        image = load_pixels(file)
        if transpose is not None:
            image = image.transpose(transpose)
    return image, size[::-1] if sideways else size


def check_size(size: tuple[int, int], body: bytes, format: str) -> None:
    """ImageDecodeError if an image file of this size is not decoded."""
    pixels = size[0] * size[1]
    if max(size) > MAX_DECODED_SIDE:
        raise ImageDecodeError(
            f"a side of the picture has {max(size)} pixels; {MAX_DECODED_SIDE} are allowed"
        )
    if pixels > MAX_DECODED_PIXELS:
        raise ImageDecodeError(f"the picture has {pixels} pixels; {MAX_DECODED_PIXELS} are allowed")
    if format == "AVIF" and pixels > MAX_DEEP_AVIF_PIXELS and _is_deep_avif(body):
        raise ImageDecodeError(
            f"the picture has {pixels} pixels; {MAX_DEEP_AVIF_PIXELS} are allowed for an AVIF "
            "picture of more than 8 bits a channel"
        )


def _is_deep_avif(body: bytes) -> bool:
    """Whether an AV1 configuration record in the file says more than 8 bits."""
    at = -1
    while (at := body.find(b"av1C", at + 1)) >= 0:
        if body[at + 6 : at + 7] >= b"\x80" or (body[at + 6 : at + 7] and body[at + 6] & 0x40):
            return True
    return False


def _check_scans(body: bytes, pixels: int) -> None:
    """Refuse JPEGs with many scans: each is a pass over all pixels, inside one call of libjpeg."""
    scans = body.count(b"\xff\xda")
    if scans > _MAX_SCANS or scans * pixels > _MAX_SCANNED_PIXELS:
        raise ImageDecodeError(f"the JPEG picture has {scans} scans; save it again as baseline")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except ImportError:
        raise
    except Exception:
        return 1  # the image may be fine although its EXIF is unreadable


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """The image in RGB, RGBA, or CMYK, which the colour profile converts afterwards."""
    if image.mode.startswith("I"):
        image = (
            _EIGHT_BIT_CONVERSIONS[image.mode](image)
            if image.mode in _EIGHT_BIT_CONVERSIONS
            else image.convert("L")
        )
    if image.mode in ("RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _to_high_byte(image: Image.Image) -> Image.Image:
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


_EIGHT_BIT_CONVERSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    mode: _to_high_byte for mode in ("I", "I;16", "I;16L", "I;16B", "I;16N")
}


def _drop_opaque_alpha(image: Image.Image) -> Image.Image:
    """RGB instead of RGBA if every pixel is opaque: it is drawn twice as fast."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image
