"""Finds the encoding of a text file, and says whether it was certain or a guess."""

import codecs
from typing import Literal

from postcard.campaigns.tables.encoding_guess import guess_encoding
from postcard.campaigns.tables.table_refused import TableRefused
from postcard.runtime.lazy_dataclass import dataclass

FoundBy = Literal["request", "byte_order_mark", "zero_bytes", "whole_file", "guess"]
SAMPLE_BYTES = 64 * 1024  # of lines that are not ASCII, from which an encoding is guessed
_HEAD_BYTES = 4096
_RARE_ASCII = 40  # of so many bytes at least one is a high byte of ASCII: a delimiter, a line end
_BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKS_BY_ENCODING = {encoding: mark for mark, encoding in _BYTE_ORDER_MARKS}
_BINARY_FORMATS = (
    (b"PK\x03\x04", "a ZIP file, as Excel's .xlsx is"),
    (b"\xd0\xcf\x11\xe0", "an Excel file"),
    (b"%PDF", "a PDF"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf", "a 7-Zip file"),
    (b"Rar!", "a RAR file"),
    (b"PAR1", "a Parquet file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"SQLite format 3", "a database"),
)
# Encodings whose bytes below 0x80 are ASCII characters wherever they stand; of those with more than
# one byte a character.
_MULTIBYTE_WITH_ASCII = frozenset(
    ["utf-8", "euc_jp", "euc_jis_2004", "euc_jisx0213", "euc_kr", "gb2312"]
)
_OTHER_MULTIBYTE = frozenset(
    [
        *("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "shift_jis", "cp932"),
        *("shift_jis_2004", "shift_jisx0213", "gbk", "gb18030", "hz", "big5", "big5hkscs"),
        *("cp950", "cp949", "johab", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2"),
        *("iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr"),
    ]
)
_LABELS = {f"cp{number}": f"windows-{number}" for number in range(1250, 1259)}


@dataclass(frozen=True, slots=True)
class FoundEncoding:
    """An encoding by a name that Python and the IANA know, how it was found, and its BOM."""

    name: str
    found_by: FoundBy
    byte_order_mark: bytes = b""

    @property
    def is_guess(self) -> bool:
        """Whether another encoding would have given a text, too."""
        return self.found_by == "guess"

    @property
    def keeps_ascii(self) -> bool:
        """Whether a byte below 0x80 is that ASCII character wherever it stands.

        Then bytes can be searched.
        """
        codec = _codec_name(self.name)
        if codec in _MULTIBYTE_WITH_ASCII:
            return True
        ascii_bytes = bytes(range(128))
        return (
            codec not in _OTHER_MULTIBYTE
            and ascii_bytes.decode(codec, "replace").encode("latin-1", "replace") == ascii_bytes
        )


def encoding_of_request(name: str, head: bytes) -> FoundEncoding:
    """The encoding that a request names; `TableRefused` `unknown_encoding`."""
    codec = _codec_name(name)
    if codec in ("utf-16", "utf-32"):
        marked = _by_byte_order_mark(head)
        is_marked = marked is not None and marked.name.startswith(codec)
        codec = marked.name if marked and is_marked else f"{codec}-le"
    elif codec == "utf-8-sig":
        codec = "utf-8"
    if not _is_text_encoding(codec):
        raise TableRefused(
            "unknown_encoding",
            f"The encoding {name[:40]!r} is not known: give its usual name, such as utf-8, "
            "windows-1252 or shift_jis.",
        )
    mark = _MARKS_BY_ENCODING.get(codec, b"")
    return FoundEncoding(_label(codec), "request", mark if mark and head.startswith(mark) else b"")


class EncodingScan:
    """Finds the encoding of a file that is given piece by piece: all of it must be seen.

    Only the last byte may show that a file is not UTF-8, so no sample decides that.
    """

    def __init__(self) -> None:
        self.size = 0
        self._head = b""
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._sample = bytearray()
        self._partial_line = b""

    def feed(self, piece: bytes) -> None:
        """Takes the next piece."""
        self.size += len(piece)
        if len(self._head) < _HEAD_BYTES:
            self._head += piece[: _HEAD_BYTES - len(self._head)]
        if not piece.isascii() or not self._partial_line.isascii():
            self._collect(piece)
        else:
            end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
            begun = b"" if end else self._partial_line
            self._partial_line = (begun + piece[end:])[-SAMPLE_BYTES:]
        if self._utf8 is not None:
            try:
                self._utf8.decode(piece)
            except UnicodeDecodeError:
                self._utf8 = None

    def finish(self) -> FoundEncoding:
        """The encoding; `TableRefused` `empty_file`, `not_text`."""
        marked = _by_byte_order_mark(self._head)
        if self.size == (len(marked.byte_order_mark) if marked else 0):
            raise TableRefused("empty_file", "The file is empty: upload one with a row a person.")
        refuse_binary(self._head)
        if marked is not None:
            return marked
        by_zeros = _utf16_by_zeros(self._head)
        if by_zeros is not None:
            return FoundEncoding(by_zeros, "zero_bytes")
        _refuse_control_bytes(self._head)
        if self._is_utf8():
            return FoundEncoding("utf-8", "whole_file")
        last = b"" if self._partial_line.isascii() else self._partial_line
        sample = bytes(self._sample + last)
        if _is_mostly_utf8(sample):
            return FoundEncoding("utf-8", "guess")
        return FoundEncoding(_label(guess_encoding(sample)), "guess")

    def _is_utf8(self) -> bool:
        try:
            return self._utf8 is not None and self._utf8.decode(b"", final=True) is not None
        except UnicodeDecodeError:
            return False

    def _collect(self, piece: bytes) -> None:
        """Adds the lines that are not ASCII to the sample."""
        if len(self._sample) >= SAMPLE_BYTES:
            self._partial_line = b""
            return
        lines = (self._partial_line + piece).splitlines(keepends=True)
        self._partial_line = lines.pop()[-SAMPLE_BYTES:] if lines else b""
        for line in lines:
            if not line.isascii():
                self._sample += line[: SAMPLE_BYTES - len(self._sample)]
                if len(self._sample) >= SAMPLE_BYTES:
                    return


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether more than half of the lines are UTF-8: hardly one of another encoding is by chance.

    Such a file was put together from several. Read in another encoding, all its names were wrong.
    """
    lines = [line for line in sample.splitlines() if not line.isascii()]
    return sum(map(_is_utf8, lines)) * 2 > len(lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def refuse_binary(head: bytes) -> None:
    """`TableRefused` `not_text` for the beginning of a file of a known binary format."""
    for magic, kind in _BINARY_FORMATS:
        if head.startswith(magic):
            detail = f"This is {kind}: save the table as CSV, in UTF-8 if there is the choice."
            raise TableRefused("not_text", detail)


def _refuse_control_bytes(head: bytes) -> None:
    text_controls = b"\t\n\r\x0b\x0c\x1a\x1b\x1c\x1d\x1e\x1f"
    controls = sum(byte < 0x20 for byte in head.translate(None, text_controls))
    if controls > len(head) // 10:
        raise TableRefused("not_text", "This is not a text file: upload a CSV or JSON Lines file.")


def _by_byte_order_mark(head: bytes) -> FoundEncoding | None:
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return FoundEncoding(name, "byte_order_mark", mark)
    return None


def _utf16_by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: ASCII letters, signs and line ends have a zero as their high byte."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    for name, zeros, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros > max(1, len(head) // _RARE_ASCII) and others * 4 < zeros:
            text = head[: len(head) // 2 * 2].decode(name, "replace")
            if "\ufffd" not in text[:-1] and "\0" not in text:
                return name
    return None


def _codec_name(name: str) -> str:
    try:
        return codecs.lookup(name.strip()[:40]).name
    except (LookupError, ValueError):
        return ""


def _is_text_encoding(codec: str) -> bool:
    if codec in _MULTIBYTE_WITH_ASCII or codec in _OTHER_MULTIBYTE:
        return True
    return codec in ("ascii", "iso8859-1") or _is_single_byte(codec)


def _is_single_byte(codec: str) -> bool:
    """Whether it is a table of 256 characters: every byte alone has the same meaning."""
    try:
        decoder = codecs.lookup(codec).incrementaldecoder
    except LookupError:
        return False
    module = __import__(decoder.__module__, fromlist=["decoding_table"]) if decoder else None
    return hasattr(module, "decoding_table")


def _label(codec: str) -> str:
    return _LABELS.get(codec, codec)
