"""Joins the parts of a result in order, without downloading those that can be copied."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from postcard.campaigns.batches.batch_files import BatchFiles
from postcard.campaigns.batches.plan import BatchPlan
from postcard.campaigns.batches.work import (
    COUNT_NAMES,
    REPORT_COLUMNS,
    ChunkCounts,
    row_count,
    table_writer,
)
from postcard.errors import Conflict
from postcard.ports import MAX_PARTS, MIN_PART_BYTES, FileHead, JsonObject
from postcard.runtime.lazy_dataclass import dataclass

GROUP_BYTES = 8 * 1024 * 1024  # of small neighbours that are put together
_USABLE_PARTS = MAX_PARTS - 500  # some groups are larger than planned
CONTENT_TYPES = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
}


@dataclass(slots=True)
class JoinState:
    """How far a joined file is: parts of the upload, and the next source. `key` is the file's."""

    key: str
    upload_id: str = ""
    etags: Sequence[str] = ()
    next_source: int = 0
    counts: JsonObject | None = None
    is_done: bool = False

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        return {name: getattr(self, name) for name in _STATE}

    @classmethod
    def from_json(cls, stored: JsonObject) -> "JoinState":
        """The state that `to_json` was called on."""
        return cls(**{name: stored[name] for name in _STATE})


_STATE = ("key", "upload_id", "etags", "next_source", "counts", "is_done")


@dataclass(frozen=True, slots=True)
class JoinSizes:
    """Files of `min_part_bytes` are copied, smaller ones put together to `group_bytes`."""

    min_part_bytes: int = MIN_PART_BYTES
    group_bytes: int = GROUP_BYTES


