"""Pictures that come in: decoded within bounds, upright, in sRGB."""

import struct
import warnings
from collections.abc import Callable

from PIL import Image

from postcard.canvas.codecs import color_profile as profile
from postcard.canvas.codecs import pillow_plugins as codecs
from postcard.canvas.image_filters import Look, Part

MAX_PICTURE_PIXELS = 25_000_000

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_MAX_SCANS = 100  # an encoder writes about ten
_MAX_SCANNED_PIXELS = 400_000_000  # scans times pixels: what decoding costs
_UNREADABLE = (
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
_Turn = Image.Transpose
_UPRIGHT = {  # what undoes an EXIF orientation
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}
_ORIENTATION = 0x0112
KEPT_FITS = 2

# Pillow warns where a file is odd enough to be an attack. Set once: per-call filters are shared by
# threads.
warnings.filterwarnings("error", module=r"PIL\.")


class PictureError(ValueError):
    """The bytes are not a picture that we draw; the text says why."""


class Picture:
    """A decoded picture: RGB or RGBA in sRGB, upright, first frame.

    `width` and `height` are the file's own, turned upright, also where `near` made decoding
    cheaper by giving fewer pixels.
    """

    __slots__ = ("_fits", "height", "image", "width")

    def __init__(self, image: Image.Image, size: tuple[int, int] | None = None) -> None:
        self.image = image
        self.width, self.height = size or image.size
        self._fits: dict[object, Image.Image] = {}

    @classmethod
    def decode(cls, body: bytes, *, near: tuple[int, int] | None = None) -> "Picture":
        """Decode PNG, JPEG, GIF, WebP or AVIF of at most 25 Mpx; raises PictureError.

        `near` is the size in device pixels that will be shown: a JPEG is then reduced, never
        below it, while it is decoded.
        """
        kind = kind_of(body)
        try:
            return _decoded(body, kind, near)
        except PictureError:
            raise
        except _UNREADABLE as failure:
            raise PictureError(f"this {kind} picture cannot be read: it is broken") from failure

    def fitted(self, size: tuple[int, int], part: Part, look: Look | None = None) -> Image.Image:
        """The `part` (left, top, right, bottom; shares of the picture) at `size` device pixels.

        `look` changes it, in device pixels; a part of a mirrored picture is one of its mirror
        image. The last few answers are kept: a picture of a template is fitted once.
        """
        wanted = (size, part, look)
        if wanted not in self._fits:
            while len(self._fits) >= KEPT_FITS:
                self._fits.pop(next(iter(self._fits)), None)
            fitted = self._resized(size, look.source(part) if look else part)
            self._fits[wanted] = look.changed(fitted) if look else fitted
        return self._fits[wanted]

    def _resized(self, size: tuple[int, int], part: Part) -> Image.Image:
        width, height = self.image.size
        box = (part[0] * width, part[1] * height, part[2] * width, part[3] * height)
        if size == self.image.size and part == (0.0, 0.0, 1.0, 1.0):
            return self.image
        return self.image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)


def kind_of(body: bytes) -> str:
    """The format by its first bytes, or `PictureError`: a name or a header does not count."""
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            return kind
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis", b"mif1", b"msf1"):
        return "AVIF"
    raise PictureError("only PNG, JPEG, GIF, WebP and AVIF pictures are drawn")


def _decoded(body: bytes, kind: str, near: tuple[int, int] | None) -> Picture:
    with codecs.opened(body, kind) as image:
        pixels = image.width * image.height
        if pixels > MAX_PICTURE_PIXELS:
            raise PictureError(f"the picture has {pixels} pixels; {MAX_PICTURE_PIXELS} are allowed")
        turn = _UPRIGHT.get(_orientation(image))
        size, sideways = image.size, turn in _SIDEWAYS
        if kind == "JPEG":
            _bound_scans(body, pixels)
            if near:
                image.draft("RGB", near[::-1] if sideways else near)
        image.load()
        upright = image.transpose(turn) if turn is not None else image
        flat = profile.to_srgb(_eight_bits(upright), image.info.get("icc_profile"))
    pixels_alone = _without_idle_alpha(flat)
    pixels_alone.info.clear()  # comments and profiles would be written into what is saved
    return Picture(pixels_alone, size[::-1] if sideways else size)


_SIDEWAYS = (_Turn.TRANSPOSE, _Turn.ROTATE_270, _Turn.TRANSVERSE, _Turn.ROTATE_90)


def _bound_scans(body: bytes, pixels: int) -> None:
    """Every scan is a pass over all pixels inside one call that nothing can interrupt."""
    scans = body.count(b"\xff\xda")
    if scans > _MAX_SCANS or scans * pixels > _MAX_SCANNED_PIXELS:
        raise PictureError(f"the JPEG picture has {scans} scans; save it again as baseline")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _UNREADABLE:
        return 1  # unreadable EXIF: the picture is good all the same


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture in RGB, RGBA or CMYK (whose profile is still to come)."""
    if image.mode.startswith("I"):
        image = _HIGH_BYTE[image.mode](image) if image.mode in _HIGH_BYTE else image.convert("L")
    if image.mode in ("RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _high_byte(image: Image.Image) -> Image.Image:
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


_HIGH_BYTE: dict[str, Callable[[Image.Image], Image.Image]] = {
    mode: _high_byte for mode in ("I", "I;16", "I;16L", "I;16B", "I;16N")
}


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    """RGB where alpha hides nothing: it is drawn twice as fast."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image
