"""Reports usage grouped by day, template or campaign, with sums and costs in dollars."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from postcard.errors import BadRequest, Fault
from postcard.ports import JsonObject, UsageKey, UsageStore
from postcard.prices.prices import price_region, price_table
from postcard.prices.usage_costs import usage_dollars
from postcard.timestamps import format_rfc3339
from postcard.usage.billed_counts import billed_counts, with_unlogged
from postcard.usage.report.period import Period, parse_day
from postcard.usage.usage_counts import Counts, add_counts, fallbacks_by_reason
from postcard.usage.usage_filter import UsageFilter

DIMENSIONS = ("day", "template_id", "campaign")
SHOWN_COUNTS = (
    *("links", "images", "drawn_ahead", "first_opens", "redraws"),
    *("hits", "misses", "refusals", "bytes", "sent_bytes", "duration_ms"),
)
NOTE = (
    "Fetches, not people. Apple Mail fetches every picture when the mail arrives, read or not, for "
    "readers with Mail Privacy Protection; Gmail's proxy fetches once and may serve many looks "
    "from its copy; company scanners fetch links before anyone reads. So first opens count "
    "mailboxes reached by a fetch, re-opens are too low, and the hour is the program's, not the "
    "reader's."
)


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What to report; `by` are some of DIMENSIONS, in the order in which items are sorted."""

    period: Period
    usage_filter: UsageFilter = field(default_factory=UsageFilter)
    by: Sequence[str] = DIMENSIONS


GroupKey = tuple[str, ...]


class UsageService:
    """Reports usage, at the prices of `region`. With `stored`, S3 keeps drawn pictures."""

    def __init__(self, store: UsageStore, *, region: str, stored: bool) -> None:
        self._store = store
        self._region = price_region(region)
        self._stored = stored

    def report(
        self, query: UsageQuery, *, now: float, limit: int, cursor: str | None = None
    ) -> JsonObject:
        """The response of `GET /v1/usage`; `BadRequest`. Only the first page has `totals`."""
        first_day, last_day = query.period.first.isoformat(), query.period.last.isoformat()
        after = _read_cursor(cursor, query.by)
        if after is not None and query.by[0] == "day":
            first_day = max(first_day, after[0])
        rows = self._rows(query, first_day, last_day)
        groups, totals = _sum(rows, query.by, after, limit)
        page = sorted(groups)[: limit + 1]
        is_last = len(page) <= limit
        page = page[:limit]
        return {
            "items": [self._item(query.by, key, groups[key]) for key in page],
            "totals": None if after is not None else self._numbers(totals),
            "next_cursor": None if is_last else "/".join(("", *page[-1])),
            "as_of": format_rfc3339(now),
            "log_complete_to": self._store.log_complete_to(),
            "prices_of": price_table()["dated"],
            "prices_region": self._region,
            "note": NOTE,
        }

    def _rows(
        self, query: UsageQuery, first_day: str, last_day: str
    ) -> Iterator[tuple[UsageKey, Mapping[str, int]]]:
        for key, counts in self._store.read(first_day, last_day):
            if query.usage_filter.accepts(key):
                yield key, counts

    def _item(self, by: Sequence[str], key: GroupKey, sums: Counts) -> JsonObject:
        named: JsonObject = dict.fromkeys(DIMENSIONS) | dict(zip(by, key, strict=True))
        return {**named, **self._numbers(sums)}

    def _numbers(self, sums: Counts) -> JsonObject:
        dollars = usage_dollars(billed_counts(sums), self._region, stored=self._stored)
        return {
            **{name: sums.get(name, 0) for name in SHOWN_COUNTS},
            "fetches": sums.get("hits", 0) + sums.get("misses", 0),
            "fallbacks": fallbacks_by_reason(sums),
            "usd": round(float(dollars), 6),
        }


def _sum(
    rows: Iterator[tuple[UsageKey, Mapping[str, int]]],
    by: Sequence[str],
    after: GroupKey | None,
    limit: int,
) -> tuple[dict[GroupKey, Counts], Counts]:
    """The sums of the groups after `after`, and of all rows.

    If groups begin with the day, rows come in their order: then only about a page of groups is
    kept, and reading stops after the page unless the sum of all rows is needed.
    """
    groups: dict[GroupKey, Counts] = {}
    total: Counts = {}
    last_day, is_ordered, is_full = None, by[0] == "day", False
    for key, counts in rows:
        if is_ordered and key.day != last_day:
            is_full, last_day = len(groups) > limit, key.day
            if is_full and after is not None:
                break
        group = tuple(getattr(key, name) for name in by)
        if is_full:
            add_counts(total, with_unlogged(counts))
        elif after is None or group > after:
            add_counts(groups.setdefault(group, {}), with_unlogged(counts))
    for sums in groups.values():
        add_counts(total, sums)
    return groups, total


def _read_cursor(cursor: str | None, by: Sequence[str]) -> GroupKey | None:
    """The group that the page before ended with. It begins with "/", so that it is never empty."""
    if cursor is None:
        return None
    first, *group = cursor.split("/")
    if first or len(group) != len(by):
        detail = "Send a cursor as next_cursor gave it, with the same query."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/cursor", detail)])
    if by[0] == "day":
        parse_day("cursor", group[0])
    return tuple(group)
