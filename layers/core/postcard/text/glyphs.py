"""Measures and rasterizes runs of glyphs with FreeType, through Pillow; cached.

Widths are in em; masks are drawn at one of four subpixel positions.
"""

import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageFont

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import memoize_by_bytes
from postcard.text.fonts import CASE_FAMILY, LATIN_SUBSET_FEATURES, Face

MEASURING_SIZE = 64.0  # widths are proportional to the size, since no font here has hints
EMOJI_BITMAP_SIZE = 109  # the only size of the colour font
SUBPIXEL_PHASES = 4  # quarters of a pixel at which a mask may start

_SUPERSAMPLING = ((48.0, 4), (128.0, 2), (float("inf"), 1))  # (size below, factor)
_MAX_CACHED_PIXELS = 120_000
_LATIN_END = "\u0100"
_MAX_CACHED_LENGTH = 64  # characters


class FontRun(NamedTuple):
    """Text in one face, direction and language; `features` are OpenType features."""

    text: str
    face: Face
    rtl: bool
    features: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class GlyphBitmap:
    """A mask and its position from the pen, in device pixels; colour glyphs have an RGB image."""

    mask: Image.Image
    x: int
    y: int
    color: Image.Image | None = None

    @property
    def size_in_bytes(self) -> int:
        """The size of the pixels in memory; Pillow stores RGB in four bytes."""
        return self.mask.width * self.mask.height * (5 if self.color else 1)

    def moved(self, dx: int, dy: int) -> "GlyphBitmap":
        """The same glyphs at another position."""
        return GlyphBitmap(self.mask, self.x + dx, self.y + dy, self.color)


def _load_font(run: FontRun, size: float) -> ImageFont.FreeTypeFont:
    face = run.face
    path = face.latin_path if face.latin_path and _fits_latin_subset(run) else face.path
    return _open_font(path, face.axes, size)


def _fits_latin_subset(run: FontRun) -> bool:
    text, features = run.text, run.features
    if not (text.isascii() or max(text) < _LATIN_END):
        return False
    if features and run.face.family == CASE_FAMILY:
        features = tuple(feature for feature in features if feature != "case")
    return not features or LATIN_SUBSET_FEATURES.issuperset(features)


@lru_cache(maxsize=64)
def _open_font(path: str, axes: tuple[float, ...], size: float) -> ImageFont.FreeTypeFont:
    """One font object for each file, axes and size, because setting axes changes the object."""
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)
    if axes:
        font.set_variation_by_axes(list(axes))
    return font


def can_draw(body: bytes, text: str) -> bool:
    """Whether Pillow can draw this text with a font file."""
    try:
        font = ImageFont.truetype(
            io.BytesIO(body), MEASURING_SIZE, layout_engine=ImageFont.Layout.RAQM
        )
        font.getmask2(text, "L")
    except (OSError, ValueError, MemoryError):
        return False
    return True


def advance(run: FontRun) -> float:
    """The advance width of a run in em."""
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
    """Draw a run at `size` device pixels, `phase` quarters of a pixel to the right.

    `stroke_width` widens the glyphs on all sides. None if there is nothing to see.
    """
    if run.face.color:
        return _rasterize_emoji(run, round(size * 4) / 4)
    pixels = len(run.text) * size * (size + 2 * stroke_width)
    rasterize = _rasterize_mask_cached if pixels < _MAX_CACHED_PIXELS else _rasterize_mask
    return rasterize(run, size, phase, stroke_width)


def estimated_pixels(run: FontRun, size: float, stroke_width: float = 0.0) -> float:
    """About how many pixels, with supersampling, `rasterize_glyphs` would draw."""
    factor = _supersampling(size, stroke_width)
    width, height = advance(run) * size + 2 * stroke_width, 1.5 * size + 2 * stroke_width
    return width * height * factor * factor


def _supersampling(size: float, stroke_width: float) -> int:
    """The supersampling factor; wide strokes hide uneven glyph positions and need less."""
    return next(factor for limit, factor in _SUPERSAMPLING if max(size, 4 * stroke_width) < limit)


def _size_in_bytes(bitmap: GlyphBitmap | None) -> int:
    return bitmap.size_in_bytes if bitmap else 0


def _rasterize_mask(
    run: FontRun, size: float, phase: int, stroke_width: float
) -> GlyphBitmap | None:
    """Draw supersampled: Pillow puts each glyph on a whole pixel, so letters would be uneven."""
    factor = _supersampling(size, stroke_width)
    core, (x, y) = _load_font(run, max(1.0, size * factor)).getmask2(
        run.text,
        "L",
        *_shaping_options(run),
        stroke_width=stroke_width * factor,
        anchor="ls",
        start=(phase * factor / SUBPIXEL_PHASES, 0),
    )
    if not core.size[0] or not core.size[1]:
        return None
    left, top = x % factor, y % factor
    width, height = -(-(left + core.size[0]) // factor), -(-(top + core.size[1]) // factor)
    mask = Image.new("L", (width * factor, height * factor))
    mask.im.paste(core, (left, top, left + core.size[0], top + core.size[1]))
    return GlyphBitmap(mask.reduce(factor) if factor > 1 else mask, x // factor, y // factor)


_rasterize_mask_cached = memoize_by_bytes(_size_in_bytes)(_rasterize_mask)


@memoize_by_bytes(_size_in_bytes)
def _rasterize_emoji(run: FontRun, size: float) -> GlyphBitmap | None:
    """Draw colour glyphs at the only size that the font has, then scale them."""
    core, (x, y) = _load_font(run, EMOJI_BITMAP_SIZE).getmask2(
        run.text, "RGBA", *_shaping_options(run), anchor="ls"
    )
    if not core.size[0] or not core.size[1]:
        return None
    image = Image.new("RGBA", core.size)
    image.im.paste(core, (0, 0, *core.size))
    scale = size / EMOJI_BITMAP_SIZE
    scaled_size = (max(1, round(core.size[0] * scale)), max(1, round(core.size[1] * scale)))
    image = image.resize(scaled_size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    color = image.convert("RGB")
    return GlyphBitmap(image.getchannel("A"), round(x * scale), round(y * scale), color)


def _shaping_options(run: FontRun) -> tuple[str, list[str] | None, str | None]:
    direction = "rtl" if run.rtl else "ltr"
    return direction, list(run.features) or None, run.language or None
