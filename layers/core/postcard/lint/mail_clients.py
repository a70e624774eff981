"""What mail clients do to pictures in dark mode: the colour behind them, and which they recolour.

No client has a public specification. The colours behind pictures are those that Action Rocket read
off the clients in October 2020 (actionrocket.co/blog/understanding-colors-in-dark-mode); those of
Gmail on Android and of Outlook for Windows are estimates. That Gmail on Android recolours pictures
of 100 pixels or less was measured by Rémi Parmentier in 2020 (github.com/hteumeuleu/email-bugs,
issue 68): the pixels of the file count, width or height, whatever the displayed size and the format
are. Gmail on iOS is assumed to do the same. No client is known to recolour larger pictures.
"""

from postcard.color import Color, parse_color
from postcard.lint.srgb import from_linear, to_linear
from postcard.runtime.lazy_dataclass import dataclass

RECOLORED_SIDE = 100  # pixels of the file
RECOLORING_FILTER = "invert(1) hue-rotate(180deg)"  # close to `recolored`, for a browser


@dataclass(frozen=True, slots=True)
class MailClient:
    """A mail client in dark mode.

    `background` is the colour behind a picture. Pictures with a width or a height of up to
    `recolors_up_to` pixels get other colours; 0: none does.
    """

    id: str
    name: str
    background: str
    recolors_up_to: int = 0

    @property
    def background_color(self) -> Color:
        """The colour behind a picture."""
        return parse_color(self.background)

    def recolors(self, width: int, height: int) -> bool:
        """Whether a file of so many pixels gets other colours."""
        return min(width, height) <= self.recolors_up_to

    def shown(self, color: Color, width: int, height: int) -> Color:
        """How the client shows an opaque colour of a picture of that size."""
        return recolored(color) if self.recolors(width, height) else color


DARK_CLIENTS = (
    MailClient("gmail-android", "Gmail on Android", "#121212", RECOLORED_SIDE),
    MailClient("gmail-ios", "Gmail on iOS", "#141414", RECOLORED_SIDE),
    MailClient("apple-mail-ios", "Apple Mail on iOS", "#1c1c1e"),
    MailClient("apple-mail-macos", "Apple Mail on macOS", "#221c1c"),
    MailClient("outlook-web", "Outlook on the web", "#2d2d2d"),
    MailClient("outlook-ios", "Outlook on iOS", "#202124"),
    MailClient("outlook-macos", "Outlook on macOS", "#1c1c1c"),
    MailClient("outlook-windows", "Outlook for Windows", "#262626"),
)

_MAX_LIGHTNESS = 110.0  # Chromium's forced dark mode keeps black from becoming pure white
_WHITE_POINT = (0.95047, 1.0, 1.08883)  # D65


def recolored(color: Color) -> Color:
    """A colour with its CIELAB lightness inverted, as Chromium's forced dark mode does it.

    Gmail's own algorithm is not published; its app shows mail in Chromium's engine.

    >>> recolored((255, 255, 255, 255)), recolored((0, 0, 0, 255))
    ((27, 27, 27, 255), (255, 255, 255, 255))
    """
    lightness, a, b = _to_lab(color)
    red, green, blue = _from_lab(min(_MAX_LIGHTNESS - lightness, 100.0), a, b)
    return red, green, blue, color[3]


def _to_lab(color: Color) -> tuple[float, float, float]:
    red, green, blue = map(to_linear, color[:3])
    x = 0.4124564 * red + 0.3575761 * green + 0.1804375 * blue
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = 0.0193339 * red + 0.1191920 * green + 0.9503041 * blue
    fx, fy, fz = (_lab_curve(v / w) for v, w in zip((x, y, z), _WHITE_POINT, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _from_lab(lightness: float, a: float, b: float) -> tuple[int, int, int]:
    fy = (lightness + 16) / 116
    curved = (fy + a / 500, fy, fy - b / 200)
    x, y, z = (_lab_inverse(f) * w for f, w in zip(curved, _WHITE_POINT, strict=True))
    red = 3.2404542 * x - 1.5371385 * y - 0.4985314 * z
    green = -0.9692660 * x + 1.8760108 * y + 0.0415560 * z
    blue = 0.0556434 * x - 0.2040259 * y + 1.0572252 * z
    return from_linear(red), from_linear(green), from_linear(blue)


def _lab_curve(value: float) -> float:
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def _lab_inverse(value: float) -> float:
    return value**3 if value > 6 / 29 else (116 * value - 16) * 27 / 24389
