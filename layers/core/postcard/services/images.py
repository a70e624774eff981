"""Opaque images: an address without personal data, drawn once, remembered, erased on demand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from postcard import ports
from postcard.delivery.response import DAY_SECONDS, cache_for, image_key
from postcard.errors import Gone, NotFound, faults_to_json
from postcard.links import verify as links
from postcard.links.signing import LinkKeys
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, Timings, bad_request_for
from postcard.pipeline.render_job import OutputOptions, RenderJob, check_size, job_for_request
from postcard.pipeline.template_loader import TemplateLoader
from postcard.ports import ImageRecord, JsonObject, StoredObject, TemplateRecord
from postcard.render_budget import RenderBudget
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.blind_index import blind_indexes
from postcard.services.links import LinkService
from postcard.template.bind import BindMode
from postcard.timestamps import format_rfc3339


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """What `POST /v1/images` asks for; None is the template's own."""

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


@dataclass(frozen=True, slots=True)
class ImageResult:
    """An image as callers are told of it. `warnings` are this call's, then the picture's."""

    record: ImageRecord
    url: str
    cached: bool
    warnings: Sequence[Mapping[str, str]]
    log_fields: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Everything but `cached` and `metadata`; never the values."""
        record = self.record
        return {
            "id": record.image_id,
            "url": self.url,
            "created_at": format_rfc3339(record.created_at),
            "template_id": record.template_id,
            "template_version": record.version,
            "status": record.status,
            "format": record.format,
            "width": record.width,
            "height": record.height,
            "display_width": record.display_width,
            "display_height": record.display_height,
            "bytes": record.bytes,
            "alt": record.alt,
            "warnings": list(self.warnings),
        }


class Images:
    """Makes, tells of and erases opaque images."""

    def __init__(
        self,
        library: TemplateLoader,
        studio: RenderPipeline,
        minting: LinkService,
        records: ports.ImageStore,
        pictures: ports.ObjectStore,
        cdn: ports.Cdn,
        budget: RenderBudget,
        keys: Callable[[], LinkKeys],
        *,
        base_url: str,
    ) -> None:
        self._library = library
        self._studio = studio
        self._minting = minting
        self._records = records
        self._pictures = pictures
        self._cdn = cdn
        self._budget = budget
        self._keys = keys
        self._base_url = base_url

    def create(self, asked: ImageRequest, *, now: float, deadline: float) -> ImageResult:
        """The image of a request: the one there is, or a new one."""
        template = self._library.usable_record(asked.template_id, "/template_id")
        with self._minting.with_fallback_url(template):
            edition = self._library.load_effective(
                template, asked.template_version, "/template_version"
            )
            looks = OutputOptions(
                asked.format, asked.width, asked.dpr, asked.quality, asked.max_bytes
            )
            order = job_for_request(
                edition, asked.modifications, looks, on_invalid=asked.on_invalid
            )
            image_id = links.image_id(self._keys(), order.canonical())
            known = self._refresh_status(self._records.get(image_id))
            if known is not None and _is_reusable(known, asked.render):
                return self._result(known, order, cached=True, outcome="cached")
            record = _record(image_id, order, known, now)
            record = replace(
                record, blind_indexes=blind_indexes(self._keys(), order.template, order.values)
            )
            if self._is_drawn_on_open(asked, template, order, now):
                status = "timed" if order.template.depends_on_time else "pending"
                self._records.put(record := replace(record, status=status))
                return self._result(record, order, cached=False, outcome="pending")
            return self._draw(record, order, now, deadline)

    def read(self, image_id: str) -> ImageResult:
        """What is known of an image; `NotFound`, `Gone` once erased."""
        known = self._refresh_status(self._existing(image_id))
        if known is None or known.erased:
            raise Gone(f'The image "{image_id}" was erased; the same POST makes it anew.')
        return ImageResult(known, self._url(known), True, known.warnings)

    def owner(self, image_id: str) -> str:
        """The id of its template."""
        return self._existing(image_id).template_id

    def erase(self, image_id: str) -> None:
        """Forget values and bytes here and at the CDN. First the values: nothing is drawn anew."""
        record = self._existing(image_id)
        self._records.put(without_values(record))
        self._pictures.delete([image_key(record.image_id, record.format)])
        self._cdn.invalidate(cdn_paths(record))

    def _existing(self, image_id: str) -> ImageRecord:
        record = (
            self._records.get(image_id) if links.is_valid_image_id(self._keys(), image_id) else None
        )
        if record is None:
            raise NotFound(f'There is no image "{image_id}".')
        return record

    def _refresh_status(self, record: ImageRecord | None) -> ImageRecord | None:
        """An image that was drawn at an open since we last looked is ready now."""
        if record is None or record.erased or record.status not in ("pending", "degraded"):
            return record
        stored = self._pictures.get(image_key(record.image_id, record.format))
        if stored is None:
            return record
        ready = replace(record, status="ready", bytes=len(stored.body), warnings=())
        self._records.put(ready)
        return ready

    def _is_drawn_on_open(
        self, asked: ImageRequest, template: TemplateRecord, order: RenderJob, now: float
    ) -> bool:
        """Whether it is drawn only when it is opened."""
        if asked.render == "on_open" or order.template.depends_on_time or template.paused:
            return True
        return not self._budget.spend(template, now=now)

    def _draw(
        self, record: ImageRecord, order: RenderJob, now: float, deadline: float
    ) -> ImageResult:
        steps = Timings()
        try:
            drawing = self._studio.draw(order, now=now, deadline=deadline, steps=steps)
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        check_size(drawing.image)
        record = replace(
            record,
            status="degraded" if drawing.degraded else "ready",
            bytes=len(drawing.image.body),
            warnings=faults_to_json(drawing.warnings),
        )
        if not drawing.degraded:
            self._store(record, drawing)
        self._records.put(record)
        steps.lap("store")
        return self._result(
            record, order, cached=False, outcome="drawn", timings_ms=steps.milliseconds
        )

    def _store(self, record: ImageRecord, drawing: RenderResult) -> None:
        """The picture before its record, so that no record promises what is not there."""
        image = drawing.image
        stored = StoredObject(
            image.body, image.content_type, cache_control=cache_for(DAY_SECONDS).cache_control
        )
        self._pictures.put(image_key(record.image_id, record.format), stored)

    def _result(
        self, record: ImageRecord, order: RenderJob, *, cached: bool, outcome: str, **more: Any
    ) -> ImageResult:
        warnings = [*faults_to_json(order.values.warnings), *record.warnings]
        noted = {
            "image_id": record.image_id,
            "version": record.version,
            "outcome": outcome,
            "bytes": record.bytes,
            **more,
        }
        return ImageResult(record, self._url(record), cached, warnings, noted)

    def _url(self, record: ImageRecord) -> str:
        return f"{self._base_url}/i/{record.image_id}.{record.format}"


def without_values(record: ImageRecord) -> ImageRecord:
    """What is left of an image: enough to show a fallback of its size."""
    bare = replace(record, values="", alt="", warnings=(), blind_indexes=(), bytes=None)
    return replace(bare, status="erased", erased=True)


def cdn_paths(record: ImageRecord) -> list[str]:
    """All paths by which the CDN may know it."""
    name = f"{record.image_id}.{record.format}"
    return [f"/images/{name}", f"/i/{name}"]


def _is_reusable(known: ImageRecord, render: str) -> bool:
    if known.erased:
        return False
    return known.status in ("ready", "timed") or (known.status == "pending" and render == "on_open")


def _record(image_id: str, order: RenderJob, known: ImageRecord | None, now: float) -> ImageRecord:
    size = order.size
    return ImageRecord(
        image_id=image_id,
        template_id=order.template.id,
        version=order.loaded.version,
        values=order.values.to_canonical_json(),
        format=order.format,
        width=size.width,
        height=size.height,
        display_width=size.display_width,
        display_height=size.display_height,
        dpr=order.dpr,
        quality=order.quality,
        max_bytes=order.max_bytes,
        alt=order.alt,
        created_at=known.created_at if known and not known.erased else int(now),
        status="pending",
    )
