"""Finds how a CSV file is written: its delimiter, its quotes, its line ends."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from postcard.campaigns.tables.table_refused import MAX_OPEN_ROW_BYTES, TableRefused
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

DELIMITERS = ",;\t|"
QUOTES = "\"'"
SAMPLE_CHARACTERS = 64 * 1024
_SEP_LINE = lazy_regex(r'"?sep=([\x01-\x7f])"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
_LINE_END = lazy_regex(r"\r\n|\r|\n")

csv.field_size_limit(2 * MAX_OPEN_ROW_BYTES)  # of the process; the default is 128 KiB


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """What `csv` needs to read and write the file's own kind of CSV.

    `quote` "" means that nothing is quoted. `escape` is the sign before a quote inside quotes; ""
    means that it is doubled. `skips_space`: a space behind the delimiter belongs to no cell.
    `quotes_all`: every cell is quoted. `line_end` is that of the first row. `sep_line` is a first
    line `sep=;`, as Excel reads it, with its end.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skips_space: bool = False
    quotes_all: bool = False
    line_end: str = "\r\n"
    sep_line: str = ""

    def reader_options(self) -> dict[str, Any]:
        """Keyword arguments of `csv.reader` and, with more, of `csv.writer`."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "doublequote": not self.escape,
            "escapechar": self.escape or None,
            "skipinitialspace": self.skips_space,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        }

    def writer_options(self) -> dict[str, Any]:
        """Keyword arguments of `csv.writer`; it writes rows without line ends."""
        quoting = csv.QUOTE_ALL if self.quotes_all else csv.QUOTE_MINIMAL
        if not self.quote:
            quoting = csv.QUOTE_NONE
        return {**self.reader_options(), "lineterminator": "", "quoting": quoting}


def find_dialect(
    sample: str, *, delimiter: str | None = None, quote: str | None = None
) -> CsvDialect:
    """The dialect of a file that begins with `sample`; `TableRefused` `bad_dialect`.

    What is given is not searched for. Of all others the one wins in which most rows have the same
    number of cells and fewest quotes are left in cells.
    """
    check_given(delimiter, quote)
    sep_line = _SEP_LINE.match(sample)
    body = sample[sep_line.end() :] if sep_line else sample
    body = _whole_rows(body.lstrip("\r\n"))
    if sep_line and delimiter is None:
        delimiter = sep_line[1]
    line_end = _LINE_END.search(body)
    best = _best(body, DELIMITERS if delimiter is None else delimiter, quote)
    return CsvDialect(
        **best,
        quotes_all=_quotes_all(body, CsvDialect(**best)),
        line_end=line_end[0] if line_end else "\r\n",
        sep_line=sep_line[0] if sep_line else "",
    )


def check_given(delimiter: str | None, quote: str | None) -> None:
    """`TableRefused` `bad_dialect` for a delimiter or quote that no CSV can have."""
    if delimiter is not None and not _is_sign(delimiter):
        detail = "The delimiter is one ASCII character, but no letter, digit, quote or line end."
        raise TableRefused("bad_dialect", detail)
    if quote is not None and quote != "" and (not _is_sign(quote, QUOTES) or quote == delimiter):
        raise TableRefused(
            "bad_dialect", "The quote is one ASCII character other than the delimiter, or empty."
        )


def _is_sign(text: str, also: str = "") -> bool:
    if len(text) != 1 or not text.isascii() or text in "\r\n\0 \\":
        return False
    return text in also or not (text.isalnum() or text in QUOTES)


def _whole_rows(text: str) -> str:
    sample = text[:SAMPLE_CHARACTERS]
    if len(text) < SAMPLE_CHARACTERS:
        return sample
    end = max(sample.rfind("\n"), sample.rfind("\r")) + 1
    return sample[:end] or sample


def _best(sample: str, delimiters: str, quote: str | None) -> dict[str, Any]:
    given = quote if quote is not None else '"'
    options: dict[str, Any] = {"delimiter": delimiters[0], "quote": given}
    best_score: tuple[float, ...] = ()
    for rank, candidate in enumerate(_candidates(sample, delimiters, quote)):
        score = _score(sample, candidate, rank)
        if score and score > best_score:
            best_score, options = score, candidate
    return options


def _candidates(sample: str, delimiters: str, quote: str | None) -> Iterator[dict[str, Any]]:
    """Options of `CsvDialect`, the usual ones first."""
    for delimiter in delimiters:
        for mark in QUOTES if quote is None else [quote]:
            if mark == "'" and quote is None and not _may_quote(sample, delimiter, mark):
                continue
            yield (plain := {"delimiter": delimiter, "quote": mark})
            if mark and f"{delimiter} {mark}" in sample:
                yield {**plain, "skips_space": True}
            if mark and f"\\{mark}" in sample and not _doubles_quotes(sample, delimiter, mark):
                yield {**plain, "escape": "\\"}
        if quote is None and _never_closes_quotes(sample, delimiter):
            yield {"delimiter": delimiter, "quote": ""}


def _doubles_quotes(sample: str, delimiter: str, mark: str) -> bool:
    """Whether every quote is around a cell or doubled in it: then a backslash escapes none."""
    ends, sign = rf"{re.escape(delimiter)}\r\n", re.escape(mark)
    quoted = rf"(?<![^{ends}]){sign}(?:[^{sign}]|{sign}{sign})*+{sign}(?![^{ends}])"
    return mark not in re.sub(quoted, "", sample)


def _never_closes_quotes(sample: str, delimiter: str) -> bool:
    """Whether cells begin with quotes but none ends with one, as with sizes in inches."""
    opened = f"\n{sample}".count('\n"') + sample.count(f'{delimiter}"')
    closed = any(f'"{end}' in f"{sample}\n" for end in (delimiter, "\r", "\n"))
    return opened > 1 and not closed


def _may_quote(sample: str, delimiter: str, mark: str) -> bool:
    return sample.count(mark + delimiter) + sample.count(delimiter + mark) >= 4


def _score(sample: str, options: dict[str, Any], rank: int) -> tuple[float, ...]:
    """How well the rows agree; any columns are better than one. Empty if it cannot be read."""
    dialect = CsvDialect(**options)
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), **dialect.reader_options())
        rows = [row for row in reader if row]
    except csv.Error:
        return ()
    if not rows:
        return ()
    width = len(rows[0])
    agreeing = sum(len(row) == width for row in rows) / len(rows)
    left = sum(_has_quote_left(cell, dialect) for row in rows for cell in row) / len(rows)
    return width > 1, round(agreeing - 0.2 * min(left, 2), 2), width, len(rows), -rank


def _has_quote_left(cell: str, dialect: CsvDialect) -> bool:
    """Whether a quote, or the sign that escapes one, was taken for a part of the cell."""
    mark = dialect.quote
    cell = cell.strip(" ")
    if not mark:
        return len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell.startswith(mark) or cell.endswith(mark) or f"\\{mark}" in cell


def _quotes_all(sample: str, dialect: CsvDialect) -> bool:
    """Whether every cell of the sample's first rows is quoted."""
    if not dialect.quote or not sample.startswith(dialect.quote):
        return False
    lines = io.StringIO(sample, newline="")
    reader = csv.reader(lines, **dialect.reader_options())
    text, rows = sample, _first(reader, 20)
    for row in rows:
        written = _written_with_all_quotes(row, dialect)
        if not text.startswith(written):
            return False
        text = text[len(written) :].lstrip("\r\n")
    return bool(rows)


def _first(reader: Iterator[list[str]], count: int) -> Sequence[list[str]]:
    rows = []
    for row in reader:
        if row:
            rows.append(row)
        if len(rows) == count:
            break
    return rows


def _written_with_all_quotes(row: Sequence[str], dialect: CsvDialect) -> str:
    text = io.StringIO()
    options = {**dialect.writer_options(), "quoting": csv.QUOTE_ALL}
    csv.writer(text, **options).writerow(row)
    return text.getvalue()
