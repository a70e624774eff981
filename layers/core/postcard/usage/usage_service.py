"""Reports usage by day, template and campaign, or by some of them, with sums and dollars."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from postcard.errors import BadRequest, Fault
from postcard.ports import JsonObject, UsageKey, UsageStore
from postcard.prices.prices import price_region, price_table
from postcard.prices.usage_costs import usage_dollars
from postcard.timestamps import format_rfc3339
from postcard.usage.billed_counts import billed_counts, with_unlogged
from postcard.usage.usage_counts import Counts, add_counts, fallbacks_by_reason

DIMENSIONS = ("day", "template_id", "campaign")
MAX_DAYS = 400
DEFAULT_DAYS = 30
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
    """What to report. Days are included, None: the last 30 days. `by` are some of DIMENSIONS.

    `campaign` "" stands for none. `key_templates` are those that the API key is limited to.
    """

    first_day: str | None = None
    last_day: str | None = None
    template_id: str | None = None
    campaign: str | None = None
    by: Sequence[str] = DIMENSIONS
    key_templates: Sequence[str] | None = None

    def accepts(self, key: UsageKey) -> bool:
        """Whether usage of this key is asked for."""
        return (
            (self.template_id is None or key.template_id == self.template_id)
            and (self.campaign is None or key.campaign == self.campaign)
            and (self.key_templates is None or key.template_id in self.key_templates)
        )


GroupKey = tuple[str, ...]


class UsageService:
    """Reads usage. `region` is whose prices are taken; `stored`: S3 keeps first opens."""

    def __init__(self, store: UsageStore, *, region: str, stored: bool) -> None:
        self._store = store
        self._region = price_region(region)
        self._stored = stored

    def report(
        self, query: UsageQuery, *, now: float, limit: int, cursor: str | None = None
    ) -> JsonObject:
        """The response of `GET /v1/usage`; `BadRequest`. Only the first page has `totals`."""
        first_day, last_day = _days(query, now)
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
            if query.accepts(key):
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
    """The sums of the groups behind `after`, and of all rows.

    With days first, the rows come in the order of groups: it keeps little more than a page of them,
    and stops behind a page where the sum of all rows is not asked for.
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


def _days(query: UsageQuery, now: float) -> tuple[str, str]:
    """The first and the last day; `BadRequest`."""
    today = datetime.fromtimestamp(now, UTC).date()
    last = _day(query.last_day, "to") or today
    first = _day(query.first_day, "from") or last - timedelta(DEFAULT_DAYS - 1)
    if first > last:
        _refuse("from", "from is after to: exchange them.")
    if (last - first).days >= MAX_DAYS:
        _refuse("from", f"That is over {MAX_DAYS} days: ask for fewer.")
    if last > today + timedelta(1):
        _refuse("to", f"to is in the future: today is {today.isoformat()} (UTC).")
    return first.isoformat(), last.isoformat()


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        _refuse(name, f"{name} is no day: write one such as 2026-11-22.")
    return day


def _read_cursor(cursor: str | None, by: Sequence[str]) -> GroupKey | None:
    """The group that the page before ended with. It begins with "/", so that it is never empty."""
    if cursor is None:
        return None
    first, *group = cursor.split("/")
    if first or len(group) != len(by):
        _refuse("cursor", "Send a cursor as next_cursor gave it, with the same query.")
    if by[0] == "day":
        _day(group[0], "cursor")
    return tuple(group)


def _refuse(name: str, detail: str) -> None:
    raise BadRequest(detail, errors=[Fault("invalid_request", f"/{name}", detail)])
