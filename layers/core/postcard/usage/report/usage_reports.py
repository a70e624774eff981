"""Builds the report or the CSV of a period from its counts."""

from functools import partial

from postcard.ports import UsageKey, UsageStore
from postcard.prices.prices import price_region
from postcard.prices.usage_costs import usage_dollars_by_line
from postcard.timestamps import utc_day
from postcard.usage.report.csv_text import csv_text
from postcard.usage.report.period import Period
from postcard.usage.report.report_contents import (
    DEFAULT_SORT,
    UsageReport,
    sort_rows,
    table_rows,
    usage_report,
)
from postcard.usage.report.sums import UsageRows, sum_usage
from postcard.usage.usage_filter import UsageFilter


class UsageReports:
    """Reports on usage, at the prices of `region`. With `stored`, S3 keeps drawn pictures."""

    def __init__(self, store: UsageStore, *, region: str, stored: bool) -> None:
        self._store = store
        self._cost_lines = partial(
            usage_dollars_by_line, region=price_region(region), stored=stored
        )

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
            self._rows(period.days_to_read()),
            period,
            usage_filter,
            today=utc_day(now),
            cost_lines=self._cost_lines if prices else None,
            log_complete_to=self._store.log_complete_to(),
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

    def _rows(self, period: Period) -> UsageRows:
        return self._store.read(period.first.isoformat(), period.last.isoformat())


def _row_key(key: UsageKey) -> tuple[str, ...]:
    return (key.template_id, key.campaign)


def _day_row_key(key: UsageKey) -> tuple[str, ...]:
    return (key.day, key.template_id, key.campaign)