class FileJoin:
    """Joins files behind a prefix into one, and goes on where an earlier call was late.

    Files of `MIN_PART_BYTES` and more are copied by the store. Smaller neighbours are read and put
    together. `change` is what is done to each file's bytes; then all are read.
    """

    def __init__(
        self,
        files: BatchFiles,
        sources: Sequence[FileHead],
        *,
        prefix: bytes,
        content_type: str,
        change: Callable[[bytes], bytes] | None = None,
        sizes: JoinSizes | None = None,
    ) -> None:
        self._files, self._sources = files, sources
        self._prefix, self._content_type = prefix, content_type
        self._change = change
        sizes = sizes or JoinSizes()
        self._min_part_bytes = sizes.min_part_bytes
        total = sum(source.size for source in sources)
        self._group_bytes = max(sizes.group_bytes, -(-total // _USABLE_PARTS))
        self._is_small = total + len(prefix) < sizes.min_part_bytes

    def run(self, state: JoinState, save: Callable[[], None], is_late: Callable[[], bool]) -> bool:
        """Whether the file is complete; `save` stores the state that a later call goes on from."""
        if state.is_done:
            return True
        if self._is_small:
            body = self._prefix + b"".join(self._read(source) for source in self._sources)
            self._files.store.write(state.key, body, self._content_type)
        else:
            if not state.upload_id:
                state.upload_id = self._files.store.begin_upload(state.key, self._content_type)
                save()
            for _ in self._write_parts(state):
                if is_late():
                    save()
                    return False
            save()
            self._complete(state)
        state.is_done = True
        save()
        return True

    def _write_parts(self, state: JoinState) -> Iterator[None]:
        """Writes parts from where the state stands; after each the state says so."""
        store, buffer = self._files.store, bytearray()
        if state.next_source == 0:
            buffer += self._prefix
        for index in range(state.next_source, len(self._sources)):
            source = self._sources[index]
            if self._is_copied(source) and not 0 < len(buffer) < self._min_part_bytes:
                if buffer:
                    self._upload(state, buffer)
                number = len(state.etags) + 1
                etag = store.copy_part(state.key, state.upload_id, number, source.key)
                state.etags = [*state.etags, etag]
            else:
                buffer += self._read(source)
                if len(buffer) < self._group_bytes:
                    continue
                self._upload(state, buffer)
            state.next_source = index + 1
            yield
        if buffer:
            self._upload(state, buffer)
        state.next_source = len(self._sources)

    def _complete(self, state: JoinState) -> None:
        """Put the parts together, unless a call that was interrupted has done so."""
        try:
            self._files.store.complete_upload(state.key, state.upload_id, state.etags)
        except Conflict:
            if self._files.store.head(state.key) is None:
                raise

    def _upload(self, state: JoinState, buffer: bytearray) -> None:
        number = len(state.etags) + 1
        store = self._files.store
        etag = store.upload_part(state.key, state.upload_id, number, bytes(buffer))
        state.etags = [*state.etags, etag]
        buffer.clear()

    def _is_copied(self, source: FileHead) -> bool:
        if self._change is not None or source.size < self._min_part_bytes:
            return False
        return len(self._sources) < _USABLE_PARTS or source.size >= self._group_bytes

    def _read(self, source: FileHead) -> bytes:
        body = self._files.store.read(source.key, 0, source.size)
        return body if self._change is None else self._change(body)


class ReportCounts:
    """Takes the counts off the parts of a report, and adds them up."""

    def __init__(self, counts: JsonObject | None) -> None:
        self.total = ChunkCounts(**(counts or {}))

    def take(self, part: bytes) -> bytes:
        """The part without its first line, which has the counts."""
        line, _, rest = part.partition(b"\n")
        counts = json.loads(line)
        self.total.add(ChunkCounts(**{name: counts.get(name, 0) for name in COUNT_NAMES}))
        return rest


def result_prefix(plan: BatchPlan) -> bytes:
    """What comes before the first row: the byte order mark and the header line."""
    writer = table_writer(plan)
    columns = plan.columns if plan.format.names_columns else ()
    header = writer.encode(writer.header(columns, plan.header_text))
    return writer.compress(plan.format.encoding.byte_order_mark + header)


def report_prefix() -> bytes:
    """The header of a report."""
    return (",".join(REPORT_COLUMNS) + "\r\n").encode()


def result_type(plan: BatchPlan) -> str:
    """The content type of a result."""
    if plan.format.is_gzip:
        return "application/gzip"
    charset = plan.format.encoding.name
    kind = CONTENT_TYPES[plan.format.kind]
    return f"{kind}; charset={charset}" if plan.format.kind == "csv" else kind


class BatchJoin:
    """Joins the parts of a batch's result, and those of its report."""

    def __init__(
        self, files: BatchFiles, plan: BatchPlan, attempt: int, sizes: JoinSizes | None
    ) -> None:
        self._files, self._plan, self._sizes = files, plan, sizes
        self.result_key = files.result(attempt, plan.result_suffix)
        self._parts = _by_number(files.store.list(files.parts))

    def missing_chunks(self) -> Sequence[int]:
        """The numbers of chunks that have no part."""
        return [number for number in range(self._plan.chunk_count) if number not in self._parts]

    def run(self, is_late: Callable[[], bool]) -> ChunkCounts | None:
        """The counts of all rows; None if there was no time for all.

        An upload that an earlier call began may be gone: aborted, or lost with a local server. Then
        the files are joined anew.
        """
        try:
            return self._join(is_late)
        except Conflict:
            self._files.store.delete([self._files.join_state])
            return self._join(is_late)

    def _join(self, is_late: Callable[[], bool]) -> ChunkCounts | None:
        files, plan = self._files, self._plan
        stored = files.read_json(files.join_state) or {}
        states = {
            name: self._state(stored.get(name), key)
            for name, key in (("result", self.result_key), ("report", files.report))
        }
        counts = ReportCounts(states["report"].counts)

        def save() -> None:
            states["report"].counts = counts.total.to_json()
            files.write_json(files.join_state, {n: s.to_json() for n, s in states.items()})

        numbers = range(plan.chunk_count)
        if not plan.settings.dry_run:
            result = FileJoin(
                files,
                [self._parts[number] for number in numbers],
                prefix=result_prefix(plan),
                content_type=result_type(plan),
                sizes=self._sizes,
            )
            if not result.run(states["result"], save, is_late):
                return None
        reports = _by_number(files.store.list(files.reports))
        report = FileJoin(
            files,
            [reports[number] for number in numbers],
            prefix=report_prefix(),
            content_type="text/csv; charset=utf-8",
            change=counts.take,
            sizes=self._sizes,
        )
        return counts.total if report.run(states["report"], save, is_late) else None

    def made_files(self, counts: ChunkCounts) -> JsonObject:
        """The result and the report, for the record."""
        report = {"key": self._files.report, "rows": counts.default + counts.failed}
        if self._plan.settings.dry_run:
            return {"report": report}
        return {"result": {"key": self.result_key, "rows": row_count(counts)}, "report": report}

    def _state(self, stored: JsonObject | None, key: str) -> JoinState:
        state = JoinState.from_json(stored) if stored is not None else JoinState(key)
        return state if state.key == key else JoinState(key)


def _by_number(heads: Iterable[FileHead]) -> dict[int, FileHead]:
    return {int(head.key.rpartition("/")[2]): head for head in heads}
