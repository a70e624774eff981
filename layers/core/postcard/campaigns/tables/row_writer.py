"""Writes rows as they were in the file, with cells added behind them."""

import csv
import json
from collections.abc import Sequence

from isal import isal_zlib

from postcard.campaigns.tables.formula_cells import MAY_BE_FIRST, escape_formula
from postcard.campaigns.tables.row_reader import TableRow, json_row
from postcard.campaigns.tables.table_format import TableFormat

_GZIP = 31  # zlib's `wbits` for a gzip member
_GZIP_LEVEL = 2
_LINE_ENDS = ("\r\n", "\n", "\r")


class RowWriter:
    """Writes the rows of a table in its own format, each with the `added` columns behind it.

    A row is copied as it stands; it is written anew only where a formula is escaped or where it has
    too few or too many cells. `escapes_formulas` False leaves the table's own cells alone; those
    that are added are always escaped. JSON Lines need no escapes.
    """

    def __init__(
        self,
        format: TableFormat,
        columns: Sequence[str],
        added: Sequence[str],
        *,
        escapes_formulas: bool = True,
    ) -> None:
        self.escaped_cells = 0
        self.replaced_characters = 0
        self._format = format
        self._names = names_beside(columns, added)
        self._escapes = escapes_formulas
        self._sink = _TextSink()
        self._writer = csv.writer(self._sink, **format.dialect.writer_options())

    def header(self, columns: Sequence[str], text: str) -> str:
        """The header line, which was `text`; empty if the table has none."""
        if self._format.kind == "jsonl" or not self._format.has_header:
            return ""
        row = self._csv_row(columns, text or self._format.dialect.line_end, self._names)
        return self._format.dialect.sep_line + row

    def row(self, row: TableRow, added: Sequence[str]) -> str:
        """The row with the added values behind its own."""
        if self._format.kind == "jsonl":
            return self._json_row(row, added)
        return self._csv_row(row.cells, row.text, added)

    def encode(self, text: str) -> bytes:
        """The text in the table's encoding; what the encoding does not have becomes "?"."""
        encoding = self._format.encoding.name
        try:
            return text.encode(encoding, self._format.error_handler)
        except UnicodeEncodeError:
            return b"".join(self._encode_line(line) for line in text.splitlines(keepends=True))

    def compress(self, body: bytes) -> bytes:
        """The body, as a gzip member of its own if the table is compressed."""
        if not self._format.is_gzip or not body:
            return body
        return bytes(isal_zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP))

    def _csv_row(self, cells: Sequence[str], text: str, added: Sequence[str]) -> str:
        dialect = self._format.dialect
        end = _line_end(text) if text else dialect.line_end
        body = text.removesuffix(end)
        if not body or self._needs_escape(cells) or (dialect.escape and body[-1] == dialect.escape):
            body = self._written(self._escaped(cells))
        return f"{body}{dialect.delimiter}{self._written([escape_formula(c) for c in added])}{end}"

    def _json_row(self, row: TableRow, added: Sequence[str]) -> str:
        body = row.text.strip()
        end = _line_end(row.text)
        members = json.dumps(dict(zip(self._names, added, strict=True)), ensure_ascii=False)
        if row.fault is not None and not _is_object(body):
            return members + (end or self._format.dialect.line_end)
        own = body[:-1].rstrip()
        return f"{own}{'' if own == '{' else ', '}{members[1:]}{end}"

    def _needs_escape(self, cells: Sequence[str]) -> bool:
        if not self._escapes:
            return False
        return any(
            cell and cell[0] in MAY_BE_FIRST and escape_formula(cell) != cell for cell in cells
        )

    def _escaped(self, cells: Sequence[str]) -> Sequence[str]:
        if not self._escapes:
            return cells
        escaped = [escape_formula(cell) for cell in cells]
        self.escaped_cells += sum(a != b for a, b in zip(cells, escaped, strict=True))
        return escaped

    def _written(self, cells: Sequence[str]) -> str:
        if not self._format.dialect.quote:
            cells = [self._unquotable(cell) for cell in cells]
        self._writer.writerow(cells)
        return self._sink.take()

    def _unquotable(self, cell: str) -> str:
        """The cell without what only quotes or an escape could hold."""
        if self._format.dialect.escape:
            return cell
        for sign in (self._format.dialect.delimiter, "\r", "\n"):
            cell = cell.replace(sign, " ")
        return cell

    def _encode_line(self, line: str) -> bytes:
        encoding, handler = self._format.encoding.name, self._format.error_handler
        try:
            return line.encode(encoding, handler)
        except UnicodeEncodeError:
            return b"".join(self._encode_character(character) for character in line)

    def _encode_character(self, character: str) -> bytes:
        try:
            return character.encode(self._format.encoding.name, self._format.error_handler)
        except UnicodeEncodeError:
            self.replaced_characters += 1
            return "?".encode(self._format.encoding.name)


def names_beside(columns: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """The names of added columns: `status_2` where the table has a `status`."""
    taken = {column.strip() for column in columns}
    names = []
    for name in added:
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        names.append(free)
    return tuple(names)


class _TextSink:
    """Takes what `csv.writer` writes."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        self._text = text

    def take(self) -> str:
        return self._text


def _line_end(text: str) -> str:
    return next((end for end in _LINE_ENDS if text.endswith(end)), "")


def _is_object(text: str) -> bool:
    try:
        json_row(text)
    except ValueError:
        return False
    return True
