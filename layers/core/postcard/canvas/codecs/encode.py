"""Encodes surfaces as PNG, JPEG, WebP, AVIF or GIF files.

Files have 96 dpi where the format has a density, and no metadata; the same pixels give the same
bytes.
"""

from collections.abc import Callable
from typing import Literal

from PIL import Image

from postcard.canvas.codecs import palette
from postcard.canvas.codecs.pillow_plugins import save_image
from postcard.canvas.codecs.png_writer import write_png
from postcard.canvas.surface import Surface
from postcard.color import WHITE, Color
from postcard.image_formats import FORMATS, EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

_COLOR_COUNTS = (256, 128, 64, 32, 16)  # tried in turn for a png or gif over `max_bytes`
_PALETTE_SAMPLE_SIZE = (512, 512)  # median cut of 6 Mpx of noise would take 8 s
_MAX_FLAT_ART_RATIO = 1.5  # a png of flat art may be so much larger than a jpg, which blurs edges
_DPI = (96, 96)


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
) -> EncodeResult:
    """Encode a surface as `png`, `jpg`, `webp`, `avif` or `gif`.

    `auto` chooses png or jpg. A jpg, which has no alpha, is drawn on `background`. A png of flat
    art may change edge pixels by up to seven levels, unless `exact`. Over `max_bytes` quality
    goes down (jpg, webp, avif), or the number of colours (png, gif); if nothing fits, the
    smallest file is returned with `over_budget`.
    """
    if format == "auto":
        format = _choose_auto_format(surface, quality, max_bytes, background)
    image = surface.flatten(background) if format == "jpg" else surface.to_image()
    quality = quality or FORMATS[format].default_quality or 0
    if exact and format == "png":
        body = write_png(image, exact=True)
    else:
        body = _WRITERS[format](image, quality)
    if max_bytes is not None and len(body) > max_bytes:
        search = _fit_by_quality if FORMATS[format].default_quality else _fit_by_colors
        body = search(image, format, quality, max_bytes)
    over_budget = max_bytes is not None and len(body) > max_bytes
    return EncodeResult(EncodedImage(body, format, *surface.size), over_budget)


def _choose_auto_format(
    surface: Surface, quality: int | None, max_bytes: int | None, background: Color
) -> Literal["png", "jpg"]:
    """The better of png and jpg, by encoding both.

    Transparent pictures are png. If only one of the two keeps to `max_bytes`, it is chosen. Else
    flat art is a png unless a jpg is much smaller, and everything else is the smaller of the two.
    """
    if surface.alpha is not None and surface.alpha.getextrema() != (255, 255):
        return "png"
    png_bytes, jpg_bytes = (
        len(encode(surface, format, quality=quality, background=background).image.body)
        for format in ("png", "jpg")
    )
    if max_bytes is not None and (png_bytes <= max_bytes) != (jpg_bytes <= max_bytes):
        return "png" if png_bytes <= max_bytes else "jpg"
    ratio = _MAX_FLAT_ART_RATIO if palette.is_flat_art(surface.color) else 1.0
    return "png" if png_bytes <= jpg_bytes * ratio else "jpg"


def _fit_by_quality(image: Image.Image, format: str, max_quality: int, max_bytes: int) -> bytes:
    """The file with the best quality that fits, by binary search; with quality 1 if none does."""
    write, low, high = _WRITERS[format], 1, max_quality
    fitting = b""
    while low < high:
        middle = (low + high) // 2
        body = write(image, middle)
        if len(body) <= max_bytes:
            fitting, low = body, middle + 1
        else:
            high = middle
    return fitting or write(image, 1)


def _fit_by_colors(image: Image.Image, format: str, _: int, max_bytes: int) -> bytes:
    body = b""
    for colors in _COLOR_COUNTS:
        body = _WRITERS[format](_quantize(image, colors), 0)
        if len(body) <= max_bytes:
            break
    return body


def _quantize(image: Image.Image, colors: int) -> Image.Image:
    if image.mode == "RGBA":  # the one method of Pillow's own that supports alpha
        return image.quantize(colors, method=Image.Quantize.FASTOCTREE)
    sample = image.copy()
    sample.thumbnail(_PALETTE_SAMPLE_SIZE, Image.Resampling.NEAREST)
    sample = sample.quantize(colors, method=Image.Quantize.MEDIANCUT)
    return image.quantize(palette=sample, dither=Image.Dither.FLOYDSTEINBERG)


def _write_png(image: Image.Image, _: int) -> bytes:
    return write_png(image)


def _write_jpg(image: Image.Image, quality: int) -> bytes:
    """JPEG; chroma is subsampled in photographs alone: in flat art coloured edges would bleed."""
    subsampling = "4:4:4" if palette.is_flat_art(image) else "4:2:0"
    return save_image(image, "JPEG", quality=quality, subsampling=subsampling, dpi=_DPI)


def _write_webp(image: Image.Image, quality: int) -> bytes:
    """WebP; photographs use method 1 at one quality less: the same look, a third faster."""
    if palette.is_flat_art(image):
        return save_image(image, "WEBP", quality=quality, method=2, icc_profile=None)
    return save_image(image, "WEBP", quality=max(1, quality - 1), method=1, icc_profile=None)


def _write_avif(image: Image.Image, quality: int) -> bytes:
    return save_image(image, "AVIF", quality=quality, speed=8, max_threads=1)


def _write_gif(image: Image.Image, _: int) -> bytes:
    indexed = image if image.mode == "P" else _to_indexed(image)
    return save_image(
        indexed, "GIF", optimize=False, interlace=False, **_transparency_option(indexed)
    )


def _to_indexed(image: Image.Image) -> Image.Image:
    """At most 256 colours, flat art's own where possible."""
    indexed = palette.to_indexed(image, exact=False) if image.mode == "RGB" else None
    return indexed or _quantize(image, _COLOR_COUNTS[0])


def _transparency_option(image: Image.Image) -> dict[str, int]:
    """GIF's transparent colour: one fully transparent entry; translucent ones become opaque."""
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
