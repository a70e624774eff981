"""Files in memory, with S3's rules for files that are written in parts."""

import hashlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from postcard.errors import BadRequest, Conflict
from postcard.ports import MAX_PARTS, MIN_PART_BYTES, FileChanged, FileHead


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file that is stored."""

    head: FileHead
    body: bytes
    content_type: str


@dataclass(slots=True)
class UnfinishedUpload:
    """The parts of a file that is being written."""

    key: str
    content_type: str
    parts: dict[int, bytes] = field(default_factory=dict)


class MemoryFileStore:
    """Files by key; `min_part_bytes` is smaller in tests that join small parts."""

    def __init__(self, *, min_part_bytes: int = MIN_PART_BYTES) -> None:
        self._files: dict[str, MemoryFile] = {}
        self._uploads: dict[str, UnfinishedUpload] = {}
        self._upload_ids = itertools.count(1)
        self._min_part_bytes = min_part_bytes
        self._lock = threading.Lock()

    def head(self, key: str) -> FileHead | None:
        """What is known of the file, or None."""
        file = self._files.get(key)
        return file.head if file else None

    def read(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """Up to `length` bytes from `start`; `FileChanged` if the file has another ETag."""
        file = self._files.get(key)
        if file is None or etag not in (None, file.head.etag):
            raise FileChanged(f"The file {key} is not what it was.")
        return file.body[start : start + length]

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Write a whole file, in the place of any other."""
        self._files[key] = _file(key, body, content_type)

    def write_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """Write unless the key exists; whether it was written. Of two writers one gets True."""
        new = _file(key, body, content_type)
        return self._files.setdefault(key, new) is new

    def list(self, prefix: str) -> Iterator[FileHead]:
        """The files whose keys begin with `prefix`, in order."""
        for key, file in sorted(self._files.items()):
            if key.startswith(prefix):
                yield file.head

    def delete(self, keys: Sequence[str]) -> None:
        """Remove the files that exist."""
        for key in keys:
            self._files.pop(key, None)

    def begin_upload(self, key: str, content_type: str) -> str:
        """Begin to write a file in parts; returns the upload's id."""
        upload_id = f"upload-{next(self._upload_ids)}"
        self._uploads[upload_id] = UnfinishedUpload(key, content_type)
        return upload_id

    def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write the part with this number, from 1 to 10,000; returns its ETag."""
        if not 1 <= number <= MAX_PARTS:
            raise BadRequest(f"A part's number is 1 to {MAX_PARTS}, not {number}.")
        self._upload(key, upload_id).parts[number] = body
        return _etag(body)

    def copy_part(self, key: str, upload_id: str, number: int, source_key: str) -> str:
        """Make a whole file a part; returns the part's ETag."""
        source = self._files.get(source_key)
        if source is None:
            raise FileChanged(f"The file {source_key} is not there.")
        return self.upload_part(key, upload_id, number, source.body)

    def complete_upload(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """Put the parts together, in the order of their numbers."""
        with self._lock:
            upload = self._upload(key, upload_id)
            bodies = [upload.parts.get(number, b"") for number in range(1, len(etags) + 1)]
            if not etags or [_etag(body) for body in bodies] != list(etags):
                raise Conflict("The parts are not those that were uploaded.")
            if any(len(body) < self._min_part_bytes for body in bodies[:-1]):
                raise BadRequest(f"All parts but the last have {self._min_part_bytes} bytes.")
            new = _file(key, b"".join(bodies), upload.content_type)
            etag = f'"{new.head.etag[1:-1]}-{len(etags)}"'
            self._files[key] = replace(new, head=replace(new.head, etag=etag))
            del self._uploads[upload_id]

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Remove the parts of an upload that is not complete, if it exists."""
        self._uploads.pop(upload_id, None)

    def download_url(self, key: str, *, filename: str, expires_in: int) -> str:
        """An address that tells its key; nothing serves it."""
        return f"memory:///{key}?filename={filename}&expires_in={expires_in}"

    def _upload(self, key: str, upload_id: str) -> UnfinishedUpload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise Conflict("There is no such upload.")
        return upload


def _file(key: str, body: bytes, content_type: str) -> MemoryFile:
    return MemoryFile(FileHead(key, len(body), _etag(body)), body, content_type)


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
