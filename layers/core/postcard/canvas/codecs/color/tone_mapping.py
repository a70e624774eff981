"""Draws HDR images (PQ and HLG) in sRGB, as Chromium does.

The reference white of an HDR image and the colours below it get half as bright; from there to the
brightest pixel a curve rises to white (SMPTE ST 2094-50, "reference white tone mapping"). Colours
outside of sRGB are clipped.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from PIL import Image, ImageMath

from postcard.canvas.codecs.color.color_encoding import (
    BT2020_CHROMATICITIES,
    DEFAULT_PEAK_NITS,
    PQ,
    SRGB_CHROMATICITIES,
    ColorEncoding,
    Matrix,
    invert,
    multiply,
    to_xyz,
)

MAX_PIXELS = 4_000_000  # larger images are reduced: a million pixels take 0.1 s
_STRIP_PIXELS = 1_000_000  # converted at once: a pixel takes 40 bytes meanwhile
_REFERENCE_WHITE_NITS, _PQ_NITS, _HLG_NITS = 203.0, 10_000.0, 1000.0
_HLG_SYSTEM_GAMMA = 1.2
_WHITE_GAIN, _KNEE_SOFTNESS = 0.5, 0.65
_DEFAULT_HEADROOM = math.log2(DEFAULT_PEAK_NITS / _REFERENCE_WHITE_NITS)
_STEPS = 65_535  # of linear light

Channels = Sequence[Image.Image]  # red, green and blue in mode F


def tone_map(image: Image.Image, encoding: ColorEncoding) -> Image.Image:
    """An RGB or RGBA image in sRGB; over 4 Mpx it is a half or a third as wide and high."""
    shrinking = math.ceil((image.width * image.height / MAX_PIXELS) ** 0.5)
    if shrinking > 1:
        image = image.reduce(shrinking)
    converted = Image.new("RGB", image.size)
    rows = max(1, _STRIP_PIXELS // image.width)
    convert = _Converter(encoding)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        converted.paste(convert(image.crop(box)), box)
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


class _Converter:
    """Converts strips of an image. Light is relative to the reference white."""

    def __init__(self, encoding: ColorEncoding) -> None:
        self._is_pq = encoding.transfer == PQ
        to_light = _pq_to_light if self._is_pq else _hlg_to_scene
        self._light = [to_light(level / 255) for level in range(256)]
        to_xyz_ = to_xyz(encoding.chromaticities)
        self._luminance = to_xyz_[1]
        self._to_bt2020 = (
            None
            if encoding.chromaticities == BT2020_CHROMATICITIES
            else multiply(invert(to_xyz(BT2020_CHROMATICITIES)), to_xyz_)
        )
        to_srgb = multiply(invert(to_xyz(SRGB_CHROMATICITIES)), to_xyz_)
        self._to_srgb_steps = [[_STEPS * one for one in row] for row in to_srgb]
        self._srgb_levels = [_srgb_level(step / _STEPS) for step in range(_STEPS + 1)]
        self._gain = _Gain(encoding.peak_nits)

    def __call__(self, image: Image.Image) -> Image.Image:
        light = [band.point(self._light, "F") for band in image.split()[:3]]
        display = None if self._is_pq else _hlg_display_scale(light, self._luminance)
        scale = self._gain(_transform(light, self._to_bt2020), display)
        steps = _transform(light, self._to_srgb_steps, scale)
        levels = [one.convert("I").point(self._srgb_levels, "L") for one in steps]
        return Image.merge("RGB", levels)


class _Gain:
    """The factor of each pixel, which its largest channel decides, so that no hue changes.

    Up to the reference white it is one number; above, the largest channel follows a Bézier curve
    of degree 2 up to white.
    """

    def __init__(self, peak_nits: float) -> None:
        headroom = math.log2(max(1.0, peak_nits / _REFERENCE_WHITE_NITS))
        self._knee = knee = 1 - _WHITE_GAIN * min(headroom / _DEFAULT_HEADROOM, 1.0)
        middle_x = 1 - _KNEE_SOFTNESS + _KNEE_SOFTNESS / knee
        middle_y = (1 - _KNEE_SOFTNESS) * knee + _KNEE_SOFTNESS
        self._across = 1 - 2 * middle_x + 2.0**headroom, 2 * (middle_x - 1)
        self._up = knee - 2 * middle_y + 1, 2 * (middle_y - knee)

    def __call__(self, light: Channels, display: Image.Image | None) -> Image.Image:
        """The factors of BT.2020 light, which is multiplied by `display` first."""
        red, green, blue = light
        factors: Image.Image = ImageMath.lambda_eval(
            self._factor, red=red, green=green, blue=blue, display=display or 1.0
        )
        return factors

    def _factor(self, a: Any) -> Any:
        largest = a["max"](a["max"](a["red"], a["green"]), a["blue"]) * a["display"]
        x, (square, linear) = a["max"](largest, 1.0), self._across
        if not square:  # nothing is above the reference white: what is, is clipped
            return x * 0.0 + a["display"]
        root = ((x - 1.0) * (4 * square) + linear * linear) ** 0.5
        t = a["min"]((root - linear) * (1 / (2 * square)), 1.0)
        return ((t * self._up[0] + self._up[1]) * t + self._knee) / x * a["display"]


def _pq_to_light(signal: float) -> float:
    """SMPTE ST 2084."""
    power = signal ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return float(ratio ** (1 / 0.1593017578125)) * _PQ_NITS / _REFERENCE_WHITE_NITS


def _hlg_to_scene(signal: float) -> float:
    """ITU-R BT.2100: the light of the scene, from 0 to 1."""
    if signal <= 0.5:  # where its curve changes
        return signal * signal / 3
    return (math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _hlg_display_scale(light: Channels, luminance: Sequence[float]) -> Image.Image:
    """BT.2100's opto-optical transfer on a display of 1,000 nits, as a factor of each pixel."""
    (scene,) = _transform(light, [luminance])
    scale = _HLG_NITS / _REFERENCE_WHITE_NITS
    factors: Image.Image = ImageMath.lambda_eval(
        lambda a: a["max"](a["y"], 0.0) ** (_HLG_SYSTEM_GAMMA - 1) * scale, y=scene
    )
    return factors


def _transform(
    light: Channels, matrix: Matrix | None, scale: Image.Image | None = None
) -> list[Image.Image]:
    """The product of a matrix and each pixel; times its scale."""
    if matrix is None:
        return list(light)
    bands = dict(zip(("red", "green", "blue"), light, strict=True))

    def product(a: Any, row: Sequence[float]) -> Any:
        total = a["red"] * row[0] + a["green"] * row[1] + a["blue"] * row[2]
        return total * a["scale"] if scale else total

    bands |= {"scale": scale} if scale else {}
    return [ImageMath.lambda_eval(partial(product, row=row), **bands) for row in matrix]


def _srgb_level(light: float) -> int:
    encoded = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * encoded)
