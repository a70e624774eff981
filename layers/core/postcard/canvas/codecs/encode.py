"""Encodes surfaces as PNG, JPEG, WebP, AVIF or GIF files.

Files have 96 dpi where the format has a density, and no metadata; the same pixels give the same
bytes.
"""

import math
from collections.abc import Callable, Sequence

from PIL import Image

from postcard.canvas.codecs import palette
from postcard.canvas.codecs.pillow_plugins import save_image
from postcard.canvas.codecs.png_writer import write_png
from postcard.canvas.surface import Surface
from postcard.color import WHITE, Color, Rgb
from postcard.image_formats import FORMATS, EncodedImage
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass

_MAX_TRIES = 6  # files that are made to find the best one within `max_bytes`
_LOG_BYTES_PER_QUALITY = 0.03  # how fast files grow with quality, for the first guess
_COLOR_COUNTS = (256, 128, 64, 32, 16)  # for a png or gif over `max_bytes`
_MAX_FLAT_ART_RATIO = 1.5  # a png of flat art may be so much larger than a jpg, which blurs edges
_MIN_SHARP_QUALITY = 40  # of a jpg of flat art: below it, halved chroma looks better
_DPI = (96, 96)

# Speed 8 takes 7.8 s for noise of 16 megapixels, and one call cannot be ended. Speed 9 takes 2.2 s;
# photos stay as large and as good, flat art grows by a third (docs/decisions/encoders.md).
_AVIF_SPEED, _LARGE_AVIF_SPEED, _LARGE_AVIF_PIXELS = 8, 9, 2_000_000

# The seconds that a megapixel of noise takes at most (bench/drawing_cost.py), since one call of an
# encoder cannot be ended.
_MAX_SECONDS_PER_MP = {"png": 0.05, "jpg": 0.01, "webp": 0.2, "avif": 0.7, "gif": 0.08}
_LARGE_AVIF_SECONDS_PER_MP = 0.2


FindInks = Callable[[], Sequence[Rgb]]
"""Finds the colours of texts, codes and shapes, which a palette keeps."""


@dataclass(frozen=True, slots=True)
class EncodeResult:
    """An encoded file; `over_budget` if even the smallest is larger than `max_bytes`."""

    image: EncodedImage
    over_budget: bool = False


def encode(
    surface: Surface,
    format: str,
    *,
    quality: int | None = None,
    max_bytes: int | None = None,
    background: Color = WHITE,
    exact: bool = False,
    find_inks: FindInks = tuple,
    deadline: Deadline = NO_DEADLINE,
) -> EncodeResult:
    """Encode a surface as `png`, `jpg`, `webp`, `avif` or `gif`.

    `auto` is png for a transparent picture; else both png and jpg are made, and the better one is
    taken. A jpg, which has no alpha, is drawn on `background`. A png of flat art may change edge
    pixels by up to seven levels, unless `exact`. Over `max_bytes` quality goes down (jpg, webp,
    avif), or the number of colours (png, gif), which always include the inks; if nothing fits, the
    smallest file that was made is returned with `over_budget`. Raises `DeadlineExceeded` before an
    encoding that might not end by `deadline`.
    """

    def first_file(format: str) -> _FirstFile:
        deadline.check(max_seconds(format, surface.size))
        image = _to_image(surface, format, background)
        used_quality = quality or FORMATS[format].default_quality or 0
        if exact and format == "png":
            body = write_png(image, exact=True)
        elif format == "gif":
            body = _write_gif(_to_gif_palette(image, find_inks), 0)
        else:
            body = _WRITERS[format](image, used_quality)
        return _FirstFile(format, image, used_quality, body)

    if format != "auto":
        first = first_file(format)
    elif surface.alpha is not None and surface.alpha.getextrema() != (255, 255):
        first = first_file("png")
    else:
        is_flat_art = palette.is_flat_art(surface.color)
        first = _better(first_file("png"), first_file("jpg"), max_bytes, is_flat_art=is_flat_art)
    body = first.body
    if max_bytes is not None and len(body) > max_bytes:
        if FORMATS[first.format].default_quality:
            fitted = _fit_by_quality(first, max_bytes, deadline)
        else:
            fitted = _fit_by_colors(first.image, first.format, find_inks(), max_bytes, deadline)
        body = min(body, fitted, key=len)
    over_budget = max_bytes is not None and len(body) > max_bytes
    return EncodeResult(EncodedImage(body, first.format, *surface.size), over_budget)


