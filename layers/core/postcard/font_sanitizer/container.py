"""Checks a font file's container (TTF, OTF, WOFF2) and its unpacked size before it is parsed."""

import struct

import brotli

from postcard.text.font_file import MAX_TABLES, FontError, read_tables

MAX_UNPACKED_BYTES = 32_000_000  # the largest Chinese and Japanese fonts come close

_WOFF2_HEADER = struct.Struct(">4s4sIHHIIHHIIIII")
_CHUNK_BYTES = 1_000_000
_CUSTOM_TAG = 63  # the table's tag follows as four bytes
_CONVERSION_ADVICE = {
    b"ttcf": "it is a collection of fonts: save one of them as TTF or OTF",
    b"wOFF": "it is a WOFF: save it as WOFF2, TTF or OTF",
    b"typ1": "it is a PostScript font: save it as OTF",
    b"%!PS": "it is a PostScript font: save it as OTF",
    b"%!Fo": "it is a PostScript font: save it as OTF",
    b"<svg": "it is an SVG: save the font as TTF, OTF or WOFF2",
}


def check_container(body: bytes) -> None:
    """`FontError` unless it is a TTF, OTF or WOFF2 that unpacks to at most 32 MB."""
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
    _, flavor, length, count, _, sfnt_size, compressed_size, *_ = _WOFF2_HEADER.unpack_from(body)
    if flavor == b"ttcf":
        raise FontError(_CONVERSION_ADVICE[b"ttcf"])
    if length != len(body):
        raise FontError("it is cut short")
    if not 0 < count <= MAX_TABLES:
        raise FontError("its list of tables is broken")
    start, total = _Woff2Directory(body).read(count)
    for size in (sfnt_size, total):
        if size > MAX_UNPACKED_BYTES:
            raise FontError(_too_large(size))
    _check_brotli_stream(body[start : start + compressed_size], total)


class _Woff2Directory:
    """Reads a WOFF2's table directory, whose entries have no fixed length."""

    def __init__(self, body: bytes) -> None:
        self._body, self._offset = body, _WOFF2_HEADER.size

    def read(self, count: int) -> tuple[int, int]:
        """The offset of the compressed tables, and their total unpacked size."""
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
            # glyf and loca are transformed unless their flags say no; for others it is the reverse
            is_outline = tag in (10, 11)
            transformed = (flags >> 6 != 3) if is_outline else (flags >> 6 != 0)
            total += self._uint_base128() if transformed else length
        return self._offset, total

    def _byte(self) -> int:
        byte = self._body[self._offset]
        self._offset += 1
        return byte

    def _uint_base128(self) -> int:
        """WOFF2's UIntBase128: seven bits a byte, at most five bytes."""
        number = 0
        for _ in range(5):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise FontError("its list of tables is broken")


def _check_brotli_stream(compressed: bytes, total: int) -> None:
    """`FontError` unless the stream has the stated size. Bombs are unpacked no further."""
    decompressor, size = brotli.Decompressor(), 0
    try:
        chunk = decompressor.process(compressed, output_buffer_limit=_CHUNK_BYTES)
        while chunk:
            size += len(chunk)
            if size > total:
                break
            chunk = decompressor.process(b"", output_buffer_limit=_CHUNK_BYTES)
    except brotli.error as error:
        raise FontError("its compressed tables are broken") from error
    if size != total:
        raise FontError("its compressed tables are not as long as it says")


def _too_large(size: int) -> str:
    return (
        f"it has {size / 1e6:.0f} MB unpacked and {MAX_UNPACKED_BYTES // 1_000_000} are allowed:"
        " leave out letters that you do not need (a subset)"
    )
