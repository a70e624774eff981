"""A countdown: what the document says of it, and its figures at a moment."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from math import ceil
from typing import Annotated, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import instant, read_date
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import CONFIG, Liquid, Rule
from postcard.template.schema.validators import has_liquid

MOST_FRAMES = 120
MOST_FRAME_PIXELS = 48_000_000  # of all pictures of an animation together
KINDS: Mapping[str, str] = {
    "countdown": "countdown",
    "countdown.days": "number",
    "countdown.hours": "text",
    "countdown.minutes": "text",
    "countdown.seconds": "text",
    "countdown.total_hours": "number",
    "countdown.ended": "boolean",
}
"""What Liquid may name, and of which type."""


def date_or_liquid(text: str) -> None:
    """A date as a value writes it, or Liquid that yields one."""
    if not has_liquid(text):
        read_date(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """Counts to `to`; a GIF has `frames` pictures, one a second, and begins again if `loop`."""

    __pydantic_config__ = CONFIG

    to: Annotated[str, Len(1, 1000), Liquid("date"), Rule(date_or_liquid)]
    frames: Annotated[int, Ge(1), Le(MOST_FRAMES)] = 60
    loop: bool = True

    def end(self, zone: tzinfo) -> float:
        """When it is over, in Unix seconds. A day without a time is counted to its end."""
        day: date = read_date(self.to)
        if not isinstance(day, datetime) and day < date.max:
            day += timedelta(days=1)
        return instant(day, zone).timestamp()


def frames_of(countdown: Countdown | None, pixels: int) -> int:
    """How many pictures a GIF of so many pixels has: fewer than it says where they are too many."""
    most = MOST_FRAME_PIXELS // max(1, pixels)
    return max(1, min(countdown.frames, most)) if countdown else 1


class Figure(str):
    """Two digits: a number in its line, though Liquid has them as a text."""

    __slots__ = ()


class Amount(int):
    """A whole number that is said in the document's digits."""

    __slots__ = ()


def figures(end: float | None, now: float) -> dict[str, Any]:
    """The values by their name in Liquid; nil without an end.

    A second that has begun counts whole, so that all are zero at the end and not before.

    >>> figures(90_061, 0)["countdown.hours"], figures(5, 5)["countdown.ended"]
    ('01', True)
    """
    if end is None:
        parts: dict[str, Any] = {name.partition(".")[2]: None for name in KINDS if "." in name}
    else:
        left = max(0, ceil(end - now))
        parts = {
            "days": Amount(left // 86_400),
            "hours": Figure(f"{left // 3600 % 24:02}"),
            "minutes": Figure(f"{left // 60 % 60:02}"),
            "seconds": Figure(f"{left % 60:02}"),
            "total_hours": Amount(left // 3600),
            "ended": left == 0,
        }
    return {"countdown": parts, **{f"countdown.{name}": part for name, part in parts.items()}}
