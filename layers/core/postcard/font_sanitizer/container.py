"""What a font comes in, bounded before anything in it is read."""

import struct

import brotli

from postcard.text.font_file import MAX_TABLES, FontError, read_tables

MAX_UNPACKED_BYTES = 32_000_000  # bytes; the largest fonts of all Han come close

_WOFF2_HEADER = struct.Struct(">4s4sIHHIIHHIIIII")
_CHUNK_BYTES = 1_000_000
_CUSTOM_TAG = 63  # from here on a WOFF2 table's name is written out
_CONVERSION_ADVICE = {
    b"ttcf": "it is a collection of fonts: save one of them as TTF or OTF",
    b"wOFF": "it is a WOFF: save it as WOFF2, TTF or OTF",
    b"typ1": "it is a PostScript font: save it as OTF",
    b"%!PS": "it is a PostScript font: save it as OTF",
    b"%!Fo": "it is a PostScript font: save it as OTF",
    b"<svg": "it is an SVG: save the font as TTF, OTF or WOFF2",
}


def check_container(body: bytes) -> None:
    """`FontError` for what is no TTF, OTF or WOFF2, or would unpack to more than is allowed."""
    if body[:4] in _CONVERSION_ADVICE:
        raise FontError(_CONVERSION_ADVICE[body[:4]])
    if body[:4] == b"wOF2":
        _check_woff2(body)
    elif len(body) > MAX_UNPACKED_BYTES:
        raise FontError(_too_large(len(body)))
    else:
        read_tables(body)


def _check_woff2(body: bytes) -> None:
    if len(body) < _WOFF2_HEADER.size:
        raise FontError("it is cut short")
    _, flavor, length, count, _, claimed, packed, *_ = _WOFF2_HEADER.unpack_from(body)
    if flavor == b"ttcf":
        raise FontError(_CONVERSION_ADVICE[b"ttcf"])
    if length != len(body):
        raise FontError("it is cut short")
    if not 0 < count <= MAX_TABLES:
        raise FontError("its list of tables is broken")
    start, total = _Woff2Directory(body).read(count)
    for size in (claimed, total):
        if size > MAX_UNPACKED_BYTES:
            raise FontError(_too_large(size))
    _check_brotli_stream(body[start : start + packed], total)


class _Woff2Directory:
    """A WOFF2's list of tables, which has no fixed length."""

    def __init__(self, body: bytes) -> None:
        self._body, self._offset = body, _WOFF2_HEADER.size

    def read(self, count: int) -> tuple[int, int]:
        """Where the packed tables begin, and how long they are unpacked."""
        try:
            return self._read(count)
        except IndexError as error:
            raise FontError("it is cut short") from error

    def _read(self, count: int) -> tuple[int, int]:
        total = 0
        for _ in range(count):
            flags = self._byte()
            tag = flags & _CUSTOM_TAG
            if tag == _CUSTOM_TAG:
                self._offset += 4
            length = self._uint_base128()
            outlines = tag in (10, 11)  # glyf and loca are changed unless they say otherwise
            changed = (flags >> 6 != 3) if outlines else (flags >> 6 != 0)
            total += self._uint_base128() if changed else length
        return self._offset, total

    def _byte(self) -> int:
        byte = self._body[self._offset]
        self._offset += 1
        return byte

    def _uint_base128(self) -> int:
        """Seven bits a byte, at most five bytes."""
        number = 0
        for _ in range(5):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise FontError("its list of tables is broken")


def _check_brotli_stream(packed: bytes, total: int) -> None:
    """Unpacks to as much as was said: a bomb stops at its first byte too many."""
    unpacker, size = brotli.Decompressor(), 0
    try:
        piece = unpacker.process(packed, output_buffer_limit=_CHUNK_BYTES)
        while piece:
            size += len(piece)
            if size > total:
                break
            piece = unpacker.process(b"", output_buffer_limit=_CHUNK_BYTES)
    except brotli.error as error:
        raise FontError("its packed tables are broken") from error
    if size != total:
        raise FontError("its packed tables are not as long as it says")


def _too_large(size: int) -> str:
    return (
        f"it has {size / 1e6:.0f} MB unpacked and {MAX_UNPACKED_BYTES // 1_000_000} are allowed:"
        " leave out letters that you do not need (a subset)"
    )
