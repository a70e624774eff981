"""Reads the counts of a period and makes the report or the CSV of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from postcard.ports import UsageKey
from postcard.usage.report.csv_text import csv_text
from postcard.usage.report.period import Period, today
from postcard.usage.report.report import (
    DEFAULT_SORT,
    CostLines,
    UsageReport,
    sort_rows,
    table_rows,
    usage_report,
)
from postcard.usage.report.sums import UsageFilter, UsageRows, sum_usage

ReadUsage = Callable[[str, str], UsageRows]
LogCompleteTo = Callable[[], str | None]


class UsageReports:
    """Reports on usage. `read` takes the first and the last day.

    `log_complete_to` tells up to when the CDN's log was read (RFC 3339), or None.
    """

    def __init__(
        self, read: ReadUsage, cost_lines: CostLines, log_complete_to: LogCompleteTo
    ) -> None:
        self._read = read
        self._cost_lines = cost_lines
        self._log_complete_to = log_complete_to

    def report(
        self,
        period: Period,
        usage_filter: UsageFilter,
        *,
        now: float,
        sort: str = DEFAULT_SORT,
        prices: bool = True,
    ) -> UsageReport:
        """The page's contents."""
        return usage_report(
            self._rows(period.with_before()),
            period,
            usage_filter,
            today=today(now),
            cost_lines=self._cost_lines if prices else None,
            log_complete_to=self._log_complete_to(),
            sort=sort,
        )

    def csv(
        self, period: Period, usage_filter: UsageFilter, *, by_day: bool, prices: bool = True
    ) -> str:
        """All rows of the table as CSV, or with `by_day` a row for each day of each."""
        rows = self._rows(period)
        row_key = _day_row_key if by_day else _row_key
        sums = sum_usage(rows, period, usage_filter, watched=(), row_key=row_key)
        table = table_rows(sums.by_row, self._cost_lines if prices else None)
        return csv_text(sort_rows(table, "template_id" if by_day else DEFAULT_SORT))

    def _rows(self, period: Period) -> Iterable[tuple[UsageKey, Mapping[str, int]]]:
        return self._read(_text(period.first), _text(period.last))


def _text(day: date) -> str:
    return day.isoformat()


def _row_key(key: UsageKey) -> tuple[str, ...]:
    return (key.template_id, key.campaign)


def _day_row_key(key: UsageKey) -> tuple[str, ...]:
    return (key.day, key.template_id, key.campaign)
