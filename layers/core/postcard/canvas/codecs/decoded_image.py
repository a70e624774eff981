"""Pictures that come in: decoded within bounds, upright, in sRGB."""

import struct
import warnings
from collections.abc import Callable

from PIL import Image

from postcard.canvas.codecs import color_profile as profile
from postcard.canvas.codecs import pillow_plugins as codecs
from postcard.canvas.image_filters import ImageFilters, RelativeRegion

MAX_DECODED_PIXELS = 25_000_000

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_MAX_SCANS = 100  # an encoder writes about ten
_MAX_SCANNED_PIXELS = 400_000_000  # scans times pixels: what decoding costs
_DECODE_ERRORS = (
    Warning,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,  # Pillow's word for a broken file
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    MemoryError,
)
_Transpose = Image.Transpose
_EXIF_TRANSPOSES = {  # what undoes an EXIF orientation
    2: _Transpose.FLIP_LEFT_RIGHT,
    3: _Transpose.ROTATE_180,
    4: _Transpose.FLIP_TOP_BOTTOM,
    5: _Transpose.TRANSPOSE,
    6: _Transpose.ROTATE_270,
    7: _Transpose.TRANSVERSE,
    8: _Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
MAX_CACHED_RESIZES = 2

# Pillow warns where a file is odd enough to be an attack. Set once: per-call filters are shared by
# threads.
warnings.filterwarnings("error", module=r"PIL\.")


class ImageDecodeError(ValueError):
    """The bytes are not a picture that we draw; the text says why."""


class DecodedImage:
    """A decoded picture: RGB or RGBA in sRGB, upright, first frame.

    `width` and `height` are the file's own, turned upright, also where `near` made decoding
    cheaper by giving fewer pixels.
    """

    __slots__ = ("_resize_cache", "height", "image", "width")

    def __init__(self, image: Image.Image, size: tuple[int, int] | None = None) -> None:
        self.image = image
        self.width, self.height = size or image.size
        self._resize_cache: dict[object, Image.Image] = {}

    @classmethod
    def decode(cls, body: bytes, *, target_pixels: tuple[int, int] | None = None) -> "DecodedImage":
        """Decode PNG, JPEG, GIF, WebP or AVIF of at most 25 Mpx; raises PictureError.

        `near` is the size in device pixels that will be shown: a JPEG is then reduced, never
        below it, while it is decoded.
        """
        kind = detect_format(body)
        try:
            return _decode(body, kind, target_pixels)
        except ImageDecodeError:
            raise
        except _DECODE_ERRORS as failure:
            raise ImageDecodeError(f"this {kind} picture cannot be read: it is broken") from failure

    def resized(
        self, size: tuple[int, int], region: RelativeRegion, filters: ImageFilters | None = None
    ) -> Image.Image:
        """The `part` (left, top, right, bottom; shares of the picture) at `size` device pixels.

        `look` changes it, in device pixels; a part of a mirrored picture is one of its mirror
        image. The last few answers are kept: a picture of a template is fitted once.
        """
        wanted = (size, region, filters)
        if wanted not in self._resize_cache:
            while len(self._resize_cache) >= MAX_CACHED_RESIZES:
                self._resize_cache.pop(next(iter(self._resize_cache)), None)
            fitted = self._resize_region(size, filters.source_region(region) if filters else region)
            self._resize_cache[wanted] = filters.apply(fitted) if filters else fitted
        return self._resize_cache[wanted]

    def _resize_region(self, size: tuple[int, int], region: RelativeRegion) -> Image.Image:
        width, height = self.image.size
        box = (region[0] * width, region[1] * height, region[2] * width, region[3] * height)
        if size == self.image.size and region == (0.0, 0.0, 1.0, 1.0):
            return self.image
        return self.image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)


def detect_format(body: bytes) -> str:
    """The format by its first bytes, or `PictureError`: a name or a header does not count."""
    for magic, kind in _SIGNATURES:
        if body.startswith(magic):
            return kind
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis", b"mif1", b"msf1"):
        return "AVIF"
    raise ImageDecodeError("only PNG, JPEG, GIF, WebP and AVIF pictures are drawn")


def _decode(body: bytes, format: str, target_pixels: tuple[int, int] | None) -> DecodedImage:
    with codecs.open_image(body, format) as image:
        pixels = image.width * image.height
        if pixels > MAX_DECODED_PIXELS:
            raise ImageDecodeError(
                f"the picture has {pixels} pixels; {MAX_DECODED_PIXELS} are allowed"
            )
        turn = _EXIF_TRANSPOSES.get(_orientation(image))
        size, sideways = image.size, turn in _SWAPS_WIDTH_AND_HEIGHT
        if format == "JPEG":
            _check_scans(body, pixels)
            if target_pixels:
                image.draft("RGB", target_pixels[::-1] if sideways else target_pixels)
        image.load()
        upright = image.transpose(turn) if turn is not None else image
        flat = profile.to_srgb(_to_eight_bits(upright), image.info.get("icc_profile"))
    pixels_alone = _drop_opaque_alpha(flat)
    pixels_alone.info.clear()  # comments and profiles would be written into what is saved
    return DecodedImage(pixels_alone, size[::-1] if sideways else size)


_SWAPS_WIDTH_AND_HEIGHT = (
    _Transpose.TRANSPOSE,
    _Transpose.ROTATE_270,
    _Transpose.TRANSVERSE,
    _Transpose.ROTATE_90,
)


def _check_scans(body: bytes, pixels: int) -> None:
    """Every scan is a pass over all pixels inside one call that nothing can interrupt."""
    scans = body.count(b"\xff\xda")
    if scans > _MAX_SCANS or scans * pixels > _MAX_SCANNED_PIXELS:
        raise ImageDecodeError(f"the JPEG picture has {scans} scans; save it again as baseline")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except _DECODE_ERRORS:
        return 1  # unreadable EXIF: the picture is good all the same


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """The picture in RGB, RGBA or CMYK (whose profile is still to come)."""
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
    """RGB where alpha hides nothing: it is drawn twice as fast."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image
