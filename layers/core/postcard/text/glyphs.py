"""Words measured and drawn, each once: widths in em, masks at quarter-pixel starts."""

import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageFont

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.fonts import LATIN_SUBSET_FEATURES, Face

MEASURING_SIZE = 64.0  # widths grow evenly with size: no font here has hints
EMOJI_BITMAP_SIZE = 109  # the one size of the colour font
SUBPIXEL_PHASES = 4  # starts within a pixel at which a word's mask is drawn

_SUPERSAMPLING = ((48.0, 4), (128.0, 2), (float("inf"), 1))  # below this size, times as many pixels
_MAX_CACHED_PIXELS = 120_000  # a mask above this is not kept
_LATIN_END = "\u0100"
_MAX_CACHED_LENGTH = 64  # letters whose width is kept


class FontRun(NamedTuple):
    """A stretch that one font draws in one direction. `spaced` letters stand by themselves."""

    text: str
    face: Face
    rtl: bool
    features: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class GlyphBitmap:
    """A mask and where it lies from the pen, in device pixels; `color` for pictures (RGB)."""

    mask: Image.Image
    x: int
    y: int
    color: Image.Image | None = None

    def moved(self, dx: int, dy: int) -> "GlyphBitmap":
        """The same letters elsewhere."""
        return GlyphBitmap(self.mask, self.x + dx, self.y + dy, self.color)


def _load_font(run: FontRun, size: float) -> ImageFont.FreeTypeFont:
    face = run.face
    path = face.latin_path if face.latin_path and _fits_latin_subset(run) else face.path
    return _open_font(path, face.axes, size)


def _fits_latin_subset(run: FontRun) -> bool:
    text, features = run.text, run.features
    return (text.isascii() or max(text) < _LATIN_END) and (
        not features or LATIN_SUBSET_FEATURES.issuperset(features)
    )


@lru_cache(maxsize=64)
def _open_font(path: str, axes: tuple[float, ...], size: float) -> ImageFont.FreeTypeFont:
    """One object per file, axes and size: setting axes changes it for everybody."""
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)
    if axes:
        font.set_variation_by_axes(list(axes))
    return font


def can_draw(body: bytes, text: str) -> bool:
    """Whether letters can be drawn from a font's bytes."""
    try:
        font = ImageFont.truetype(
            io.BytesIO(body), MEASURING_SIZE, layout_engine=ImageFont.Layout.RAQM
        )
        font.getmask2(text, "L")
    except (OSError, ValueError, MemoryError):
        return False
    return True


def advance(run: FontRun) -> float:
    """The width in em."""
    return (
        _measure_advance_cached(run)
        if len(run.text) <= _MAX_CACHED_LENGTH
        else _measure_advance(run)
    )


def _measure_advance(run: FontRun) -> float:
    size = EMOJI_BITMAP_SIZE if run.face.color else MEASURING_SIZE
    font = _load_font(run, size)
    return font.getlength(run.text, "L", *_shaping_options(run)) / size


_measure_advance_cached = lru_cache(maxsize=8192)(_measure_advance)


def rasterize_glyphs(
    run: FontRun, size: float, phase: int, stroke_width: float = 0.0
) -> GlyphBitmap | None:
    """The letters at `size` device pixels, `phase` quarters of a pixel to the right.

    None where there is no ink. `stroke` is the width of a line outside the letters.
    """
    if run.face.color:
        return _rasterize_emoji(run, round(size * 4) / 4)
    reach = len(run.text) * size * (size + 2 * stroke_width)
    make = _rasterize_mask_cached if reach < _MAX_CACHED_PIXELS else _rasterize_mask
    return make(run, size, phase, stroke_width)


def estimated_pixels(run: FontRun, size: float, stroke_width: float = 0.0) -> float:
    """About how many pixels `drawn` works on."""
    many = _supersampling(size, stroke_width)
    width, height = advance(run) * size + 2 * stroke_width, 1.5 * size + 2 * stroke_width
    return width * height * many * many


def _supersampling(size: float, stroke_width: float) -> int:
    """How many times larger letters are drawn; a broad outline hides what that is for."""
    return next(many for below, many in _SUPERSAMPLING if max(size, 4 * stroke_width) < below)


def _size_in_bytes(bitmap: GlyphBitmap | None) -> int:
    return bitmap.mask.width * bitmap.mask.height * (5 if bitmap.color else 1) if bitmap else 0


def _rasterize_mask(
    run: FontRun, size: float, phase: int, stroke_width: float
) -> GlyphBitmap | None:
    """Drawn larger and averaged: Pillow sets every glyph on a whole pixel, which shows."""
    many = _supersampling(size, stroke_width)
    core, (x, y) = _load_font(run, max(1.0, size * many)).getmask2(
        run.text,
        "L",
        *_shaping_options(run),
        stroke_width=stroke_width * many,
        anchor="ls",
        start=(phase * many / SUBPIXEL_PHASES, 0),
    )
    if not core.size[0] or not core.size[1]:
        return None
    left, top = x % many, y % many
    width, height = -(-(left + core.size[0]) // many), -(-(top + core.size[1]) // many)
    mask = Image.new("L", (width * many, height * many))
    mask.im.paste(core, (left, top, left + core.size[0], top + core.size[1]))
    return GlyphBitmap(mask.reduce(many) if many > 1 else mask, x // many, y // many)


_rasterize_mask_cached = memoize_by_bytes(_size_in_bytes)(_rasterize_mask)


@memoize_by_bytes(_size_in_bytes)
def _rasterize_emoji(run: FontRun, size: float) -> GlyphBitmap | None:
    """Emoji: drawn at their own size, then scaled."""
    core, (x, y) = _load_font(run, EMOJI_BITMAP_SIZE).getmask2(
        run.text, "RGBA", *_shaping_options(run), anchor="ls"
    )
    if not core.size[0] or not core.size[1]:
        return None
    image = Image.new("RGBA", core.size)
    image.im.paste(core, (0, 0, *core.size))
    share = size / EMOJI_BITMAP_SIZE
    scaled = (max(1, round(core.size[0] * share)), max(1, round(core.size[1] * share)))
    image = image.resize(scaled, Image.Resampling.BICUBIC, reducing_gap=3.0)
    color = image.convert("RGB")
    return GlyphBitmap(image.getchannel("A"), round(x * share), round(y * share), color)


def _shaping_options(run: FontRun) -> tuple[str, list[str] | None, str | None]:
    direction = "rtl" if run.rtl else "ltr"
    return direction, list(run.features) or None, run.language or None
