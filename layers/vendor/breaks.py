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

KEPT_FOLDER = "brkitr"  # rules and dictionaries of the breakers
KEPT_SUFFIXES = (".nrm", "uemoji.icu", "ulayout.icu")  # what rules and dictionaries ask for
PAGE = 0x10000  # the largest page of either architecture; segments move by whole ones
LOAD = 1
MARK = b"\xda\x27"


@dataclass(frozen=True)
class Segment:
    """A row of the program header: where it stands in the file, and what it tells."""

    at: int
    kind: int
    offset: int
    length: int


def main(root: Path) -> None:
    """Shorten the one data library below `root`."""
    (library,) = root.glob("icu4py.libs/libicudata-*.so*")
    library.write_bytes(shortened(library.read_bytes()))


def shortened(library: bytes) -> bytes:
    """The library with the items that are kept."""
    begin = library.index(b"CmnD") - 12
    if library[begin + 2 : begin + 4] != MARK:
        raise SystemExit("ICU's data is not where it was: see breaks.py")
    segments = read_segments(library)
    data = next(s for s in segments if s.kind == LOAD and s.offset <= begin < s.offset + s.length)
    end = data.offset + data.length
    package = written(library[begin : header_length(library, begin) + begin], items(library, end))
    cut = (end - begin - len(package)) // PAGE * PAGE
    body = (library[:begin] + package).ljust(end - cut, b"\0")
    return moved(body + library[end:], segments, data, cut)


def items(library: bytes, end: int) -> Mapping[str, bytes]:
    """The items that are kept, by name; `end` is where the package ends at the latest."""
    begin = library.index(b"CmnD") - 12
    table = begin + header_length(library, begin)
    (count,) = struct.unpack_from("<I", library, table)
    rows = list(struct.iter_unpack("<II", library[table + 4 : table + 4 + 8 * count]))
    starts = [table + start for _, start in rows]
    bodies = zip(starts, [*starts[1:], end], strict=True)
    names = [text_at(library, table + place) for place, _ in rows]
    return {
        name: library[first:last]
        for name, (first, last) in zip(names, bodies, strict=True)
        if is_kept(name)
    }


def is_kept(name: str) -> bool:
    """Whether breaking text needs the item `icudt78l/brkitr/char.brk`."""
    return f"/{KEPT_FOLDER}/" in name or name.endswith(KEPT_SUFFIXES)


def written(header: bytes, kept: Mapping[str, bytes]) -> bytes:
    """A package: header, count, places of names and items, names, items at multiples of 16."""
    names = [name.encode() + b"\0" for name in kept]
    at = 4 + 8 * len(kept)
    places, bodies = [], b""
    first = -(-(at + sum(map(len, names))) // 16) * 16
    for name, body in zip(names, kept.values(), strict=True):
        places.append(struct.pack("<II", at, first + len(bodies)))
        bodies += body.ljust(-(-len(body) // 16) * 16, b"\0")
        at += len(name)
    table = struct.pack("<I", len(kept)) + b"".join(places) + b"".join(names)
    return header + table.ljust(first, b"\0") + bodies


def moved(library: bytes, segments: list[Segment], data: Segment, cut: int) -> bytes:
    """The program header after `cut` bytes at the end of `data`; without a table of sections."""
    body = bytearray(library)
    for segment in segments:
        if segment == data:
            struct.pack_into("<QQ", body, segment.at + 32, data.length - cut, data.length - cut)
        elif segment.offset >= data.offset + data.length:
            struct.pack_into("<Q", body, segment.at + 8, segment.offset - cut)
    struct.pack_into("<Q", body, 0x28, 0)
    struct.pack_into("<HH", body, 0x3C, 0, 0)
    return bytes(body)


def read_segments(library: bytes) -> list[Segment]:
    """The program header of a 64-bit little-endian ELF file."""
    (start,) = struct.unpack_from("<Q", library, 0x20)
    size, count = struct.unpack_from("<HH", library, 0x36)
    rows = range(start, start + size * count, size)
    return [
        Segment(
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


def text_at(library: bytes, place: int) -> str:
    """A text that ends with a zero byte."""
    return library[place : library.index(b"\0", place)].decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
