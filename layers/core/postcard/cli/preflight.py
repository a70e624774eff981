"""`postcard preflight`: says before a send what will be wrong with its pictures."""

import csv
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postcard.cli.base_command import AS_JSON, Command
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import EXIT_NO, EXIT_OK, CommandError, CommandResult
from postcard.cli.people_file import (
    PeopleOptions,
    columns_of,
    describe_columns,
    describe_table,
    open_people,
    people_options,
)
from postcard.cli.render import DPR_CHOICE, FORMAT_CHOICE
from postcard.cli.target import ServiceTarget, target_options

if TYPE_CHECKING:
    from postcard.campaigns.preflight.counts import PreflightCounts, ReportedRow
    from postcard.campaigns.preflight.estimates import PictureBytes
    from postcard.campaigns.preflight.report import PreflightReport
    from postcard.campaigns.preflight.row_check import CheckedRow, PreflightRow, RowChecker
    from postcard.campaigns.tables.column_mapping import ColumnMapping
    from postcard.campaigns.tables.table_file import Table
    from postcard.cli.template_source import TemplateSource
    from postcard.pipeline.render_job import OutputOptions
    from postcard.template.compiled import Template

CHUNK_ROWS = 2000
MAX_WAITING = 3  # chunks for each process
_SHEET_WIDTH = 300
_MERGED_PARTS = 50

RowAsRead = tuple[int, int, Sequence[Any], Any]  # number, line, cells, fault
ListedFinding = tuple[int, int, str, str, str]  # number, line, code, place, detail
OnFindings = Callable[[Sequence[ListedFinding]], None]


@click.command(
    cls=Command,
    example="postcard preflight people.csv --template welcome --sheet worst.png",
    exit_codes="Exit codes: 0 no finding of --fail-on, 1 such a finding, 2 the command could not be"
    " carried out, 3 the file cannot be read as a table, 130 Ctrl-C.",
)
@click.argument("people_file", metavar="PEOPLE.csv", type=click.Path(path_type=Path))
@click.option(
    "-t",
    "--template",
    "template_name",
    required=True,
    metavar="TEMPLATE",
    help="A document (path, or id in the folder templates), or the id of a published template.",
)
@people_options
@click.option(
    "--fail-on",
    metavar="CODES",
    help="The findings for which the exit code is 1, with commas between them, or none. Default:"
    " failed,cut,glyph,unfilled.",
)
@click.option("--sheet", metavar="PATH.png", help="Write the worst rows' pictures as one picture.")
@click.option(
    "--report",
    metavar="PATH.csv",
    help="Write every finding as a row of a CSV file: row, line, code, field or layer, detail.",
)
@click.option("--no-fetch", is_flag=True, help="Do not ask whether picture addresses answer.")
@click.option("--no-draw", is_flag=True, help="Draw no sample, so that bytes are not estimated.")
@click.option(
    "--processes", type=WholeNumber(1, 64), help="How many processes check. Default: one a core."
)
@click.option(
    "--format", "format_", type=FORMAT_CHOICE, help="The pictures' format. Default: the template's."
)
@click.option("--width", type=WholeNumber(1, 5000), help="The width in CSS pixels.")
@click.option(
    "--dpr", type=DPR_CHOICE, default="1", show_default=True, help="Pixels per CSS pixel."
)
@target_options
def preflight(
    target: ServiceTarget,
    people: PeopleOptions,
    people_file: Path,
    template_name: str,
    fail_on: str | None,
    sheet: str | None,
    report: str | None,
    no_fetch: bool,
    no_draw: bool,
    processes: int | None,
    format_: str | None,
    width: int | None,
    dpr: str,
) -> CommandResult:
    """Check the pictures of all PEOPLE before they are sent links to them.

    Nothing is stored, and only a sample is drawn. Says what is missing, bad, too long, shrunk, cut
    or without glyphs, which picture addresses do not answer, which links are equal or very long,
    how large the pictures are and what they cost.
    """
    from postcard.campaigns.preflight.report import DEFAULT_FAIL_ON, PreflightReport
    from postcard.campaigns.preflight.row_check import LinkShape, RowChecker
    from postcard.cli.template_source import template_source
    from postcard.pipeline.render_job import OutputOptions

    codes = _codes(fail_on) if fail_on is not None else DEFAULT_FAIL_ON
    _check_outputs(people_file, sheet, report)
    with open_people(people_file, people) as table, _report_file(report) as on_findings:
        source = template_source(target, template_name)
        mapping = columns_of(table, source.template, people)
        options = OutputOptions("jpg" if format_ == "jpeg" else format_, width, float(dpr))
        options.resolve_size(source.template.document)
        shape = LinkShape(
            target.base_url() or LinkShape().base_url, options.format, width, float(dpr)
        )
        checker = RowChecker(source.template, source.renderer.fonts, link=shape, now=time.time())
        workers = processes or os.cpu_count() or 1
        progress = Progress(people_file)
        counts = check_table(table, mapping, checker, workers, progress, on_findings)
        found = PreflightReport(
            source.template,
            counts,
            None if no_draw else sample_bytes(source, counts, options),
            None if no_fetch else _checked_hosts(counts),
            mapping.unmapped,
        )
        if sheet:
            Path(sheet).write_bytes(draw_sheet(people_file.name, source, counts))
        head = (
            f"{people_file} · {counts.rows:,} rows · {describe_table(table)} ·"
            f" {describe_columns(table, mapping)}"
        )
    return _result(found, codes, head, sheet)


