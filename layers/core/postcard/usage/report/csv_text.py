"""The table of usage as CSV."""

import csv
import io
from collections.abc import Sequence

from postcard.errors import BadRequest
from postcard.usage.report.report_contents import TableRow

MAX_CSV_BYTES = 4_000_000  # of a response, which has at most 6 MB in Lambda, with base64
MAX_CSV_ROWS = MAX_CSV_BYTES // 30  # no row is shorter
FORMULA_STARTS = ("=", "+", "-", "@")


def csv_text(rows: Sequence[TableRow]) -> str:
    """All rows with a head; `BadRequest` if they do not fit into a response."""
    buffer = io.StringIO(newline="")
    names = list(rows[0]) if rows else ["template_id", "campaign"]
    writer = csv.writer(buffer)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_csv_value(row[name]) for name in names])
        if buffer.tell() > MAX_CSV_BYTES:
            raise _too_large(len(rows))
    return buffer.getvalue()


def check_row_count(rows: int) -> None:
    """Refuse at once what cannot fit into a response; `BadRequest`."""
    if rows > MAX_CSV_ROWS:
        raise _too_large(rows)


def _too_large(rows: int) -> BadRequest:
    return BadRequest(
        f"The CSV of {rows:,} rows is too large: choose a template, a campaign or a shorter period."
    )


def _csv_value(value: str | float) -> str:
    """The text of a value; a spreadsheet must not take a name for a formula."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
