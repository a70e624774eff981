"""Surfaces made into files: 96 dpi, no metadata, the same bytes for the same pixels."""

from collections.abc import Callable

from PIL import Image

from postcard.canvas.codecs import palette
from postcard.canvas.codecs import png_writer as png
from postcard.canvas.codecs.pillow_plugins import save_image
from postcard.canvas.surface import Surface
from postcard.color import WHITE, Color
from postcard.formats import FORMATS, EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

_COLOR_COUNTS = (256, 128, 64, 32, 16)  # what png and gif fall back on to keep to a budget
_PALETTE_SAMPLE_SIZE = (512, 512)  # pixels from which a palette is chosen
_DPI = (96, 96)


@dataclass(frozen=True, slots=True)
class EncodeResult:
    """A file, and whether it is over its budget all the same."""

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
    """The surface as `png jpg webp avif gif`, or whichever of the first two suits it (`auto`).

    A jpg lies on `background`.

    A png of flat art may have an edge's pixels seven levels off, but if it must be `exact`. Over
    `max_bytes` quality goes down (jpg, webp, avif), or colours do (png, gif); if nothing
    fits, the smallest is given and marked.
    """
    if format == "auto":
        format = _choose_auto_format(surface, quality, max_bytes, background)
    image = surface.flatten(background) if format == "jpg" else surface.to_image()
    best = quality or FORMATS[format].default_quality or 0
    if exact and format == "png":
        body = png.write(image, exact=True)
    else:
        body = _WRITERS[format](image, best)
    if max_bytes is not None and len(body) > max_bytes:
        search = _fit_by_quality if FORMATS[format].default_quality else _fit_by_colors
        body = search(image, format, best, max_bytes)
    over = max_bytes is not None and len(body) > max_bytes
    return EncodeResult(EncodedImage(body, format, *surface.size), over)


def _choose_auto_format(
    surface: Surface, quality: int | None, max_bytes: int | None, background: Color
) -> str:
    from postcard.canvas.codecs.format_choice import choose_format  # asked at publish alone

    png, jpg = (
        len(encode(surface, format, quality=quality, background=background).image.body)
        for format in ("png", "jpg")
    )
    return choose_format(surface, png, jpg, max_bytes=max_bytes)


def _fit_by_quality(image: Image.Image, format: str, max_quality: int, max_bytes: int) -> bytes:
    """The best quality that fits, by halving; else quality 1."""
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
    if image.mode == "RGBA":  # the one method that knows alpha, and a quick one
        return image.quantize(colors, method=Image.Quantize.FASTOCTREE)
    sample = image.copy()
    sample.thumbnail(
        _PALETTE_SAMPLE_SIZE, Image.Resampling.NEAREST
    )  # noise of 6 Mpx would take 8 s
    chosen = sample.quantize(colors, method=Image.Quantize.MEDIANCUT)
    return image.quantize(palette=chosen, dither=Image.Dither.FLOYDSTEINBERG)


def _write_png(image: Image.Image, _: int) -> bytes:
    return png.write(image)


def _write_jpg(image: Image.Image, quality: int) -> bytes:
    """Colours at half the detail in photographs, at all of it where edges would run: flat art."""
    subsampling = "4:4:4" if palette.is_flat_art(image) else "4:2:0"
    return save_image(image, "JPEG", quality=quality, subsampling=subsampling, dpi=_DPI)


def _write_webp(image: Image.Image, quality: int) -> bytes:
    """Photographs by a method a third quicker, which at one quality less is the same picture."""
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
    """At most 256 colours: flat art's own, where they show no difference."""
    flat = palette.to_indexed(image, exact=False) if image.mode == "RGB" else None
    return flat or _quantize(image, _COLOR_COUNTS[0])


def _transparency_option(image: Image.Image) -> dict[str, int]:
    """Which colour a GIF shows nothing for: it knows no half measures."""
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
