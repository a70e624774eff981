"""Dates as Liquid's values, in the template's time zone."""

from datetime import UTC, date, datetime, tzinfo

from postcard.template.fields.values import to_aware_datetime


class ZonedDate:
    """An instant, shown in a time zone. `date_only`: a date without a time of day.

    Liquid compares it as Unix seconds: python-liquid asks `__liquid__` for a primitive value.
    """

    __slots__ = ("date_only", "local_datetime")

    def __init__(self, day: date, zone: tzinfo) -> None:
        self.date_only = not isinstance(day, datetime)
        self.local_datetime = to_aware_datetime(day, zone).astimezone(zone)

    @classmethod
    def from_timestamp(cls, seconds: float, zone: tzinfo) -> "ZonedDate":
        """The instant of a Unix time."""
        return cls(datetime.fromtimestamp(seconds, UTC), zone)

    @property
    def iso_text(self) -> str:
        """ISO 8601: to the second with the UTC offset, or the date alone."""
        return (
            self.local_datetime.date().isoformat()
            if self.date_only
            else self.local_datetime.isoformat()
        )

    def __liquid__(self) -> float:
        return self.local_datetime.timestamp()

    def __str__(self) -> str:
        return self.local_datetime.strftime("%Y-%m-%d" if self.date_only else "%Y-%m-%d %H:%M")
