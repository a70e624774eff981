"""The steps of a batch, as the state machine calls them: split, work, join, fail, ended.

Each step may be called again at any time, also while an earlier call of it still runs. What was
done before is found in what is stored.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from postcard.budgets.money_budget import MoneyBudgets
from postcard.budgets.picture_price import PicturePrice, batch_cost
from postcard.campaigns.batches.batch_budget import (
    OVER_BUDGET,
    DrawingBudget,
    batch_budget,
    price_of,
    row_cost,
)
from postcard.campaigns.batches.batch_errors import BatchIncomplete, BatchRefused
from postcard.campaigns.batches.batch_facts import facts_of_plan, public_facts, warnings_of
from postcard.campaigns.batches.batch_files import BatchFiles
from postcard.campaigns.batches.batch_modes import (
    ImageAddresses,
    LinkAddresses,
    Pace,
    WarmAddresses,
)
from postcard.campaigns.batches.batch_service import batch_event
from postcard.campaigns.batches.dry_run import DryRunCheck, DryRunReport, DryRunResult
from postcard.campaigns.batches.join import (
    BatchJoin,
    JoinSizes,
    JoinState,
)
from postcard.campaigns.batches.plan import BatchPlan, BatchSettings, Chunk
from postcard.campaigns.batches.row_picture import AssetCheck, BatchRows, PictureAddress
from postcard.campaigns.batches.split import (
    SplitState,
    TableSplit,
    TemplatePlanner,
    make_plan,
)
from postcard.campaigns.batches.work import ChunkCounts, row_count, store_result, work_on
from postcard.campaigns.tables.table_refused import TableRefused
from postcard.delivery.picture_service import LinkKeysById, PictureService
from postcard.events.event_ids import event_id
from postcard.events.event_types import BATCH_COMPLETED, BATCH_FAILED
from postcard.links.signing import LinkKeys
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import (
    USAGE_SECONDS,
    BatchRecord,
    BatchStore,
    BudgetNotices,
    FileChanged,
    FileStore,
    JsonObject,
    ObjectStore,
    Outbox,
    UsageKey,
    UsageStore,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import SizedLruCache
from postcard.services.images import Images
from postcard.services.link_minting import LinkMinter
from postcard.settings import DEFAULT_BATCH_CONCURRENCY, DEFAULT_REGION
from postcard.timestamps import format_day

MAX_PART_BYTES = 64 * 1024 * 1024
ACTIVE = ("waiting", "running")
MAX_ROUNDS = 3  # of the map, in one attempt
MAX_COMPARED_BATCHES = 100  # the last ones of a key, among which the same upload is looked for
CACHED_PLANS = 8
ONLY_WRITE = "1"  # of a writer of usage: its token


@dataclass(frozen=True, slots=True)
class PictureTools:
    """What the modes of a batch need, made when a mode first needs it.

    Mode `links` needs none: neither a renderer nor fonts are loaded.
    """

    images: Callable[[], Images]
    pictures: Callable[[], PictureService]
    stored_pictures: Callable[[], ObjectStore]
    pipeline: Callable[[], RenderPipeline]
    money: Callable[[], MoneyBudgets]


class BatchSteps:
    """Does the steps. `concurrency` is the number of chunks that are worked on at once.

    `check_assets` says which assets that values name are not there. `max_rows` is the most of a
    file, `chunk_rows` those of a chunk; None: as their size says.
    """

    def __init__(
        self,
        files: FileStore,
        batches: BatchStore,
        outbox: Outbox,
        templates: TemplateLoader,
        keys: LinkKeysById,
        check_assets: AssetCheck,
        tools: PictureTools,
        usage: UsageStore,
        *,
        base_url: str,
        region: str = DEFAULT_REGION,
        stores_renders: bool = True,
        notices: BudgetNotices | None = None,
        concurrency: int = DEFAULT_BATCH_CONCURRENCY,
        max_rows: int | None = None,
        chunk_rows: int | None = None,
        join_sizes: JoinSizes | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._batches, self._outbox = files, batches, outbox
        self._templates, self._keys = templates, keys
        self._check_assets, self._tools, self._usage = check_assets, tools, usage
        self._base_url = base_url
        self._region = region
        self._stores_renders = stores_renders
        self._notices = notices
        self._concurrency = concurrency
        self._max_rows, self._chunk_rows = max_rows, chunk_rows
        self._join_sizes = join_sizes
        self._clock, self._monotonic, self._sleep = clock, monotonic, sleep
        self._plans: SizedLruCache[str, BatchPlan] = SizedLruCache(CACHED_PLANS)

    def run(self, event: JsonObject, *, deadline: float) -> JsonObject:
        """The answer to a step; `BatchRefused`, `BatchIncomplete` and others as the step failed.

        `deadline` is a `time.monotonic()` instant. A split or join that is not done by then answers
        `more`.
        """
        steps: Mapping[str, Callable[[JsonObject, Callable[[], bool]], JsonObject]] = {
            "split": self._split,
            "work": self._work,
            "join": self._join,
            "fail": self._fail,
            "ended": self._ended,
        }
        return steps[event["step"]](event, lambda: self._monotonic() >= deadline)

    # Split

    def _split(self, event: JsonObject, is_late: Callable[[], bool]) -> JsonObject:
        batch_id = event["batch"]
        files = BatchFiles(self._store, batch_id)
        record = self._batches.get(batch_id)
        if record is None or record.status not in ACTIVE:
            return _answer("cancelled")
        try:
            plan = self._stored_plan(files)
            if plan is None:
                state = self._scanned(files, record, is_late)
                if state is None:
                    files.write_json(files.chunks, [])
                    return _answer("ready", files.chunks)
                if not state.is_done:
                    files.write_json(files.split_state, state.to_json())
                    return _answer("more")
                plan = self._write_plan(files, record, state)
        except (TableRefused, BatchRefused, FileChanged) as error:
            raise self._refused(batch_id, error) from None
        self._update(batch_id, facts_of_plan(record, plan))
        return _answer("ready", files.chunks, plan.concurrency)

    def _scanned(
        self, files: BatchFiles, record: BatchRecord, is_late: Callable[[], bool]
    ) -> SplitState | None:
        """The state behind the rows that there was time for; None: an equal batch has the result.

        `TableRefused`, `BatchRefused`, `FileChanged`.
        """
        head = files.store.head(files.upload)
        if head is None:
            raise FileChanged("The upload is gone.")
        settings = BatchSettings.from_json(record.settings)
        split = TableSplit(
            files,
            settings,
            is_late=is_late,
            max_rows=self._max_rows,
            chunk_rows=self._chunk_rows,
        )
        stored = files.read_json(files.split_state)
        if stored is None:
            state = split.inspect(head)
            if self._take_result_of_equal(record, state):
                return None
            TemplatePlanner(
                self._templates, settings, state
            ).plan_main()  # before the rows are read
        else:
            state = SplitState.from_json(stored)
            head = replace(head, etag=state.etag)
        return split.scan(head, state)

    def _write_plan(self, files: BatchFiles, record: BatchRecord, state: SplitState) -> BatchPlan:
        """Store the chunks, then the plan: where it is, the split is done. `BatchRefused`."""
        settings = BatchSettings.from_json(record.settings)
        plan = make_plan(
            settings,
            state,
            TemplatePlanner(self._templates, settings, state).plan(),
            kid=self._keys(None).active_kid,
            base_url=self._base_url,
            now=self._clock(),
            concurrency=self._concurrency,
            price=self._price(settings),
            region=self._region,
        )
        if plan.affordable_rows is not None:
            self._say_exceeded(record)
        files.write_json(files.chunks, [chunk.to_json() for chunk in state.chunks])
        files.write_json(files.plan, plan.to_json())
        return plan

    def _take_result_of_equal(self, record: BatchRecord, state: SplitState) -> bool:
        """Whether a completed batch of the same key has the same file and settings.

        Then this batch is completed with that one's result. The one who pays sees one batch. What
        the other modes stored may be gone meanwhile, so these make again what is missing.
        """
        settings = BatchSettings.from_json(record.settings)
        if settings.mode != "links" and not settings.dry_run:
            return False
        page = self._batches.list(record.key_digest, limit=MAX_COMPARED_BATCHES, cursor=None)
        for other in page.items:
            if other.batch_id != record.batch_id and self._is_equal(settings, other, state.digest):
                changes = {
                    "status": "completed",
                    "ended_at": int(self._clock()),
                    "total": other.total,
                    "ok": other.ok,
                    "defaults": other.defaults,
                    "failed": other.failed,
                    "template_ids": other.template_ids,
                    "summary": {
                        **other.summary,
                        "same_as": other.summary.get("same_as") or other.batch_id,
                    },
                }
                return self._update_with_event(record, BATCH_COMPLETED, changes)
        return False

    def _is_equal(self, settings: BatchSettings, other: BatchRecord, digest: str) -> bool:
        if other.status != "completed" or other.expires_at <= self._clock():
            return False
        if other.summary.get("digest") != digest:
            return False
        if BatchSettings.from_json(other.settings) != settings:
            return False
        if other.summary.get("base_url") != self._base_url:
            return False
        versions: Mapping[str, int] = other.summary.get("template_versions") or {}
        if not self._has_files(other):
            return False
        return all(self._current_version(settings, name) == versions[name] for name in versions)

    def _has_files(self, record: BatchRecord) -> bool:
        """Whether the files of a completed batch, or of that whose result it has, are there."""
        if same_as := record.summary.get("same_as"):
            found = self._batches.get(same_as)
            if found is None or found.expires_at <= self._clock():
                return False
            record = found
        made = record.summary.get("result") or record.summary.get("report")
        return made is not None and self._store.head(made["key"]) is not None

    def _current_version(self, settings: BatchSettings, template_id: str) -> int | None:
        pinned = settings.template_versions.get(template_id)
        stored = self._templates.record(template_id)
        if stored is None or stored.deleted or stored.erased:
            return None
        return self._templates.load_effective(stored, pinned).version

    def _refused(
        self, batch_id: str, error: TableRefused | BatchRefused | FileChanged
    ) -> BatchRefused:
        """The error to raise. The record says at once what is wrong."""
        if isinstance(error, FileChanged):
            detail = "The upload was changed or removed while it was read: create another batch."
            refused = BatchRefused("upload_changed", detail)
        else:
            refused = BatchRefused(error.code, error.detail, error.line)
        if refused.code == OVER_BUDGET and (record := self._batches.get(batch_id)) is not None:
            self._say_exceeded(record)
        self._end_as_failed(batch_id, refused)
        return refused

    def _say_exceeded(self, record: BatchRecord) -> None:
        settings = BatchSettings.from_json(record.settings)
        if self._notices is not None and not settings.dry_run:
            budget = batch_budget(record.batch_id, settings, created_at=record.created_at)
            self._notices.exceeded(budget, now=self._clock())

    # Work

    def _work(self, event: JsonObject, is_late: Callable[[], bool]) -> JsonObject:
        chunk = Chunk.from_json(event["chunk"])
        answer = {"n": chunk.number}
        files = BatchFiles(self._store, event["batch"])
        if files.store.head(files.part(chunk.number)) is not None:
            return answer
        record = self._batches.get(event["batch"])
        if record is None or record.status not in ACTIVE:
            return answer
        plan = self._plan(files)
        rows = self._rows(plan, record)
        try:
            check = self._dry_run_check(plan, rows) if plan.settings.dry_run else None
            result = work_on(files, plan, chunk, rows, is_late=is_late, dry_run=check)
        except (FileChanged, BatchRefused) as error:
            self._count_drawn(record, plan, rows)
            raise self._refused(event["batch"], error) from None
        except Exception:  # the chunk is tried again
            self._count_drawn(record, plan, rows)
            raise
        if not plan.settings.dry_run:
            self._count_usage(event["batch"], plan, chunk, rows.made)
        if not store_result(files, chunk, result):
            self._count_drawn(record, plan, rows)
            return answer
        counts = result.counts
        is_counted = self._batches.add_counts(
            event["batch"],
            ok=counts.ok,
            defaults=counts.default,
            failed=counts.failed,
            cost=counts.cost,
            status_is=ACTIVE,
        )
        if not is_counted:  # it ended meanwhile, and its parts were deleted
            files.store.delete([files.part(chunk.number), files.part_report(chunk.number)])
        return answer

    def _count_drawn(self, record: BatchRecord, plan: BatchPlan, rows: BatchRows) -> None:
        """Count what was spent on pictures whose rows are not counted by this call."""
        if plan.settings.mode == "warm" and not plan.settings.dry_run and rows.cost:
            self._batches.add_counts(
                record.batch_id, ok=0, defaults=0, failed=0, cost=rows.cost, status_is=ACTIVE
            )

    def _count_usage(
        self, batch_id: str, plan: BatchPlan, chunk: Chunk, made: Mapping[str, int]
    ) -> None:
        """Count what a chunk made, by template.

        Each chunk is a writer of its own with one token, and it makes the same whenever it is
        worked on: it is counted once, however often it is delivered, and before it is stored.
        """
        day, campaign = format_day(plan.now), plan.settings.campaign or ""
        work = {"batch_chunks": 1} | ({"batches": 1} if chunk.number == 0 else {})
        for template_id, rows in sorted(made.items()):
            counts = {"links": rows, "batch_links": rows}
            if plan.settings.mode == "images":
                counts = {"images": rows}
            counts |= work
            work = {}
            self._usage.add(
                UsageKey(day, template_id, campaign),
                counts,
                writer=f"{batch_id}.{chunk.number}",
                token=ONLY_WRITE,
                expires_at=plan.now + USAGE_SECONDS,
            )

    def _rows(self, plan: BatchPlan, record: BatchRecord) -> BatchRows:
        keys = self._pinned_keys(plan)
        budget = self._drawing_budget(plan, record)
        return BatchRows(
            plan,
            self._templates.load_version,
            lambda loaded: self._addresses(plan, loaded, keys, budget),
            self._check_assets,
        )

    def _dry_run_check(self, plan: BatchPlan, rows: BatchRows) -> DryRunCheck:
        pipeline = self._tools.pipeline()
        return DryRunCheck(plan, rows, pipeline, monotonic=self._monotonic)

    def _drawing_budget(self, plan: BatchPlan, record: BatchRecord) -> DrawingBudget | None:
        """What the pictures of mode `warm` may cost; None without a limit."""
        settings = plan.settings
        if settings.max_usd is None or settings.mode != "warm" or settings.dry_run:
            return None
        budget = batch_budget(record.batch_id, settings, created_at=record.created_at)
        return DrawingBudget(
            self._tools.money(),
            replace(budget, fixed_cost=batch_cost(plan.rows, self._region)),
            self._price(settings),
            self._clock,
            stops=settings.on_budget == "stop",
        )

    def _addresses(
        self,
        plan: BatchPlan,
        loaded: LoadedTemplate,
        keys: LinkKeys,
        budget: DrawingBudget | None,
    ) -> PictureAddress:
        settings = plan.settings
        size, _ = settings.output.resolve_size(loaded.template.document)
        minter = LinkMinter(
            loaded,
            settings.output,
            size,
            keys,
            expires=plan.expires,
            campaign=settings.campaign,
        )
        price = self._price(settings)
        cost = row_cost(settings, price, self._region)
        links = LinkAddresses(minter, plan.base_url, cost)
        if settings.mode == "images" and not settings.dry_run:
            return ImageAddresses(self._tools.images(), links, plan.now, cost, settings.campaign)
        if settings.mode != "warm" or settings.dry_run:
            return links
        return WarmAddresses(
            links,
            keys,
            self._tools.pictures(),
            self._tools.stored_pictures(),
            Pace(settings.rate / plan.concurrency, self._monotonic, self._sleep),
            self._clock,
            self._monotonic,
            price,
            budget,
        )

    def _price(self, settings: BatchSettings) -> PicturePrice:
        return price_of(settings, self._region, stores_renders=self._stores_renders)

    def _pinned_keys(self, plan: BatchPlan) -> LinkKeys:
        """The keys, of which the plan's signs also after a rotation."""
        keys = self._keys(plan.kid)
        if plan.kid not in keys.signing_keys:
            detail = "The key that signs this batch's links was removed: create another batch."
            raise BatchRefused("internal", detail)
        return replace(keys, active_kid=plan.kid)

    # Join

    def _join(self, event: JsonObject, is_late: Callable[[], bool]) -> JsonObject:
        batch_id = event["batch"]
        files = BatchFiles(self._store, batch_id)
        record = self._batches.get(batch_id)
        if record is not None and record.status == "completed":
            return _answer("done")
        if record is None or record.status not in ACTIVE:
            return _answer("cancelled")
        plan = self._plan(files)
        join = BatchJoin(files, plan, record.attempt, self._join_sizes)
        if missing := join.missing_chunks():
            return self._another_round(files, record, plan, missing)
        counts = join.run(is_late)
        if counts is None:
            return _answer("more")
        return self._complete(files, record, plan, join, counts)

    def _another_round(
        self, files: BatchFiles, record: BatchRecord, plan: BatchPlan, missing: Sequence[int]
    ) -> JsonObject:
        rounds = record.rounds + 1
        if rounds >= MAX_ROUNDS:
            raise BatchIncomplete(len(missing))
        chunks = files.read_json(files.chunks) or []
        files.write_json(files.todo, [chunks[number] for number in missing])
        if not self._update(record.batch_id, {"rounds": rounds}):
            return _answer("cancelled")
        return _answer("missing", files.todo, plan.concurrency)

    def _complete(
        self,
        files: BatchFiles,
        record: BatchRecord,
        plan: BatchPlan,
        join: BatchJoin,
        counts: ChunkCounts,
    ) -> JsonObject:
        made, warnings = join.made_files(counts), warnings_of(plan, counts)
        if plan.settings.dry_run:
            predicted = self._predict(files, plan)
            made, warnings = {**made, **predicted.files}, [*warnings, *predicted.warnings]
        summary = {
            **record.summary,
            **made,
            "escaped_cells": counts.escaped,
            "replaced_characters": counts.replaced,
        }
        files.write_json(files.summary, {**public_facts(plan), **counts.to_json()})
        changes = {
            "status": "completed",
            "ended_at": int(self._clock()),
            "total": row_count(counts),
            "ok": counts.ok,
            "defaults": counts.default,
            "failed": counts.failed,
            "cost": self._cost(record, plan, counts),
            "summary": {**summary, "warnings": warnings},
        }
        if not self._update_with_event(record, BATCH_COMPLETED, changes):
            return _answer("cancelled")
        files.delete_work()
        return _answer("done")

    def _cost(self, record: BatchRecord, plan: BatchPlan, counts: ChunkCounts) -> int:
        """What the pictures cost; in mode `warm` also those of chunks that were tried again.

        In the other modes it follows from the rows, while what the record says may have been
        counted twice, or not at all.
        """
        return max(record.cost, counts.cost) if plan.settings.mode == "warm" else counts.cost

    def _predict(self, files: BatchFiles, plan: BatchPlan) -> DryRunResult:
        report = DryRunReport(
            files,
            plan,
            self._tools.pipeline(),
            self._templates.load_version,
            clock=self._clock,
            monotonic=self._monotonic,
        )
        keys = (files.part(number) for number in range(plan.chunk_count))
        return report.write(files.store.read(key, 0, MAX_PART_BYTES) for key in keys)

    # Fail and ended

    def _fail(self, event: JsonObject, is_late: Callable[[], bool]) -> JsonObject:
        """The state machine gave up: the record says so, unless it says already what is wrong."""
        del is_late
        if event.get("error") == "BatchIncomplete":
            detail = "Some rows could not be worked on, also when tried again: start it once more."
            error = BatchRefused("incomplete", detail)
        else:
            error = BatchRefused("internal", "Postcard failed at this batch: start it once more.")
        self._end_as_failed(event["batch"], error)
        return {}

    def _ended(self, event: JsonObject, is_late: Callable[[], bool]) -> JsonObject:
        """An execution ended by itself: a batch that still runs by it has failed."""
        record = self._batches.get(event["batch"])
        execution = event.get("execution")
        if event.get("status") == "SUCCEEDED" or record is None:
            return {}
        if execution is not None and record.execution not in (None, execution):
            return {}
        return self._fail(event, is_late)

    def _end_as_failed(self, batch_id: str, error: BatchRefused) -> None:
        described = {"code": error.code, "detail": error.detail, "line": error.line}
        changes = {"status": "failed", "ended_at": int(self._clock()), "error": described}
        record = self._batches.get(batch_id)
        if record is not None and self._update_with_event(record, BATCH_FAILED, changes):
            files = BatchFiles(self._store, batch_id)
            stored = files.read_json(files.join_state)
            if stored is not None:
                for state in map(JoinState.from_json, stored.values()):
                    if state.upload_id and not state.is_done:
                        files.store.abort_upload(state.key, state.upload_id)
                files.store.delete([files.join_state])

    # The plan and the record

    def _stored_plan(self, files: BatchFiles) -> BatchPlan | None:
        plan = self._plans.get(files.prefix)
        if plan is None and (stored := files.read_json(files.plan)) is not None:
            plan = BatchPlan.from_json(stored)
            self._plans.put(files.prefix, plan)
        return plan

    def _plan(self, files: BatchFiles) -> BatchPlan:
        plan = self._stored_plan(files)
        if plan is None:
            raise BatchRefused("internal", "The batch's files are gone: create another batch.")
        return plan

    def _update_with_event(
        self, record: BatchRecord, event_type: str, changes: Mapping[str, Any]
    ) -> bool:
        """End a batch that has not ended, and tell webhooks of it; whether it was ended now."""
        now, ended = self._clock(), replace(record, **changes)
        identity = event_id(event_type, record.batch_id, record.attempt, at=now)
        event = batch_event(ended, now=now, region=self._region)
        deliveries = self._outbox.deliveries(event_type, identity, event, now=now)
        is_ended_now = self._batches.update(record.batch_id, changes, deliveries, status_is=ACTIVE)
        if is_ended_now:
            self._outbox.announce(deliveries)
        return is_ended_now

    def _update(self, batch_id: str, changes: Mapping[str, Any]) -> bool:
        """Change a batch that has not ended; whether it was changed."""
        return self._batches.update(batch_id, changes, status_is=ACTIVE)


def _answer(state: str, chunks: str = "", concurrency: int = 1) -> JsonObject:
    return {"state": state, "chunks": chunks, "concurrency": concurrency}
