"""Sizes and boxes, in CSS pixels unless a name says device pixels."""

from decimal import ROUND_HALF_UP, Decimal

from postcard.runtime.lazy_dataclass import dataclass

MAX_SIDE = 5000
MAX_PIXELS = 16_000_000
DPRS = (1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `x` and `y` are relative to the top left corner of its parent."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x coordinate of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y coordinate of the bottom edge."""
        return self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        """Whether the two boxes have an area in common."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def moved(self, dx: float, dy: float) -> "Box":
        """The box moved by a vector."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def inset(self, by: float) -> "Box":
        """The box shrunk by `by` on each side; its width and height may become negative."""
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True, slots=True)
class OutputSize:
    """A picture's display size (CSS pixels) and its own size (device pixels)."""

    display_width: int
    display_height: int
    width: int
    height: int

    @property
    def is_within_limits(self) -> bool:
        """Whether the picture has at most 5000 px a side and 16 Mpx."""
        sides_fit = max(self.width, self.height) <= MAX_SIDE
        return sides_fit and self.width * self.height <= MAX_PIXELS


def round_half_up(number: float) -> int:
    """Round to whole pixels, at least 1.

    >>> round_half_up(2.5), round_half_up(0.2)
    (3, 1)
    """
    return max(1, int(Decimal(repr(number)).quantize(Decimal(1), ROUND_HALF_UP)))


def output_size(
    canvas_width: int, canvas_height: int, *, width: int | None = None, dpr: float = 1
) -> OutputSize:
    """The size of a canvas's picture that is displayed `width` CSS pixels wide at `dpr`.

    >>> output_size(1200, 630, width=600, dpr=1.5)
    OutputSize(display_width=600, display_height=315, width=900, height=473)
    """
    display_width = width or canvas_width
    ratio = canvas_height / canvas_width
    return OutputSize(
        display_width,
        round_half_up(display_width * ratio),
        round_half_up(display_width * dpr),
        round_half_up(display_width * dpr * ratio),
    )
