"""The keys of a batch's files in the store bucket."""

import json
from typing import Any

from postcard.ports import FileStore, JsonObject

JSON_TYPE, GZIP_TYPE, PART_TYPE = "application/json", "application/gzip", "application/octet-stream"


class BatchFiles:
    """The files of one batch; all keys begin with `batches/{id}/`."""

    def __init__(self, files: FileStore, batch_id: str) -> None:
        self.store = files
        self.prefix = f"batches/{batch_id}/"
        self.upload = f"{self.prefix}upload"
        self.plan = f"{self.prefix}plan.json"
        self.chunks = f"{self.prefix}chunks.json"
        self.todo = f"{self.prefix}todo.json"
        self.split_state = f"{self.prefix}split.json"
        self.join_state = f"{self.prefix}join.json"
        self.summary = f"{self.prefix}summary.json"
        self.report = f"{self.prefix}report.csv"
        self.preflight = f"{self.prefix}preflight.json"
        self.contact_sheet = f"{self.prefix}sheet.png"
        self.parts = f"{self.prefix}parts/"
        self.reports = f"{self.prefix}reports/"
        self.chunk_texts = f"{self.prefix}chunks/"
        self.runs = f"{self.prefix}runs/"

    def chunk_text(self, number: int) -> str:
        """The rows of a chunk, where they are not a range of the upload."""
        return f"{self.chunk_texts}{number:06d}"

    def part(self, number: int) -> str:
        """The result of a chunk."""
        return f"{self.parts}{number:06d}"

    def part_report(self, number: int) -> str:
        """The counts and the bad rows of a chunk."""
        return f"{self.reports}{number:06d}"

    def result(self, attempt: int, suffix: str) -> str:
        """The result of a whole batch; `suffix` such as `csv.gz`."""
        return f"{self.prefix}result-{attempt}.{suffix}"

    def read_json(self, key: str) -> Any | None:
        """The JSON of a file; None if there is none."""
        head = self.store.head(key)
        if head is None:
            return None
        return json.loads(self.store.read(key, 0, head.size, etag=head.etag))

    def write_json(self, key: str, value: JsonObject | list[Any]) -> None:
        """Write a file."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        self.store.write(key, body, JSON_TYPE)

    def delete_work(self) -> None:
        """Delete what is not needed once the result is complete."""
        for prefix in (self.parts, self.reports, self.chunk_texts, self.runs):
            self._delete(prefix)
        self.store.delete([self.todo, self.split_state, self.join_state])

    def delete_all(self) -> None:
        """Delete all files of the batch."""
        self._delete(self.prefix)

    def _delete(self, prefix: str) -> None:
        self.store.delete([file.key for file in self.store.list(prefix)])
