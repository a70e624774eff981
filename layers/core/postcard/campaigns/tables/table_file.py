"""Opens a file of people as a table: CSV or JSON Lines, in any encoding, gzip or not."""

import json
from collections.abc import Iterator, Sequence
from io import RawIOBase
from typing import Any, BinaryIO

from postcard.campaigns.tables.csv_dialect import CsvDialect, check_given, find_dialect
from postcard.campaigns.tables.decompressed_file import decompressed
from postcard.campaigns.tables.row_reader import (
    RowReader,
    TableRow,
    lines_of_stream,
    raw_rows,
)
from postcard.campaigns.tables.table_format import TableFormat
from postcard.campaigns.tables.table_refused import MAX_COLUMNS, TableRefused
from postcard.campaigns.tables.text_encoding import (
    EncodingScan,
    FoundEncoding,
    encoding_of_request,
    refuse_binary,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

_PIECE_BYTES = 1 << 20
_SAMPLE_BYTES = 512 * 1024  # of which the dialect is found
_E_MAIL = lazy_regex(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_JSON_ARRAY = lazy_regex(r"\[\s*[{\[]")
_JSON_OBJECT = lazy_regex(r'\{\s*(?:"|\})')
_LONE_BRACE = lazy_regex(r'\{\s*[\r\n]\s*"')
_LINE_END = lazy_regex(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class TableHeader:
    """The names of the columns, or what stands for them, and where the rows begin.

    `columns` are empty names where a CSV file has no header. `text` is the header's line in the
    file. Rows begin at the line `first_line`.
    """

    columns: Sequence[str]
    text: str = ""
    first_line: int = 1


class Table:
    """A table whose rows can be read, more than once. `header` is empty if it has none."""

    def __init__(self, file: BinaryIO, format: TableFormat, header: TableHeader) -> None:
        self.format = format
        self.columns = header.columns
        self.header_text = header.text
        self.blank_lines = 0
        self._file = file
        self._header = header

    @property
    def header(self) -> Sequence[str]:
        """The names of the columns; empty if the file has no header."""
        return self.columns if self.format.names_columns else ()

    def rows(self) -> Iterator[TableRow]:
        """The rows from the first; `TableRefused` with the line where the file cannot be read."""
        first_line = self._header.first_line
        self._file.seek(0)
        with decompressed(self._file) as stream:
            stream.read(len(self.format.encoding.byte_order_mark))
            lines = lines_of_stream(stream, self.format, first_line=1)
            for _ in range(first_line - 1):
                next(lines, None)
            reader = RowReader(lines, self.format, self.columns, first_line=first_line)
            yield from reader
            self.blank_lines = reader.blank_lines


def open_table(
    file: BinaryIO,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    header: bool = True,
) -> Table:
    """The table in a file that can be read from its beginning more than once.

    What is not given is found. `TableRefused` for a file that is none.
    """
    format = find_format(
        file, encoding=encoding, delimiter=delimiter, quote=quote, has_header=header
    )
    return Table(file, format, read_header(file, format))


def find_format(
    file: BinaryIO,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool = True,
) -> TableFormat:
    """How a table is written, by all of its bytes: the last one may decide the encoding."""
    check_given(delimiter, quote)
    file.seek(0)
    with decompressed(file) as stream:
        found, head = _find_encoding(stream, encoding)
        is_gzip = stream.is_gzip
    sample = _decoded_sample(head, found)
    if not sample.strip():
        raise TableRefused("empty_file", "The file is empty: upload one with a row a person.")
    if is_json_lines(sample) and delimiter is None:
        line_end = _LINE_END.search(sample)
        dialect = CsvDialect(line_end=line_end[0] if line_end else "\n")
        return TableFormat("jsonl", found, dialect, is_gzip, has_header=False)
    dialect = find_dialect(sample, delimiter=delimiter, quote=quote)
    return TableFormat("csv", found, dialect, is_gzip, has_header)


def read_header(file: BinaryIO, format: TableFormat) -> TableHeader:
    """The columns; `TableRefused` `no_header`, `bad_columns`.

    Those of JSON Lines are the keys of all objects, so that the whole file is read.
    """
    file.seek(0)
    with decompressed(file) as stream:
        stream.read(len(format.encoding.byte_order_mark))
        lines = lines_of_stream(stream, format, first_line=1)
        if format.kind == "jsonl":
            return TableHeader(_all_keys(lines, format))
        return _csv_header(lines, format)


def is_json_lines(sample: str) -> bool:
    """Whether the file begins with a JSON object; `TableRefused` for other JSON."""
    text = sample.lstrip()
    if _JSON_ARRAY.match(text):
        detail = "This is a JSON array: write its objects one a line (JSON Lines), or as CSV."
        raise TableRefused("not_text", detail)
    if _LONE_BRACE.match(text):
        detail = "This is one JSON object over many lines: write an object a line, or CSV."
        raise TableRefused("not_text", detail)
    return _JSON_OBJECT.match(text) is not None


def _find_encoding(stream: RawIOBase, requested: str | None) -> tuple[FoundEncoding, bytes]:
    """The encoding, and the first bytes of the file."""
    scan, head = EncodingScan(), b""
    while piece := stream.read(_PIECE_BYTES):
        head = head or piece
        if len(head) < _SAMPLE_BYTES:
            head += piece[: _SAMPLE_BYTES - len(head)] if head is not piece else b""
        if requested is not None and len(head) >= _SAMPLE_BYTES:
            break
        scan.feed(piece)
    if requested is None:
        return scan.finish(), head[:_SAMPLE_BYTES]
    refuse_binary(head)
    return encoding_of_request(requested, head), head[:_SAMPLE_BYTES]


def _decoded_sample(head: bytes, encoding: FoundEncoding) -> str:
    return head[len(encoding.byte_order_mark) :].decode(encoding.name, "replace")


def _csv_header(lines: Iterator[str], format: TableFormat) -> TableHeader:
    first_line = 1
    if format.dialect.sep_line:
        next(lines)
        first_line += 1
    for raw in raw_rows(lines, format, first_line=first_line):
        if raw.cells:
            _check_width(raw.cells, first_line)
            if not format.has_header:
                return TableHeader([""] * len(raw.cells), "", first_line)
            _check_header(raw.cells, first_line)
            return TableHeader(raw.cells, raw.text, first_line + raw.line_count)
        first_line += raw.line_count
    raise TableRefused("empty_file", "The file has no rows: upload one with a row a person.")


def _check_header(cells: Sequence[str], line: int) -> None:
    if not any(cell.strip() for cell in cells):
        detail = "The first row should name the columns, but it is blank. Or say header: false."
        raise TableRefused("no_header", detail, line)
    if any(_E_MAIL.fullmatch(cell.strip()) for cell in cells):
        detail = (
            "The first row should name the columns, but it has an e-mail address in it: add a row "
            "of names, or say header: false and choose the columns by their numbers."
        )
        raise TableRefused("no_header", detail, line)


def _check_width(cells: Sequence[Any], line: int | None) -> None:
    if len(cells) > MAX_COLUMNS:
        detail = f"The table has {len(cells)} columns: at most {MAX_COLUMNS} are read."
        raise TableRefused("bad_columns", detail, line)


def _all_keys(lines: Iterator[str], format: TableFormat) -> Sequence[str]:
    """The keys of all objects; lines that are none are faults of their rows."""
    keys: dict[str, None] = {}
    for line, raw in enumerate(raw_rows(lines, format, first_line=1), 1):
        if raw.cells:
            found = _quick_object(raw.text)
            if not found.keys() <= keys.keys():
                keys.update(dict.fromkeys(found))
                _check_width(list(keys), line)
    return list(keys)


def _quick_object(text: str) -> dict[str, Any]:
    """The object of a line, without the checks of `json_row`; empty if there is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
