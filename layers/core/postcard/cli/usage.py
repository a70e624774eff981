"""`postcard usage`: what was made, fetched and paid, as a table, CSV or JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import click

from postcard.cli.api_client import ApiClient, repeated
from postcard.cli.base_command import AS_JSON, Command
from postcard.cli.date_options import AsciiDateTime
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import CommandResult, format_table
from postcard.cli.target import ServiceTarget, target_options
from postcard.ports import JsonObject

DAY = AsciiDateTime(["%Y-%m-%d"])
DIMENSIONS = {"day": "day", "template": "template_id", "campaign": "campaign"}
PAGE = 1_000
NOTHING_COUNTED = "Nothing was counted for these days and names."
TABLE_ROWS = 200
COLUMNS = {  # of the table, by property; CSV has all properties
    "links": "links",
    "images": "images",
    "drawn_ahead": "drawn ahead",
    "first_opens": "first opens",
    "redraws": "redraws",
    "fetches": "fetches",
    "hits": "hits",
    "refusals": "refusals",
}
CSV_COUNTS = (
    *("links", "images", "drawn_ahead", "first_opens", "redraws", "fetches", "hits", "misses"),
    *("refusals", "bytes", "sent_bytes", "duration_ms", "usd"),
)


@click.command(cls=Command, example="postcard usage --days 7 --by template --by campaign")
@click.option("--from", "first_day", type=DAY, metavar="YYYY-MM-DD", help="The first day (UTC).")
@click.option(
    "--to", "last_day", type=DAY, metavar="YYYY-MM-DD", help="The last day. Default: today."
)
@click.option("--days", type=WholeNumber(1, 400), help="The last days, in place of --from. [30]")
@click.option("--template", metavar="TEMPLATE_ID", help="Only this template.")
@click.option("--campaign", help='Only this campaign; "": only what has none.')
@click.option(
    "--by",
    type=click.Choice(tuple(DIMENSIONS)),
    multiple=True,
    default=tuple(DIMENSIONS),
    help="What the numbers are grouped by. Can be repeated. Default: all of them.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print all rows as CSV.")
@target_options
def usage(
    first_day: datetime | None,
    last_day: datetime | None,
    days: int | None,
    template: str | None,
    campaign: str | None,
    by: Sequence[str],
    as_csv: bool,
    target: ServiceTarget,
) -> CommandResult:
    """Show links, pictures, fetches and dollars by day, template and campaign.

    Numbers of the CDN (fetches, hits, refusals) come from its access log, an hour late or more.
    """
    if days is not None and first_day is not None:
        raise click.UsageError("Give either --days or --from.")
    if days is not None:
        first_day = (last_day or datetime.now(UTC)) - timedelta(days - 1)
    dimensions = [DIMENSIONS[name] for name in dict.fromkeys(by)]
    query = {
        "from": _day_text(first_day),
        "to": _day_text(last_day),
        "template_id": template,
        "campaign": campaign,
        "by": ",".join(dimensions),
    }
    given = {name: text for name, text in query.items() if text is not None}
    pages = _pages(target.api_client(), given)
    first = next(pages)
    if not as_csv and not click.get_current_context().meta[AS_JSON]:
        return CommandResult(_table(dimensions, first), messages=_messages(first))
    items = [*first["items"], *(item for page in pages for item in page["items"])]
    json_fields = {**first, "items": items, "next_cursor": None}
    return CommandResult(_csv(dimensions, items).rstrip("\n"), json_fields)


def _day_text(day: datetime | None) -> str | None:
    return None if day is None else f"{day:%Y-%m-%d}"


def _pages(client: ApiClient, query: Mapping[str, str]) -> Iterator[JsonObject]:
    """The pages of the report, each asked for when it is needed."""
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        path = f"/v1/usage?{urlencode({**query, **more, 'limit': PAGE})}"
        page = repeated(partial(client.call, "GET", path))
        yield page
        cursor = page["next_cursor"]


def _table(dimensions: Sequence[str], page: JsonObject) -> str:
    names = {name: label for label, name in DIMENSIONS.items()}
    headers = [names[name] for name in dimensions] + [*COLUMNS.values(), "fallbacks", "USD"]
    shown = page["items"][:TABLE_ROWS]
    rows = [[*_place(dimensions, item), *_numbers(item)] for item in shown]
    total = ["total", *[""] * (len(dimensions) - 1), *_numbers(page["totals"])]
    return format_table(headers, [*rows, total])


def _place(dimensions: Sequence[str], item: JsonObject) -> list[str]:
    return [item[name] or "(none)" for name in dimensions]


def _numbers(item: JsonObject) -> list[str]:
    counts = [item[name] for name in COLUMNS]
    counts.append(sum(item["fallbacks"].values()))
    return [*(f"{count:,}" for count in counts), f"{item['usd']:.4f}"]


def _messages(page: JsonObject) -> list[str]:
    log = page["log_complete_to"] or "not counted yet"
    messages = [
        f"As of {page['as_of']}. Access log: {log}. Prices of {page['prices_of']},"
        f" {page['prices_region']}.",
        page["note"],
    ]
    if not page["items"]:
        messages.insert(0, NOTHING_COUNTED)
    if len(page["items"]) > TABLE_ROWS or page["next_cursor"]:
        messages.insert(0, f"These are the first {TABLE_ROWS} rows: --csv prints all of them.")
    return messages


def _csv(dimensions: Sequence[str], items: Sequence[Mapping[str, Any]]) -> str:
    """All rows, with a column for each reason of a fallback that occurs."""
    reasons = sorted({reason for item in items for reason in item["fallbacks"]})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*dimensions, *CSV_COUNTS, *(f"fallback_{reason}" for reason in reasons)])
    for item in items:
        by_reason = item["fallbacks"]
        numbers = [*(item[name] for name in CSV_COUNTS), *(by_reason.get(r, 0) for r in reasons)]
        writer.writerow([*(item[name] for name in dimensions), *numbers])
    return text.getvalue()
