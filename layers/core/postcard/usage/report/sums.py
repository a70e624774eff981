"""Adds up usage in one pass: by interval, by template and campaign, and of the period before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from postcard.ports import UsageKey
from postcard.usage.billed_counts import billed_counts
from postcard.usage.report.period import Interval, Period, intervals
from postcard.usage.usage_counts import Counts, add_counts

RowKey = tuple[str, ...]  # (template, campaign), or (day, template, campaign)
UsageRows = Iterable[tuple[UsageKey, Mapping[str, int]]]
BILLED_PREFIX = "billed_"
MAX_CHOICES = 200  # of a filter


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which rows count; None: all. `templates` are those that the caller may see."""

    template_id: str | None = None
    campaign: str | None = None
    templates: Sequence[str] | None = None

    def accepts(self, key: UsageKey) -> bool:
        """Whether usage of this key counts."""
        return (
            (self.template_id is None or key.template_id == self.template_id)
            and (self.campaign is None or key.campaign == self.campaign)
            and (self.templates is None or key.template_id in self.templates)
        )


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


def billed(counts: Mapping[str, int]) -> Counts:
    """What is to be paid of summed counts, as `usage_dollars_by_line` takes it."""
    return {
        name.removeprefix(BILLED_PREFIX): number
        for name, number in counts.items()
        if name.startswith(BILLED_PREFIX)
    }


def _with_billed(counts: Mapping[str, int]) -> Counts:
    """The counts of one row with those of which it is paid: these can be added up, too."""
    paid = billed_counts(counts).items()
    return {**counts, **{BILLED_PREFIX + name: number for name, number in paid}}


def sum_usage(
    rows: UsageRows,
    period: Period,
    usage_filter: UsageFilter,
    *,
    watched: Sequence[date],
    row_key: Callable[[UsageKey], RowKey] = lambda key: (key.template_id, key.campaign),
) -> UsageSums:
    """The sums over `rows`, which cover the period and the one before it."""
    bars = intervals(period)
    sums = UsageSums(period, bars, watched, by_interval=[{} for _ in bars])
    sums.last_days = {day: {} for day in watched}
    index_of_day = _index_of_days(bars)
    first, last = period.first.isoformat(), period.last.isoformat()
    days: dict[str, Counts] = {}
    for key, counts in rows:
        if not usage_filter.accepts(key):
            continue
        counts = _with_billed(counts)
        if not first <= key.day <= last:
            if key.day < first:
                add_counts(sums.before, counts)
            continue
        add_counts(days.setdefault(key.day, {}), counts)
        add_counts(sums.by_row.setdefault(row_key(key), {}), counts)
    for day, counts in days.items():
        add_counts(sums.total, counts)
        add_counts(sums.by_interval[index_of_day[day]], counts)
    for watched_day in watched:
        add_counts(sums.last_days[watched_day], days.get(watched_day.isoformat(), {}))
    return sums


def _index_of_days(bars: Sequence[Interval]) -> Mapping[str, int]:
    return {
        date.fromordinal(ordinal).isoformat(): index
        for index, bar in enumerate(bars)
        for ordinal in range(bar.first.toordinal(), bar.last.toordinal() + 1)
    }
