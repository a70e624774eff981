"""Renders the status page: HTML without a script, with its style sheet inline.

The page needs no other file, so a stored copy is complete.
"""

import base64
import hashlib
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path

from postcard.status.alarms import PARTS
from postcard.status.day_bars import DayBar, day_bars, day_name, duration_text, legend
from postcard.status.incidents import Incident
from postcard.status.status_report import DEGRADED, OK, StatusDay, StatusReport
from postcard.timestamps import format_rfc3339

DEPENDENCY_NAMES = {
    "table": "Database",
    "pictures": "Store of drawn pictures",
    "store": "Store of templates and files",
    "keys": "Signing keys",
}
_IN_HEADLINE = {
    "pictures": "pictures in mail",
    "api": "the API",
    "batches": "batches",
    "deletions": "recalls and erasures",
    "webhooks": "webhooks",
    "table:": "the database",
    "pictures:": "the store of pictures",
    "store:": "the store of files",
    "keys:": "the signing keys",
}
STYLE_SHEET = Path(__file__).with_name("status.css")
_SHAPES = {
    OK: "m8 12.2 2.8 2.8L16.2 9.5",
    DEGRADED: "M12 7.5v5.2M12 16.4v.1",
}


@cache
def style_sheet() -> str:
    """The style sheet's text."""
    return STYLE_SHEET.read_text(encoding="utf-8")


@cache
def content_security_policy() -> str:
    """Allows the inline style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style_sheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )


def status_page(report: StatusReport, *, is_stored: bool = False) -> str:
    """The page. `is_stored`: it will be read later, from another host than the API's."""
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
            f"<title>{_headline(report)} · Postcard status</title>"
            f"<style>{style_sheet()}</style></head><body>"
            "<header>Postcard <span>Status</span></header><main>",
            _now(report),
            *_notices(report, is_stored),
            _ninety_days(report),
            _incidents(report),
            f"</main><footer><p>{_footer(is_stored)}</p></footer></body></html>",
        ]
    )


def _headline(report: StatusReport) -> str:
    troubled = [
        *(_IN_HEADLINE[part] for part, state in report.parts.items() if state != OK),
        *(_IN_HEADLINE[f"{name}:"] for name, state in report.dependencies.items() if state != OK),
    ]
    if not troubled:
        return "Everything works"
    if len(troubled) > 2:
        return "Trouble in several places"
    return f"Trouble with {' and '.join(troubled)}"


def _now(report: StatusReport) -> str:
    state = OK if report.status == OK else DEGRADED
    going_on = [incident for incident in report.incidents if incident.ended_at is None]
    lines = "".join(
        f"<li><b>{PARTS[each.part]}</b>, since {_time(each.started_at, report.as_of)}:"
        f" {_sentences(each)}</li>"
        for each in going_on
    )
    return (
        f'<section class="now card {_class(state)}" aria-labelledby="now">{_icon(state)}'
        f'<div><h1 id="now">{_headline(report)}</h1>'
        f'<p class="quiet">Checked on {_time(report.as_of)}.</p>'
        f"{f'<ul>{lines}</ul>' if lines else ''}</div></section>"
    )


def _notices(report: StatusReport, is_stored: bool) -> Iterator[str]:
    if report.is_copy:
        past = "What happened before cannot be read now."
        if is_stored:  # the whole page is a copy, and says of when
            past = ""
        elif report.history_as_of is not None:
            past = f"What happened before comes from a copy of {_time(report.history_as_of)}."
        yield _notice(
            "The database is unavailable. Pictures that were opened before are shown as usual;"
            f" others may show their fallback picture. {past}"
        )
    if report.checks_are_late and report.checked_at is not None:
        yield _notice(f"The last check of each minute was on {_time(report.checked_at)}.")
    if is_stored:
        yield _notice(
            f"This copy of the page is from {_time(report.as_of)}. It is written again every"
            " five minutes, and each minute while something does not work. If that time is long"
            " ago, the copies have stopped."
        )


def _notice(text: str) -> str:
    return f'<p class="notice card">{text}</p>'


def _ninety_days(report: StatusReport) -> str:
    meanings = "".join(f"<li>{bar}{text}</li>" for text, bar in legend().items())
    return (
        '<section aria-labelledby="days"><h2 id="days">The last ninety days</h2>'
        f'<div class="group"><h3>What people notice</h3><ul class="rows card">'
        f"{''.join(_part_row(part, report) for part in PARTS)}</ul></div>"
        f'<div class="group"><h3>What it is built on, checked each minute</h3>'
        f'<ul class="rows card">'
        f"{''.join(_dependency_row(name, report) for name in DEPENDENCY_NAMES)}</ul></div>"
        f'<ul class="legend">{meanings}</ul>{_days_table(report)}</section>'
    )


