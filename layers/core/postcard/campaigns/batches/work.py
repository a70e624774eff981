"""Works on one chunk: reads its rows, gives each its picture, writes the result once."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from isal import isal_zlib

from postcard.campaigns.batches.batch_errors import ChunkFailed
from postcard.campaigns.batches.batch_files import PART_TYPE, BatchFiles
from postcard.campaigns.batches.dry_run import DryRunCheck
from postcard.campaigns.batches.plan import ADDED_COLUMNS, BatchPlan, Chunk
from postcard.campaigns.batches.row_picture import BatchRows, RowResult
from postcard.campaigns.batches.split import is_cut_by_range, scan_encoding
from postcard.campaigns.tables.formula_cells import escape_formula
from postcard.campaigns.tables.row_reader import RowReader, TableRow
from postcard.campaigns.tables.row_writer import RowWriter
from postcard.campaigns.tables.table_format import TableFormat
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass

REPORT_COLUMNS = ("row", "line", "column", "code", "reason")
MAX_INTERNAL_SHARE = 0.01  # of a chunk's rows that may fail through a fault of Postcard
MAX_CHUNK_TEXT_BYTES = 64 * 1024 * 1024
ENCODED_AT_ONCE = 500  # rows, so that the result's text is in memory only once
_GZIP = 31


class OutOfTime(Exception):
    """There was no time left for a chunk; the state machine tries it again."""


@dataclass(slots=True)
class ChunkCounts:
    """The rows of a chunk by their status, and what its result changed.

    `escaped` are cells with an apostrophe before a formula, `replaced` characters that the encoding
    does not have, `cost` that of the pictures in billionths of a US dollar.
    """

    ok: int = 0
    default: int = 0
    failed: int = 0
    escaped: int = 0
    replaced: int = 0
    cost: int = 0

    def add(self, other: "ChunkCounts") -> None:
        """Add another chunk's."""
        for name in COUNT_NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def to_json(self) -> JsonObject:
        """The counts by name."""
        return {name: getattr(self, name) for name in COUNT_NAMES}


COUNT_NAMES = ("ok", "default", "failed", "escaped", "replaced", "cost")


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The part of the result, the part of the report, and the counts."""

    part: bytes
    report: bytes
    counts: ChunkCounts


def work_on(
    files: BatchFiles,
    plan: BatchPlan,
    chunk: Chunk,
    rows: BatchRows,
    *,
    is_late: Callable[[], bool],
    dry_run: DryRunCheck | None = None,
) -> ChunkResult:
    """The result of a chunk. `OutOfTime`, `ChunkFailed`, `FileChanged`."""
    text = text_of_chunk(files, plan.format, plan.etag, chunk)
    lines = io.StringIO(text, newline="")
    reader = RowReader(lines, plan.format, plan.columns, first_row=chunk.row, first_line=chunk.line)
    output = ChunkOutput(plan)
    for row in reader:
        result = rows.result(row)
        if dry_run is not None:
            result = replace(result, errors=(*result.errors, *dry_run.check(row)))
        output.add(row, result)
        if row.number % 100 == 0 and is_late():
            raise OutOfTime
    count = row_count(output.counts)
    if count != chunk.rows:
        raise ChunkFailed(f"The chunk has {count} rows in place of {chunk.rows}.")
    if len(rows.internal_errors) > max(1, count * MAX_INTERNAL_SHARE):
        raise ChunkFailed(f"{len(rows.internal_errors)} rows: {rows.internal_errors[0]}")
    result_of_chunk = output.result()
    if dry_run is not None:
        return replace(result_of_chunk, part=dry_run.part())
    return result_of_chunk


def row_count(counts: ChunkCounts) -> int:
    """All rows."""
    return counts.ok + counts.default + counts.failed


def text_of_chunk(files: BatchFiles, format: TableFormat, etag: str, chunk: Chunk) -> str:
    """The text of a chunk's rows; `FileChanged`. `etag` is the upload's."""
    encoding = format.encoding
    if is_cut_by_range(format):
        body = files.store.read(files.upload, chunk.at, chunk.length, etag=etag)
        return body.decode(encoding.name, format.error_handler)
    key = files.chunk_text(chunk.number)
    body = isal_zlib.decompress(files.store.read(key, 0, MAX_CHUNK_TEXT_BYTES), wbits=_GZIP)
    if encoding.keeps_ascii:
        return body.decode(encoding.name, format.error_handler)
    return body.decode(scan_encoding(format)[0])


class ChunkOutput:
    """Collects the rows of a result and of its report."""

    def __init__(self, plan: BatchPlan) -> None:
        self.counts = ChunkCounts()
        self._plan = plan
        self._writer = table_writer(plan)
        self._rows: list[str] = []  # not yet in `_part`
        self._part = bytearray()
        self._report = io.StringIO(newline="")
        self._report_writer = csv.writer(self._report, lineterminator="\r\n")

    def add(self, row: TableRow, result: RowResult) -> None:
        """Add a row with what it gets."""
        status = result.status
        setattr(self.counts, status, getattr(self.counts, status) + 1)
        self.counts.cost += result.cost
        if not self._plan.settings.dry_run:
            added = (result.url, result.alt, status, result.error_text)
            self._rows.append(self._writer.row(row, added))
            if len(self._rows) >= ENCODED_AT_ONCE:
                self._encode()
        for error in result.errors:
            column = "" if error.column is None else self._column_name(error.column)
            line = (row.number, row.line, column, error.code, error.detail)
            self._report_writer.writerow([escape_formula(str(cell)) for cell in line])

    def result(self) -> ChunkResult:
        """The bytes of both."""
        self._encode()
        self.counts.escaped = self._writer.escaped_cells
        self.counts.replaced = self._writer.replaced_characters
        counts = json.dumps(self.counts.to_json()).encode()
        report = self._report.getvalue().encode("utf-8", "replace")
        part = self._writer.compress(bytes(self._part))
        return ChunkResult(part, counts + b"\n" + report, self.counts)

    def _encode(self) -> None:
        self._part += self._writer.encode("".join(self._rows))
        self._rows.clear()

    def _column_name(self, index: int) -> str:
        columns: Sequence[Any] = self._plan.columns
        return (str(columns[index]) if index < len(columns) else "") or str(index + 1)


def table_writer(plan: BatchPlan) -> RowWriter:
    """Writes rows in the upload's own format."""
    return RowWriter(
        plan.format,
        plan.columns if plan.format.names_columns else (),
        ADDED_COLUMNS,
        escapes_formulas=plan.settings.formulas != "keep",
    )


def store_result(files: BatchFiles, chunk: Chunk, result: ChunkResult) -> bool:
    """Write the report, then the part once; whether this call wrote it."""
    files.store.write(files.part_report(chunk.number), result.report, PART_TYPE)
    return files.store.write_if_absent(files.part(chunk.number), result.part, PART_TYPE)
