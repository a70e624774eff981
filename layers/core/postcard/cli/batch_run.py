"""Sends a file of people as a batch, watches it, and downloads its result."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import click

from postcard.cli.api_client import list_items
from postcard.cli.output import EXIT_NO, EXIT_OK, EXIT_REFUSED, CommandError, CommandResult
from postcard.cli.people_file import describe_delimiter, describe_encoding, describe_mapping
from postcard.errors import Problem
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass

EXIT_FAILED, EXIT_INTERRUPTED = 4, 130
REFUSED_CODES = (
    *("missing_key", "invalid_key", "revoked_key", "expired_key", "missing_scope"),
    *("template_not_allowed", "too_large", "too_large_here", "too_many_rows"),
    *("unknown_encoding", "bad_dialect", "bad_columns", "unknown_name"),
)
OWN_FAULTS = ("internal", "incomplete")  # Postcard's own: the batch can be started again
OVER_BUDGET = "over_budget"  # the file is right, and `max_usd` does not pay for it
POLL_SECONDS, MAX_POLL_SECONDS = 0.5, 5.0
MAX_SILENCE = 20  # calls without an answer, one after the other
SMALLEST_TOLD_USD = 0.01
LINE_SECONDS = 10.0  # between two lines where there is no terminal
BAR_WIDTH = 20


class BatchApi(Protocol):
    """The calls of the API that a batch needs; `cli.api_client.ApiClient` is one."""

    base_url: str

    def call(self, method: str, path: str, body: str | None = None) -> JsonObject:
        """Send one request; `Problem`, `CommandError`."""

    def upload_file(
        self, target: Mapping[str, Any], path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        """Send a file by the form of a batch."""

    def download(self, url: str, path: Path) -> None:
        """Write the file at a presigned URL."""


@dataclass(frozen=True, slots=True)
class BatchOutput:
    """Where the result and the report go; `strict`: a default counts as a failure."""

    result: Path
    report: Path | None = None
    strict: bool = False


class ProgressLine:
    """One line on a terminal; else a line each ten seconds. Written to standard error."""

    def __init__(
        self,
        *,
        is_terminal: bool,
        is_silent: bool = False,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] = lambda text: click.echo(text, err=True, nl=False),
    ) -> None:
        self._is_terminal, self._is_silent = is_terminal, is_silent
        self._clock, self._write = clock, write
        self._last: float | None = None
        self._is_open = False

    def show(self, text: str) -> None:
        """Shows how far it is."""
        now = self._clock()
        if self._is_silent:
            return
        if self._is_terminal:
            self._write(f"\r\x1b[K{text}")
            self._is_open = True
        elif self._last is None or now - self._last >= LINE_SECONDS:
            self._write(f"{text}\n")
            self._last = now

    def say(self, text: str) -> None:
        """A line that stays."""
        self.close()
        if not self._is_silent:
            self._write(f"{text}\n")

    def close(self) -> None:
        """Ends the line."""
        if self._is_open:
            self._write("\r\x1b[K")
        self._is_open = False


class BatchMemory:
    """The id of a file's batch, in a small file beside it, until its result is there."""

    def __init__(self, people: Path, settings: JsonObject, base_url: str) -> None:
        self.path = people.with_name(f"{people.name}.postcard")
        found = people.stat()
        self._key = {
            "api": base_url,
            "settings": settings,
            "bytes": found.st_size,
            "modified": int(found.st_mtime),
        }

    def read(self) -> str | None:
        """The id that was written for this file and these settings."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            batch_id = str(stored.pop("id"))
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            return None
        return batch_id if stored == self._key else None

    def write(self, batch_id: str) -> bool:
        """Remember the batch; False if the folder cannot be written to."""
        text = json.dumps({"id": batch_id, **self._key}, indent=1)
        try:
            self.path.write_text(text + "\n", encoding="utf-8")
        except OSError:
            return False
        return True

    def forget(self) -> None:
        """The result is there."""
        with suppress(OSError):
            self.path.unlink()


class BatchRun:
    """One run of `postcard batch`."""

    def __init__(
        self,
        api: BatchApi,
        output: BatchOutput,
        line: ProgressLine,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._output, self._line, self._sleep = api, output, line, sleep
        self._people: Path | None = None
        self._memory: BatchMemory | None = None
        self._batch_id: str | None = None
        self._is_running = False

    def send(self, people: Path, settings: JsonObject) -> CommandResult:
        """Send a file, or go on with the batch that an earlier run sent for it."""
        self._people = people
        self._memory = BatchMemory(people, settings, self._api.base_url)
        return self._guarded(lambda: self._send(people, settings))

    def resume(self, batch_id: str) -> CommandResult:
        """Go on with a batch that was sent before."""
        return self._guarded(lambda: self._go_on(self._read(batch_id)))

    def _guarded(self, work: Callable[[], CommandResult]) -> CommandResult:
        try:
            return work()
        except KeyboardInterrupt:
            return self._interrupted()
        except Problem as problem:
            code = EXIT_REFUSED if problem.code in REFUSED_CODES else CommandError.exit_code
            fields = {"success": False, "code": problem.code, "detail": problem.detail}
            return CommandResult("", fields, code, [problem.detail])
        finally:
            self._line.close()

    def _interrupted(self) -> CommandResult:
        self._line.close()
        fields: JsonObject = {"success": False, "code": "interrupted", "id": self._batch_id}
        message = "Interrupted: nothing was started."
        if self._is_running:
            message = f"The batch goes on without this command: {self._resume_command()}"
        return CommandResult("", {**fields, "detail": message}, EXIT_INTERRUPTED, [message])

    def _resume_command(self) -> str:
        return f"postcard batch --resume {self._batch_id}"

    def _send(self, people: Path, settings: JsonObject) -> CommandResult:
        assert self._memory is not None
        known = self._known_batch(self._memory.read())
        if known is not None:
            self._line.say(f"{people} was sent before: going on with {known['id']}.")
            return self._go_on(known)
        size = people.stat().st_size
        if size == 0:
            return _refused("empty_file", f"{people} is empty: it needs a row a person.")
        upload = {"bytes": size, "content_type": _content_type(people)}
        batch = self._api.call("POST", "/v1/batches", json.dumps({**settings, "upload": upload}))
        self._batch_id = batch["id"]
        self._api.upload_file(
            batch["upload"], people, lambda sent: self._line.show(_upload_line(sent, size))
        )
        started = self._api.call("POST", f"/v1/batches/{self._batch_id}/start")
        self._is_running = True
        if not self._memory.write(started["id"]):
            self._line.say(
                f"{self._memory.path} cannot be written. If this is interrupted, go on with"
                f" {self._resume_command()}"
            )
        return self._go_on(started)

    def _known_batch(self, batch_id: str | None) -> JsonObject | None:
        """The batch of an earlier run, if it can be gone on with."""
        if batch_id is None:
            return None
        try:
            batch = self._read(batch_id)
        except Problem as problem:
            if problem.code == "not_found":
                return None
            raise
        is_over = batch["status"] in ("cancelled", "waiting") or _is_refused(batch)
        return None if is_over else batch

    def _read(self, batch_id: str) -> JsonObject:
        return self._api.call("GET", f"/v1/batches/{batch_id}")

    def _go_on(self, batch: JsonObject) -> CommandResult:
        self._batch_id, self._is_running = batch["id"], True
        if batch["status"] == "failed" and not _is_refused(batch):
            batch = self._api.call("POST", f"/v1/batches/{batch['id']}/start")
        batch = self._watch(batch)
        self._is_running = False
        if batch["status"] == "completed":
            return self._finish(batch)
        if self._memory is not None:
            self._memory.forget()
        if batch["status"] == "cancelled":
            fields = {"success": False, "code": "cancelled", "id": batch["id"]}
            return CommandResult("", fields, EXIT_FAILED, ["The batch was cancelled."])
        if batch["status"] == "waiting":
            return _refused("not_uploaded", "The file of this batch was never sent: send it again.")
        return self._failed(batch)

    def _failed(self, batch: JsonObject) -> CommandResult:
        error = batch["error"] or {}
        code, detail = error.get("code", "internal"), error.get("detail", "The batch failed.")
        place = f" (line {error['line']})" if error.get("line") else ""
        fields = {"success": False, "code": code, "detail": detail, "batch": batch}
        is_refused = _is_refused(batch)
        exit_code = EXIT_REFUSED if is_refused and code != OVER_BUDGET else EXIT_FAILED
        messages = [f"{self._people or batch['id']}: {detail}{place}"]
        if not is_refused:
            messages.append(f"Try again: {self._resume_command()}")
        return CommandResult("", fields, exit_code, messages)

    def _watch(self, batch: JsonObject) -> JsonObject:
        """The batch when it has ended; shows how far it is meanwhile."""
        pause, silence, is_described = POLL_SECONDS, 0, False
        while batch["status"] == "running":
            if batch["total"] is not None and not is_described:
                self._line.say(self._describe(batch))
                is_described = True
            self._line.show(self._progress(batch))
            self._sleep(pause)
            pause = min(MAX_POLL_SECONDS, pause * 1.3)
            try:
                batch, silence = self._read(batch["id"]), 0
            except (CommandError, Problem) as failure:
                silence += 1
                if silence >= MAX_SILENCE or _is_final(failure):
                    raise
        if batch["total"] is not None and not is_described:
            self._line.say(self._describe(batch))
        for warning in batch["warnings"]:
            self._line.say(f"  {warning['detail']}")
        return batch

    def _progress(self, batch: JsonObject) -> str:
        if batch["total"] is None:
            return f"{batch['mode']}  reading the file …   (Ctrl-C leaves it running)"
        share = float(batch["progress"])
        bar = "█" * int(share * BAR_WIDTH)
        parts = [
            f"{batch['mode']}  {bar:░<{BAR_WIDTH}}  {int(share * 100):3} %",
            f"{batch['done']:,} rows",
        ]
        if batch["done"] >= batch["total"]:
            parts.append("joining the result")
        elif (left := batch["remaining_seconds"]) is not None:
            rate = (batch["total"] - batch["done"]) / max(1, left)
            parts += [f"{rate:,.0f}/s", f"{_duration(left)} left"]
        return "   ".join([*parts, f"(Ctrl-C leaves it running: {self._resume_command()})"])

    def _describe(self, batch: JsonObject) -> str:
        """`people.csv   64 MB · 1,000,000 rows · UTF-8 · comma · user_name = User Name`."""
        parts = [f"{batch['total']:,} rows"]
        if batch["encoding"]:
            parts.append(describe_encoding(batch["encoding"], batch["encoding_by"]))
        if batch["dialect"]:
            parts.append(describe_delimiter(batch["dialect"]["delimiter"]))
        header = _header(self._people, batch) if self._people else []
        if batch["mapping"]:
            parts.append(describe_mapping(batch["mapping"], header))
        if self._people is None:
            return " · ".join([batch["id"], *parts])
        size = _size(self._people.stat().st_size)
        return f"{self._people}   " + " · ".join([size, *parts])

    def _finish(self, batch: JsonObject) -> CommandResult:
        results = self._api.call("GET", f"/v1/batches/{batch['id']}/results")
        if results["result"] is None:
            _write_rows(self._api, batch["id"], self._output.result)
        else:
            self._line.show(f"{self._output.result}  {_size(results['result']['bytes'])} …")
            self._api.download(results["result"]["url"], self._output.result)
        if self._output.report is not None and results["report"] is not None:
            self._api.download(results["report"]["url"], self._output.report)
        self._line.close()
        if self._memory is not None:
            self._memory.forget()
        is_bad = batch["failed"] or (self._output.strict and batch["defaults"])
        fields = {
            "success": True,
            "result": str(self._output.result),
            "report": str(self._output.report) if self._output.report else None,
            "batch": batch,
        }
        return CommandResult(self._summary(batch), fields, EXIT_NO if is_bad else EXIT_OK)

    def _summary(self, batch: JsonObject) -> str:
        text = (
            f"{self._output.result}   {batch['total']:,} rows: {batch['ok']:,} right,"
            f" {batch['defaults']:,} with a default, {batch['failed']:,} without a picture."
        )
        if batch["failed"] or batch["defaults"]:
            report = self._output.report
            text += f" {report} says which." if report else " --report PATH says which."
        usd: float = batch.get("usd") or 0  # an earlier version of the service tells none
        if usd >= SMALLEST_TOLD_USD or batch.get("max_usd"):
            amount = f"{usd:,.2f}" if usd >= 1 else f"{usd:.2g}"
            text += f" That costs ${amount} if each picture is opened once."
        return text


def _refused(code: str, detail: str) -> CommandResult:
    fields = {"success": False, "code": code, "detail": detail}
    return CommandResult("", fields, EXIT_REFUSED, [detail])


def _is_refused(batch: JsonObject) -> bool:
    """Whether the batch failed by its file or settings."""
    return batch["status"] == "failed" and (batch["error"] or {}).get("code") not in OWN_FAULTS


def _is_final(failure: Exception) -> bool:
    """Whether asking again would not help."""
    return isinstance(failure, Problem) and failure.code in ("not_found", *REFUSED_CODES)


def _content_type(people: Path) -> str:
    name = people.name.lower()
    if name.endswith(".gz"):
        return "application/gzip"
    return "application/x-ndjson" if name.endswith((".jsonl", ".ndjson")) else "text/csv"


def _header(people: Path, batch: JsonObject) -> Sequence[str]:
    """The names of the columns, from the beginning of the file; empty if there are none."""
    from postcard.campaigns.tables.table_file import open_table
    from postcard.campaigns.tables.table_refused import TableRefused

    dialect = batch["dialect"]
    if not dialect or not dialect.get("header", True):
        return []
    try:
        with people.open("rb") as file:
            return open_table(
                file,
                encoding=batch["encoding"],
                delimiter=dialect["delimiter"],
                quote=dialect.get("quote"),
            ).header
    except (OSError, TableRefused):
        return []


def _upload_line(sent: int, size: int) -> str:
    return f"upload  {sent / size:4.0%}  {_size(sent)}"


def _size(count: int) -> str:
    """A number of bytes as people read it.

    >>> _size(812), _size(64_322_376), _size(5_000_000_000)
    ('812 B', '64 MB', '5.0 GB')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            amount = count / unit
            return f"{amount:.1f} {name}" if amount < 10 else f"{amount:.0f} {name}"
    return f"{count} B"


def _duration(seconds: int) -> str:
    """A time as people read it.

    >>> _duration(22), _duration(600), _duration(7300)
    ('22 s', '10 min', '2 h 1 min')
    """
    if seconds < 100:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _write_rows(api: BatchApi, batch_id: str, path: Path) -> None:
    """The results of a batch of rows, as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in list_items(api.call, f"/v1/batches/{batch_id}/results"):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
