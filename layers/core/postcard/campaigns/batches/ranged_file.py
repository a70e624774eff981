"""Reads a stored file in ranges, as a seekable file; fails if it changes meanwhile."""

import hashlib
import io

from postcard.ports import FileHead, FileStore

RANGE_BYTES = 8 * 1024 * 1024


class RangedFile(io.RawIOBase):
    """A file in a store. `FileChanged` where it is no longer what `head` says."""

    def __init__(self, files: FileStore, head: FileHead, *, range_bytes: int = RANGE_BYTES) -> None:
        self._range_bytes = range_bytes
        self._files, self._head = files, head
        self._at = 0
        self._range = b""
        self._range_start = 0
        self._hash = hashlib.sha256()
        self._hashed = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._head.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read up to the buffer's length."""
        offset = self._at - self._range_start
        if not 0 <= offset < len(self._range):
            if self._at >= self._head.size:
                return 0
            self._read_range()
            offset = 0
        piece = self._range[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def sha256(self) -> str:
        """The SHA-256 of the whole file in hex; reads the rest of it if needed."""
        while self._hashed < self._head.size:
            self._at = self._hashed
            self._read_range()
        return self._hash.hexdigest()

    def _read_range(self) -> None:
        head = self._head
        self._range = self._files.read(head.key, self._at, self._range_bytes, etag=head.etag)
        self._range_start = self._at
        end = self._at + len(self._range)
        if self._at <= self._hashed < end:
            self._hash.update(self._range[self._hashed - self._at :])
            self._hashed = end
