"""A font's file: its tables, and the card that we put among them.

The card (a table of our own, which FreeType and HarfBuzz pass over) says in JSON what the font can,
as `coverage.json` does of the fonts that ship: nobody opens the font to ask.
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from postcard.runtime.lazy_dataclass import dataclass

METADATA_TABLE = "card"
MAX_TABLES = 64
MEDIA_TYPES = {b"\x00\x01\x00\x00": "font/ttf", b"true": "font/ttf", b"OTTO": "font/otf"}

_TABLE_DIRECTORY_HEADER = struct.Struct(">4sHHHH")
_TABLE_RECORD = struct.Struct(">4sIII")


class FontError(ValueError):
    """The bytes are no font that we take; the text says what to do, for people."""


@dataclass(frozen=True, slots=True)
class FontMetadata:
    """What a font can. `rows` are its faces as `Fonts` takes them, `letters` first and last in
    turn of those it has.
    """

    family: str
    faces: Sequence[Mapping[str, Any]]
    character_ranges: str


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font on disk that was written by us."""

    path: str
    metadata: FontMetadata


def read_tables(body: bytes) -> dict[str, bytes]:
    """The tables by name; `FontError` where they overlap, repeat or lie outside the file."""
    if len(body) < _TABLE_DIRECTORY_HEADER.size or body[:4] not in MEDIA_TYPES:
        raise FontError("it is no TTF or OTF")
    count = _TABLE_DIRECTORY_HEADER.unpack_from(body)[1]
    end = _TABLE_DIRECTORY_HEADER.size + count * _TABLE_RECORD.size
    if not 0 < count <= MAX_TABLES or end > len(body):
        raise FontError("its list of tables is broken")
    entries = [
        _TABLE_RECORD.unpack_from(body, _TABLE_DIRECTORY_HEADER.size + n * _TABLE_RECORD.size)
        for n in range(count)
    ]
    _check_table_extents(((start, length) for _, _, start, length in entries), end, len(body))
    found = {
        tag.decode("latin-1"): body[start : start + length] for tag, _, start, length in entries
    }
    if len(found) < count:
        raise FontError("it has a table twice")
    return found


def read_metadata(body: bytes) -> FontMetadata:
    """The card of a font that was written by us; `FontError` if it has none."""
    try:
        told = json.loads(read_tables(body)[METADATA_TABLE])
        return FontMetadata(told["family"], told["rows"], told["letters"])
    except (KeyError, TypeError, ValueError) as error:
        raise FontError("it was not written by us") from error


def metadata_table(metadata: FontMetadata) -> bytes:
    """The table that holds a card."""
    told = {"family": metadata.family, "rows": metadata.faces, "letters": metadata.character_ranges}
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode("ascii")


def _check_table_extents(extents: Iterable[tuple[int, int]], start: int, size: int) -> None:
    reached = start
    for begin, length in sorted(extents):
        if begin < reached:
            raise FontError("its tables overlap")
        reached = begin + length
    if reached > size:
        raise FontError("it is cut short")
