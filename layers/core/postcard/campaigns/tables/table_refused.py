"""The bounds of a table, and the error of a file that is none."""

from postcard.runtime.lazy_dataclass import dataclass

MAX_FILE_BYTES = 5 * 1024**3
MAX_DECOMPRESSED_BYTES = 20 * 1024**3
MAX_COLUMNS = 200
MAX_ROW_BYTES = 256 * 1024  # a longer row is a fault of that row
MAX_OPEN_ROW_BYTES = 8 * 1024**2  # a row without an end: somewhere in it a quote was left open
MAX_OPEN_ROW_LINES = 100_000
MAX_BLANK_LINES = 10_000_000
MAX_ROW_LINES = 200  # a row of more lines has swallowed others, behind a quote that was left open


@dataclass(eq=False)
class TableRefused(Exception):
    """A file cannot be read as a table. `detail` says what to do, `line` counts from 1.

    The codes are `empty_file`, `no_header`, `no_rows`, `not_text`, `undecodable`, `open_quote`,
    `too_large`, `bad_columns`, `unknown_encoding` and `bad_dialect`. No text holds a value of a
    person.
    """

    code: str
    detail: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.detail} (line {self.line})" if self.line else self.detail
