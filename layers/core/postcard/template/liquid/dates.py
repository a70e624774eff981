"""Dates as Liquid sees them, in the template's zone."""

from datetime import UTC, date, datetime, tzinfo

from postcard.template.fields.values import instant


class Moment:
    """An instant, shown in a zone. `whole_day`: a date that said no time.

    Compares as its Unix seconds, in Liquid too (`__liquid__` is python-liquid's word for that).
    """

    __slots__ = ("shown", "whole_day")

    def __init__(self, day: date, zone: tzinfo) -> None:
        self.whole_day = not isinstance(day, datetime)
        self.shown = instant(day, zone).astimezone(zone)

    @classmethod
    def at(cls, seconds: float, zone: tzinfo) -> "Moment":
        """The moment of a Unix time."""
        return cls(datetime.fromtimestamp(seconds, UTC), zone)

    @property
    def written(self) -> str:
        """As a value is written: to the second and with its offset, or the day alone."""
        return self.shown.date().isoformat() if self.whole_day else self.shown.isoformat()

    def __liquid__(self) -> float:
        return self.shown.timestamp()

    def __str__(self) -> str:
        return self.shown.strftime("%Y-%m-%d" if self.whole_day else "%Y-%m-%d %H:%M")
