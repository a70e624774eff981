"""Plays the state machine of batches over a service in memory."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from postcard.adapters.memory.batches import MemoryBatchStore
from postcard.adapters.memory.files import MemoryFileStore
from postcard.budgets.money_budget import MoneyBudgets
from postcard.budgets.money_notices import MoneyNotices
from postcard.campaigns.batches.batch_errors import BatchIncomplete, BatchRefused, ChunkFailed
from postcard.campaigns.batches.join import JoinSizes
from postcard.campaigns.batches.steps import BatchSteps, PictureTools
from postcard.campaigns.tables.csv_dialect import find_dialect
from postcard.errors import SourceImageFault
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import BatchRecord, JsonObject
from postcard.rendering.images import ImageSource
from tests.functions.in_memory_service import BASE_URL, InMemoryService

SMALL_JOIN = JoinSizes(min_part_bytes=64, group_bytes=100)


class BatchRunner:
    """Batches in memory; `missing_assets` are those that are not there."""

    def __init__(self, world: InMemoryService, **options: Any) -> None:
        self.world = world
        self.files = MemoryFileStore(min_part_bytes=64)
        self.batches = MemoryBatchStore(world.deliveries)
        self.missing_assets: set[str] = set()
        self.checked_assets: list[str] = []
        self.options = {"join_sizes": SMALL_JOIN, "base_url": BASE_URL, **options}
        self.slept: list[float] = []
        self.events: list[JsonObject] = []
        self.restart()

    def restart(self) -> None:
        """Begin a new process."""
        self.money = MoneyBudgets(
            self.world.budgets,
            MoneyNotices(self.world.budget_notices),
            monotonic=lambda: self.world.monotonic_now,
        )
        self.steps = BatchSteps(
            self.files,
            self.batches,
            self.world.outbox(),
            TemplateLoader(self.world.templates),
            lambda kid, epoch=0: self.world.link_keys,
            self._check_assets,
            PictureTools(
                images=lambda: self.world.api.images,
                pictures=lambda: self.world.image.pictures,
                stored_pictures=lambda: self.world.pictures,
                pipeline=lambda: self.world.api.previews._pipeline,
                money=lambda: self.money,
            ),
            self.world.usage,
            notices=MoneyNotices(self.world.budget_notices),
            clock=lambda: self.world.now,
            monotonic=lambda: self.world.monotonic_now,
            sleep=self._sleep,
            **self.options,
        )

    def create(self, body: bytes, batch_id: str = "bat_1", **settings: Any) -> None:
        """A batch whose file is uploaded and which is started."""
        summary = settings.pop("summary", {})
        key = settings.pop("key", "k")
        given = {"template_id": "welcome", "mode": "links", "dry_run": False, **settings}
        self.files.write(f"batches/{batch_id}/upload", body, "text/csv")
        self.batches.create(
            BatchRecord(
                batch_id,
                key,
                given,
                "running",
                created_at=int(self.world.now),
                expires_at=int(self.world.now) + 604_800,
                summary=summary,
                attempt=1,
                execution="arn:1",
            )
        )

    def step(
        self, name: str, batch_id: str = "bat_1", deadline: float = math.inf, **more: Any
    ) -> Any:
        event = {"batch": batch_id, "step": name, **more}
        self.events.append(event)
        answer = self.steps.run(json.loads(json.dumps(event)), deadline=deadline)
        return json.loads(json.dumps(answer))

    def run(
        self,
        batch_id: str = "bat_1",
        *,
        deadline: Callable[[], float] = lambda: math.inf,
        skip: Callable[[int, int], bool] = lambda number, round_: False,
    ) -> BatchRecord:
        """Everything to the end; `skip` loses chunks (number, round) as a lying map does."""
        try:
            self._run(batch_id, deadline, skip)
        except (BatchRefused, BatchIncomplete) as error:
            self.step("fail", batch_id, error=type(error).__name__)
        return self.record(batch_id)

    def _run(self, batch_id: str, deadline: Any, skip: Any) -> None:
        while (answer := self.step("split", batch_id, deadline()))["state"] == "more":
            self.restart()
        rounds = 0
        while answer["state"] in ("ready", "missing"):
            for chunk in self.json_file(answer["chunks"]):
                if not skip(chunk["n"], rounds):
                    with suppress(ChunkFailed):  # also after it was tried again: the map goes on
                        assert self.step("work", batch_id, chunk=chunk) == {"n": chunk["n"]}
            rounds += 1
            while (answer := self.step("join", batch_id, deadline()))["state"] == "more":
                self.restart()

    def do(self, body: bytes, batch_id: str = "bat_1", **settings: Any) -> BatchRecord:
        """Create and run a batch that must be completed."""
        self.create(body, batch_id, **settings)
        record = self.run(batch_id)
        assert record.status == "completed", record.error
        return record

    def record(self, batch_id: str = "bat_1") -> BatchRecord:
        record = self.batches.get(batch_id)
        assert record is not None
        return record

    def file(self, key: str) -> bytes:
        head = self.files.head(key)
        assert head is not None, key
        return self.files.read(key, 0, head.size)

    def json_file(self, key: str) -> Any:
        return json.loads(self.file(key))

    def result(self, batch_id: str = "bat_1") -> bytes:
        """The bytes of the result."""
        return self.file(self.record(batch_id).summary["result"]["key"])

    def rows(self, batch_id: str = "bat_1", encoding: str = "utf-8") -> list[dict[str, str]]:
        """The rows of a CSV result by the names of their columns."""
        return csv_rows(self.result(batch_id), encoding)

    def report(self, batch_id: str = "bat_1") -> list[dict[str, str]]:
        text = self.file(self.record(batch_id).summary["report"]["key"]).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def file_names(self) -> list[str]:
        """The names of the batch's files."""
        return [head.key for head in self.files.list("batches/")]

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.advance_monotonic(seconds)

    def _check_assets(
        self, sources: Sequence[ImageSource], templates: Sequence[str] | None
    ) -> Sequence[SourceImageFault]:
        self.checked_assets += [source.reference for source in sources]
        return [
            SourceImageFault("image_unavailable", s.pointer, "There is no such asset.", s.reference)
            for s in sources
            if s.reference in self.missing_assets
        ]


def csv_bytes(
    rows: Sequence[Sequence[str]],
    header: Sequence[str] = ("Email", "First Name"),
    encoding: str = "utf-8",
    **options: Any,
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, **{"lineterminator": "\r\n", **options})
    writer.writerows([header, *rows] if header else rows)
    return text.getvalue().encode(encoding)


def csv_rows(body: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    text = body.decode(encoding).lstrip("\ufeff")
    options = find_dialect(text).reader_options()
    return list(csv.DictReader(io.StringIO(text, newline=""), **options))


def people(count: int) -> list[list[str]]:
    return [[f"user{number}@example.com", f"Ann {number}"] for number in range(1, count + 1)]


def fields_of(url: str) -> Mapping[str, str]:
    """The values in a link."""
    from postcard.links.parse import parse_link

    path, _, query = url.removeprefix(BASE_URL).partition("?")
    return parse_link(path, query).fields
