"""Colour encodings by the code points of ITU-T H.273 (PNG's cICP, AVIF's nclx) or by numbers."""

import struct
from collections.abc import Sequence
from functools import reduce

from postcard.runtime.lazy_dataclass import dataclass

Matrix = Sequence[Sequence[float]]
Chromaticities = tuple[float, ...]  # x and y of red, green, blue and white
Curve = tuple[float, ...]  # g, a, b, c, d of the ICC's parametric curve: (a·x + b)^g, below d: c·x

PQ, HLG = 16, 18  # transfer characteristics of HDR images
DEFAULT_PEAK_NITS = 1000.0  # of an HDR image that does not state its brightest pixel
UNSPECIFIED = 2  # a code point that says nothing
_BT709_PRIMARIES, _SRGB_TRANSFER = 1, 13
_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)

_PRIMARIES: dict[int, Chromaticities] = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65),  # BT.709, sRGB
    4: (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, *_C),  # BT.470 M
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, *_D65),  # BT.470 BG
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),  # BT.601
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),  # SMPTE ST 240
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),  # film
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),  # BT.2020
    10: (1.000, 0.000, 0.000, 1.000, 0.000, 0.000, 1 / 3, 1 / 3),  # SMPTE ST 428, XYZ
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_DCI),  # DCI-P3
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),  # Display P3
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),  # EBU Tech. 3213
}
SRGB_CHROMATICITIES = _PRIMARIES[_BT709_PRIMARIES]
BT2020_CHROMATICITIES = _PRIMARIES[9]
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_VIDEO_TRANSFERS = (1, 6, 14, 15)  # BT.709, BT.601, BT.2020


def gamma_curve(gamma: float) -> Curve:
    """A pure power.

    >>> gamma_curve(2.2)
    (2.2, 1.0, 0.0, 0.0, 0.0)
    """
    return (gamma, 1.0, 0.0, 0.0, 0.0)


_CURVES: dict[int, Curve] = {
    **dict.fromkeys(_VIDEO_TRANSFERS, gamma_curve(2.4)),  # as displays show it: BT.1886
    4: gamma_curve(2.2),
    5: gamma_curve(2.8),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 0.25, 0.0912),  # SMPTE ST 240
    8: gamma_curve(1.0),
    11: gamma_curve(2.4),  # IEC 61966-2-4
    13: SRGB_CURVE,
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0.0, 0.0, 0.0),  # SMPTE ST 428
}


@dataclass(frozen=True, slots=True)
class ColorEncoding:
    """What the numbers of an image's pixels mean.

    `curve` turns them into light; None for HDR, whose `transfer` is PQ or HLG.
    """

    chromaticities: Chromaticities
    curve: Curve | None
    transfer: int = 0
    peak_nits: float = DEFAULT_PEAK_NITS

    @property
    def is_srgb(self) -> bool:
        """Whether there is nothing to convert."""
        return (self.chromaticities, self.curve) == (SRGB_CHROMATICITIES, SRGB_CURVE)


SRGB = ColorEncoding(SRGB_CHROMATICITIES, SRGB_CURVE)


def encoding_by_code_points(
    primaries: int,
    transfer: int,
    *,
    peak_nits: float = DEFAULT_PEAK_NITS,
    video_is_srgb: bool = False,
) -> ColorEncoding | None:
    """The encoding of two code points; None if one is not known.

    `video_is_srgb`: the curves of video mean sRGB's, as browsers read them in AVIF files.
    """
    chromaticities = _PRIMARIES.get(_BT709_PRIMARIES if primaries == UNSPECIFIED else primaries)
    if transfer == UNSPECIFIED or (video_is_srgb and transfer in _VIDEO_TRANSFERS):
        transfer = _SRGB_TRANSFER
    if chromaticities is None:
        return None
    if transfer in (PQ, HLG):
        return ColorEncoding(chromaticities, None, transfer, peak_nits)
    curve = _CURVES.get(transfer)
    return None if curve is None else ColorEncoding(chromaticities, curve)


def multiply(*matrices: Matrix) -> Matrix:
    """The product of 3 × 3 matrices."""
    return reduce(
        lambda left, right: [
            [
                sum(a * b for a, b in zip(row, column, strict=True))
                for column in zip(*right, strict=True)
            ]
            for row in left
        ],
        matrices,
    )


def invert(matrix: Matrix) -> Matrix:
    """The inverse of a 3 × 3 matrix; ZeroDivisionError if there is none."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return [[one / determinant for one in row] for row in cofactors]


def to_xyz(chromaticities: Chromaticities) -> Matrix:
    """The matrix from linear RGB to CIE XYZ; ZeroDivisionError if the primaries span nothing."""
    red, green, blue, white = (
        _xyz(*chromaticities[at : at + 2]) for at in range(0, len(chromaticities), 2)
    )
    columns = [list(row) for row in zip(red, green, blue, strict=True)]
    scale = [sum(a * b for a, b in zip(row, white, strict=True)) for row in invert(columns)]
    return [[a * b for a, b in zip(row, scale, strict=True)] for row in columns]


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    """XYZ of a colour; of a white Y is 1, for a primary only the proportions count."""
    return (x / y, 1.0, (1 - x - y) / y) if y else (x, 0.0, 1 - x)


# ICC profiles, by which LittleCMS converts

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_MAX_FIXED_POINT = 32_767.0


def to_icc_profile(encoding: ColorEncoding, *, gray: bool) -> bytes | None:
    """The encoding as an ICC profile, of gray or of RGB; None if no profile can hold it."""
    if encoding.curve is None:
        return None
    try:
        adapted = multiply(_adaptation(encoding.chromaticities), to_xyz(encoding.chromaticities))
    except ZeroDivisionError:
        return None
    values = [one for row in adapted for one in row]
    if max(map(abs, (*values, *encoding.curve))) > _MAX_FIXED_POINT:
        return None
    curve = struct.pack(">4sIHH", b"para", 0, 3, 0) + _fixed_points(encoding.curve)
    tags = {b"wtpt": _xyz_tag(_D50)}
    if gray:
        return _profile(b"GRAY", {**tags, b"kTRC": curve})
    for name, column in zip((b"r", b"g", b"b"), zip(*adapted, strict=True), strict=True):
        tags |= {name + b"XYZ": _xyz_tag(column), name + b"TRC": curve}
    return _profile(b"RGB ", tags)


def _adaptation(chromaticities: Chromaticities) -> Matrix:
    """The matrix that adapts XYZ from an encoding's white to that of profiles (Bradford)."""
    cones = [
        [sum(a * b for a, b in zip(row, white, strict=True)) for row in _BRADFORD]
        for white in (_xyz(*chromaticities[-2:]), _D50)
    ]
    factors = [there / here for here, there in zip(*cones, strict=True)]
    scale = [[factors[row] if row == column else 0.0 for column in range(3)] for row in range(3)]
    return multiply(invert(_BRADFORD), scale, _BRADFORD)


def _xyz_tag(values: Sequence[float]) -> bytes:
    return struct.pack(">4sI", b"XYZ ", 0) + _fixed_points(values)


def _fixed_points(values: Sequence[float]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(one * 65536) for one in values))


def _profile(color_space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(body))
        data += body
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(data), 0x04300000, b"mntr", color_space, b"XYZ ", b"acsp"
    ) + _fixed_points(_D50)
    return header.ljust(128, b"\0") + table + data
