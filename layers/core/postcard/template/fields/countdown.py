"""A countdown: what the document says of it, and its figures at a moment."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from math import ceil
from typing import Annotated, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import read_date, to_aware_datetime
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, Liquid, Validator
from postcard.template.schema.validators import has_liquid

MAX_FRAMES = 120
MAX_ANIMATION_PIXELS = 48_000_000  # of all pictures of an animation together
COUNTDOWN_TYPES: Mapping[str, str] = {
    "countdown": "countdown",
    "countdown.days": "number",
    "countdown.hours": "text",
    "countdown.minutes": "text",
    "countdown.seconds": "text",
    "countdown.total_hours": "number",
    "countdown.ended": "boolean",
}
"""What Liquid may name, and of which type."""


def check_date_or_liquid(text: str) -> None:
    """A date as a value writes it, or Liquid that yields one."""
    if not has_liquid(text):
        read_date(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """Counts to `to`; a GIF has `frames` pictures, one a second, and begins again if `loop`."""

    __pydantic_config__ = PYDANTIC_CONFIG

    to: Annotated[str, Len(1, 1000), Liquid("date"), Validator(check_date_or_liquid)]
    frames: Annotated[int, Ge(1), Le(MAX_FRAMES)] = 60
    loop: bool = True

    def end_timestamp(self, zone: tzinfo) -> float:
        """When it is over, in Unix seconds. A day without a time is counted to its end."""
        day: date = read_date(self.to)
        if not isinstance(day, datetime) and day < date.max:
            day += timedelta(days=1)
        return to_aware_datetime(day, zone).timestamp()


def frame_count(countdown: Countdown | None, canvas_pixels: int) -> int:
    """How many pictures a GIF of so many pixels has: fewer than it says where they are too many."""
    max_frames = MAX_ANIMATION_PIXELS // max(1, canvas_pixels)
    return max(1, min(countdown.frames, max_frames)) if countdown else 1


class LocalizedDigits(str):
    """Two digits: a number in its line, though Liquid has them as a text."""

    __slots__ = ()


class LocalizedInt(int):
    """A whole number that is said in the document's digits."""

    __slots__ = ()


def countdown_values(end: float | None, now: float) -> dict[str, Any]:
    """The values by their name in Liquid; nil without an end.

    A second that has begun counts whole, so that all are zero at the end and not before.

    >>> figures(90_061, 0)["countdown.hours"], figures(5, 5)["countdown.ended"]
    ('01', True)
    """
    if end is None:
        parts: dict[str, Any] = {
            name.partition(".")[2]: None for name in COUNTDOWN_TYPES if "." in name
        }
    else:
        left = max(0, ceil(end - now))
        parts = {
            "days": LocalizedInt(left // 86_400),
            "hours": LocalizedDigits(f"{left // 3600 % 24:02}"),
            "minutes": LocalizedDigits(f"{left // 60 % 60:02}"),
            "seconds": LocalizedDigits(f"{left % 60:02}"),
            "total_hours": LocalizedInt(left // 3600),
            "ended": left == 0,
        }
    return {"countdown": parts, **{f"countdown.{name}": part for name, part in parts.items()}}
