"""The document's countdown, and its Liquid values at an instant."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from math import ceil
from typing import Annotated, Any

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import read_date, to_aware_datetime
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import PYDANTIC_CONFIG, Liquid, SchemaHint, Validator
from postcard.template.schema.validators import has_liquid

MAX_FRAMES = 120
MAX_ANIMATION_PIXELS = 48_000_000  # of all frames together
COUNTDOWN_TYPES: Mapping[str, str] = {
    "countdown": "countdown",
    "countdown.days": "number",
    "countdown.hours": "text",
    "countdown.minutes": "text",
    "countdown.seconds": "text",
    "countdown.total_hours": "number",
    "countdown.ended": "boolean",
}
"""The types of the names that Liquid may use for a countdown."""


def check_date_or_liquid(text: str) -> None:
    """A date as in a date field's value, or Liquid that yields one."""
    if not has_liquid(text):
        read_date(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """Counts down to `to`. A GIF has `frames` frames, one a second; `loop` repeats it."""

    __pydantic_config__ = PYDANTIC_CONFIG

    to: Annotated[str, Len(1, 1000), Liquid("date"), Validator(check_date_or_liquid)]
    frames: Annotated[int, Ge(1), Le(MAX_FRAMES), SchemaHint(unit="frames")] = 60
    loop: bool = True

    def end_timestamp(self, zone: tzinfo) -> float:
        """The end in Unix seconds; a date without a time of day ends at its midnight."""
        end: date = read_date(self.to)
        if not isinstance(end, datetime) and end < date.max:
            end += timedelta(days=1)
        return to_aware_datetime(end, zone).timestamp()


def frame_count(countdown: Countdown | None, canvas_pixels: int) -> int:
    """The number of frames in a GIF: `frames`, or fewer if the canvas is too large for those."""
    max_frames = MAX_ANIMATION_PIXELS // max(1, canvas_pixels)
    return max(1, min(countdown.frames, max_frames)) if countdown else 1


class LocalizedDigits(str):
    """Two digits, a text in Liquid, that are shown in the document's numerals like a number."""

    __slots__ = ()


class LocalizedInt(int):
    """A whole number that is shown in the document's numerals."""

    __slots__ = ()


def countdown_values(end: float | None, now: float) -> dict[str, Any]:
    """The countdown's Liquid values by name, all None without an end.

    `end` and `now` are Unix seconds. The remaining seconds are rounded up, so that all values are
    zero at the end and not before.

    >>> countdown_values(90_061, 0)["countdown.hours"], countdown_values(5, 5)["countdown.ended"]
    ('01', True)
    """
    if end is None:
        parts: dict[str, Any] = {
            name.partition(".")[2]: None for name in COUNTDOWN_TYPES if "." in name
        }
    else:
        remaining = max(0, ceil(end - now))
        parts = {
            "days": LocalizedInt(remaining // 86_400),
            "hours": LocalizedDigits(f"{remaining // 3600 % 24:02}"),
            "minutes": LocalizedDigits(f"{remaining // 60 % 60:02}"),
            "seconds": LocalizedDigits(f"{remaining % 60:02}"),
            "total_hours": LocalizedInt(remaining // 3600),
            "ended": remaining == 0,
        }
    return {"countdown": parts, **{f"countdown.{name}": part for name, part in parts.items()}}
