"""Reads the rows of a table from its lines, with the text of each row as it is in the file."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from postcard.campaigns.tables.table_format import TableFormat
from postcard.campaigns.tables.table_refused import (
    MAX_BLANK_LINES,
    MAX_OPEN_ROW_BYTES,
    MAX_OPEN_ROW_LINES,
    MAX_ROW_BYTES,
    MAX_ROW_LINES,
    TableRefused,
)
from postcard.errors import BadRequest, Fault
from postcard.json_text import parse_json
from postcard.runtime.lazy_regex import lazy_regex

_END_OF_FILE = ["\x1a"]  # Ctrl-Z, which programs of DOS wrote behind the last row
_SURROGATE = lazy_regex("[\ud800-\udfff]")


class TableRow(NamedTuple):
    """A row of a table. `number` counts rows from 1, `line` is the line of the file it begins in.

    `cells` are as many as the table has columns: texts, or JSON values from JSON Lines. With a
    `fault` they are of no use. `text` is the row in the file, with its line end; empty where it
    does not have that many cells.
    """

    number: int
    line: int
    cells: Sequence[Any]
    fault: Fault | None
    text: str


class RawRow(NamedTuple):
    """A row before its cells are looked at. `line_count` are the lines it stands on."""

    cells: list[str]
    text: str
    line_count: int


def raw_rows(lines: Iterable[str], format: TableFormat, *, first_line: int) -> Iterator[RawRow]:
    """The rows of lines, blank ones without cells; `TableRefused` `open_quote`.

    A row of JSON Lines is one cell. `csv.reader` alone decides where a row ends. So who reads a
    range of rows that was cut here, reads the same rows.
    """
    if format.kind == "jsonl":
        yield from _lines_as_rows(lines, first_line)
        return
    taken: list[str] = []
    options = format.dialect.reader_options()
    reader = csv.reader(_remembered(lines, taken, first_line), **options)
    row = None
    line = first_line
    try:
        for cells in reader:
            row = RawRow(cells, taken[0] if len(taken) == 1 else "".join(taken), len(taken))
            line += len(taken)
            taken.clear()
            yield RawRow([], row.text, row.line_count) if cells == _END_OF_FILE else row
    except csv.Error:
        raise _open_quote(line) from None
    if row is not None and _is_unfinished(row, options):
        raise _open_quote(line - row.line_count)


class RowReader:
    """Reads rows of a known number of columns; counts blank lines, which are no rows."""

    def __init__(
        self,
        lines: Iterable[str],
        format: TableFormat,
        columns: Sequence[str],
        *,
        first_row: int = 1,
        first_line: int = 1,
    ) -> None:
        self.blank_lines = 0
        self._format = format
        self._columns = columns
        self._width = len(columns)
        self._number, self._line = first_row, first_line
        self._raw_rows = raw_rows(lines, format, first_line=first_line)

    def __iter__(self) -> Iterator[TableRow]:
        read = self._read_json if self._format.kind == "jsonl" else self._read_csv
        for raw in self._raw_rows:
            if raw.cells:
                yield read(raw)
                self._number += 1
            else:
                self.blank_lines += 1
                check_blank_lines(self.blank_lines)
            self._line += raw.line_count

    def _read_csv(self, raw: RawRow) -> TableRow:
        cells, text, width = raw.cells, raw.text, self._width
        fault = self._fault(raw)
        if len(cells) == width:
            return TableRow(self._number, self._line, cells, fault, text)
        if len(cells) > width and fault is None and any(cells[width:]):
            detail = f"This row has {len(cells)} cells, but the table {width} columns."
            fault = Fault("ragged", "", detail)
        padded = cells[:width] + [""] * (width - len(cells))
        return TableRow(self._number, self._line, padded, fault, "")

    def _read_json(self, raw: RawRow) -> TableRow:
        fault = self._fault(raw)
        cells: Sequence[Any] = ()
        if fault is None:
            try:
                value = json_row(raw.text)
                cells = [value.get(name) for name in self._columns]
            except ValueError as error:
                fault = Fault("invalid_json", "", str(error))
        return TableRow(self._number, self._line, cells, fault, raw.text)

    def _fault(self, raw: RawRow) -> Fault | None:
        text = raw.text
        if len(text) > MAX_ROW_BYTES // 4 and _byte_count(text, self._format) > MAX_ROW_BYTES:
            detail = f"This row has more than {MAX_ROW_BYTES // 1024} KB."
            return Fault("row_too_long", "", detail)
        if raw.line_count > 1 and self._has_swallowed_rows(raw):
            detail = f"This row has {raw.line_count} lines: a quote was left open in it."
            return Fault("open_quote", "", detail)
        if "\0" in text:
            return Fault("nul_byte", "", "This row has a zero byte.")
        if not text.isascii() and _SURROGATE.search(text):
            detail = f"This row has bytes that are not {self._format.encoding.name}."
            return Fault("undecodable", "", detail)
        return None

    def _has_swallowed_rows(self, raw: RawRow) -> bool:
        """Whether its lines may be rows of their own, behind a quote that was left open."""
        if raw.line_count > MAX_ROW_LINES:
            return True
        try:
            list(csv.reader([raw.text], **self._format.dialect.reader_options(), strict=True))
        except csv.Error:
            return True
        return False


def check_blank_lines(count: int) -> None:
    """`TableRefused` for a file that is mostly blank: its rows would take hours to find."""
    if count > MAX_BLANK_LINES:
        raise TableRefused("too_large", f"The file has more than {MAX_BLANK_LINES:,} blank lines.")


def json_row(text: str) -> dict[str, Any]:
    """The object of a line of JSON Lines; `ValueError` says what it is instead."""
    try:
        value = parse_json(text)
    except BadRequest:
        raise ValueError("This line is not valid JSON.") from None
    if not isinstance(value, dict):
        raise ValueError("This line is not a JSON object.")
    return value


def lines_of_stream(stream: io.RawIOBase, format: TableFormat, *, first_line: int) -> Iterator[str]:
    """The lines of a decompressed stream behind its byte order mark, each with its end.

    `TableRefused` `undecodable` with the line.
    """
    text = io.TextIOWrapper(
        io.BufferedReader(stream, 1 << 20),
        format.encoding.name,
        format.error_handler,
        newline="",
    )
    yield from decoded_lines(text.readline, format, first_line=first_line)


def decoded_lines(readline: Any, format: TableFormat, *, first_line: int) -> Iterator[str]:
    """Lines from `readline`, at most `MAX_OPEN_ROW_BYTES` characters at once."""
    line = first_line
    while True:
        try:
            text = readline(MAX_OPEN_ROW_BYTES)
        except UnicodeDecodeError:
            detail = f"The file is not {format.encoding.name} here: say its encoding."
            raise TableRefused("undecodable", detail, line) from None
        if not text:
            return
        yield text
        line += 1


def _lines_as_rows(lines: Iterable[str], first_line: int) -> Iterator[RawRow]:
    for line, text in enumerate(lines, first_line):
        if len(text) >= MAX_OPEN_ROW_BYTES:
            raise _open_quote(line)
        yield RawRow([text] if text.strip(" \t\r\n") else [], text, 1)


def _remembered(lines: Iterable[str], taken: list[str], first_line: int) -> Iterator[str]:
    """The lines; those of the row that is being read are in `taken`."""
    line, length = first_line, 0
    for text in lines:
        if taken:
            length += len(text)
            if length > MAX_OPEN_ROW_BYTES or len(taken) > MAX_OPEN_ROW_LINES:
                raise _open_quote(line - len(taken))
        elif (length := len(text)) >= MAX_OPEN_ROW_BYTES:
            raise _open_quote(line)
        taken.append(text)
        line += 1
        yield text


def _is_unfinished(row: RawRow, options: dict[str, Any]) -> bool:
    """Whether the last row of a file ends within quotes: then it takes one more line in."""
    return len(list(csv.reader([f"{row.text}\n", "x"], **options))) == 1


def _open_quote(line: int) -> TableRefused:
    detail = (
        "The row that begins here has no end: a quote was left open in it, or the delimiter and "
        "the quote are others."
    )
    return TableRefused("open_quote", detail, line)


def _byte_count(text: str, format: TableFormat) -> int:
    if text.isascii() and format.encoding.keeps_ascii:
        return len(text)
    return len(text.encode("utf-8", "surrogateescape"))
