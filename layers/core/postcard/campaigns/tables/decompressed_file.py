"""Reads a file that may be compressed with gzip, within the bound of its decompressed size."""

import io
import zlib
from typing import BinaryIO

from isal import igzip
from isal.igzip_lib import IsalError

from postcard.campaigns.tables.table_refused import MAX_DECOMPRESSED_BYTES, TableRefused

_GZIP_MAGIC = b"\x1f\x8b"


class DecompressedFile(io.RawIOBase):
    """The decompressed bytes of a file, from where it stands. Closing it leaves the file open.

    `TableRefused` `undecodable` for damaged gzip, `too_large` over 20 GB.
    """

    def __init__(self, file: BinaryIO, *, is_gzip: bool) -> None:
        self.is_gzip = is_gzip
        self._source = igzip.IGzipFile(fileobj=file, mode="rb") if is_gzip else file  # type: ignore[no-untyped-call]
        self._size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Reads up to the buffer's length."""
        try:
            piece = self._source.read(len(buffer))
        except (EOFError, OSError, zlib.error, IsalError) as error:  # type: ignore[misc] # isal's stubs
            if not self.is_gzip:
                raise
            detail = "The gzip file is damaged or incomplete: compress and upload it again."
            raise TableRefused("undecodable", detail) from error
        self._size += len(piece)
        if self._size > MAX_DECOMPRESSED_BYTES:
            limit = MAX_DECOMPRESSED_BYTES // 1024**3
            raise TableRefused("too_large", f"Uncompressed, a file has at most {limit} GB.")
        buffer[: len(piece)] = piece
        return len(piece)


def decompressed(file: BinaryIO) -> "DecompressedFile":
    """The bytes of a file that stands at its beginning, decompressed if it is gzip."""
    magic = file.read(2)
    file.seek(0)
    return DecompressedFile(file, is_gzip=magic == _GZIP_MAGIC)
