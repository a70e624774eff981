"""The page behind a link that shows usage: HTML without a script, for people without a session."""

import html
from collections.abc import Iterator, Sequence
from decimal import Decimal

from postcard.usage.report.elements import markup
from postcard.usage.report.figures import Figure
from postcard.usage.report.number_text import count_text, dollar_text, time_text
from postcard.usage.report.report_contents import LOGGED_COLUMNS, TableRow, UsageReport

UNFILTERED = "Usage"  # the title of a link that shows all
NO_CAMPAIGN = "–"
UNKNOWN = "–"
COLUMNS = (
    ("first_opens", "First opens"),
    ("fetches", "Fetches"),
    ("hits", "Hits"),
    ("misses", "Misses"),
    ("fallbacks", "Fallbacks"),
    ("refusals", "Refused"),
)


def share_page(
    report: UsageReport, *, title: str, note: str, as_of: str, until: str, csv_path: str, style: str
) -> str:
    """The page. `as_of` is a time of the API, `until` a day in words, `style` the sheet's path."""
    return "".join(_page(report, title, note, as_of, until, html.escape(csv_path), style))


def no_share_page(title: str, text: str, style: str) -> str:
    """The page where there are no numbers to show, with the reason and what to do."""
    heading = html.escape(title)
    return (
        f'{_head(title, style)}<body class="shared-usage"><main>'
        f"<h1>{heading}</h1><p>{html.escape(text)}</p></main></body></html>"
    )


def _head(title: str, style: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="robots" content="noindex, nofollow">'
        '<meta name="referrer" content="no-referrer">'
        '<link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{html.escape(style)}"></head>'
    )


def _page(
    report: UsageReport, title: str, note: str, as_of: str, until: str, csv_path: str, style: str
) -> Iterator[str]:
    heading = html.escape(title)
    yield _head(title if title == UNFILTERED else f"{title} · {UNFILTERED}", style)
    yield (
        '<body class="shared-usage"><main class="usage">'
        f'<header class="usage-head"><div><h1>{heading}</h1>'
        f'<p class="quiet">{html.escape(report.period.text())}</p></div>'
        f'<a class="button outlined" href="{csv_path}" download>Download CSV</a></header>'
    )
    yield f'<ul class="figures">{"".join(map(_figure, report.figures))}</ul>'
    if report.state == "empty":
        yield '<p class="notice">Nothing was counted in this period yet.</p>'
    if report.state == "small":
        yield '<p class="notice">Plots appear once ten pictures were drawn or fetched.</p>'
    if report.plots:
        yield f'<div class="plots">{"".join(map(markup, report.plots))}</div>'
    if report.rows:
        yield _table(report)
    yield (
        f'<footer class="usage-foot"><p>{html.escape(note)}</p>'
        f'<p class="quiet">{html.escape(_log_text(report.log_complete_to))} As of'
        f" {html.escape(time_text(as_of))}. Days are UTC. This page is read-only and ends on"
        f" {html.escape(until)}.</p>"
        "</footer></main></body></html>"
    )


def _figure(figure: Figure) -> str:
    change = f'<span class="figure-change">{html.escape(figure.change)}</span>'
    return (
        f'<li class="figure"><span class="figure-label">{figure.label}</span>'
        f'<span class="figure-value">{html.escape(figure.value)}</span>'
        f"{change if figure.change else ''}"
        f'<span class="figure-days">{html.escape(figure.last_days)}</span></li>'
    )


def _table(report: UsageReport) -> str:
    has_prices = "usd" in report.rows[0]
    names = [label for _, label in COLUMNS] + (["Cost"] if has_prices else [])
    head = "".join(f'<th scope="col" class="numeric">{name}</th>' for name in names)
    unknown = () if report.log_complete_to else LOGGED_COLUMNS
    rows = "".join(_row(row, has_prices, unknown) for row in report.rows)
    more = ""
    if report.row_count > len(report.rows):
        more = (
            f'<p class="quiet">The first {len(report.rows)} of {count_text(report.row_count)}'
            " rows. The CSV has all of them.</p>"
        )
    return (
        '<section class="usage-table"><h2>By template and campaign</h2>'
        '<div class="table-scroll" role="region" aria-label="By template and campaign"'
        ' tabindex="0">'
        '<table class="numbers"><thead><tr><th scope="col">Template</th>'
        f'<th scope="col">Campaign</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"{more}</section>"
    )


def _row(row: TableRow, has_prices: bool, unknown: Sequence[str]) -> str:
    texts = [UNKNOWN if name in unknown else f"{row[name]:,}" for name, _ in COLUMNS]
    if has_prices:
        texts.append(dollar_text(Decimal(str(row["usd"]))))
    numbers = "".join(f'<td class="numeric">{text}</td>' for text in texts)
    return (
        f'<tr><th scope="row">{_name(row["template_id"])}</th>'
        f"<td>{_name(row['campaign'] or NO_CAMPAIGN)}</td>{numbers}</tr>"
    )


def _name(name: object) -> str:
    return f'<span class="name">{html.escape(str(name))}</span>'


def _log_text(log_complete_to: str | None) -> str:
    if log_complete_to is None:
        return "The CDN's log was not read yet, so fetches are missing."
    return f"Fetches are complete to {time_text(log_complete_to)}."
