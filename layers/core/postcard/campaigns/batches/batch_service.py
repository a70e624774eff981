"""Batches for the API: create, start, read, list, cancel, erase, results.

A batch is a record in the table and files below `batches/{id}/` in the store bucket. The state
machine does the work; this service starts and stops it.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from postcard import ports
from postcard.adapters.pagination import decode_cursor, encode_cursor
from postcard.budgets.picture_price import batch_cost, usd
from postcard.campaigns.batches.batch_files import BatchFiles
from postcard.campaigns.batches.plan import BatchSettings
from postcard.campaigns.tables.column_mapping import is_target
from postcard.campaigns.tables.csv_dialect import check_given
from postcard.campaigns.tables.table_refused import TableRefused
from postcard.campaigns.tables.text_encoding import encoding_of_request
from postcard.errors import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    Fault,
    Gone,
    NotFound,
    TooManyRequests,
    raise_faults,
)
from postcard.json_text import json_pointer
from postcard.links.signing import BASE32_ALPHABET
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import ApiKeyRecord, BatchRecord, JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.links import MAX_EXPIRY
from postcard.settings import DEFAULT_BATCH_DAYS, DEFAULT_REGION, MAX_BATCH_BYTES
from postcard.template.compiled import Template
from postcard.timestamps import DAY_SECONDS, format_optional_rfc3339, format_rfc3339, parse_rfc3339

MAX_ROWS = 1000  # in a request
MAX_COLUMNS = 200
MAX_RUNNING = 10  # batches of a key at once
MAX_CLAIMS = 5  # tries to be one of them, while others try, too
RETRY_SECONDS = 30
RESULT_SECONDS = 900  # that the address of a result is valid
MAX_INLINE_RESULT_BYTES = 64 << 20
ID_LENGTH = 20  # 100 random bits
TERMINAL = ("completed", "failed", "cancelled")
REPEATABLE_ERRORS = ("internal", "incomplete")  # not those of the file
JSON_LINES_TYPE = "application/jsonl"


@dataclass(frozen=True, slots=True)
class BatchUpload:
    """A file that is to be uploaded."""

    bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """The body of `POST /v1/batches`: the settings, and `rows` or an `upload`."""

    settings: BatchSettings
    rows: Sequence[Mapping[str, Any]] | None = None
    upload: BatchUpload | None = None
    metadata: JsonObject | None = None

    def to_json(self) -> JsonObject:
        """What the record keeps of it: all but the rows."""
        return {
            **self.settings.to_json(),
            "metadata": self.metadata,
            "is_inline": self.rows is not None,
            "content_type": self.upload.content_type if self.upload else JSON_LINES_TYPE,
        }


class BatchService:
    """Batches of API keys. `days` is how long their files are kept, `max_bytes` of an upload."""

    def __init__(
        self,
        batches: ports.BatchStore,
        files: ports.FileStore,
        uploads: ports.Uploads,
        machine: ports.StateMachine,
        templates: TemplateLoader,
        *,
        days: int = DEFAULT_BATCH_DAYS,
        max_bytes: int = MAX_BATCH_BYTES,
        region: str = DEFAULT_REGION,
        new_id: Callable[[], str] = lambda: _new_id(),
    ) -> None:
        self._batches = batches
        self._files = files
        self._uploads = uploads
        self._machine = machine
        self._templates = templates
        self._days = days
        self._max_bytes = max_bytes
        self._region = region
        self._new_id = new_id

    def create(self, request: BatchRequest, key: ApiKeyRecord, *, now: float) -> JsonObject:
        """Create a batch; one with rows is started, for another one a form to upload its file."""
        template = self._check(request, now)
        versions = {template.template.id: template.version} if template else {}
        template_id = request.settings.template_id
        settings = replace(
            request.settings, template_versions=versions, key_templates=key.templates
        )
        record = BatchRecord(
            batch_id=self._new_id(),
            key_digest=key.digest,
            settings=replace(request, settings=settings).to_json(),
            status="waiting",
            created_at=int(now),
            expires_at=int(now) + self._days * DAY_SECONDS,
            template_ids=(template_id,) if template_id else (),
            summary={"template_versions": versions},
        )
        self._batches.create(record)
        if request.rows is not None:
            return self._to_json(self._start_with_rows(record, request.rows, now), now)
        assert request.upload is not None
        form = self._uploads.presign(
            self._files_of(record.batch_id).upload,
            request.upload.content_type,
            request.upload.bytes,
        )
        return {**self._to_json(record, now), "upload": form}

    def _start_with_rows(
        self, record: BatchRecord, rows: Sequence[Mapping[str, Any]], now: float
    ) -> BatchRecord:
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        key = self._files_of(record.batch_id).upload
        try:
            self._files.write(key, text.encode("utf-8", "ignore"), JSON_LINES_TYPE)
            return self._start(record, now)
        except TooManyRequests:
            self._erase(record)
            raise

    def start(self, batch_id: str, key: ApiKeyRecord, *, now: float) -> JsonObject:
        """Start a batch whose file was uploaded; one that runs or is completed stays as it is."""
        record = self.find(batch_id, key)
        if record.status == "cancelled":
            raise Conflict("The batch was cancelled: create another one.", code="cancelled")
        if self._files.head(self._files_of(batch_id).upload) is None and record.status == "waiting":
            detail = "The file is not there yet: send it with the form in `upload` first."
            raise Conflict(detail, code="not_uploaded")
        return self._to_json(self._start(record, now), now)

    def _start(self, record: BatchRecord, now: float) -> BatchRecord:
        failed_by_itself = (
            record.status == "failed" and (record.error or {}).get("code") in REPEATABLE_ERRORS
        )
        if record.status == "waiting" or failed_by_itself:
            self._claim(record.key_digest, record.batch_id)
            changes: JsonObject = {
                "status": "running",
                "attempt": record.attempt + 1,
                "rounds": 0,
                "started_at": int(now),
                "ended_at": None,
                "expires_at": record.expires_at,
                "error": None,
                "execution": None,
            }
            self._batches.update(record.batch_id, changes, status_is=(record.status,))
            record = self._batches.get(record.batch_id) or record
        if record.status == "running" and record.execution is None:
            name = f"{record.batch_id}-{record.attempt}"
            execution = self._machine.start(name, record.batch_id)
            self._batches.update(record.batch_id, {"execution": execution}, status_is=("running",))
        return self._batches.get(record.batch_id) or record

    def _claim(self, key_digest: str, batch_id: str) -> None:
        """Make the batch one of those of its key that run at once; `TooManyRequests`."""
        for _ in range(MAX_CLAIMS):
            stored = self._batches.active(key_digest)
            running = [each for each in stored if each != batch_id and self._is_active(each)]
            if len(running) >= MAX_RUNNING:
                raise TooManyRequests(
                    f"{MAX_RUNNING} batches of this key are running: wait until one has ended.",
                    code="too_many_batches",
                    headers={"Retry-After": str(RETRY_SECONDS)},
                )
            if self._batches.set_active(key_digest, [*running, batch_id], instead_of=stored):
                return
        raise Conflict("Other batches of this key were started at the same moment: repeat.")

    def _is_active(self, batch_id: str) -> bool:
        record = self._batches.get(batch_id)
        return record is not None and record.status not in TERMINAL

    def read(self, batch_id: str, key: ApiKeyRecord, *, now: float) -> JsonObject:
        """A batch as it is now."""
        return self._to_json(self.find(batch_id, key), now)

    def list(self, key: ApiKeyRecord, *, limit: int, cursor: str | None, now: float) -> JsonObject:
        """A page of the batches of a key, newest first."""
        page = self._batches.list(key.digest, limit=limit, cursor=cursor)
        items = [self._to_json(record, now) for record in page.items]
        return {"items": items, "next_cursor": page.next_cursor}

    def delete(self, batch_id: str, key: ApiKeyRecord, *, now: float) -> None:
        """Cancel a batch that has not ended; erase one that has."""
        record = self.find(batch_id, key)
        if record.status in TERMINAL:
            self._erase(record)
            return
        changes = {"status": "cancelled", "ended_at": int(now)}
        if self._batches.update(batch_id, changes, status_is=("waiting", "running")):
            latest = self._batches.get(batch_id)  # its execution may have begun meanwhile
            if latest is not None and latest.execution is not None:
                self._machine.stop(latest.execution)

    def _erase(self, record: BatchRecord) -> None:
        self._files_of(record.batch_id).delete_all()
        self._batches.delete(record.batch_id)

    def results(
        self, batch_id: str, key: ApiKeyRecord, *, limit: int, cursor: str | None, now: float
    ) -> JsonObject:
        """A page of the rows, or the addresses of the files; `Conflict`, `Gone`."""
        record = self.find(batch_id, key)
        _refuse_results(record, now)
        result = self._file(record, "result")
        is_dry_run = bool(record.settings.get("dry_run"))  # which has no result
        if result is None and not is_dry_run:
            raise _expired()
        if result is not None and record.settings.get("is_inline"):
            return self._rows(result, limit=limit, cursor=cursor)
        expires_at = format_rfc3339(now + RESULT_SECONDS)
        names = ("report", "contact_sheet", "preflight")
        files = {"result": result, **{name: self._file(record, name) for name in names}}
        return {
            name: head and self._address(head, record, name, expires_at)
            for name, head in files.items()
        }

    def _to_json(self, record: BatchRecord, now: float) -> JsonObject:
        return batch_to_json(record, now=now, region=self._region)

    def _files_of(self, batch_id: str) -> BatchFiles:
        return BatchFiles(self._files, batch_id)

    def _rows(self, result: ports.FileHead, *, limit: int, cursor: str | None) -> JsonObject:
        start = _offset(cursor) if cursor is not None else 0
        size = min(result.size, MAX_INLINE_RESULT_BYTES)
        lines = self._files.read(result.key, start, size, etag=result.etag).splitlines(True)
        shown = lines[:limit]
        next_start = start + sum(map(len, shown))
        is_last = len(lines) <= limit
        try:
            items = [json.loads(line) for line in shown]
        except ValueError:  # the cursor points into a row
            raise _bad_cursor() from None
        return {
            "items": items,
            "next_cursor": None if is_last else encode_cursor(str(next_start)),
        }

    def _file(self, record: BatchRecord, name: str) -> ports.FileHead | None:
        """A file that the batch made; the key is in the summary."""
        source = record
        if same_as := record.summary.get("same_as"):
            source = self._batches.get(same_as) or record
        described = source.summary.get(name)
        return self._files.head(described["key"]) if described else None

    def _address(
        self, head: ports.FileHead, record: BatchRecord, name: str, expires_at: str
    ) -> JsonObject:
        file = head.key.rpartition("/")[2]
        ending = file[file.index(".") :] if "." in file else ""
        filename = f"{record.batch_id}-{name}{ending}"
        return {
            "url": self._files.download_url(head.key, filename=filename, expires_in=RESULT_SECONDS),
            "bytes": head.size,
            "rows": (record.summary.get(name) or {}).get("rows"),
            "expires_at": expires_at,
        }

    def find(self, batch_id: str, key: ApiKeyRecord) -> BatchRecord:
        """The record; `NotFound` also for one that the key may not see."""
        record = self._batches.get(batch_id)
        if record is None or not _is_visible(record, key):
            raise NotFound("There is no such batch: it may have expired.")
        return record

    def _check(self, request: BatchRequest, now: float) -> LoadedTemplate | None:
        """The template of the request; `Problem` if the request cannot become a batch."""
        settings = request.settings
        _check_source(request)
        self._check_upload(request.upload)
        if len(settings.columns) > MAX_COLUMNS:
            detail = f"Choose at most {MAX_COLUMNS} columns."
            fault = Fault("bad_columns", "/columns", detail)
            raise BadRequest(detail, code="bad_columns", errors=[fault])
        _check_format(request)
        if settings.template_id is None:
            if settings.template_column is None:
                detail = "Say which template is drawn: template_id, or template_column of the rows."
                fault = Fault("no_template", "/template_id", detail)
                raise BadRequest(detail, code="no_template", errors=[fault])
            raise_faults(_expiry_faults(settings.expires_at, now))
            return None
        record = self._templates.usable_record(settings.template_id, "/template_id")
        template = self._templates.load_effective(record, None)
        _, faults = settings.output.resolve_size(template.template.document)
        names = _name_faults(settings, template.template)
        raise_faults([*faults, *_expiry_faults(settings.expires_at, now), *names])
        return template

    def _check_upload(self, upload: BatchUpload | None) -> None:
        if upload is None or upload.bytes <= self._max_bytes:
            return
        detail = f"A file has at most {self._max_bytes:,} bytes"
        if self._max_bytes < MAX_BATCH_BYTES:
            raise ContentTooLarge(
                f"{detail} here; on AWS {MAX_BATCH_BYTES:,}. Split it, or deploy Postcard.",
                code="too_large_here",
            )
        raise ContentTooLarge(f"{detail}: split it, or pack it with gzip.", code="too_large")


def batch_to_json(record: BatchRecord, *, now: float, region: str = DEFAULT_REGION) -> JsonObject:
    """A batch for a response. It never holds values of people. `region` is that of the prices."""
    settings, summary = record.settings, record.summary
    done = record.ok + record.defaults + record.failed
    total = record.total
    done = done if total is None else min(done, total)
    return {
        "id": record.batch_id,
        "status": record.status,
        "mode": settings["mode"],
        "dry_run": settings["dry_run"],
        "template_id": settings["template_id"],
        "template_versions": dict(summary.get("template_versions") or {}),
        "upload": None,
        "total": total,
        "done": done,
        "ok": record.ok,
        "defaults": record.defaults,
        "failed": record.failed,
        "max_usd": settings.get("max_usd"),
        "on_budget": settings.get("on_budget") or "fallback",
        "usd": usd(record.cost + batch_cost(done, region)),
        "progress": _progress(record, done),
        "remaining_seconds": _remaining_seconds(record, done, now),
        "encoding": summary.get("encoding"),
        "encoding_by": summary.get("encoding_by"),
        "dialect": summary.get("dialect"),
        "mapping": summary.get("mapping"),
        "unmapped": list(summary.get("unmapped") or ()),
        "same_as": summary.get("same_as"),
        "created_at": format_rfc3339(record.created_at),
        "started_at": format_optional_rfc3339(record.started_at),
        "ended_at": format_optional_rfc3339(record.ended_at),
        "expires_at": format_rfc3339(record.expires_at),
        "metadata": settings.get("metadata"),
        "error": record.error,
        "warnings": list(summary.get("warnings") or ()),
    }


NOT_IN_EVENTS = (
    "upload",
    "progress",
    "remaining_seconds",
    "encoding",
    "encoding_by",
    "dialect",
    "mapping",
    "unmapped",
)  # what is of interest before the end, and the names of up to 200 columns


def batch_event(record: BatchRecord, *, now: float, region: str) -> JsonObject:
    """The `data` of the event that a batch has ended. `region` is that of the prices."""
    batch = batch_to_json(record, now=now, region=region)
    return {name: value for name, value in batch.items() if name not in NOT_IN_EVENTS}


def _new_id() -> str:
    return "bat_" + "".join(secrets.choice(BASE32_ALPHABET) for _ in range(ID_LENGTH))


def _check_source(request: BatchRequest) -> None:
    if (request.rows is None) == (request.upload is None):
        detail = "Send either rows, or upload with the size of a file."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/rows", detail)])
    if request.rows is None:
        return
    if not request.rows:
        detail = "There is no row: send at least one."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/rows", detail)])
    if len(request.rows) > MAX_ROWS:
        raise ContentTooLarge(
            f"A request has at most {MAX_ROWS:,} rows: upload more of them as a file.",
            code="too_many_rows",
        )


def _check_format(request: BatchRequest) -> None:
    """`BadRequest` for what can be said of the table before it is there."""
    settings = request.settings
    for name in ("encoding", "delimiter", "quote"):
        if request.rows is not None and getattr(settings, name) is not None:
            detail = f"{name} is for uploaded files: leave it out with rows."
            raise BadRequest(detail, errors=[Fault("invalid_request", f"/{name}", detail)])
    if settings.mode == "images" and settings.expires_at is not None:
        detail = "Images of a batch do not expire: leave expires_at out, or take the mode links."
        raise BadRequest(detail, errors=[Fault("invalid_request", "/expires_at", detail)])
    if (
        request.rows is not None
        and len({name for row in request.rows for name in row}) > MAX_COLUMNS
    ):
        detail = f"The rows have more than {MAX_COLUMNS} different keys: leave some out."
        raise BadRequest(detail, code="bad_columns", errors=[Fault("bad_columns", "/rows", detail)])
    pointer = "/encoding"
    try:
        if settings.encoding is not None:
            encoding_of_request(settings.encoding, b"")
        pointer = "/delimiter"
        check_given(settings.delimiter, None)
        pointer = "/quote"
        check_given(settings.delimiter, settings.quote)
    except TableRefused as refused:
        fault = Fault(refused.code, pointer, refused.detail)
        raise BadRequest(refused.detail, code=refused.code, errors=[fault]) from None


def _name_faults(settings: BatchSettings, template: Template) -> Sequence[Fault]:
    """Faults of chosen names that the only template does not have."""
    if settings.template_column is not None:
        return ()
    return [
        Fault("unknown_name", json_pointer("columns", name), template.unknown_target_message(name))
        for name in settings.columns
        if not is_target(template, name)
    ]


def _expiry_faults(text: str | None, now: float) -> Sequence[Fault]:
    if text is None:
        return ()
    try:
        expires = parse_rfc3339(text)
    except ValueError as error:
        return [Fault("invalid_request", "/expires_at", str(error))]
    if not now < expires <= MAX_EXPIRY:
        return [Fault("invalid_request", "/expires_at", "Write a time that is still to come.")]
    return ()


def _is_visible(record: BatchRecord, key: ApiKeyRecord) -> bool:
    if key.templates is None or record.key_digest == key.digest:
        return True
    return bool(record.template_ids) and set(record.template_ids) <= set(key.templates)


def _refuse_results(record: BatchRecord, now: float) -> None:
    if record.status == "cancelled":
        raise Conflict("The batch was cancelled: it has no results.", code="cancelled")
    if record.status == "failed":
        detail = (record.error or {}).get("detail") or "GET the batch to see its error."
        raise Conflict(f"The batch failed: {detail}", code="not_ready")
    if record.status != "completed":
        detail = "The batch has not ended: GET it until its status is completed."
        raise Conflict(detail, code="not_ready", headers={"Retry-After": "5"})
    if now >= record.expires_at:
        raise _expired()


def _expired() -> Gone:
    return Gone("The results were deleted: run the batch again.", code="expired")


def _offset(cursor: str) -> int:
    text = decode_cursor(cursor)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _bad_cursor()
    return int(text)


def _bad_cursor() -> BadRequest:
    detail = "Send a cursor as next_cursor gave it, or none for the first page."
    return BadRequest(detail, errors=[Fault("invalid_request", "/cursor", detail)])


def _progress(record: BatchRecord, done: int) -> float:
    """The share of the rows that are done; 1 only when the batch is completed."""
    if record.status == "completed":
        return 1.0
    return round(min(0.999, done / record.total), 3) if record.total else 0.0


def _remaining_seconds(record: BatchRecord, done: int, now: float) -> int | None:
    """Estimated from the rows that are done since the start; None while nothing is known."""
    if record.status != "running" or not done or not record.total or record.started_at is None:
        return None
    seconds = max(1.0, now - record.started_at)
    return round((record.total - done) * seconds / done)
