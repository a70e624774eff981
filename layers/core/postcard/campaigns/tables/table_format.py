"""How a table of people is written: CSV or JSON Lines, encoding, dialect, gzip, header."""

from typing import Literal

from postcard.campaigns.tables.csv_dialect import CsvDialect
from postcard.campaigns.tables.text_encoding import FoundEncoding
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass

TableKind = Literal["csv", "jsonl"]


@dataclass(frozen=True, slots=True)
class TableFormat:
    """All that is needed to read a table, and to write one that looks the same.

    `dialect` of JSON Lines is of no meaning but for its line ends.
    """

    kind: TableKind
    encoding: FoundEncoding
    dialect: CsvDialect
    is_gzip: bool = False
    has_header: bool = True

    @property
    def error_handler(self) -> str:
        """Python's error handler for bytes that are not of the encoding.

        Where single bytes can be wrong they are kept, as lone surrogates, and written again as
        they were. Other encodings cannot tell where the next character begins.
        """
        return "surrogateescape" if self.encoding.keeps_ascii else "strict"

    @property
    def names_columns(self) -> bool:
        """Whether the columns have names: those of the header, or the keys of JSON Lines."""
        return self.has_header or self.kind == "jsonl"

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        dialect = self.dialect
        return {
            "kind": self.kind,
            "encoding": self.encoding.name,
            "encoding_by": self.encoding.found_by,
            "byte_order_mark": self.encoding.byte_order_mark.hex(),
            "dialect": {name: getattr(dialect, name) for name in _DIALECT_PROPERTIES},
            "is_gzip": self.is_gzip,
            "has_header": self.has_header,
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "TableFormat":
        """The format that `to_json` was called on."""
        mark = bytes.fromhex(stored["byte_order_mark"])
        return cls(
            stored["kind"],
            FoundEncoding(stored["encoding"], stored["encoding_by"], mark),
            CsvDialect(**stored["dialect"]),
            stored["is_gzip"],
            stored["has_header"],
        )


_DIALECT_PROPERTIES = (
    *("delimiter", "quote", "escape", "skips_space", "quotes_all", "line_end", "sep_line"),
)
