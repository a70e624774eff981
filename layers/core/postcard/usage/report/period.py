"""The days of a report, and the days or weeks that its bars stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NoReturn

from postcard.errors import BadRequest, Fault
from postcard.usage.report.number_text import day_text, long_day_text

MAX_DAYS = 400  # for which counts are kept
DEFAULT_DAYS = 30
MAX_COMPARED_DAYS = 31  # a report reads each day, and once that takes some calls
MAX_DAY_BARS = 92  # a longer period has a bar for each week
FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included (UTC)."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """As many days that end just before."""
        return Period(self.first - timedelta(self.days), self.first - timedelta(1))

    def days_to_read(self) -> "Period":
        """With the period before, unless that is too long, and at least two days before it."""
        days_before = self.days if self.days <= MAX_COMPARED_DAYS else 0
        return Period(self.first - timedelta(max(days_before, 2)), self.last)

    def text(self) -> str:
        """`1 Nov to 30 Nov 2026`; the year once where it is the same."""
        if self.first == self.last:
            return f"{day_text(self.last)} {self.last.year}"
        year = "" if self.first.year == self.last.year else f" {self.first.year}"
        return f"{day_text(self.first)}{year} to {day_text(self.last)} {self.last.year}"


@dataclass(frozen=True, slots=True)
class Interval:
    """What one bar stands for: a day, or a week that may be cut by the period."""

    first: date
    last: date

    @property
    def label(self) -> str:
        """For a tooltip and a table."""
        if self.first == self.last:
            return long_day_text(self.first)
        return f"{day_text(self.first)} to {day_text(self.last)} {self.last.year}"

    @property
    def short_label(self) -> str:
        """For an axis."""
        return day_text(self.first)


def parse_period(first: str | None, last: str | None, days: int | None, *, today: date) -> Period:
    """The period of a query: `from` to `to`, or the last `days` days; `BadRequest`.

    Without any of them: the last 30 days.
    """
    if days is not None:
        if first or last:
            _refuse("days", "Give either days, or from and to.")
        return last_days(days, today)
    end = parse_day("to", last) if last else today
    start = parse_day("from", first) if first else end - timedelta(DEFAULT_DAYS - 1)
    if start > end:
        _refuse("from", "from is after to: exchange them.")
    if (end - start).days >= MAX_DAYS:
        _refuse("from", f"The period is over {MAX_DAYS} days: choose a shorter one.")
    if end > today + timedelta(1):
        _refuse("to", f"to is in the future: today is {today.isoformat()} (UTC).")
    return Period(start, end)


def last_days(days: int, today: date) -> Period:
    """The last days, today included; `BadRequest` if there are none or too many."""
    if not 1 <= days <= MAX_DAYS:
        _refuse("days", f"days is from 1 to {MAX_DAYS}.")
    return Period(today - timedelta(days - 1), today)


def intervals(period: Period) -> Sequence[Interval]:
    """The days of a period, or its weeks from Monday on where there are more than 92 days."""
    starts = [period.first + timedelta(index) for index in range(period.days)]
    if period.days <= MAX_DAY_BARS:
        return [Interval(day, day) for day in starts]
    mondays = [day for day in starts if day == period.first or day.weekday() == 0]
    ends = [*(day - timedelta(1) for day in mondays[1:]), period.last]
    return [Interval(first, last) for first, last in zip(mondays, ends, strict=True)]


def parse_day(name: str, text: str) -> date:
    """The day that the parameter `name` has; `BadRequest`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year < FIRST_YEAR:
        _refuse(name, f"{name} is not a day since {FIRST_YEAR}: write it as 2026-11-22.")
    return day


def _refuse(name: str, detail: str) -> NoReturn:
    raise BadRequest(detail, errors=[Fault("invalid_request", f"/{name}", detail)])
