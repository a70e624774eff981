"""Font files: their tables, and a table of metadata that sanitized fonts carry.

The metadata table is JSON: the font's faces and characters, as `coverage.json` has them for the
fonts that ship with Postcard. Reading it is much faster than opening the font. FreeType and
HarfBuzz ignore tables they do not know.
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from postcard.errors import SandboxUnavailable
from postcard.runtime.lazy_dataclass import dataclass

METADATA_TABLE = "card"  # stored fonts have it: do not change
MAX_TABLES = 64
MEDIA_TYPES = {b"\x00\x01\x00\x00": "font/ttf", b"true": "font/ttf", b"OTTO": "font/otf"}

_TABLE_DIRECTORY_HEADER = struct.Struct(">4sHHHH")
_TABLE_RECORD = struct.Struct(">4sIII")


class FontError(ValueError):
    """The font is broken or not supported; the message is a clause that says why."""


class FontCheckUnavailable(FontError, SandboxUnavailable):
    """The font was not checked for a reason that is not its own: another try may succeed."""


@dataclass(frozen=True, slots=True)
class FontMetadata:
    """A font's family, its faces as rows for `Fonts`, and its characters.

    `character_ranges` are the first and last character of each range in turn.
    """

    family: str
    faces: Sequence[Mapping[str, Any]]
    character_ranges: str


@dataclass(frozen=True, slots=True)
class FontFile:
    """A sanitized font on disk."""

    path: str
    metadata: FontMetadata


def read_tables(body: bytes) -> dict[str, bytes]:
    """The tables by tag; FontError if they overlap, repeat or lie outside the file."""
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
    tables = {
        tag.decode("latin-1"): body[start : start + length] for tag, _, start, length in entries
    }
    if len(tables) < count:
        raise FontError("it has a table twice")
    return tables


def read_metadata(body: bytes) -> FontMetadata:
    """The metadata of a sanitized font; FontError if it has none."""
    try:
        metadata = json.loads(read_tables(body)[METADATA_TABLE])
        return FontMetadata(metadata["family"], metadata["rows"], metadata["letters"])
    except (KeyError, TypeError, ValueError) as error:
        raise FontError("it was not written by Postcard's font sanitizer") from error


def metadata_table(metadata: FontMetadata) -> bytes:
    """The bytes of the metadata table."""
    content = {
        "family": metadata.family,
        "rows": metadata.faces,
        "letters": metadata.character_ranges,
    }
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii")


def _check_table_extents(extents: Iterable[tuple[int, int]], start: int, size: int) -> None:
    end = start
    for table_start, length in sorted(extents):
        if table_start < end:
            raise FontError("its tables overlap")
        end = table_start + length
    if end > size:
        raise FontError("it is cut short")
