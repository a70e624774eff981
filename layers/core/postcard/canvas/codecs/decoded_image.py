"""Decodes source images within limits: first frame, upright, in sRGB."""

import warnings

from PIL import Image, ImageChops, ImageFile

from postcard.canvas.codecs.color.color_profile import to_high_byte, to_srgb
from postcard.canvas.codecs.image_tags import ImageTags, read_tags
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
_XMP_KEYS = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp")  # where Pillow looks, too
_DEEP = 16  # bits of a sample
_MAX_DEEP_TRANSPARENCY_PIXELS = 6_000_000  # it is decoded twice
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
    tags = read_tags(body, format)
    image, size = _load_upright(body, format, target_pixels, tags)
    profile = None if tags.overrides_profile else image.info.get("icc_profile")
    image, alpha = _split_gray_transparency(image, tags)
    image = to_srgb(_to_color_mode(image, alpha), profile, tags.encoding)
    if alpha is not None:
        image.putalpha(alpha)
    image = _drop_opaque_alpha(image)
    image.info.clear()  # Pillow would write comments and profiles into files encoded from it
    return DecodedImage(image, size)


def _load_upright(
    body: bytes, format: str, target_pixels: tuple[int, int] | None, tags: ImageTags
) -> tuple[Image.Image, tuple[int, int]]:
    """The pixels that are shown, turned upright, and the upright size of the file.

    The decoder's memory is freed on return, before the pixels are converted.
    """
    with open_image(body, format) as file:
        check_size(file.size, body, format)
        if format == "JPEG":
            _check_scans(body, file.width * file.height)
        transpose = _EXIF_TRANSPOSES.get(_orientation(file))
        sideways = transpose in _SWAPS_WIDTH_AND_HEIGHT
        size = file.size
        if format == "JPEG" and target_pixels:
            file.draft("RGB", target_pixels[::-1] if sideways else target_pixels)
        image = load_pixels(file)
        if tags.bit_depth == _DEEP and image.mode == "RGB" and "transparency" in image.info:
            image = _with_deep_transparency(image, body)
        if tags.crop is not None:
            image = image.crop(tags.crop)
            size = image.size
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
    """The orientation in the EXIF data. That in XMP turns nothing, as in browsers."""
    try:
        if image.format == "PNG" and "exif" not in image.info:
            image.load()  # EXIF and XMP may come after the pixels
        for key in _XMP_KEYS:
            image.info.pop(key, None)
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except ImportError:
        raise
    except Exception:
        return 1  # the image may be fine although its EXIF is unreadable


def _with_deep_transparency(image: Image.Image, body: bytes) -> Image.Image:
    """A PNG of 16 bits a channel as RGBA: the colour that is transparent is compared in all bits.

    Pillow decodes the high bytes; decoded as if the low bytes were the high ones, it gives those.
    Of a large image only the high bytes are compared.
    """
    transparent = image.info.pop("transparency")
    halves = [(image, 8)]
    if image.width * image.height <= _MAX_DEEP_TRANSPARENCY_PIXELS:
        with open_image(body, "PNG") as file:
            assert isinstance(file, ImageFile.ImageFile)
            file.tile = [tile._replace(args="RGB;16L") for tile in file.tile]
            halves.append((load_pixels(file), 0))
    alpha = Image.new("L", image.size)
    for half, shift in halves:
        for band, sample in zip(half.split(), transparent, strict=True):
            differs = [255 * (level != sample >> shift & 255) for level in range(256)]
            alpha = ImageChops.lighter(alpha, band.point(differs))
    image.putalpha(alpha)
    return image


def _split_gray_transparency(
    image: Image.Image, tags: ImageTags
) -> tuple[Image.Image, Image.Image | None]:
    """A gray image in L or I;16, without its alpha, and the alpha; other images as they are."""
    if image.mode == "1":
        image = image.convert("L")
    if "A" in image.getbands() and (tags.is_gray or image.mode == "LA"):
        return image.getchannel(0), image.getchannel("A")
    if tags.is_gray and image.mode == "RGB":
        return image.getchannel(0), None
    if image.mode.startswith("I") and image.mode != "I;16":
        image = image.convert("I")
    transparent = image.info.get("transparency")
    if image.mode not in ("L", "I", "I;16") or not isinstance(transparent, int):
        return image, None
    del image.info["transparency"]
    if image.mode == "L":
        if tags.bit_depth > 1:  # Pillow scales that of one bit itself
            transparent = transparent * 255 // (2**tags.bit_depth - 1)
        return image, image.point([255 * (level != transparent) for level in range(256)])
    levels = [255 * (level != transparent) for level in range(65_536)]
    return image, image.convert("I").point(levels, "L")


def _to_color_mode(image: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """L, I;16, RGB, RGBA or CMYK, which are converted to sRGB afterwards."""
    if image.mode.startswith("I") and image.mode != "I;16":
        return to_high_byte(image)
    has_transparency = alpha is None and "transparency" in image.info
    if image.mode in ("L", "I;16", "RGB", "RGBA", "CMYK") and not has_transparency:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _drop_opaque_alpha(image: Image.Image) -> Image.Image:
    """RGB instead of RGBA if every pixel is opaque: it is drawn twice as fast."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image