@dataclass(frozen=True, slots=True)
class _FirstFile:
    """A surface's file in one format, at the quality asked for; it may be over `max_bytes`."""

    format: str
    image: Image.Image
    quality: int
    body: bytes


def _to_image(surface: Surface, format: str, background: Color) -> Image.Image:
    """The surface in RGB or RGBA, with as much transparency as the format has."""
    if format == "jpg":
        return surface.flatten(background)
    return palette.with_binary_alpha(surface) if format == "gif" else surface.to_image()


def max_seconds(format: str, size: tuple[int, int]) -> float:
    """The seconds that encoding `size` pixels takes at most, whatever they show."""
    pixels = size[0] * size[1]
    is_large = format == "avif" and pixels > _LARGE_AVIF_PIXELS
    per_megapixel = _LARGE_AVIF_SECONDS_PER_MP if is_large else _MAX_SECONDS_PER_MP[format]
    return pixels / 1e6 * per_megapixel


def _better(
    png: _FirstFile, jpg: _FirstFile, max_bytes: int | None, *, is_flat_art: bool
) -> _FirstFile:
    """The better of two files of an opaque picture.

    If only one of the two keeps to `max_bytes`, it is chosen. Else flat art is a png unless a jpg
    is much smaller, and everything else is the smaller of the two.
    """
    png_bytes, jpg_bytes = len(png.body), len(jpg.body)
    if max_bytes is not None and (png_bytes <= max_bytes) != (jpg_bytes <= max_bytes):
        return png if png_bytes <= max_bytes else jpg
    ratio = _MAX_FLAT_ART_RATIO if is_flat_art else 1.0
    return png if png_bytes <= jpg_bytes * ratio else jpg


class _Tries:
    """Makes files of one image; ends at the deadline, before a try that would outlast it.

    `smallest` is the smallest that was made.
    """

    def __init__(self, write: Callable[[int], bytes], deadline: Deadline) -> None:
        self._write = write
        self._deadline = deadline
        self._longest_seconds = 0.0
        self.left = _MAX_TRIES
        self.smallest = b""

    def write(self, setting: int) -> bytes:
        """The file at a quality or with a number of colours."""
        self._deadline.check(self._longest_seconds)
        self.left -= 1
        before = self._deadline.remaining()
        body = self._write(setting)
        self._longest_seconds = max(self._longest_seconds, before - self._deadline.remaining())
        self.smallest = min(self.smallest or body, body, key=len)
        return body


def _fit_by_quality(first: _FirstFile, max_bytes: int, deadline: Deadline) -> bytes:
    """The file with the best quality found that fits; the smallest if none does.

    `first` does not fit. Each guess follows from the sizes known so far.
    """
    tries = _Tries(lambda quality: _WRITERS[first.format](first.image, quality), deadline)
    largest, max_quality = first.body, first.quality
    fitting, low = b"", 0  # the best quality known to fit, 0 for none
    too_large, high = largest, max_quality
    slope = _LOG_BYTES_PER_QUALITY
    while tries.left and high - low > 1:
        if not low and tries.left == 1:
            guess = 1
        elif not low:
            guess = high - math.ceil(math.log(len(too_large) / max_bytes) / slope)
        elif tries.left % 2:
            guess = (low + high) // 2
        else:
            room = math.log(max_bytes / len(fitting)) / math.log(len(too_large) / len(fitting))
            guess = low + int(room * (high - low))
        guess = min(high - 1, max(low + 1, guess))
        body = tries.write(guess)
        if len(body) <= max_bytes:
            fitting, low = body, guess
        else:
            too_large, high = body, guess
            slope = max(1e-3, math.log(len(largest) / len(body)) / (max_quality - guess) / 2)
    return fitting or tries.smallest or largest


