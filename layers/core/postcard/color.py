"""Colours and paints: what a shape or a letter is filled with.

>>> parse_color("#fff"), parse_color("rgb(0 0 0 / 50%)")
((255, 255, 255, 255), (0, 0, 0, 128))
"""

import colorsys
import re

from PIL import ImageColor

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern

Color = tuple[int, int, int, int]  # red, green, blue, alpha: 0 to 255, not premultiplied

TRANSPARENT: Color = (0, 0, 0, 0)
NOT_A_COLOR = "not a colour; write #rrggbb, #rrggbbaa, rgb(), hsl() or a CSS name"
BLACK: Color = (0, 0, 0, 255)
WHITE: Color = (255, 255, 255, 255)


@dataclass(frozen=True, slots=True)
class LinearGradient:
    """CSS's linear-gradient: `angle` in degrees, 0 upwards, clockwise. A stop's place is 0 to 1."""

    angle: float
    stops: tuple[tuple[Color, float], ...]


@dataclass(frozen=True, slots=True)
class RadialGradient:
    """CSS's radial-gradient, an ellipse about `center` (shares of the box).

    `radius` 1 reaches the corner farthest from the centre.
    """

    stops: tuple[tuple[Color, float], ...]
    center: tuple[float, float] = (0.5, 0.5)
    radius: float = 1.0


Gradient = LinearGradient | RadialGradient
Paint = Color | LinearGradient | RadialGradient

_HEX = pattern(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_CALL = pattern(r"(rgb|hsl)a?\(([^()]{1,100})\)", re.IGNORECASE)
_NUMBER = pattern(r"([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))(%|deg|turn|rad|grad)?")
_DEGREES = {"": 1.0, "deg": 1.0, "turn": 360.0, "rad": 57.29577951308232, "grad": 0.9}


def parse_color(text: str) -> Color:
    """A colour as CSS writes it: hex, `rgb()`, `hsl()`, a name, `transparent`.

    Raises ValueError with a sentence. No gradient, no `currentColor`, no wider gamut.

    >>> parse_color("rebeccapurple"), parse_color("hsl(120, 100%, 25%)")
    ((102, 51, 153, 255), (0, 128, 0, 255))
    """
    written = text.strip()
    if _HEX.fullmatch(written):
        return _from_hex(written[1:])
    if call := _CALL.fullmatch(written):
        return _from_call(text, call[1].lower(), call[2])
    name = written.lower()
    if name == "transparent":
        return TRANSPARENT
    known = ImageColor.colormap.get(name)
    if known is None:
        raise _unreadable(text)
    return parse_color(known) if isinstance(known, str) else (*known[:3], 255)


def is_opaque(paint: Paint) -> bool:
    """Whether nothing shows through."""
    if isinstance(paint, LinearGradient | RadialGradient):
        return all(color[3] == 255 for color, _ in paint.stops)
    return paint[3] == 255


def _unreadable(text: str) -> ValueError:
    return ValueError(f"{text[:60]!r} is {NOT_A_COLOR}")


def _from_hex(digits: str) -> Color:
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, alpha = bytes.fromhex(digits if len(digits) == 8 else digits + "ff")
    return red, green, blue, alpha


def _from_call(text: str, kind: str, arguments: str) -> Color:
    parts = [_NUMBER.fullmatch(part) for part in _split(text, arguments)]
    if not all(parts):
        raise _unreadable(text)
    read = [(float(part[1]), part[2] or "") for part in parts if part]
    alpha = _byte(_share(text, *read[3], whole=1)) if len(read) == 4 else 255
    if kind == "rgb":
        red, green, blue = (_byte(_share(text, *one, whole=255)) for one in read[:3])
        return red, green, blue, alpha
    hue, unit = read[0]
    if unit not in _DEGREES:
        raise _unreadable(text)
    saturation, lightness = (_share(text, *one, whole=100) for one in read[1:3])
    rgb = colorsys.hls_to_rgb(hue * _DEGREES[unit] / 360 % 1, lightness, saturation)
    red, green, blue = map(_byte, rgb)
    return red, green, blue, alpha


def _split(text: str, arguments: str) -> list[str]:
    """Both spellings: commas throughout, or spaces with a slash before alpha."""
    if "," in arguments:
        parts = [part.strip() for part in arguments.split(",")]
    else:
        colors, slash, alpha = arguments.partition("/")
        parts = colors.split()
        if len(parts) != 3:
            raise _unreadable(text)
        parts += [alpha.strip()] if slash else []
    if len(parts) not in (3, 4):
        raise _unreadable(text)
    return parts


def _share(text: str, number: float, unit: str, *, whole: float) -> float:
    """The number as a share of its whole, held between 0 and 1, as CSS clamps."""
    if unit not in ("", "%"):
        raise _unreadable(text)
    return min(1.0, max(0.0, number / (100 if unit else whole)))


def _byte(share: float) -> int:
    return int(share * 255 + 0.5)
