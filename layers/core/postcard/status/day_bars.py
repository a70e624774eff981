"""Draws the ninety days of a row as SVG: a bar for each day, with height and colour by its state.

Colours come from CSS classes. Only days with trouble are separate elements, with a tooltip.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from postcard.runtime.lazy_dataclass import dataclass

BAR_WIDTH, GAP, HEIGHT = 4, 1, 32
OK_TOP, UNKNOWN_TOP = 8, 26  # bars of days without trouble are shorter
LONG_MINUTES = 60
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day with its minutes of trouble; `is_known` if there was a check or an incident."""

    day: str
    minutes: int
    is_known: bool


def day_bars(bars: Sequence[DayBar], label: str) -> str:
    """The SVG; `label` is its accessible name."""
    good = [n for n, bar in enumerate(bars) if bar.is_known and not bar.minutes]
    unknown = [n for n, bar in enumerate(bars) if not bar.is_known]
    parts = [
        *_path("ok", good, OK_TOP),
        *_path("none", unknown, UNKNOWN_TOP),
        *(_troubled_bar(n, bar) for n, bar in enumerate(bars) if bar.minutes),
    ]
    return (
        f'<svg class="bars" viewBox="0 0 {_left(len(bars)) - GAP} {HEIGHT}"'
        f' preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def legend() -> Mapping[str, str]:
    """The legend: each meaning with a sample bar as SVG."""
    kinds = {
        "ok": ("no trouble", OK_TOP),
        "some": ("trouble for less than an hour", 0),
        "long": ("trouble for an hour or more", 0),
        "none": ("not checked", UNKNOWN_TOP),
    }
    return {
        text: f'<svg class="bars" viewBox="0 0 4 {HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true">{_rectangle(kind, 0, top)}/></svg>'
        for kind, (text, top) in kinds.items()
    }


def day_name(day: str, *, short: bool = False) -> str:
    """A day in words.

    >>> day_name("2026-11-02"), day_name("2026-11-02", short=True)
    ('2 November', '2 Nov')
    """
    month = _MONTHS[int(day[5:7]) - 1]
    return f"{int(day[8:])} {month[:3] if short else month}"


def duration_text(minutes: int) -> str:
    """A duration in words.

    >>> duration_text(1), duration_text(125), duration_text(2940)
    ('1 minute', '2 hours 5 minutes', '2 days 1 hour')
    """
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = ((days, "day"), (hours, "hour"), (rest, "minute"))
    words = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in units if count]
    return " ".join(words[:2]) or "0 minutes"


def _path(kind: str, places: Sequence[int], top: int) -> Iterator[str]:
    """The bars at these positions as one element."""
    shape = f"h{BAR_WIDTH}v{HEIGHT - top}h-{BAR_WIDTH}z"
    if places:
        yield f'<path class="{kind}" d="{"".join(f"M{_left(n)} {top}{shape}" for n in places)}"/>'


def _troubled_bar(n: int, bar: DayBar) -> str:
    kind = "long" if bar.minutes >= LONG_MINUTES else "some"
    title = f"<title>{day_name(bar.day)}: {duration_text(bar.minutes)} of trouble</title>"
    return f"{_rectangle(kind, _left(n), 0)}>{title}</rect>"


def _rectangle(kind: str, left: int, top: int) -> str:
    size = f'width="{BAR_WIDTH}" height="{HEIGHT - top}"'
    return f'<rect class="{kind}" x="{left}" y="{top}" {size}'


def _left(n: int) -> int:
    return n * (BAR_WIDTH + GAP)
