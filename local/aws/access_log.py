"""Imitates CloudFront's access log: JSON lines with the template's fields, in gzip files.

Differences from AWS: a line is there after a second, where AWS takes minutes to a day. The files
are in the state folder, where the imitated Athena reads them, and not in the bucket.
"""

import gzip
import json
import threading
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.aws.cloudformation import CloudFormationTemplate, TemplateError
from local.aws.http_messages import Request, Response

MAX_WAITING_LINES = 1_000  # then they are written at once
_DISTRIBUTION = "LOCAL"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of a viewer and the response to it; `ended_at` is in Unix seconds."""

    request: Request
    response: Response
    ended_at: float
    seconds: float

    @property
    def result(self) -> str:
        """CloudFront's word for how it answered, such as `Hit`."""
        x_cache = self.response.headers.get("x-cache", "")
        return x_cache.partition(" ")[0] or "Error"

    @property
    def sent_bytes(self) -> int:
        """The bytes of the response with its headers."""
        headers = sum(len(f"{name}: {value}\r\n") for name, value in self.response.headers.items())
        return len(f"HTTP/1.1 {self.response.status}\r\n\r\n") + headers + len(self.response.body)


_VALUES: Mapping[str, Callable[[Exchange], str]] = {
    "date": lambda each: f"{datetime.fromtimestamp(each.ended_at, UTC):%Y-%m-%d}",
    "time": lambda each: f"{datetime.fromtimestamp(each.ended_at, UTC):%H:%M:%S}",
    "x-edge-location": lambda each: "LOCAL1-P1",
    "cs-method": lambda each: each.request.method,
    "cs-uri-stem": lambda each: each.request.path,
    "sc-status": lambda each: str(each.response.status),
    "sc-bytes": lambda each: str(each.sent_bytes),
    "sc-content-type": lambda each: each.response.headers.get("content-type", "-"),
    "time-taken": lambda each: f"{each.seconds:.3f}",
    "time-to-first-byte": lambda each: f"{each.seconds:.3f}",
    "x-edge-result-type": lambda each: each.result,
    "x-edge-response-result-type": lambda each: each.result,
    "x-edge-detailed-result-type": lambda each: each.result,
    "x-edge-request-id": lambda each: f"{uuid.uuid4().hex}==",
}


@dataclass(frozen=True, slots=True)
class AccessLogSettings:
    """The log's fields, and the days until its files are deleted."""

    fields: Sequence[str]
    days: int

    @classmethod
    def read(cls, template: CloudFormationTemplate) -> "AccessLogSettings":
        """Read them from the template; `TemplateError` for a field that is not imitated."""
        (delivery,) = template.resources("AWS::Logs::Delivery").values()
        fields = [str(field) for field in template.resolve(delivery["RecordFields"])]
        unknown = [field for field in fields if field not in _VALUES]
        if unknown:
            raise TemplateError(f"the local access log has no field {', '.join(unknown)}")
        return cls(fields, int(template.attribute("LogDays")))


class AccessLog:
    """Collects lines, and writes those of each hour to a file. Safe in several threads.

    A file is appended to as a further member of the gzip file. A line that was not written when the
    server is killed is lost. Damaged files are mended at the start, since no query reads past one.
    """

    def __init__(self, folder: Path, settings: AccessLogSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._waiting: dict[Path, list[str]] = defaultdict(list)  # lines by file
        self._count = 0
        self._appendable: set[Path] = set()
        self._lock = threading.Lock()
        for file in folder.glob("*/*/*/*/*.gz"):
            _mend(file)

    def add(self, exchange: Exchange) -> None:
        """Add a line."""
        line = {field: _VALUES[field](exchange) for field in self._settings.fields}
        with self._lock:
            self._waiting[self._file_of(exchange)].append(json.dumps(line) + "\n")
            self._count += 1
            is_full = self._count >= MAX_WAITING_LINES
        if is_full:
            self.poll()

    def poll(self) -> int:
        """Write the lines that wait; returns how many there were."""
        with self._lock:
            while self._waiting:
                file, lines = next(iter(self._waiting.items()))
                self._append(file, "".join(lines))
                del self._waiting[file]
            count, self._count = self._count, 0
        return count

    def close(self) -> None:
        """Write the lines that wait."""
        self.poll()

    def _file_of(self, exchange: Exchange) -> Path:
        """The file of its hour, in the folder of its day."""
        time = datetime.fromtimestamp(exchange.ended_at, UTC)
        name = f"{_DISTRIBUTION}.{time:%Y-%m-%d-%H}.gz"
        return self._folder / _DISTRIBUTION / f"{time:%Y/%m/%d}" / name

    def _append(self, file: Path, text: str) -> None:
        if file not in self._appendable:
            self._prepare(file)
        self._appendable.discard(file)  # until it is written: a full disk leaves half of it
        with file.open("ab") as stream:
            stream.write(gzip.compress(text.encode()))
        self._appendable.add(file)

    def _prepare(self, file: Path) -> None:
        """Make the file's folder, mend the file, delete old files."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists():
            _mend(file)
        newest = max([file, *self._appendable], key=_day)
        oldest = datetime.strptime(_day(newest), "%Y/%m/%d") - timedelta(self._settings.days)
        for old in self._folder.glob("*/*/*/*/*.gz"):
            if _day(old) < f"{oldest:%Y/%m/%d}":
                old.unlink()
        self._appendable = {newest, file}


def _day(file: Path) -> str:
    return "/".join(file.parts[-4:-1])


def _mend(file: Path) -> None:
    """Keep the whole lines of a file that is damaged, and put the damaged one aside."""
    text, is_whole = _read(file)
    if is_whole:
        return
    mended = file.with_suffix(".mended")
    mended.write_bytes(gzip.compress(text[: text.rfind(b"\n") + 1]))
    file.rename(file.with_suffix(".damaged"))
    mended.rename(file)


def _read(file: Path) -> tuple[bytes, bool]:
    """The text of a gzip file up to where it is damaged, and whether it is whole."""
    text, rest = b"", file.read_bytes()
    if not rest:
        return b"", False
    try:
        while rest:
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            text += member.decompress(rest)
            if not member.eof:
                return text, False
            rest = member.unused_data
    except zlib.error:
        return text, False
    return text, True
