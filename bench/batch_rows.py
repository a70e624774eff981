"""Rows a second and peak memory of a batch in mode `links`: split, work and join, in one process.

    python -m bench.batch_rows [ROWS]

Times are CPU seconds of this process. Beside the work stands what `POST /v1/links` does for each
row, without HTTP: the alternative that batches save.
"""

import csv
import io
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postcard.adapters.memory.batches import MemoryBatchStore
from postcard.adapters.memory.files import MemoryFileStore
from postcard.adapters.memory.usage import MemoryUsageStore
from postcard.campaigns.batches.steps import BatchSteps, PictureTools
from postcard.events.outbox import NoOutbox
from postcard.links.signing import LinkKeys
from postcard.pipeline.render_job import OutputOptions, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import BatchRecord, TemplateRecord, TemplateVersion
from postcard.services.link_minting import LinkMinter

TEMPLATE = Path("tests/local/seed/welcome.json")
FIRST_NAMES = (
    *("Ann", "Bob", "Zoë", "José", "O'Brien", "Łukasz", "Мария", "李小龍", "أحمد", "Jean-Luc"),
    *("Nguyễn", "Ümit", "Aoife"),
)
LAST_NAMES = ("Smith", "Müller", "Sørensen", "Nowak", "Иванова", "山田", "Ó'Neill", "D'Angelo")
NOTES = ("", 'likes "red", blue', "line one\nline two", "+45 12 34 56 78", "=1+1", "plain")
KEYS = LinkKeys(1, {"k1": "1" * 64}, "k1", "a" * 64, "b" * 64, "c" * 64)
SAMPLE = 2000  # rows of the alternative


class OneTemplate:
    """A store with one template."""

    def __init__(self) -> None:
        document = TEMPLATE.read_text(encoding="utf-8")
        self._record = TemplateRecord("welcome", "Welcome", 1, 0)
        self._version = TemplateVersion("welcome", 1, document, 0, format="png")

    def record(self, template_id: str, *, consistent: bool = True) -> TemplateRecord | None:
        return self._record if template_id == "welcome" else None

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        return self._version


def table_of(count: int) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Email", "User Name", "discount_code", "Note", "customer no"])
    writer.writerows(people(count))
    return text.getvalue().encode()


def people(count: int) -> Iterator[list[str]]:
    source = random.Random(1)
    for number in range(count):
        name = source.choice(FIRST_NAMES)
        if source.random() < 0.5:
            name += f" {source.choice(LAST_NAMES)}"
        code = "not a code!" if source.random() < 0.01 else f"SAVE{source.randrange(100_000):05d}"
        yield [f"user{number}@example.com", name, code, source.choice(NOTES), str(number)]


def never(*_: Any) -> Any:
    raise AssertionError("mode `links` needs no renderer")


def main(count: int) -> None:
    files, batches, loader = MemoryFileStore(), MemoryBatchStore(), TemplateLoader(OneTemplate())  # type: ignore[arg-type]
    upload = table_of(count)
    files.write("batches/bat_1/upload", upload, "text/csv")
    settings = {"template_id": "welcome", "mode": "links", "dry_run": False}
    batches.create(BatchRecord("bat_1", "k", settings, "running", 0, 2**31, attempt=1))
    steps = BatchSteps(
        files,
        batches,
        NoOutbox(),
        loader,
        lambda kid, epoch=0: KEYS,
        lambda sources, templates: [],
        PictureTools(never, never, never, never, never),
        MemoryUsageStore(),
        base_url="https://pictures.example.com",
    )

    def run(step: str, **more: Any) -> tuple[Any, float]:
        began = time.process_time()
        answer = steps.run({"batch": "bat_1", "step": step, **more}, deadline=float("inf"))
        return answer, time.process_time() - began

    before = peak_megabytes()
    _, split = run("split")
    chunks = json.loads(files.read("batches/bat_1/chunks.json", 0, 1 << 30))
    work = sum(run("work", chunk=chunk)[1] for chunk in chunks)
    after_work = peak_megabytes()
    sizes = [head.size for head in files.list("batches/bat_1/parts/")]
    _, join = run("join")
    record = batches.get("bat_1")
    assert record is not None and record.status == "completed", record
    print(f"{count:,} rows, {len(upload) / 1e6:.1f} MB, {len(chunks)} chunks")
    print(f"split  {count / split:>10,.0f} rows/s   {len(upload) / split / 1e6:.0f} MB/s")
    print(f"work   {count / work:>10,.0f} rows/s   {work / count * 1e6:.1f} µs a row")
    print(f"join   {count / join:>10,.0f} rows/s")
    print(f"alone  {1 / alternative(loader):>10,.0f} rows/s   as POST /v1/links without HTTP")
    print(f"parts of {min(sizes) / 1e6:.1f} to {max(sizes) / 1e6:.1f} MB")
    print(f"peak {before} MB with the upload, {after_work} MB with the parts behind the work")
    print(f"ok {record.ok:,}, default {record.defaults:,}, failed {record.failed:,}")


def alternative(loader: TemplateLoader) -> float:
    """CPU seconds of a row whose request is read and validated by itself."""
    loaded = loader.load_version("welcome", 1)
    assert isinstance(loaded, LoadedTemplate)
    options = OutputOptions()
    began = time.process_time()
    for row in people(SAMPLE):
        given = [{"name": "user_name", "text": row[1]}, {"name": "discount_code", "text": row[2]}]
        job = job_for_request(loaded, given, options, on_invalid="default")
        LinkMinter(loaded, options, job.size, KEYS).sign(job)
        _ = job.alt
    return (time.process_time() - began) / SAMPLE


def peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
