"""Removes the ICU data that finding line breaks and graphemes does not need: 33 MB become 5 MB.

    python3 trim_icu.py FOLDER

Postcard uses ICU only for line breaks and graphemes, so the names of languages and time zones,
sorting, code pages and spelled-out numbers are removed. The data is one ELF library with a package
of named items in its only large segment. The package is written again with fewer items, the segment
is shortened, and the bytes behind it move up in the file. Addresses in memory stay the same, so no
linker is needed, and it works on any machine for any architecture.
"""

import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BREAK_ITERATOR_FOLDER = "brkitr"  # rules and dictionaries of the break iterators
REQUIRED_SUFFIXES = (".nrm", "uemoji.icu", "ulayout.icu")  # read by the rules and dictionaries
MAX_PAGE_BYTES = 0x10000  # largest page of both architectures; segments move by whole pages
PT_LOAD = 1
ICU_MAGIC = b"\xda\x27"


@dataclass(frozen=True)
class ProgramHeader:
    """An entry of the ELF program header table, with its own offset in the file."""

    header_offset: int
    kind: int
    offset: int
    file_size: int


def main(root: Path) -> None:
    """Shorten the ICU data library below `root`."""
    (library,) = root.glob("icu4py.libs/libicudata-*.so*")
    library.write_bytes(trim_library(library.read_bytes()))


def trim_library(library: bytes) -> bytes:
    """The library with only the required items."""
    begin = library.index(b"CmnD") - 12
    if library[begin + 2 : begin + 4] != ICU_MAGIC:
        raise SystemExit(
            "ICU's data is not where it is expected: adapt layers/vendor/trim_icu.py to this ICU"
        )
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
    """The required items by name; `end` is the end of the segment with the package."""
    begin = library.index(b"CmnD") - 12
    table = begin + header_length(library, begin)
    (count,) = struct.unpack_from("<I", library, table)
    rows = list(struct.iter_unpack("<II", library[table + 4 : table + 4 + 8 * count]))
    starts = [table + start for _, start in rows]
    bodies = zip(starts, [*starts[1:], end], strict=True)
    names = [c_string_at(library, table + offset) for offset, _ in rows]
    return {
        name: library[first:last]
        for name, (first, last) in zip(names, bodies, strict=True)
        if is_required(name)
    }


def is_required(name: str) -> bool:
    """Whether text breaking needs an item, for example `icudt78l/brkitr/char.brk`."""
    return f"/{BREAK_ITERATOR_FOLDER}/" in name or name.endswith(REQUIRED_SUFFIXES)


def build_package(header: bytes, items: Mapping[str, bytes]) -> bytes:
    """A package: header, count, offsets of names and items, names, items at multiples of 16."""
    names = [name.encode() + b"\0" for name in items]
    name_offset = 4 + 8 * len(items)
    offsets, bodies = [], b""
    first_body = -(-(name_offset + sum(map(len, names))) // 16) * 16
    for name, body in zip(names, items.values(), strict=True):
        offsets.append(struct.pack("<II", name_offset, first_body + len(bodies)))
        bodies += body.ljust(-(-len(body) // 16) * 16, b"\0")
        name_offset += len(name)
    table = struct.pack("<I", len(items)) + b"".join(offsets) + b"".join(names)
    return header + table.ljust(first_body, b"\0") + bodies


def move_segments(
    library: bytes, segments: list[ProgramHeader], data_segment: ProgramHeader, removed_bytes: int
) -> bytes:
    """The program headers adapted to a data segment that is `removed_bytes` shorter.

    The section header table is dropped: the dynamic loader does not need it.
    """
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
    """The program headers of a 64-bit little-endian ELF file."""
    (start,) = struct.unpack_from("<Q", library, 0x20)
    size, count = struct.unpack_from("<HH", library, 0x36)
    return [
        ProgramHeader(
            offset,
            *struct.unpack_from("<I", library, offset),
            *struct.unpack_from("<Q", library, offset + 8),
            *struct.unpack_from("<Q", library, offset + 32),
        )
        for offset in range(start, start + size * count, size)
    ]


def header_length(library: bytes, begin: int) -> int:
    """Bytes of a package's header, which comes before its table of items."""
    return int(struct.unpack_from("<H", library, begin)[0])


def c_string_at(library: bytes, offset: int) -> str:
    """The zero-terminated string at an offset."""
    return library[offset : library.index(b"\0", offset)].decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
