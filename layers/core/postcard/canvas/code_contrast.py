"""Finds codes whose colours do not scan, by the pixels that were drawn."""

from typing import Literal

from PIL import Image, ImageChops

from postcard.canvas.mask import Mask
from postcard.canvas.surface import Surface

_WITHIN, _OUTSIDE = ([255 * (level == full) for level in range(256)] for full in (255, 0))
_OUTLIERS = 0.05  # of the pixels on either side, such as those of an anti-aliased edge
_MAX_PIXELS = 250_000
_MIN_LEVELS = 77  # three tenths: what cameras and scanners tell apart in bad light, too

PARTLY_COVERED = 128  # the coverage of a pixel that does not count
CodeFault = Literal["faint", "inverted"]


def code_fault(
    surface: Surface,
    modules: Mask,
    margin: tuple[int, int],
    *,
    red_light: bool = False,
    outliers: float = _OUTLIERS,
) -> CodeFault | None:
    """Why scanners cannot read the colours of a drawn code; None if they can.

    `modules` covers the dark modules and, with 0, the light ones; what is covered in part does not
    count. `margin` is the width and height of what has to be light around them. `red_light`: as
    scanners with a red laser see it, too. `outliers` is the share of the pixels on either side that
    may have any colour. Transparent pixels are white.
    """
    left, top, right, bottom = modules.bounds
    box = (
        max(0, left - margin[0]),
        max(0, top - margin[1]),
        min(surface.size[0], right + margin[0]),
        min(surface.size[1], bottom + margin[1]),
    )
    width, height = box[2] - box[0], box[3] - box[1]
    step = max(1.0, (width * height / _MAX_PIXELS) ** 0.5)  # large codes are sampled
    size = max(1, round(width / step)), max(1, round(height / step))
    nearest = Image.Resampling.NEAREST
    region = surface.color.resize(size, nearest, box)
    if surface.alpha is not None:
        behind = ImageChops.invert(surface.alpha.resize(size, nearest, box))
        region = ImageChops.add(region, Image.merge("RGB", (behind, behind, behind)))
    coverage = modules.crop(box).resize(size, nearest)
    views = (region.convert("L"), region.getchannel("R")) if red_light else (region.convert("L"),)
    for view in views:
        dark = view.histogram(coverage.point(_WITHIN))
        light = view.histogram(coverage.point(_OUTSIDE))
        if not sum(dark) or not sum(light):
            return None  # outside of the surface
        if _quantile(light, outliers) - _quantile(dark, 1 - outliers) < _MIN_LEVELS:
            is_inverted = _quantile(dark, outliers) - _quantile(light, 1 - outliers) > 0
            return "inverted" if is_inverted else "faint"
    return None


def _quantile(histogram: list[int], share: float) -> int:
    """The level that at least this share of the pixels does not exceed."""
    limit, count = share * sum(histogram), 0
    for level, pixels in enumerate(histogram):
        count += pixels
        if count > limit:
            return level
    return len(histogram) - 1
