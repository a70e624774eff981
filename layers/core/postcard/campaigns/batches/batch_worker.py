"""What the batch function calls: the steps of batches, put together from ports."""

import time
from collections.abc import Callable
from functools import cache
from typing import Protocol

from postcard import ports
from postcard.budgets.money_notices import MoneyNotices
from postcard.campaigns.batches.steps import BatchSteps, PictureTools
from postcard.deletion.stored_pictures import StoredPictures
from postcard.delivery.assembly import Dependencies, SharedServices, image_service
from postcard.delivery.picture_service import PictureService
from postcard.events.image_events import ImageEvents
from postcard.links.signing import LinkKeys
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.images import Images
from postcard.services.links import LinkService
from postcard.settings import DEFAULT_BATCH_CONCURRENCY, MAX_BATCH_ROWS

MAX_CONCURRENCY = 40  # chunks of one batch that are worked on at once


class StepRunner(Protocol):
    """Does a step of a batch."""

    def __call__(self, event: JsonObject, *, deadline: float) -> JsonObject:
        """Do a step before the `time.monotonic()` instant `deadline`; returns its answer.

        It may get a step twice. If it raises, the state machine repeats it, or fails the batch.
        """


@dataclass(frozen=True, slots=True)
class BatchWorker:
    """The steps; `set_deadline` takes the `time.monotonic()` instant that ends every wait."""

    run: StepRunner
    set_deadline: Callable[[float], None]
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class BatchDependencies:
    """What batches need beside the picture service's dependencies."""

    dependencies: Dependencies
    files: ports.FileStore
    batches: ports.BatchStore
    outbox: ports.Outbox
    cdn: ports.Cdn
    usage: ports.UsageStore
    base_url: str
    concurrency: int = DEFAULT_BATCH_CONCURRENCY
    max_rows: int = MAX_BATCH_ROWS
    chunk_rows: int | None = None


def batch_worker(batch: BatchDependencies) -> BatchWorker:
    """The steps that the batch function does."""
    dependencies = batch.dependencies
    shared = SharedServices.build(dependencies, normalize_uploads=False)

    def keys() -> LinkKeys:
        return dependencies.keys(None)

    @cache
    def images() -> Images:
        links = LinkService(shared.templates, shared.pipeline, keys, base_url=batch.base_url)
        return Images(
            shared.templates,
            shared.pipeline,
            links,
            dependencies.images,
            ImageEvents(dependencies.images, batch.outbox, base_url=batch.base_url),
            dependencies.pictures,
            StoredPictures(dependencies.pictures, batch.cdn),
            shared.budget,
            shared.template_budgets,
            keys,
            base_url=batch.base_url,
            monotonic=dependencies.monotonic,
        )

    @cache  # with its caches: all chunks draw from the same sources and fonts
    def pictures() -> PictureService:
        return image_service(dependencies).pictures

    steps = BatchSteps(
        batch.files,
        batch.batches,
        batch.outbox,
        shared.templates,
        dependencies.keys,
        lambda sources, templates: shared.sources.check_assets(sources, templates=templates),
        PictureTools(
            images=images,
            pictures=pictures,
            stored_pictures=lambda: dependencies.pictures,
            pipeline=lambda: shared.pipeline,
            money=shared.money,
        ),
        batch.usage,
        base_url=batch.base_url,
        region=dependencies.region,
        stores_renders=dependencies.stores_renders,
        notices=MoneyNotices(dependencies.budget_notices),
        concurrency=min(batch.concurrency, MAX_CONCURRENCY),
        max_rows=batch.max_rows,
        chunk_rows=batch.chunk_rows,
        clock=dependencies.clock,
        monotonic=dependencies.monotonic,
    )

    def run(event: JsonObject, *, deadline: float) -> JsonObject:
        try:
            return steps.run(event, deadline=deadline)
        finally:  # the pictures that a chunk of mode `warm` drew
            dependencies.usage.finish(deadline)

    return BatchWorker(run, dependencies.set_deadline, dependencies.monotonic)