def _check_outputs(people_file: Path, sheet: str | None, report: str | None) -> None:
    """Refuses, before the rows are checked, paths that cannot be written or are needed."""
    if sheet is not None and not sheet.lower().endswith(".png"):
        raise click.UsageError(
            "--sheet: the contact sheet is a PNG: name a file that ends in .png."
        )
    used = [people_file.resolve()]
    for option, output in (("--sheet", sheet), ("--report", report)):
        if output is None:
            continue
        path = Path(output)
        if not output or path.is_dir():
            raise click.UsageError(f"{option}: name a file, not a folder.")
        if not path.parent.is_dir():
            raise CommandError(f"The folder {path.parent} does not exist.")
        if path.resolve() in used:
            raise click.UsageError(f"{option}: {path} is used already: name another file.")
        used.append(path.resolve())


@contextmanager
def _report_file(path: str | None) -> Iterator[OnFindings | None]:
    """A function that writes findings to a file, which appears when all are written."""
    if path is None:
        yield None
        return
    part = Path(f"{path}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("row", "line", "code", "place", "detail"))
            yield writer.writerows
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _result(
    report: "PreflightReport", codes: Sequence[str], head: str, sheet: str | None
) -> CommandResult:
    failed = report.fails(codes)
    lines = [head, *report.lines()]
    if sheet:
        lines.append(f"{sheet} shows the worst rows.")
    json_fields = {"success": True, "failed": failed, "fail_on": list(codes), "sheet": sheet}
    return CommandResult(
        "\n".join(lines), {**json_fields, **report.to_json()}, EXIT_NO if failed else EXIT_OK
    )


def _codes(text: str) -> tuple[str, ...]:
    from postcard.campaigns.preflight.report import FINDING_CODES

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise click.UsageError("--fail-on: give codes of findings, or none.")
    for name in names:
        if name not in (*FINDING_CODES, "none"):
            raise click.UsageError(
                f"--fail-on: there is no finding {name[:40]!r}. There are"
                f" {', '.join(FINDING_CODES)}, and none."
            )
    return tuple(name for name in names if name != "none")


class Progress:
    """A line on standard error, twice a second at most; only on a terminal and without --json."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_shown = sys.stderr.isatty() and not click.get_current_context().meta.get(AS_JSON)
        self._start = self._last = time.monotonic()

    def show(self, rows: int) -> None:
        """Says how many rows are done."""
        now = time.monotonic()
        if self._is_shown and now - self._last > 0.5:
            self._last = now
            rate = rows / max(0.001, now - self._start)
            click.echo(f"\r{self._path}  {rows:,} rows  {rate:,.0f}/s  ", err=True, nl=False)

    def end(self) -> None:
        """Clears the line."""
        if self._is_shown:
            click.echo("\r\033[K", err=True, nl=False)


def check_table(
    table: "Table",
    mapping: "ColumnMapping",
    checker: "RowChecker",
    processes: int,
    progress: Progress,
    on_findings: OnFindings | None = None,
) -> "PreflightCounts":
    """The counts of all rows, checked in several processes where there are many.

    `on_findings` gets the findings of each row that has a problem, in the order of the rows.
    """
    from postcard.campaigns.preflight.counts import merge
    from postcard.campaigns.tables.table_refused import TableRefused

    chunks = _chunks(table)
    head = list(islice(chunks, 2))
    work = _Work(checker, mapping, lists_findings=on_findings is not None)
    parts: list[PreflightCounts] = []
    if len(head) > 1 and processes > 1 and sys.platform == "linux":
        results = _in_processes(chain(head, chunks), work, processes)
    else:
        results = map(work.check, chain(head, chunks))
    for counts, findings in results:
        parts.append(counts)
        if on_findings:
            on_findings(findings)
        if len(parts) == _MERGED_PARTS:
            parts = [merge(parts)]
        progress.show(sum(part.rows for part in parts))
    progress.end()
    total = merge(parts)
    if not total.rows:
        raise TableRefused("no_rows", "The file has no rows below its header: add one a person.")
    return total


class _Work:
    """Checks chunks of rows as they are in the file."""

    def __init__(
        self, checker: "RowChecker", mapping: "ColumnMapping", *, lists_findings: bool
    ) -> None:
        self._checker, self._mapping, self._lists = checker, mapping, lists_findings

    def check(self, rows: Sequence[RowAsRead]) -> "tuple[PreflightCounts, list[ListedFinding]]":
        """The counts of some rows, and their findings if these are listed."""
        from postcard.campaigns.preflight.counts import preflight_chunk

        listed: list[ListedFinding] = []
        counts = preflight_chunk(
            map(self._preflight_row, rows),
            self._checker,
            on_row=listed_in(listed) if self._lists else None,
        )
        return counts, listed

    def _preflight_row(self, row: RowAsRead) -> "PreflightRow":
        from postcard.campaigns.preflight.row_check import PreflightRow

        number, line, cells, fault = row
        return PreflightRow(
            number, () if fault else self._mapping.modifications(cells), line, fault
        )


def listed_in(findings: list[ListedFinding]) -> "Callable[[CheckedRow], None]":
    """A function that adds the findings of a row, without those of texts that only shrink."""

    def add(checked: "CheckedRow") -> None:
        row = checked.row
        findings.extend(
            (row.number, row.line, finding.code, finding.place, finding.detail)
            for finding in checked.findings
            if finding.code != "shrunk"
        )

    return add


_work: list[_Work] = []  # in a forked process: that of its parent


def _check_forked(rows: Sequence[RowAsRead]) -> "tuple[PreflightCounts, list[ListedFinding]]":
    return _work[0].check(rows)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the processes


def _in_processes(
    chunks: Iterable[list[RowAsRead]], work: _Work, processes: int
) -> "Iterator[tuple[PreflightCounts, list[ListedFinding]]]":
    """The results of chunks in their order; few chunks wait, so that memory stays small."""
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor

    _work[:] = [work]
    fork = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, mp_context=fork, initializer=_ignore_interrupts)
    waiting: deque[Future[Any]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(_check_forked, chunk))
            if len(waiting) >= MAX_WAITING * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        _work.clear()


def _chunks(table: "Table") -> Iterator[list[RowAsRead]]:
    rows = ((row.number, row.line, row.cells, row.fault) for row in table.rows())
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


def _checked_hosts(counts: "PreflightCounts") -> Any:
    from postcard.adapters.http.fetcher import HttpFetcher
    from postcard.campaigns.preflight.remote_hosts import ADDRESS_SECONDS, check_addresses

    return check_addresses(counts.hosts, HttpFetcher(seconds=ADDRESS_SECONDS))


def sample_bytes(
    source: "TemplateSource", counts: "PreflightCounts", options: "OutputOptions"
) -> "PictureBytes | None":
    """The bytes of pictures, estimated from rows at random."""
    from postcard.campaigns.preflight.estimates import PictureBytes
    from postcard.cli.template_source import try_to_draw

    pictures = (try_to_draw(source, row.modifications, options) for _, row in counts.sample)
    return PictureBytes.of([len(picture.body) for picture in pictures if picture])


def draw_sheet(title: str, source: "TemplateSource", counts: "PreflightCounts") -> bytes:
    """The contact sheet of the worst rows."""
    from postcard.campaigns.preflight.contact_sheet import SheetPicture, contact_sheet
    from postcard.campaigns.preflight.drawing_forecast import names_by_pointer
    from postcard.campaigns.preflight.report import row_caption
    from postcard.cli.template_source import try_to_draw
    from postcard.pipeline.render_job import OutputOptions

    template, names = source.template, names_by_pointer(source.template)
    options = OutputOptions("png", min(_SHEET_WIDTH, template.width))

    def sheet_picture(row: "ReportedRow") -> SheetPicture:
        picture = try_to_draw(source, row.modifications, options) if row.modifications else None
        return SheetPicture(
            f"Row {row.number:,}",
            row_caption(row, names),
            picture.body if picture else None,
            _size_of(template),
        )

    rows = counts.worst_rows()
    heading = f"{title}: the worst {len(rows)} of {counts.rows:,} rows" if rows else f"{title}: all"
    return contact_sheet(heading, [sheet_picture(row) for row in rows], source.renderer)


def _size_of(template: "Template") -> tuple[int, int]:
    return template.width, template.height
