"""The page's contents: figures, plots and the table, from one pass over the counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from postcard.errors import BadRequest
from postcard.usage.billed_counts import billed_counts
from postcard.usage.report.bar_plot import BarPlot, Series, bar_plot
from postcard.usage.report.elements import Element
from postcard.usage.report.figures import Figure, fetches, key_figures
from postcard.usage.report.number_text import count_text, dollar_text
from postcard.usage.report.period import Interval, Period
from postcard.usage.report.row_plot import Amount, row_plot
from postcard.usage.report.sums import (
    CAMPAIGN,
    TEMPLATE,
    RowKey,
    UsageRows,
    UsageSums,
    sum_usage,
)
from postcard.usage.usage_counts import Counts, fallbacks_by_reason
from postcard.usage.usage_filter import UsageFilter

MAX_TABLE_ROWS = 200
MIN_PLOTTED = 10  # drawn or fetched pictures: fewer have numbers without plots
MAX_REASONS = 10
COLUMNS = (
    *("first_opens", "fetches", "hits", "misses", "fallbacks", "refusals", "redraws"),
    *("drawn_ahead", "links", "images", "bytes", "sent_bytes", "duration_ms", "usd"),
)
SORT_NAMES = ("template_id", "campaign", *COLUMNS)
DEFAULT_SORT = "-first_opens"
LOGGED_COLUMNS = ("fetches", "hits", "misses", "refusals", "sent_bytes")  # known from the CDN's log
COST_GROUPS = (
    ("Delivery (CloudFront)", ("cloudfront_", "edge_", "kvs_")),
    ("Drawing (Lambda, API Gateway)", ("lambda_", "http_api_")),
    ("Stored pictures (S3)", ("s3_",)),
    ("Records (DynamoDB)", ("dynamodb_", "pitr_")),
    ("Logs (CloudWatch)", ("logs_",)),
)
OTHER_COSTS = "Other"
REASON_WORDS = {
    "budget": "The render budget was used up",
    "dependency": "AWS was unavailable",
    "ended": "The link had expired",
    "erased": "The template is erased",
    "missing_required": "A required value was missing",
    "paused": "The template is paused",
    "rejected_values": "A value was not allowed",
    "render": "Drawing failed",
    "source": "An image could not be fetched",
    "timeout": "Drawing took too long",
    "unknown": "Unknown template or version",
}

CostLines = Callable[[Mapping[str, int]], Mapping[str, Decimal]]  # of what is billed
TableRow = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What the page shows. `state`: `empty`, `small` (numbers without plots) or `full`."""

    period: Period
    usage_filter: UsageFilter
    state: str
    figures: Sequence[Figure]
    plots: Sequence[Element]
    rows: Sequence[TableRow]
    row_count: int
    template_ids: Sequence[str]
    campaigns: Sequence[str]
    log_complete_to: str | None


def usage_report(
    rows: UsageRows,
    period: Period,
    usage_filter: UsageFilter,
    *,
    today: date,
    cost_lines: CostLines | None,
    log_complete_to: str | None,
    sort: str = DEFAULT_SORT,
) -> UsageReport:
    """The report. `rows` cover the period and the one before it; without `cost_lines` no prices.

    `log_complete_to` is the time up to which the CDN's log was read (RFC 3339), or None.
    """
    last_whole_day = min(period.last, today - timedelta(1))
    watched = (last_whole_day, last_whole_day - timedelta(1))
    sums = sum_usage(rows, period, usage_filter, watched=watched)
    table = table_rows(sums.by_row, cost_lines)
    state = _state(sums)
    return UsageReport(
        period=period,
        usage_filter=usage_filter,
        state=state,
        figures=key_figures(sums, _total_of(cost_lines), has_log=log_complete_to is not None),
        plots=_plots(sums, today, cost_lines, log_complete_to) if state == "full" else (),
        rows=sort_rows(table, sort)[:MAX_TABLE_ROWS],
        row_count=len(table),
        template_ids=sums.choices(TEMPLATE),
        campaigns=sums.choices(CAMPAIGN),
        log_complete_to=log_complete_to,
    )


def _state(sums: UsageSums) -> str:
    if not any(sums.total.values()):
        return "empty"
    drawn = sums.total.get("first_opens", 0) + sums.total.get("redraws", 0)
    most = max(drawn, fetches(sums.total))
    return "small" if most < MIN_PLOTTED else "full"


# --- the table


