"""Draws HDR images (PQ and HLG) in sRGB, as Chromium does.

The reference white of an HDR image and the colours below it get half as bright; from there to the
brightest pixel a curve rises to white (SMPTE ST 2094-50, "reference white tone mapping"). Colours
outside of sRGB are clipped.
"""

import math
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

MAX_PIXELS = 8_000_000  # tone mapping takes 0.1 s for each million: larger images are halved
_STRIP_PIXELS = 250_000  # converted at once: a pixel takes 40 bytes meanwhile
_REFERENCE_WHITE_NITS, _PQ_NITS, _HLG_NITS = 203.0, 10_000.0, 1000.0
_HLG_SYSTEM_GAMMA = 1.2
_WHITE_GAIN, _KNEE_SOFTNESS = 0.5, 0.65
_DEFAULT_HEADROOM = math.log2(DEFAULT_PEAK_NITS / _REFERENCE_WHITE_NITS)
_STEPS = 65_535  # of linear light

Channels = list[Image.Image]  # red, green and blue in mode F


def tone_map(image: Image.Image, encoding: ColorEncoding) -> Image.Image:
    """An RGB or RGBA image in sRGB; one of over 8 Mpx has half its width and height."""
    while image.width * image.height > MAX_PIXELS:
        image = image.reduce(2)
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
        self._luminance = to_xyz(encoding.chromaticities)[1]
        bt2020 = to_xyz(BT2020_CHROMATICITIES)
        self._to_bt2020 = multiply(invert(bt2020), to_xyz(encoding.chromaticities))
        self._to_srgb = multiply(invert(to_xyz(SRGB_CHROMATICITIES)), bt2020)
        self._srgb_levels = [_srgb_level(step / _STEPS) for step in range(_STEPS + 1)]
        self._peak_nits = encoding.peak_nits

    def __call__(self, image: Image.Image) -> Image.Image:
        light = [band.point(self._light, "F") for band in image.split()[:3]]
        if not self._is_pq:
            light = _scene_to_display(light, self._luminance)
        light = _transform(light, self._to_bt2020)
        light = _darken(light, self._peak_nits)
        return Image.merge("RGB", [self._to_level(one) for one in _transform(light, self._to_srgb)])

    def _to_level(self, light: Image.Image) -> Image.Image:
        steps = ImageMath.lambda_eval(
            lambda a: a["convert"](a["min"](a["max"](a["x"], 0.0), 1.0) * _STEPS + 0.5, "I"),
            x=light,
        )
        return steps.point(self._srgb_levels, "L")


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


def _scene_to_display(light: Channels, luminance: Any) -> Channels:
    """BT.2100's opto-optical transfer on a display of 1,000 nits."""
    scale = ImageMath.lambda_eval(
        lambda a: (
            a["max"](a["r"] * luminance[0] + a["g"] * luminance[1] + a["b"] * luminance[2], 0.0)
            ** (_HLG_SYSTEM_GAMMA - 1)
            * (_HLG_NITS / _REFERENCE_WHITE_NITS)
        ),
        **dict(zip("rgb", light, strict=True)),
    )
    return [ImageMath.lambda_eval(lambda a: a["x"] * a["k"], x=one, k=scale) for one in light]


def _transform(light: Channels, matrix: Matrix) -> Channels:
    channels = dict(zip("rgb", light, strict=True))
    return [
        ImageMath.lambda_eval(
            lambda a, row=row: a["r"] * row[0] + a["g"] * row[1] + a["b"] * row[2], **channels
        )
        for row in matrix
    ]


def _darken(light: Channels, peak_nits: float) -> Channels:
    """Multiply by a gain that the largest channel decides, so that no hue changes.

    Above the reference white the largest channel follows a Bézier curve of degree 2 up to white.
    """
    headroom = math.log2(max(1.0, peak_nits / _REFERENCE_WHITE_NITS))
    if not headroom:
        return light
    knee = 1 - _WHITE_GAIN * min(headroom / _DEFAULT_HEADROOM, 1.0)
    peak = 2.0**headroom
    middle_x = 1 - _KNEE_SOFTNESS + _KNEE_SOFTNESS / knee
    middle_y = (1 - _KNEE_SOFTNESS) * knee + _KNEE_SOFTNESS
    curvature, slope = 1 - 2 * middle_x + peak, 2 * (middle_x - 1)

    def gain(a: Any) -> Any:
        x = a["max"](a["max"](a["max"](a["r"], a["g"]), a["b"]), 1.0)
        t = ((slope * slope + (x - 1.0) * (4 * curvature)) ** 0.5 - slope) * (1 / (2 * curvature))
        t = a["min"](t, 1.0)
        return (t * t * (knee - 2 * middle_y + 1) + t * (2 * (middle_y - knee)) + knee) / x

    gains = ImageMath.lambda_eval(gain, **dict(zip("rgb", light, strict=True)))
    return [ImageMath.lambda_eval(lambda a: a["x"] * a["k"], x=one, k=gains) for one in light]


def _srgb_level(light: float) -> int:
    encoded = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * encoded)
