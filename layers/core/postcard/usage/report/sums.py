"""Adds up usage in one pass: by interval, by template and campaign, and of the period before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from postcard.ports import UsageKey
from postcard.usage.billed_counts import with_unlogged
from postcard.usage.report.period import Interval, Period, intervals
from postcard.usage.usage_counts import Counts, add_counts
from postcard.usage.usage_filter import UsageFilter

PLOTTED = ("first_opens", "hits", "misses")  # the counts of `by_interval`
RowKey = tuple[str, ...]  # (template, campaign), or (day, template, campaign)
UsageRows = Iterable[tuple[UsageKey, Mapping[str, int]]]
MAX_CHOICES = 200  # of a filter


@dataclass(slots=True)
class UsageSums:
    """Counts by name. `last_days` has the sums of each of the days `watched`."""

    period: Period
    intervals: Sequence[Interval]
    watched: Sequence[date]
    total: Counts = field(default_factory=dict)
    before: Counts = field(default_factory=dict)
    by_interval: list[Counts] = field(default_factory=list)
    by_row: dict[RowKey, Counts] = field(default_factory=dict)
    last_days: dict[date, Counts] = field(default_factory=dict)

    def choices(self, part: int) -> list[str]:
        """The templates (`part` -2) or campaigns (-1) with most first opens, by name."""
        first_opens: Counts = {}
        for key, counts in self.by_row.items():
            add_counts(first_opens, {key[part]: counts.get("first_opens", 0)})
        most = sorted(first_opens, key=lambda name: (-first_opens[name], name))
        return sorted(name for name in most[: MAX_CHOICES + 1] if name)[:MAX_CHOICES]


def sum_usage(
    rows: UsageRows,
    period: Period,
    usage_filter: UsageFilter,
    *,
    watched: Sequence[date],
    row_key: Callable[[UsageKey], RowKey] = lambda key: (key.template_id, key.campaign),
) -> UsageSums:
    """The sums over `rows`, which cover the period, perhaps the one before it, and `watched`."""
    bars = intervals(period)
    sums = UsageSums(period, bars, watched, by_interval=[{} for _ in bars])
    sums.last_days = {day: {} for day in watched}
    last_days = {day.isoformat(): counts for day, counts in sums.last_days.items()}
    index_of_day, days_before = _index_of_days(bars), _index_of_days([period.before()])
    for key, counts in rows:
        if not usage_filter.accepts(key):
            continue
        counts = with_unlogged(counts)
        if key.day in last_days:
            add_counts(last_days[key.day], counts)
        if key.day in index_of_day:
            add_counts(sums.by_row.setdefault(row_key(key), {}), counts)
            _add_plotted(sums.by_interval[index_of_day[key.day]], counts)
        elif key.day in days_before:
            add_counts(sums.before, counts)
    for counts in sums.by_row.values():
        add_counts(sums.total, counts)
    return sums


def _add_plotted(sums: Counts, counts: Mapping[str, int]) -> None:
    for name in PLOTTED:
        if number := counts.get(name):
            sums[name] = sums.get(name, 0) + number


def _index_of_days(bars: Sequence[Interval | Period]) -> Mapping[str, int]:
    return {
        date.fromordinal(ordinal).isoformat(): index
        for index, bar in enumerate(bars)
        for ordinal in range(bar.first.toordinal(), bar.last.toordinal() + 1)
    }