def table_rows(by_row: Mapping[RowKey, Counts], cost_lines: CostLines | None) -> list[TableRow]:
    """The rows of the table and of the CSV; they have `usd` only with prices."""
    dollars = _total_of(cost_lines)
    return [_table_row(key, counts, dollars) for key, counts in by_row.items()]


def _table_row(
    key: RowKey, counts: Counts, dollars: Callable[[Counts], Decimal] | None
) -> TableRow:
    names = ("day", "template_id", "campaign")[-len(key) :]
    row: TableRow = dict(zip(names, key, strict=True))
    for name in COLUMNS[:-1]:
        row[name] = counts.get(name, 0)
    row["fetches"], row["fallbacks"] = fetches(counts), sum(fallbacks_by_reason(counts).values())
    if dollars is not None:
        row["usd"] = float(dollars(counts))
    return row


def sort_rows(rows: list[TableRow], sort: str) -> list[TableRow]:
    """Sorted by a column, with `-` from the largest on; equal rows by template and campaign."""
    name = sort.removeprefix("-")
    if name not in SORT_NAMES:
        raise BadRequest(f"sort is one of {', '.join(SORT_NAMES)}, or one of them after a -.")
    by_name = sorted(rows, key=_name_order)
    return sorted(by_name, key=lambda row: row.get(name, 0), reverse=sort.startswith("-"))


def _name_order(row: TableRow) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in ("template_id", "campaign", "day"))


# --- plots


def _plots(
    sums: UsageSums, today: date, cost_lines: CostLines | None, log_complete_to: str | None
) -> list[Element]:
    per = "day" if len(sums.intervals) == sums.period.days else "week"

    def is_running(interval: Interval) -> bool:
        return interval.last >= today

    def series(name: str, css_class: str, count: Callable[[Counts], int]) -> Series:
        return Series(name, css_class, [count(counts) for counts in sums.by_interval])

    plots = [
        bar_plot(
            BarPlot(
                "first-opens",
                f"First opens by {per}",
                "first opens",
                sums.intervals,
                [series("First opens", "series-1", lambda c: c.get("first_opens", 0))],
                is_running,
            )
        )
    ]
    if log_complete_to is not None:  # until then nobody knows the fetches
        log_day = date.fromisoformat(log_complete_to[:10])
        plots.append(
            bar_plot(
                BarPlot(
                    "fetches",
                    f"Fetches by {per}",
                    "fetches",
                    sums.intervals,
                    [
                        series("Hits", "series-1", lambda c: c.get("hits", 0)),
                        series("Misses", "series-2", lambda c: c.get("misses", 0)),
                    ],
                    lambda interval: interval.last >= log_day,
                )
            )
        )
    plots.append(_fallback_plot(sums.total))
    if cost_lines is not None:
        plots.append(_cost_plot(cost_lines(billed_counts(sums.total))))
    return plots


def _fallback_plot(total: Counts) -> Element:
    reasons = fallbacks_by_reason(total)
    most = sorted(reasons, key=lambda reason: (-reasons[reason], reason))
    amounts = [_reason_amount(reason, reasons[reason]) for reason in most[:MAX_REASONS]]
    if others := sum(reasons[reason] for reason in most[MAX_REASONS:]):
        amounts.append(_reason_amount("other_reasons", others))
    if not amounts:
        amounts = [Amount("None: every picture was drawn as asked", 0, "0")]
    return row_plot("fallbacks", "Fallbacks by reason", ("Reason", "Pictures"), amounts)


def _reason_amount(reason: str, number: int) -> Amount:
    words = REASON_WORDS.get(reason, reason.replace("_", " ").capitalize())
    return Amount(words, number, count_text(number))


def _cost_plot(lines: Mapping[str, Decimal]) -> Element:
    groups: dict[str, Decimal] = {}
    for line, dollars in lines.items():
        group = next(
            (name for name, prefixes in COST_GROUPS if line.startswith(prefixes)), OTHER_COSTS
        )
        groups[group] = groups.get(group, Decimal(0)) + dollars
    amounts = [Amount(name, dollars, dollar_text(dollars)) for name, dollars in groups.items()]
    return row_plot("cost", "Cost by service", ("Service", "US dollars"), amounts)


def _total_of(cost_lines: CostLines | None) -> Callable[[Mapping[str, int]], Decimal] | None:
    if cost_lines is None:
        return None
    return lambda counts: sum(cost_lines(billed_counts(counts)).values(), Decimal(0))
