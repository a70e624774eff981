"""Sizes and boxes, in CSS pixels unless a name says device pixels."""

from decimal import ROUND_HALF_UP, Decimal

from postcard.runtime.lazy_dataclass import dataclass

MAX_SIDE = 5000
MAX_PIXELS = 16_000_000
DPRS = (1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: `x` and `y` of its top left corner, from the top left of its parent."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the bottom edge."""
        return self.y + self.height

    def moved(self, dx: float, dy: float) -> "Box":
        """The same box elsewhere."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def inset(self, by: float) -> "Box":
        """The box that lies `by` inside on all sides; its sides may come out negative."""
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True, slots=True)
class OutputSize:
    """What is shown (CSS pixels) and what is sent (device pixels)."""

    display_width: int
    display_height: int
    width: int
    height: int

    @property
    def is_within_limits(self) -> bool:
        """Whether the sent picture is within 5000 px a side and 16 Mpx."""
        within = max(self.width, self.height) <= MAX_SIDE
        return within and self.width * self.height <= MAX_PIXELS


def round_half_up(number: float) -> int:
    """Whole pixels, at least 1.

    >>> round_half_up(2.5), round_half_up(0.2)
    (3, 1)
    """
    return max(1, int(Decimal(repr(number)).quantize(Decimal(1), ROUND_HALF_UP)))


def output_size(
    canvas_width: int, canvas_height: int, *, width: int | None = None, dpr: float = 1
) -> OutputSize:
    """The size of a picture of a canvas shown `width` CSS pixels wide at `dpr`.

    >>> output_size(1200, 630, width=600, dpr=1.5)
    OutputSize(display_width=600, display_height=315, width=900, height=473)
    """
    shown = width or canvas_width
    ratio = canvas_height / canvas_width
    return OutputSize(
        shown,
        round_half_up(shown * ratio),
        round_half_up(shown * dpr),
        round_half_up(shown * dpr * ratio),
    )
