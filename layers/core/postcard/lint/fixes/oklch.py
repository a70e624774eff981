"""Finds the nearest colour with enough contrast: in OKLCH, with the hue kept.

Conversions as Björn Ottosson published them (bottosson.github.io/posts/oklab).
"""

import math

from postcard.color import Color
from postcard.lint.contrast import contrast_ratio
from postcard.lint.srgb import from_linear, to_linear

_STEPS = 500  # of lightness, from black to white
_MARGIN = 0.02  # more contrast than is needed, so that rounding cannot undo it
_LESS_CHROMA = 0.95


def nearest_passing_color(
    color: Color, background: Color, minimum: float, *, only_darker: bool = False
) -> Color | None:
    """The opaque colour with the nearest lightness whose contrast is over `minimum`.

    Chroma is given up only as far as the gamut asks. None if neither black nor white passes.

    >>> nearest_passing_color((136, 136, 136, 255), (255, 255, 255, 255), 4.5)
    (118, 118, 118, 255)
    """
    lightness, chroma, hue = _to_oklch(color)
    for step in range(_STEPS + 1):
        for sign in (-1,) if only_darker else (-1, 1):
            near = lightness + sign * step / _STEPS
            if -1 / _STEPS < near < 1 + 1 / _STEPS:
                tried = _from_oklch(min(1.0, max(0.0, near)), chroma, hue)
                if contrast_ratio(tried, background) >= minimum + _MARGIN:
                    return tried
    return None


def _to_oklch(color: Color) -> tuple[float, float, float]:
    red, green, blue = map(to_linear, color[:3])
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> Color:
    while True:
        channels = _linear_channels(lightness, chroma * math.cos(hue), chroma * math.sin(hue))
        if chroma < 1e-4 or all(-1e-4 <= channel <= 1.0001 for channel in channels):
            red, green, blue = (from_linear(channel) for channel in channels)
            return red, green, blue, 255
        chroma *= _LESS_CHROMA


def _linear_channels(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
