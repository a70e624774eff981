"""The four key figures of the page: for the period, its change, and the last two days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from postcard.usage.report.number_text import (
    change_text,
    day_text,
    dollar_text,
    large_count_text,
    share_text,
)
from postcard.usage.report.sums import UsageSums
from postcard.usage.usage_counts import Counts

UNKNOWN, NO_LOG = "–", "The CDN's log was not read yet"
Dollars = Callable[[Mapping[str, int]], Decimal]


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure as texts.

    `change` compares with the period before; `last_days` has the last whole day and the day before.
    """

    name: str
    label: str
    value: str
    change: str
    last_days: str


def fetches(counts: Counts) -> int:
    """What the CDN answered with a picture: hits and misses."""
    return counts.get("hits", 0) + counts.get("misses", 0)


def key_figures(sums: UsageSums, dollars: Dollars | None, *, has_log: bool) -> list[Figure]:
    """First opens, fetches, hit share and, with `dollars`, the cost.

    Until the CDN's log was read (`has_log`), nobody knows the fetches.
    """
    figures = [
        _count_figure("first_opens", "First opens", sums, lambda c: c.get("first_opens", 0)),
        *(
            (_count_figure("fetches", "Fetches", sums, fetches), _hit_share(sums))
            if has_log
            else (
                Figure("fetches", "Fetches", UNKNOWN, "", NO_LOG),
                Figure("hit_share", "Hit share", UNKNOWN, "", NO_LOG),
            )
        ),
    ]
    if dollars is not None:
        figures.append(
            Figure(
                "usd",
                "Cost at list prices",
                dollar_text(dollars(sums.total)),
                _change(sums, dollars(sums.total), dollars(sums.before)),
                _last_days(sums, lambda counts: dollar_text(dollars(counts))),
            )
        )
    return figures


def _count_figure(name: str, label: str, sums: UsageSums, count: Callable[[Counts], int]) -> Figure:
    return Figure(
        name,
        label,
        large_count_text(count(sums.total)),
        _change(sums, count(sums.total), count(sums.before)),
        _last_days(sums, lambda counts: large_count_text(count(counts))),
    )


def _hit_share(sums: UsageSums) -> Figure:
    def text(counts: Counts) -> str:
        return share_text(counts.get("hits", 0), fetches(counts))

    before = f"{text(sums.before)} in the {_days(sums)} before" if fetches(sums.before) else ""
    return Figure("hit_share", "Hit share", text(sums.total), before, _last_days(sums, text))


def _change(sums: UsageSums, now: int | Decimal, before: int | Decimal) -> str:
    change = change_text(now, before)
    return f"{change} on the {_days(sums)} before" if change else ""


def _days(sums: UsageSums) -> str:
    return "day" if sums.period.days == 1 else f"{sums.period.days} days"


def _last_days(sums: UsageSums, text: Callable[[Counts], str]) -> str:
    last, before = sums.watched
    texts = text(sums.last_days[last]), text(sums.last_days[before])
    return f"{day_text(last)}: {texts[0]}, the day before: {texts[1]}"
