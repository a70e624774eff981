"""Takes from ICU's data what breaks no text: 33 MB become 5.

    python3 breaks.py FOLDER

ICU is here for line ends and graphemes alone; names of languages and zones, sorting, code pages
and spelled numbers go. The data is one library, a package of named items in its only large
segment: the package is written anew, the segment cut, and what lies behind it moves up. Addresses
in memory stay, so nothing needs to be linked again, on any machine for any architecture.
"""

import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BREAK_ITERATOR_FOLDER = "brkitr"  # rules and dictionaries of the breakers
REQUIRED_SUFFIXES = (".nrm", "uemoji.icu", "ulayout.icu")  # what rules and dictionaries ask for
MAX_PAGE_BYTES = 0x10000  # the largest page of either architecture; segments move by whole ones
PT_LOAD = 1
ICU_MAGIC = b"\xda\x27"


@dataclass(frozen=True)
class ProgramHeader:
    """A row of the program header: where it stands in the file, and what it tells."""

    header_offset: int
    kind: int
    offset: int
    file_size: int


def main(root: Path) -> None:
    """Shorten the one data library below `root`."""
    (library,) = root.glob("icu4py.libs/libicudata-*.so*")
    library.write_bytes(trim_library(library.read_bytes()))


def trim_library(library: bytes) -> bytes:
    """The library with the items that are kept."""
    begin = library.index(b"CmnD") - 12
    if library[begin + 2 : begin + 4] != ICU_MAGIC:
        raise SystemExit("ICU's data is not where it was: see breaks.py")
    segments = read_program_headers(library)
    data = next(
        s for s in segments if s.kind == PT_LOAD and s.offset <= begin < s.offset + s.file_size
    )
    end = data.offset + data.file_size
    package = build_package(
        library[begin : header_length(library, begin) + begin], required_items(library, end)
    )
    cut = (end - begin - len(package)) // MAX_PAGE_BYTES * MAX_PAGE_BYTES
    body = (library[:begin] + package).ljust(end - cut, b"\0")
    return move_segments(body + library[end:], segments, data, cut)


def required_items(library: bytes, end: int) -> Mapping[str, bytes]:
    """The items that are kept, by name; `end` is where the package ends at the latest."""
    begin = library.index(b"CmnD") - 12
    table = begin + header_length(library, begin)
    (count,) = struct.unpack_from("<I", library, table)
    rows = list(struct.iter_unpack("<II", library[table + 4 : table + 4 + 8 * count]))
    starts = [table + start for _, start in rows]
    bodies = zip(starts, [*starts[1:], end], strict=True)
    names = [c_string_at(library, table + place) for place, _ in rows]
    return {
        name: library[first:last]
        for name, (first, last) in zip(names, bodies, strict=True)
        if is_required(name)
    }


def is_required(name: str) -> bool:
    """Whether breaking text needs the item `icudt78l/brkitr/char.brk`."""
    return f"/{BREAK_ITERATOR_FOLDER}/" in name or name.endswith(REQUIRED_SUFFIXES)


def build_package(header: bytes, items: Mapping[str, bytes]) -> bytes:
    """A package: header, count, places of names and items, names, items at multiples of 16."""
    names = [name.encode() + b"\0" for name in items]
    at = 4 + 8 * len(items)
    places, bodies = [], b""
    first = -(-(at + sum(map(len, names))) // 16) * 16
    for name, body in zip(names, items.values(), strict=True):
        places.append(struct.pack("<II", at, first + len(bodies)))
        bodies += body.ljust(-(-len(body) // 16) * 16, b"\0")
        at += len(name)
    table = struct.pack("<I", len(items)) + b"".join(places) + b"".join(names)
    return header + table.ljust(first, b"\0") + bodies


def move_segments(
    library: bytes, segments: list[ProgramHeader], data_segment: ProgramHeader, removed_bytes: int
) -> bytes:
    """The program header after `cut` bytes at the end of `data`; without a table of sections."""
    body = bytearray(library)
    for segment in segments:
        if segment == data_segment:
            struct.pack_into(
                "<QQ",
                body,
                segment.header_offset + 32,
                data_segment.file_size - removed_bytes,
                data_segment.file_size - removed_bytes,
            )
        elif segment.offset >= data_segment.offset + data_segment.file_size:
            struct.pack_into("<Q", body, segment.header_offset + 8, segment.offset - removed_bytes)
    struct.pack_into("<Q", body, 0x28, 0)
    struct.pack_into("<HH", body, 0x3C, 0, 0)
    return bytes(body)


def read_program_headers(library: bytes) -> list[ProgramHeader]:
    """The program header of a 64-bit little-endian ELF file."""
    (start,) = struct.unpack_from("<Q", library, 0x20)
    size, count = struct.unpack_from("<HH", library, 0x36)
    rows = range(start, start + size * count, size)
    return [
        ProgramHeader(
            at,
            *struct.unpack_from("<I", library, at),
            *struct.unpack_from("<Q", library, at + 8),
            *struct.unpack_from("<Q", library, at + 32),
        )
        for at in rows
    ]


def header_length(library: bytes, begin: int) -> int:
    """Bytes before a package's table."""
    return int(struct.unpack_from("<H", library, begin)[0])


def c_string_at(library: bytes, offset: int) -> str:
    """A text that ends with a zero byte."""
    return library[offset : library.index(b"\0", offset)].decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
