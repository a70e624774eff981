"""Opaque images: an address without personal data, drawn once, erased on demand."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from postcard import ports
from postcard.budgets.render_budget import RenderBudget
from postcard.deletion.blind_index import blind_indexes
from postcard.deletion.stored_pictures import StoredPictures, without_values
from postcard.delivery.picture_service import DAY_SECONDS, cache_for, image_key
from postcard.errors import GatewayTimeout, Gone, NotFound, TooManyRequests, faults_to_json
from postcard.events.image_events import ImageEvents, image_properties, image_url
from postcard.links.image_ids import derive_image_id, is_valid_image_id
from postcard.links.signing import LinkKeys
from postcard.pipeline.pipeline import (
    RenderPipeline,
    RenderResult,
    bad_request_for,
    check_permitted_assets,
)
from postcard.pipeline.render_job import OutputOptions, RenderJob, check_size, job_for_request
from postcard.pipeline.template_loader import TemplateLoader
from postcard.pipeline.timings import Timings
from postcard.ports import ImageRecord, JsonObject, StoredObject, TemplateRecord
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.links import LinkService
from postcard.template.bind import BindMode

if TYPE_CHECKING:
    from postcard.budgets.money_budget import PictureAllowance
    from postcard.budgets.template_budgets import TemplateBudgets


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """The body of `POST /v1/images`; None means the template's own.

    `metadata` is for the event of this call. `key_templates` are those that the API key is limited
    to.
    """

    template_id: str
    template_version: int | None = None
    modifications: Sequence[Mapping[str, Any]] = ()
    on_invalid: BindMode = "error"
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    max_bytes: int | None = None
    render: str = "now"
    metadata: JsonObject | None = None
    campaign: str | None = None
    key_templates: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ImageResult:
    """An image for the response. `warnings` are those of this call, then those of the picture.

    `usage` are the counts of what this call made.
    """

    record: ImageRecord
    url: str
    cached: bool
    warnings: Sequence[Mapping[str, str]]
    log_fields: JsonObject = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """The response without `cached` and `metadata`. It never holds the values."""
        record = self.record
        return {
            **image_properties(record, url=self.url),
            "alt": record.alt,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class _Call:
    """When a call came, until when it may draw, and the metadata for its event."""

    now: float
    deadline: float
    metadata: JsonObject | None


class Images:
    """Creates, reads and erases opaque images."""

    def __init__(
        self,
        templates: TemplateLoader,
        pipeline: RenderPipeline,
        links: LinkService,
        records: ports.ImageStore,
        events: ImageEvents,
        pictures: ports.ObjectStore,
        stored_pictures: StoredPictures,
        budget: RenderBudget,
        template_budgets: "Callable[[], TemplateBudgets]",
        keys: Callable[[], LinkKeys],
        *,
        base_url: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._templates = templates
        self._pipeline = pipeline
        self._links = links
        self._records = records
        self._events = events
        self._pictures = pictures
        self._stored_pictures = stored_pictures
        self._budget = budget
        self._template_budgets = template_budgets
        self._keys = keys
        self._base_url = base_url

    def create(self, request: ImageRequest, *, now: float, deadline: float) -> ImageResult:
        """The image of a request: the existing one, or a new one. `now` is in Unix seconds."""
        owner = self._templates.usable_record(request.template_id, "/template_id")
        with self._links.with_fallback_url(owner):
            template = self._templates.load_effective(
                owner, request.template_version, "/template_version"
            )
            options = OutputOptions(
                request.format, request.width, request.dpr, request.quality, request.max_bytes
            )
            job = job_for_request(
                template,
                request.modifications,
                options,
                on_invalid=request.on_invalid,
                key_templates=request.key_templates,
            )
            check_permitted_assets(job, now=now)
            image_id = derive_image_id(self._keys(), job.canonical())
            existing = self._refresh_status(self._records.get(image_id), now=now)
            if existing is not None and _is_reusable(existing, request.render):
                return self._result(existing, job, cached=True, outcome="cached")
            record = self._new_record(image_id, job, existing, now, request.campaign)
            call = _Call(now, deadline, request.metadata)
            made = self._make(request, owner, record, job, call)
            if existing is None or existing.erased:
                return made
            return replace(made, usage={**made.usage, "images": 0})  # it was counted before

    def _make(
        self,
        request: ImageRequest,
        owner: TemplateRecord,
        record: ImageRecord,
        job: RenderJob,
        call: _Call,
    ) -> ImageResult:
        """Draws the picture, or leaves that to its first GET."""
        if self._is_drawn_on_open(request, owner, job, call.now):
            return self._put_pending(record, job)
        if owner.daily_usd is None:
            return self._draw(record, job, call)
        seconds = call.deadline - self._monotonic()
        allowance = self._template_budgets().reserve(
            owner, is_image=True, seconds=seconds, now=call.now
        )
        if allowance is None:
            _refuse_if_asked(owner, call.now)
            return self._put_pending(record, job)
        return self._draw_within(allowance, record, job, call)

    def create_pending(
        self, job: RenderJob, *, now: float, campaign: str | None = None
    ) -> ImageResult:
        """The image of a job, drawn at its first GET: as `create` with `render` `on_open` makes it.

        One read of the table, and one write unless the image exists.
        """
        image_id = derive_image_id(self._keys(), job.canonical())
        existing = self._records.get(image_id)
        if existing is not None and _is_reusable(existing, "on_open"):
            return self._result(existing, job, cached=True, outcome="cached")
        record = self._new_record(image_id, job, existing, now, campaign)
        return self._put_pending(record, job)

    def _new_record(
        self,
        image_id: str,
        job: RenderJob,
        existing: ImageRecord | None,
        now: float,
        campaign: str | None,
    ) -> ImageRecord:
        """A new record; an image keeps the creation time and the campaign of its first POST."""
        created_at = int(now)
        if existing is not None and not existing.erased:
            created_at, campaign = existing.created_at, existing.campaign or campaign
        record = _record(image_id, job, created_at, campaign)
        indexes = blind_indexes(self._keys(), job.template, job.values)
        return replace(record, blind_indexes=indexes)

    def _put_pending(self, record: ImageRecord, job: RenderJob) -> ImageResult:
        status = "timed" if job.template.depends_on_time else "pending"
        self._records.put(record := replace(record, status=status))
        return replace(
            self._result(record, job, cached=False, outcome="pending"), usage={"images": 1}
        )

    def read(self, image_id: str, *, now: float) -> ImageResult:
        """An image by its id; `NotFound`, `Gone` once erased."""
        stored = self._existing(image_id)
        template = self._templates.record(stored.template_id)
        if template is not None and not template.erased:
            is_recalled = stored.version in template.recalls
            record = self._refresh_status(stored, now=now, is_recalled=is_recalled)
            if record is not None and not record.erased:
                return ImageResult(record, image_url(record, self._base_url), True, record.warnings)
        raise Gone(f'The image "{image_id}" was erased; the same POST makes it anew.')

    def owner(self, image_id: str) -> str:
        """The id of the image's template; `NotFound`."""
        return self._existing(image_id).template_id

    def erase(self, image_id: str) -> None:
        """Erases the values, then the stored picture and the CDN's copies.

        The values go first, so that no GET draws the picture again.
        """
        record = self._existing(image_id)
        self._records.put(without_values(record))
        self._stored_pictures.delete_images([record])

    def _existing(self, image_id: str) -> ImageRecord:
        record = self._records.get(image_id) if is_valid_image_id(self._keys(), image_id) else None
        if record is None:
            raise NotFound(f'There is no image "{image_id}".')
        return record

    def _refresh_status(
        self, record: ImageRecord | None, *, now: float, is_recalled: bool = False
    ) -> ImageRecord | None:
        """The record, now `ready` if a GET has drawn the picture since.

        The picture of a recalled version was deleted, or is drawn with the version that replaces
        it. A recall does not change the records of images: there may be a million.
        """
        if record is None or record.erased or record.status == "timed":
            return record
        if record.status == "ready" and not is_recalled:
            return record
        stored = self._pictures.get(image_key(record.image_id, record.format))
        if stored is None:
            return replace(record, status="pending", bytes=None) if is_recalled else record
        return self._events.set_ready(record, len(stored.body), now=now)

    def _is_drawn_on_open(
        self, request: ImageRequest, template: TemplateRecord, job: RenderJob, now: float
    ) -> bool:
        """Whether the picture is drawn at its first GET instead of now."""
        if request.render == "on_open" or job.template.depends_on_time or template.paused:
            return True
        if self._budget.spend(template, now=now):
            return False
        _refuse_if_asked(template, now)
        return True

    def _draw(self, record: ImageRecord, job: RenderJob, call: _Call) -> ImageResult:
        timings = Timings()
        result = self._render(job, call.now, call.deadline, timings)
        return self._store_drawn(record, job, result, timings, call)

    def _draw_within(
        self,
        allowance: "PictureAllowance",
        record: ImageRecord,
        job: RenderJob,
        call: _Call,
    ) -> ImageResult:
        """Draws in the time and the bytes that the budget pays for, and charges the picture.

        If they are not enough, the image is pending.
        """
        timings, started_at, drawn_bytes = Timings(), self._monotonic(), 0
        affordable = started_at + allowance.seconds
        try:
            result = self._render(job, call.now, min(call.deadline, affordable), timings)
            size = len(result.image.body)
            milliseconds = (self._monotonic() - started_at) * 1000
            if not allowance.covers(milliseconds=milliseconds, picture_bytes=size):
                return self._put_pending(record, job)
            drawn_bytes = size
            return self._store_drawn(record, job, result, timings, call)
        except GatewayTimeout:
            if affordable >= call.deadline:
                raise
            return self._put_pending(record, job)
        finally:
            milliseconds = (self._monotonic() - started_at) * 1000
            allowance.settle(milliseconds=milliseconds, picture_bytes=drawn_bytes)

    def _render(
        self, job: RenderJob, now: float, deadline: float, timings: Timings
    ) -> RenderResult:
        try:
            result = self._pipeline.draw(job, now=now, deadline=deadline, timings=timings)
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        check_size(result.image)
        return result

    def _store_drawn(
        self,
        record: ImageRecord,
        job: RenderJob,
        result: RenderResult,
        timings: Timings,
        call: _Call,
    ) -> ImageResult:
        record = replace(
            record,
            status="degraded" if result.degraded else "ready",
            bytes=len(result.image.body),
            warnings=faults_to_json(result.warnings),
        )
        if not result.degraded:
            self._store(record, result)
        self._events.put(record, now=call.now, metadata=call.metadata)
        timings.lap("store")
        answer = self._result(
            record, job, cached=False, outcome="drawn", timings_ms=timings.milliseconds
        )
        return replace(
            answer,
            usage={
                "images": 1,
                "drawn_ahead": 1,
                "bytes": len(result.image.body),
                "ahead_bytes": len(result.image.body),
                "duration_ms": round(timings.total_ms),
            },
        )

    def _store(self, record: ImageRecord, result: RenderResult) -> None:
        """Stores the picture. Its record follows, so that no record names a missing picture."""
        image = result.image
        stored = StoredObject(
            image.body, image.content_type, cache_control=cache_for(DAY_SECONDS).cache_control
        )
        self._pictures.put(image_key(record.image_id, record.format), stored)

    def _result(
        self, record: ImageRecord, job: RenderJob, *, cached: bool, outcome: str, **more: Any
    ) -> ImageResult:
        warnings = [*faults_to_json(job.values.warnings), *record.warnings]
        log_fields = {
            "image_id": record.image_id,
            "version": record.version,
            "outcome": outcome,
            "bytes": record.bytes,
            **more,
        }
        return ImageResult(record, image_url(record, self._base_url), cached, warnings, log_fields)


def _refuse_if_asked(template: TemplateRecord, now: float) -> None:
    """`TooManyRequests` if a template over its daily budget is to stop."""
    if template.on_budget == "stop":
        raise TooManyRequests(
            "The template's budget of this day (UTC) is spent: wait for the next day, or raise it.",
            code="over_budget",
            headers={"Retry-After": str(DAY_SECONDS - int(now) % DAY_SECONDS)},
        )


def _is_reusable(existing: ImageRecord, render: str) -> bool:
    if existing.erased:
        return False
    return existing.status in ("ready", "timed") or (
        existing.status == "pending" and render == "on_open"
    )


def _record(image_id: str, job: RenderJob, created_at: int, campaign: str | None) -> ImageRecord:
    size = job.size
    return ImageRecord(
        image_id=image_id,
        template_id=job.template.id,
        version=job.loaded.version,
        values=job.values.to_canonical_json(),
        format=job.format,
        width=size.width,
        height=size.height,
        display_width=size.display_width,
        display_height=size.display_height,
        dpr=job.dpr,
        quality=job.quality,
        max_bytes=job.max_bytes,
        alt=job.alt,
        created_at=created_at,
        status="pending",
        campaign=campaign,
    )
