"""Splits the rows of an upload into chunks, and fixes the plan of all work on them."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO, cast

from isal import isal_zlib

from postcard.budgets.picture_price import PicturePrice
from postcard.campaigns.batches.batch_budget import affordable_rows, refuse_all
from postcard.campaigns.batches.batch_errors import BatchRefused
from postcard.campaigns.batches.batch_files import GZIP_TYPE, BatchFiles
from postcard.campaigns.batches.plan import (
    BatchPlan,
    BatchSettings,
    Chunk,
    PlannedTemplate,
)
from postcard.campaigns.batches.ranged_file import RangedFile
from postcard.campaigns.tables.column_mapping import ColumnChoice, is_target, map_columns
from postcard.campaigns.tables.decompressed_file import DecompressedFile, decompressed
from postcard.campaigns.tables.row_reader import (
    RawRow,
    check_blank_lines,
    decoded_lines,
    json_row,
    raw_rows,
)
from postcard.campaigns.tables.table_file import TableHeader, find_format, read_header
from postcard.campaigns.tables.table_format import TableFormat
from postcard.campaigns.tables.table_refused import MAX_FILE_BYTES, TableRefused
from postcard.errors import BadRequest, Problem
from postcard.identifiers import is_template_id
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import FileHead, JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.settings import MAX_BATCH_ROWS
from postcard.template.compiled import Template
from postcard.timestamps import parse_rfc3339

MAX_CHUNK_BYTES = 8 * 1024 * 1024
MAX_CHUNK_LINES = 200_000  # many of them may be blank
MIN_CHUNK_ROWS, MAX_CHUNK_ROWS = 1000, 50_000
RESULT_BYTES = 6 * 1024 * 1024  # of a chunk's result: S3 copies parts of 5 MiB without reading them
ADDED_BYTES = 150  # of a row, at least: link, alternative text, status
CHUNK_ROWS = {"images": 2000, "warm": 250}  # whose rows take longer
SAMPLE_ROWS = 1000  # of which the size of chunks is found
MAX_TEMPLATES = 100  # of one batch
DRAWINGS_PER_SECOND = 5.0  # of one worker in mode `warm`, at least
_GZIP, _GZIP_LEVEL = 31, 1


@dataclass(frozen=True, slots=True)
class SplitState:
    """How far a split is: the next chunk begins at `at`, with this row and line.

    `at` are bytes of the upload where it is cut by ranges, else characters of its text.
    """

    format: TableFormat
    header: TableHeader
    digest: str
    etag: str
    template_ids: Sequence[str]
    chunks: Sequence[Chunk]
    at: int
    row: int
    line: int
    blank_lines: int = 0
    chunk_rows: int = 0
    is_done: bool = False

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "format": self.format.to_json(),
            "columns": list(self.header.columns),
            "header_text": self.header.text,
            "first_line": self.header.first_line,
            "template_ids": list(self.template_ids),
            "chunks": [chunk.to_json() for chunk in self.chunks],
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "SplitState":
        """The state that `to_json` was called on."""
        return cls(
            format=TableFormat.from_json(stored["format"]),
            header=TableHeader(stored["columns"], stored["header_text"], stored["first_line"]),
            template_ids=stored["template_ids"],
            chunks=[Chunk.from_json(chunk) for chunk in stored["chunks"]],
            **{name: stored[name] for name in _PLAIN},
        )


_PLAIN = ("digest", "etag", "at", "row", "line", "blank_lines", "chunk_rows", "is_done")


class TableSplit:
    """Splits one upload; `TableRefused`, `FileChanged`, `BatchRefused`.

    Two passes: the first finds the encoding, for which the last byte may matter, and the digest;
    the second finds the rows.
    """

    def __init__(
        self,
        files: BatchFiles,
        settings: BatchSettings,
        *,
        is_late: Callable[[], bool],
        max_rows: int | None = None,
        chunk_rows: int | None = None,
    ) -> None:
        self._files, self._settings = files, settings
        self._is_late = is_late
        self._max_rows = max_rows
        self._chunk_rows = chunk_rows

    def inspect(self, head: FileHead) -> SplitState:
        """The first pass: what the file is."""
        if head.size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES // 1024**3
            raise TableRefused("too_large", f"A file has at most {limit} GB: split it in two.")
        if head.size == 0:
            raise TableRefused("empty_file", "The file is empty: upload one with a row a person.")
        source = RangedFile(self._files.store, head)
        file, settings = cast(BinaryIO, source), self._settings
        format = find_format(
            file,
            encoding=settings.encoding,
            delimiter=settings.delimiter,
            quote=settings.quote,
            has_header=settings.header,
        )
        digest = source.sha256()
        header = read_header(file, format)
        return SplitState(
            format, header, digest, head.etag, (), (), at=-1, row=1, line=header.first_line
        )

    def scan(self, head: FileHead, state: SplitState) -> SplitState:
        """The second pass, from where it stands until the end or until it is late."""
        scan = _RowScan(self._files, self._settings, state, self._chunk_rows)
        for done in scan.chunks(head):
            self._check_rows(done)
            if self._is_late():
                return done
        return scan.finished()

    def _check_rows(self, state: SplitState) -> None:
        check_blank_lines(state.blank_lines)
        if self._max_rows is not None and state.row - 1 > self._max_rows:
            is_here_only = self._max_rows < MAX_BATCH_ROWS
            detail = f"A file has at most {self._max_rows:,} rows here: split it."
            raise TableRefused("too_large_here" if is_here_only else "too_large", detail)


class _RowScan:
    """Reads rows and cuts them into chunks."""

    def __init__(
        self,
        files: BatchFiles,
        settings: BatchSettings,
        state: SplitState,
        chunk_rows: int | None,
    ) -> None:
        self._files = files
        self._state = state
        self._chunks = list(state.chunks)
        self._template_ids = dict.fromkeys(state.template_ids)
        self._blank_lines = state.blank_lines
        self._rows_per_chunk = chunk_rows or CHUNK_ROWS.get(settings.mode) or state.chunk_rows
        self._at, self._row, self._line = state.at, state.row, state.line
        self._template_key = template_column(settings, state.header, state.format)
        self._is_cut_by_range = is_cut_by_range(state.format)

    def chunks(self, head: FileHead) -> Iterator[SplitState]:
        """The states behind each chunk."""
        format, texts = self._state.format, []
        rows, size, lines = 0, 0, 0
        for raw in raw_rows(self._lines(head), format, first_line=self._line):
            if not self._is_cut_by_range:
                texts.append(raw.text)
            size += len(raw.text)
            lines += raw.line_count
            if raw.cells:
                rows += 1
                self._note_template(raw)
            else:
                self._blank_lines += 1
            if self._is_full(rows, size, lines):
                yield self._cut(texts, rows, size, lines)
                texts, rows, size, lines = [], 0, 0, 0
        if size:
            yield self._cut(texts, rows, size, lines)

    def finished(self) -> SplitState:
        """The state behind the last row."""
        return replace(self._position(), is_done=True)

    def _is_full(self, rows: int, size: int, lines: int) -> bool:
        if not self._rows_per_chunk and rows >= SAMPLE_ROWS:
            fitting = RESULT_BYTES // (size // rows + ADDED_BYTES)
            self._rows_per_chunk = max(MIN_CHUNK_ROWS, min(MAX_CHUNK_ROWS, fitting))
        is_filled = bool(self._rows_per_chunk) and rows >= self._rows_per_chunk
        return is_filled or size >= MAX_CHUNK_BYTES or lines >= MAX_CHUNK_LINES

    def _cut(self, texts: Sequence[str], rows: int, size: int, lines: int) -> SplitState:
        """The state behind these rows, which become a chunk; blank lines alone become none."""
        if rows:
            self._add_chunk(texts, rows, size)
        self._at += size
        self._row += rows
        self._line += lines
        return self._position()

    def _add_chunk(self, texts: Sequence[str], rows: int, size: int) -> None:
        number = len(self._chunks)
        length = size if self._is_cut_by_range else 0
        chunk = Chunk(number, self._at if length else 0, length, self._row, self._line, rows)
        if not length:
            self._write_rows(number, "".join(texts))
        self._chunks.append(chunk)

    def _write_rows(self, number: int, text: str) -> None:
        """Write the rows of a chunk as a file of their own."""
        body = text.encode(*scan_encoding(self._state.format))
        compressed = bytes(isal_zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP))
        self._files.store.write(self._files.chunk_text(number), compressed, GZIP_TYPE)

    def _position(self) -> SplitState:
        return replace(
            self._state,
            template_ids=tuple(self._template_ids),
            chunks=tuple(self._chunks),
            at=self._at,
            row=self._row,
            line=self._line,
            blank_lines=self._blank_lines,
            chunk_rows=self._rows_per_chunk,
        )

    def _lines(self, head: FileHead) -> Iterator[str]:
        """The lines from where the state stands; behind the header at first."""
        state, source = self._state, RangedFile(self._files.store, head)
        if self._is_cut_by_range and self._at >= 0:
            source.seek(self._at)
            stream = DecompressedFile(cast(BinaryIO, source), is_gzip=False)
        else:
            stream = decompressed(cast(BinaryIO, source))
            stream.read(len(state.format.encoding.byte_order_mark))
        text = io.TextIOWrapper(
            io.BufferedReader(cast(io.RawIOBase, stream), 1 << 20),
            *_reading_encoding(state.format),
            newline="",
        )
        if self._at < 0:
            self._at = self._skip_header(text)
        elif not self._is_cut_by_range:
            _skip(text, self._at)
        yield from decoded_lines(text.readline, state.format, first_line=self._line)

    def _skip_header(self, text: io.TextIOWrapper) -> int:
        """Reads past the header; returns the bytes or characters before the first row."""
        mark = len(self._state.format.encoding.byte_order_mark) if self._is_cut_by_range else 0
        lines = self._state.header.first_line - 1
        return mark + sum(len(text.readline()) for _ in range(lines))

    def _note_template(self, raw: RawRow) -> None:
        key = self._template_key
        if key is None or len(self._template_ids) > MAX_TEMPLATES:
            return
        template_id = _text_in_column(raw, key, self._state)
        if is_template_id(template_id):
            self._template_ids[template_id] = None


def is_cut_by_range(format: TableFormat) -> bool:
    """Whether ranges of the upload's bytes are rows; else chunks are files of their own."""
    return format.encoding.keeps_ascii and not format.is_gzip


