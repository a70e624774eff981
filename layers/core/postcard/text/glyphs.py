"""Words measured and drawn, each once: widths in em, masks at quarter-pixel starts."""

import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageFont

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import keep_drawn
from postcard.text.fonts import ALIKE, Face

MEASURED_AT = 64.0  # widths grow evenly with size: no font here has hints
PICTURE_SIZE = 109  # the one size of the colour font
PHASES = 4  # starts within a pixel at which a word's mask is drawn

_FINER = ((48.0, 4), (128.0, 2), (float("inf"), 1))  # below this size, times as many pixels
_KEPT_PIXELS = 120_000  # a mask above this is not kept
_BEYOND_LATIN = "\u0100"
_LONGEST_KEPT = 64  # letters whose width is kept


class Letters(NamedTuple):
    """A stretch that one font draws in one direction. `spaced` letters stand by themselves."""

    text: str
    face: Face
    rtl: bool
    features: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A mask and where it lies from the pen, in device pixels; `color` for pictures (RGB)."""

    mask: Image.Image
    x: int
    y: int
    color: Image.Image | None = None

    def moved(self, dx: int, dy: int) -> "Glyphs":
        """The same letters elsewhere."""
        return Glyphs(self.mask, self.x + dx, self.y + dy, self.color)


def _font(letters: Letters, size: float) -> ImageFont.FreeTypeFont:
    face = letters.face
    path = face.latin if face.latin and _is_western(letters) else face.path
    return _opened(path, face.axes, size)


def _is_western(letters: Letters) -> bool:
    text, features = letters.text, letters.features
    return (text.isascii() or max(text) < _BEYOND_LATIN) and (
        not features or ALIKE.issuperset(features)
    )


@lru_cache(maxsize=64)
def _opened(path: str, axes: tuple[float, ...], size: float) -> ImageFont.FreeTypeFont:
    """One object per file, axes and size: setting axes changes it for everybody."""
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)
    if axes:
        font.set_variation_by_axes(list(axes))
    return font


def opens(body: bytes, letters: str) -> bool:
    """Whether letters can be drawn from a font's bytes."""
    try:
        font = ImageFont.truetype(
            io.BytesIO(body), MEASURED_AT, layout_engine=ImageFont.Layout.RAQM
        )
        font.getmask2(letters, "L")
    except (OSError, ValueError, MemoryError):
        return False
    return True


def advance(letters: Letters) -> float:
    """The width in em."""
    return _kept_width(letters) if len(letters.text) <= _LONGEST_KEPT else _width(letters)


def _width(letters: Letters) -> float:
    size = PICTURE_SIZE if letters.face.color else MEASURED_AT
    font = _font(letters, size)
    return font.getlength(letters.text, "L", *_shaping(letters)) / size


_kept_width = lru_cache(maxsize=8192)(_width)


def drawn(letters: Letters, size: float, phase: int, stroke: float = 0.0) -> Glyphs | None:
    """The letters at `size` device pixels, `phase` quarters of a pixel to the right.

    None where there is no ink. `stroke` is the width of a line outside the letters.
    """
    if letters.face.color:
        return _picture(letters, round(size * 4) / 4)
    reach = len(letters.text) * size * (size + 2 * stroke)
    make = _kept if reach < _KEPT_PIXELS else _mask
    return make(letters, size, phase, stroke)


def pixels(letters: Letters, size: float, stroke: float = 0.0) -> float:
    """About how many pixels `drawn` works on."""
    many = _finer(size, stroke)
    width, height = advance(letters) * size + 2 * stroke, 1.5 * size + 2 * stroke
    return width * height * many * many


def _finer(size: float, stroke: float) -> int:
    """How many times larger letters are drawn; a broad outline hides what that is for."""
    return next(many for below, many in _FINER if max(size, 4 * stroke) < below)


def _weight(glyphs: Glyphs | None) -> int:
    return glyphs.mask.width * glyphs.mask.height * (5 if glyphs.color else 1) if glyphs else 0


def _mask(letters: Letters, size: float, phase: int, stroke: float) -> Glyphs | None:
    """Drawn larger and averaged: Pillow sets every glyph on a whole pixel, which shows."""
    many = _finer(size, stroke)
    core, (x, y) = _font(letters, max(1.0, size * many)).getmask2(
        letters.text,
        "L",
        *_shaping(letters),
        stroke_width=stroke * many,
        anchor="ls",
        start=(phase * many / PHASES, 0),
    )
    if not core.size[0] or not core.size[1]:
        return None
    left, top = x % many, y % many
    width, height = -(-(left + core.size[0]) // many), -(-(top + core.size[1]) // many)
    mask = Image.new("L", (width * many, height * many))
    mask.im.paste(core, (left, top, left + core.size[0], top + core.size[1]))
    return Glyphs(mask.reduce(many) if many > 1 else mask, x // many, y // many)


_kept = keep_drawn(_weight)(_mask)


@keep_drawn(_weight)
def _picture(letters: Letters, size: float) -> Glyphs | None:
    """Emoji: drawn at their own size, then scaled."""
    core, (x, y) = _font(letters, PICTURE_SIZE).getmask2(
        letters.text, "RGBA", *_shaping(letters), anchor="ls"
    )
    if not core.size[0] or not core.size[1]:
        return None
    image = Image.new("RGBA", core.size)
    image.im.paste(core, (0, 0, *core.size))
    share = size / PICTURE_SIZE
    scaled = (max(1, round(core.size[0] * share)), max(1, round(core.size[1] * share)))
    image = image.resize(scaled, Image.Resampling.BICUBIC, reducing_gap=3.0)
    color = image.convert("RGB")
    return Glyphs(image.getchannel("A"), round(x * share), round(y * share), color)


def _shaping(letters: Letters) -> tuple[str, list[str] | None, str | None]:
    direction = "rtl" if letters.rtl else "ltr"
    return direction, list(letters.features) or None, letters.language or None
