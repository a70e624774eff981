"""CSS colours and gradients.

>>> parse_color("#fff"), parse_color("rgb(0 0 0 / 50%)")
((255, 255, 255, 255), (0, 0, 0, 128))
"""

import colorsys
import re

from PIL import ImageColor

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

Color = tuple[int, int, int, int]  # red, green, blue, alpha: 0 to 255, not premultiplied
Rgb = tuple[int, int, int]

TRANSPARENT: Color = (0, 0, 0, 0)
INVALID_COLOR_MESSAGE = "not a colour; write #rrggbb, #rrggbbaa, rgb(), hsl() or a CSS name"
BLACK: Color = (0, 0, 0, 255)
WHITE: Color = (255, 255, 255, 255)


@dataclass(frozen=True, slots=True)
class LinearGradient:
    """CSS's linear-gradient: `angle` in degrees clockwise from upwards; stop offsets 0 to 1."""

    angle: float
    stops: tuple[tuple[Color, float], ...]


@dataclass(frozen=True, slots=True)
class RadialGradient:
    """CSS's radial-gradient: an ellipse around `center`, in fractions of the box.

    `radius` 1 reaches the corner farthest from the centre.
    """

    stops: tuple[tuple[Color, float], ...]
    center: tuple[float, float] = (0.5, 0.5)
    radius: float = 1.0


Gradient = LinearGradient | RadialGradient
Paint = Color | LinearGradient | RadialGradient

_HEX = lazy_regex(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_FUNCTION = lazy_regex(r"(rgb|hsl)a?\(([^()]{1,100})\)", re.IGNORECASE)
_NUMBER = lazy_regex(r"([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))(%|deg|turn|rad|grad)?")
_DEGREES_PER_UNIT = {"": 1.0, "deg": 1.0, "turn": 360.0, "rad": 57.29577951308232, "grad": 0.9}


def parse_color(text: str) -> Color:
    """Parse a CSS colour: hex, `rgb()`, `hsl()`, a name or `transparent`.

    ValueError says what to write. `currentColor` and wide-gamut colours are not supported.

    >>> parse_color("rebeccapurple"), parse_color("hsl(120, 100%, 25%)")
    ((102, 51, 153, 255), (0, 128, 0, 255))
    """
    stripped = text.strip()
    if _HEX.fullmatch(stripped):
        return _from_hex(stripped[1:])
    if call := _FUNCTION.fullmatch(stripped):
        return _from_function(text, call[1].lower(), call[2])
    name = stripped.lower()
    if name == "transparent":
        return TRANSPARENT
    named = ImageColor.colormap.get(name)
    if named is None:
        raise _invalid_color(text)
    return parse_color(named) if isinstance(named, str) else (*named[:3], 255)


def composite(color: Color, backdrop: Color, opacity: float = 1.0) -> Color:
    """A colour over an opaque one.

    >>> composite((0, 0, 0, 128), WHITE), composite((255, 0, 0, 255), WHITE, opacity=0.5)
    ((127, 127, 127, 255), (255, 128, 128, 255))
    """
    alpha = color[3] / 255 * opacity
    red, green, blue = (
        round(above * alpha + below * (1 - alpha))
        for above, below in zip(color[:3], backdrop[:3], strict=True)
    )
    return red, green, blue, 255


def is_opaque(paint: Paint) -> bool:
    """Whether all its colours have full alpha."""
    if isinstance(paint, LinearGradient | RadialGradient):
        return all(color[3] == 255 for color, _ in paint.stops)
    return paint[3] == 255


def _invalid_color(text: str) -> ValueError:
    return ValueError(f"{text[:60]!r} is {INVALID_COLOR_MESSAGE}")


def _from_hex(digits: str) -> Color:
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, alpha = bytes.fromhex(digits if len(digits) == 8 else digits + "ff")
    return red, green, blue, alpha


def _from_function(text: str, function: str, arguments: str) -> Color:
    parts = [_NUMBER.fullmatch(part) for part in _split_arguments(text, arguments)]
    if not all(parts):
        raise _invalid_color(text)
    values = [(float(part[1]), part[2] or "") for part in parts if part]
    alpha = _to_byte(_fraction(text, *values[3], full_scale=1)) if len(values) == 4 else 255
    if function == "rgb":
        channels = (_fraction(text, *channel, full_scale=255) for channel in values[:3])
        red, green, blue = map(_to_byte, channels)
        return red, green, blue, alpha
    hue, unit = values[0]
    if unit not in _DEGREES_PER_UNIT:
        raise _invalid_color(text)
    saturation, lightness = (_fraction(text, *value, full_scale=100) for value in values[1:3])
    rgb = colorsys.hls_to_rgb(hue * _DEGREES_PER_UNIT[unit] / 360 % 1, lightness, saturation)
    red, green, blue = map(_to_byte, rgb)
    return red, green, blue, alpha


def _split_arguments(text: str, arguments: str) -> list[str]:
    """Split either syntax: commas throughout, or spaces with a slash before alpha."""
    if "," in arguments:
        parts = [part.strip() for part in arguments.split(",")]
    else:
        colors, slash, alpha = arguments.partition("/")
        parts = colors.split()
        if len(parts) != 3:
            raise _invalid_color(text)
        parts += [alpha.strip()] if slash else []
    if len(parts) not in (3, 4):
        raise _invalid_color(text)
    return parts


def _fraction(text: str, number: float, unit: str, *, full_scale: float) -> float:
    """The number as a fraction of `full_scale`, clamped to 0 and 1 as CSS does."""
    if unit not in ("", "%"):
        raise _invalid_color(text)
    return min(1.0, max(0.0, number / (100 if unit else full_scale)))


def _to_byte(fraction: float) -> int:
    return int(fraction * 255 + 0.5)