def scan_encoding(format: TableFormat) -> tuple[str, str]:
    """The encoding of chunks in files of their own, and its error handler.

    Bytes that keep ASCII stay as they are: each is a character of Latin-1.
    """
    return ("latin-1", "strict") if format.encoding.keeps_ascii else ("utf-8", "strict")


def _reading_encoding(format: TableFormat) -> tuple[str, str]:
    return (
        ("latin-1", "strict") if format.encoding.keeps_ascii else (format.encoding.name, "strict")
    )


def _skip(text: io.TextIOWrapper, characters: int) -> None:
    while characters > 0 and (piece := text.read(min(characters, 1 << 20))):
        characters -= len(piece)


def _text_in_column(raw: RawRow, key: int, state: SplitState) -> str:
    """The text of a cell; empty if it is none."""
    if state.format.kind == "csv":
        return raw.cells[key].strip() if key < len(raw.cells) else ""
    text, format = raw.text, state.format
    if format.encoding.keeps_ascii:  # it was read as Latin-1
        text = text.encode("latin-1").decode(format.encoding.name, format.error_handler)
    try:
        value = json_row(text).get(state.header.columns[key])
    except ValueError:
        return ""
    return value.strip() if isinstance(value, str) else ""


def template_column(
    settings: BatchSettings, header: TableHeader, format: TableFormat
) -> int | None:
    """The index of the column that names templates; `BatchRefused`."""
    choice = settings.template_column
    if choice is None:
        return None
    if isinstance(choice, int):
        found = [choice - 1] if 1 <= choice <= len(header.columns) else []
    else:
        names = [name.strip() for name in header.columns] if format.names_columns else []
        found = [index for index, name in enumerate(names) if name == choice.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        detail = "Several columns have the name in template_column: give the number of one."
        raise BatchRefused("ambiguous_column", detail)
    detail = "The table has no column as in template_column: give a header or a number of it."
    raise BatchRefused("unknown_column", detail)


class TemplatePlanner:
    """Pins the templates of a batch, and maps the columns to the fields of each."""

    def __init__(self, loader: TemplateLoader, settings: BatchSettings, state: SplitState) -> None:
        self._loader, self._settings, self._state = loader, settings, state
        self._known_names: set[str] = set()

    def plan(self) -> dict[str, PlannedTemplate]:
        """The templates by id.

        `BatchRefused` if that of the settings cannot be used; one that only rows name is a fault
        of those rows.
        """
        templates = self.plan_main()
        for template_id in islice(self._state.template_ids, MAX_TEMPLATES):
            if template_id not in templates:
                templates[template_id] = self._planned(template_id)
        self._check_names(templates)
        return templates

    def plan_main(self) -> dict[str, PlannedTemplate]:
        """That of the settings alone, before any row is read; `BatchRefused`."""
        template_id = self._settings.template_id
        if template_id is None:
            return {}
        planned = self._planned(template_id)
        if planned.fault_code:
            raise BatchRefused(planned.fault_code, planned.fault_detail)
        return {template_id: planned}

    def _check_names(self, templates: Mapping[str, PlannedTemplate]) -> None:
        """Of several templates each takes the names that it knows; none may be known to none."""
        unknown = self._settings.columns.keys() - self._known_names
        if unknown and any(not planned.fault_code for planned in templates.values()):
            detail = f"No template has {', '.join(sorted(unknown))[:200]}: correct columns."
            raise BatchRefused("unknown_name", detail)

    def _planned(self, template_id: str) -> PlannedTemplate:
        allowed = self._settings.key_templates
        if allowed is not None and template_id not in allowed:
            detail = "The API key may not use this template."
            return PlannedTemplate(fault_code="template_not_allowed", fault_detail=detail)
        try:
            record = self._loader.usable_record(template_id)
            version = self._settings.template_versions.get(template_id)
            loaded = self._loader.load_effective(record, version)
            state = self._state
            mapping = map_columns(
                state.header.columns,
                loaded.template,
                self._columns_of(loaded.template),
                has_lists=state.format.kind == "jsonl",
            )
        except BadRequest as bad:
            first = bad.errors[0]
            return PlannedTemplate(fault_code=first.code, fault_detail=first.detail)
        except Problem as problem:
            if problem.status >= 500:
                raise
            return PlannedTemplate(fault_code="unknown_template", fault_detail=problem.detail)
        return PlannedTemplate(loaded.version, mapping)

    def _columns_of(self, template: Template) -> dict[str, ColumnChoice]:
        """The chosen columns; where there are several templates, those of this one."""
        columns = dict(self._settings.columns)
        if self._settings.template_column is None:
            self._known_names.update(columns)
            return columns
        known = {name: choice for name, choice in columns.items() if is_target(template, name)}
        self._known_names.update(known)
        return known


def expiry_of(settings: BatchSettings) -> int | None:
    """The links' expiry in Unix seconds."""
    return None if settings.expires_at is None else parse_rfc3339(settings.expires_at)


def concurrency_of(settings: BatchSettings, limit: int) -> int:
    """How many chunks are worked on at once: as few as the rate of `warm` needs."""
    if settings.mode != "warm":
        return limit
    return max(1, min(limit, int(settings.rate / DRAWINGS_PER_SECOND)))


def make_plan(
    settings: BatchSettings,
    state: SplitState,
    templates: dict[str, PlannedTemplate],
    *,
    kid: str,
    base_url: str,
    now: float,
    concurrency: int,
    price: PicturePrice,
    region: str,
) -> BatchPlan:
    """The plan; `TableRefused` `no_rows`, `BatchRefused` if `max_usd` does not pay for all rows."""
    rows = state.row - 1
    if rows == 0:
        detail = "The file has a header but no rows: upload one with a row a person."
        raise TableRefused("no_rows", detail)
    affordable = affordable_rows(settings, rows, price, region)
    if affordable is not None and settings.on_budget == "stop":
        refuse_all(settings, rows, price, region)
    return BatchPlan(
        settings=settings,
        etag=state.etag,
        digest=state.digest,
        format=state.format,
        columns=state.header.columns,
        header_text=state.header.text,
        templates=templates,
        template_column=template_column(settings, state.header, state.format),
        kid=kid,
        base_url=base_url,
        now=int(now),
        expires=expiry_of(settings),
        concurrency=concurrency_of(settings, concurrency),
        chunk_count=len(state.chunks),
        rows=rows,
        blank_lines=state.blank_lines,
        affordable_rows=affordable,
    )