def _part_row(part: str, report: StatusReport) -> str:
    bars = [
        DayBar(day.day, day.incidents.get(part, 0), bool(day.checked or part in day.incidents))
        for day in report.days
    ]
    count = sum(1 for incident in report.incidents if incident.part == part)
    minutes = sum(bar.minutes for bar in bars)
    summary = "no incident"
    if count:
        summary = f"{count} incident{'s' if count != 1 else ''}, {duration_text(minutes)}"
    state = report.parts[part]
    return _row(PARTS[part], state, "works" if state == OK else "incident", bars, summary)


def _dependency_row(name: str, report: StatusReport) -> str:
    bars = [DayBar(day.day, day.unavailable.get(name, 0), bool(day.checked)) for day in report.days]
    checked = sum(day.checked for day in report.days)
    failed = sum(bar.minutes for bar in bars)
    summary = f"available in {_share(checked - failed, checked)} of checks" if checked else ""
    state = report.dependencies[name]
    said = "available" if state == OK else "unavailable"
    return _row(DEPENDENCY_NAMES[name], state, said, bars, summary or "not checked yet")


def _row(name: str, state: str, words: str, bars: Sequence[DayBar], summary: str) -> str:
    troubled = [bar for bar in bars if bar.minutes]
    label = f"{name}, ninety days: trouble on {len(troubled)} of them"
    if troubled:
        label += f", the last on {day_name(troubled[-1].day)}"
    return (
        f'<li><p class="name"><b>{name}</b><span class="state {_class(state)}">'
        f"{_icon(state)}{words}</span></p>{day_bars(bars, label)}"
        f'<p class="scale"><span>{day_name(bars[0].day, short=True)}</span><span>{summary}</span>'
        "<span>today</span></p></li>"
    )


def _days_table(report: StatusReport) -> str:
    rows = "".join(
        f'<tr><th scope="row">{day_name(day.day)}</th><td>{"<br>".join(troubles)}</td></tr>'
        for day in reversed(report.days)
        if (troubles := [*_troubles(day)])
    )
    if not rows:
        return ""
    return (
        "<details><summary>Days with trouble as a table</summary>"
        '<div class="scroll card" tabindex="0" role="region" aria-label="Days with trouble">'
        f'<table><thead><tr><th scope="col">Day (UTC)</th><th scope="col">Trouble</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _troubles(day: StatusDay) -> Iterator[str]:
    for minutes, names in ((day.incidents, PARTS), (day.unavailable, DEPENDENCY_NAMES)):
        for name, duration in minutes.items():
            yield f"{names[name]}: {duration_text(duration)}"


def _incidents(report: StatusReport) -> str:
    items = "".join(_incident(incident, report.as_of) for incident in report.incidents)
    shown = f'<ol class="incidents card">{items}</ol>'
    if not items:
        shown = '<p class="nothing card quiet">None in the last ninety days.</p>'
    heading = '<h2 id="incidents">Incidents</h2>'
    return f'<section aria-labelledby="incidents">{heading}{shown}</section>'


def _incident(incident: Incident, now: float) -> str:
    began, last = incident.started_at, incident.ended_at or now
    duration = duration_text(max(1, math.ceil((last - began) / 60)))
    kind, state, ended = DEGRADED, f"for {duration} so far", ""
    if incident.ended_at is not None:
        kind, state, ended = OK, f"over after {duration}", f" to {_time(incident.ended_at, began)}"
    return (
        f'<li><div class="name"><h3>{PARTS[incident.part]}</h3>'
        f'<span class="state {_class(kind)}">{_icon(kind)}{state}</span></div>'
        f"<p>{_sentences(incident)}</p>"
        f'<p class="quiet">{_time(incident.started_at)}{ended}</p></li>'
    )


def _sentences(incident: Incident) -> str:
    return escape(" ".join(incident.sentences))


def _time(seconds: float, near: float | None = None) -> str:
    """A time in UTC; without its date if it is on the same day as `near`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    text = f"{moment:%H:%M}"
    if near is None or datetime.fromtimestamp(near, UTC).date() != moment.date():
        text = f"{moment.day} {moment:%B %Y}, {text}"
    return f'<time datetime="{format_rfc3339(seconds)}">{text} UTC</time>'


def _share(part: int, whole: int) -> str:
    """A share in percent that is 100 only if it is whole.

    >>> _share(129_599, 129_600), _share(5, 5)
    ('99.99 %', '100 %')
    """
    return "100 %" if part == whole else f"{math.floor(10_000 * part / whole) / 100:.2f} %"


def _class(state: str) -> str:
    return "ok" if state == OK else "bad"


def _icon(state: str) -> str:
    shape = _SHAPES[OK if state == OK else DEGRADED]
    return (
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        f'<circle cx="12" cy="12" r="9.5"/><path d="{shape}"/></svg>'
    )


def _footer(is_stored: bool) -> str:
    text = "Days and times are in UTC. Incidents come from alarms, which end some minutes late."
    return text if is_stored else f'{text} <a href="/v1/status">The same as JSON</a>'