def _fit_by_colors(
    image: Image.Image, format: str, inks: Sequence[Rgb], max_bytes: int, deadline: Deadline
) -> bytes:
    """The file with the most colours that fits; the smallest if none does.

    Palettes without room for the inks are not tried, nor 256 colours of a gif, which it has
    without `max_bytes`.
    """
    quantize = palette.quantize_for_gif if format == "gif" else palette.quantize
    tries = _Tries(lambda colors: _WRITERS[format](quantize(image, colors, inks), 0), deadline)
    untried = _COLOR_COUNTS[1:] if format == "gif" else _COLOR_COUNTS
    possible = [count for count in untried if count >= len(inks) + palette.MIN_OTHER_COLORS]
    body = tries.write(possible[0])
    counts = possible[1:] if len(body) > max_bytes else []
    fitting = b"" if counts else body
    while counts:
        middle = (len(counts) - 1) // 2
        body = tries.write(counts[middle])
        if len(body) <= max_bytes:
            fitting, counts = body, counts[:middle]
        else:
            counts = counts[middle + 1 :]
    return fitting or tries.smallest


def _write_png(image: Image.Image, _: int) -> bytes:
    return write_png(image)


def _write_jpg(image: Image.Image, quality: int) -> bytes:
    """JPEG; chroma is subsampled in photographs alone: in flat art coloured edges would bleed.

    At low qualities, as under a small `max_bytes`, coarse colours would show more than that.
    """
    is_sharp = quality >= _MIN_SHARP_QUALITY and palette.is_flat_art(image)
    subsampling = "4:4:4" if is_sharp else "4:2:0"
    return save_image(image, "JPEG", quality=quality, subsampling=subsampling, dpi=_DPI)


def _write_webp(image: Image.Image, quality: int) -> bytes:
    """WebP, by a method from 0 (fast) to 6.

    Below method 3, which weighs errors against bytes, soft gradients show a grid of 4 pixels.
    Photographs without any use method 1 at one quality less: the same look, a third faster.
    """
    if palette.has_soft_gradients(image):
        return save_image(image, "WEBP", quality=quality, method=3, icc_profile=None)
    if palette.is_flat_art(image):
        return save_image(image, "WEBP", quality=quality, method=2, icc_profile=None)
    return save_image(image, "WEBP", quality=max(1, quality - 1), method=1, icc_profile=None)


def _write_avif(image: Image.Image, quality: int) -> bytes:
    is_large = image.width * image.height > _LARGE_AVIF_PIXELS
    speed = _LARGE_AVIF_SPEED if is_large else _AVIF_SPEED
    return save_image(image, "AVIF", quality=quality, speed=speed, max_threads=1)


def _write_gif(indexed: Image.Image, _: int) -> bytes:
    return save_image(
        indexed, "GIF", optimize=False, interlace=False, **_transparency_option(indexed)
    )


def _to_gif_palette(image: Image.Image, find_inks: FindInks) -> Image.Image:
    """At most 256 colours, flat art's own where possible."""
    indexed = palette.to_indexed(image, exact=False)
    return indexed or palette.quantize_for_gif(image, _COLOR_COUNTS[0], find_inks())


def _transparency_option(image: Image.Image) -> dict[str, int]:
    """GIF's transparent colour: the one that is not opaque."""
    if not image.palette or image.palette.mode != "RGBA":
        return {}
    alphas = bytes(image.getpalette("RGBA") or ())[3::4]
    return {"transparency": alphas.index(0)} if 0 in alphas else {}


_WRITERS: dict[str, Callable[[Image.Image, int], bytes]] = {
    "png": _write_png,
    "jpg": _write_jpg,
    "webp": _write_webp,
    "avif": _write_avif,
    "gif": _write_gif,
}
