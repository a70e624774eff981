"""A GET never shows a broken picture: what can be drawn is drawn, else the first that works of

1. the picture without what could not be fetched, by its layer's `on_error`;
2. the template with every field at its default;
3. its `fallback` (or `ended`), drawn at publish;
4. a plain card.

What follows from the link and the template alone is a success; only what follows from the moment
is marked, kept for a minute and never stored. While the table is away, a process draws what it
knows from before: kept for a minute too, since it may have been taken back.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from postcard.canvas.codecs.decoded_image import ImageDecodeError
from postcard.delivery.picture_request import PictureRequest
from postcard.delivery.response import (
    FAILURE_SECONDS,
    LATEST_SECONDS,
    TIMED_SECONDS,
    FallbackReason,
    PictureResponse,
    cache_for,
)
from postcard.errors import Forbidden, GatewayTimeout, Problem, ServiceUnavailable
from postcard.formats import EncodedImage
from postcard.pipeline.fallback_images import (
    DEFAULT_SIZE,
    FallbackImages,
    FallbackOptions,
    fallback_key,
    fallback_keys,
)
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, Timings
from postcard.pipeline.render_job import MAX_PICTURE_BYTES, RenderJob
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader, effective_version
from postcard.ports import ObjectStore, StoredObject, TemplateRecord
from postcard.render_budget import RenderBudget
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import bind_defaults
from postcard.template.fields.list_values import may_be_unsigned


@dataclass
class RequestContext:
    """One GET at work: until when it may draw, and what its log line will say."""

    now: float
    deadline: float
    timings: Timings = field(default_factory=Timings)
    log_fields: dict[str, object] = field(default_factory=dict)


class FallbackChain:
    """Answers what is wanted with the best picture there is."""

    def __init__(
        self,
        library: TemplateLoader,
        studio: RenderPipeline,
        stand_ins: FallbackImages,
        pictures: ObjectStore,
        budget: RenderBudget,
        *,
        damaged: Callable[[], int] = lambda: 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._damaged = damaged
        self._library = library
        self._studio = studio
        self._stand_ins = stand_ins
        self._pictures = pictures
        self._budget = budget
        self._monotonic = monotonic

    def answer(self, wanted: PictureRequest, visit: RequestContext) -> PictureResponse:
        """A picture in any case; `Forbidden` if the link opens a field that is closed."""
        before = self._damaged()
        try:
            return self._answered(wanted, visit)
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return self._plain(wanted, "dependency")
        except Problem:
            raise
        except Exception as failure:  # the last step of the ladder holds whatever broke above
            visit.log_fields["error"] = failure_site(failure)
            return self._plain(wanted, "render")
        finally:
            visit.log_fields["corrupted_objects"] = self._damaged() - before

    def _answered(self, wanted: PictureRequest, visit: RequestContext) -> PictureResponse:
        visit.log_fields |= {"template_id": wanted.template_id, **wanted.log_fields}
        try:
            record, away = self._library.record_or_last_known(wanted.template_id)
            if away is not None:
                visit.log_fields["error"] = str(away)
                wanted = replace(wanted, key=None, cache_policy=cache_for(FAILURE_SECONDS))
            edition = self._edition(record, wanted.version)
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return self._instead(wanted, None, "dependency", visit)
        visit.timings.lap("template")
        if record is None:
            return self._instead(wanted, None, "unknown", visit)
        if edition is None:
            latest = self._edition(record, None)
            return self._instead(wanted, latest, "erased" if record.erased else "unknown", visit)
        visit.log_fields["version"] = edition.version
        _refuse_opening(edition, wanted.open_fields)
        return self._of_edition(wanted, record, edition, visit)

    def blank(self, format: str) -> PictureResponse:
        """For an image of which nothing can be read now: a plain card."""
        return _failure(
            self._stand_ins.solid_color(FallbackOptions(DEFAULT_SIZE, format)), "dependency"
        )

    def _plain(self, wanted: PictureRequest, reason: FallbackReason) -> PictureResponse:
        return _failure(self._stand_ins.solid_color(wanted.fallback_options(None)), reason)

    def _of_edition(
        self,
        wanted: PictureRequest,
        record: TemplateRecord,
        edition: LoadedTemplate,
        visit: RequestContext,
    ) -> PictureResponse:
        if record.erased or wanted.erased:
            return self._instead(wanted, edition, "erased", visit)
        if wanted.ended:
            image = self._stand_in(wanted, edition, ("ended", "fallback"), visit)
            return PictureResponse(image, cache_for(LATEST_SECONDS), "stored")
        if record.paused:
            return self._instead(wanted, edition, "paused", visit, ("ended", "fallback"))
        try:
            order = wanted.render_job(edition, self._library)
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return self._instead(wanted, edition, "dependency", visit)
        visit.timings.lap("values")
        visit.log_fields["ignored_values"] = order.values.ignored_count
        if order.values.missing_required:
            visit.log_fields["missing_required"] = len(order.values.missing_required)
            image = self._stand_in(wanted, edition, ("fallback",), visit)
            return self._kept(
                wanted, edition, PictureResponse(image, wanted.cache_policy, "drawn"), visit
            )
        if not self._budget.spend(record, now=visit.now, merge_signature=wanted.merge_signature):
            return self._instead(wanted, edition, "budget", visit)
        return self._drawn(wanted, order, visit)

    def _edition(self, record: TemplateRecord | None, version: int | None) -> LoadedTemplate | None:
        if record is None:
            return None
        number = effective_version(record, version or record.latest)
        return self._library.load_version(record.template_id, number)

    def _drawn(
        self, wanted: PictureRequest, order: RenderJob, visit: RequestContext
    ) -> PictureResponse:
        outcome = self._attempt(order, visit)
        if isinstance(outcome, RenderResult):
            return self._of_drawing(wanted, order, outcome, visit)
        plain = replace(order, values=bind_defaults(order.template))
        if outcome == "render" and not plain.values.missing_required and self._time_left(visit):
            second = self._attempt(plain, visit)
            if isinstance(second, RenderResult):
                return _failure(second.image, outcome)
        return self._instead(wanted, order.loaded, outcome, visit)

    def _of_drawing(
        self, wanted: PictureRequest, order: RenderJob, drawing: RenderResult, visit: RequestContext
    ) -> PictureResponse:
        visit.log_fields["missing_glyphs"] = drawing.missing_glyphs
        if drawing.degraded:
            return _failure(drawing.image, "source")
        if order.template.depends_on_time:
            return PictureResponse(drawing.image, cache_for(TIMED_SECONDS), "drawn")
        drawn = PictureResponse(drawing.image, wanted.cache_policy, "drawn")
        return self._kept(wanted, order.loaded, drawn, visit)

    def _attempt(self, order: RenderJob, visit: RequestContext) -> RenderResult | FallbackReason:
        """The drawing, or why there is none: the one place where any failure is an answer."""
        visit.log_fields["renders"] = 1
        try:
            drawing = self._studio.draw(
                order, now=visit.now, deadline=visit.deadline, steps=visit.timings
            )
        except RenderFailed:
            return "source"
        except GatewayTimeout:
            return "timeout"
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return "dependency"
        except Exception as failure:
            visit.log_fields["error"] = failure_site(failure)
            return "render"
        return drawing if len(drawing.image.body) <= MAX_PICTURE_BYTES else "render"

    def _kept(
        self,
        wanted: PictureRequest,
        edition: LoadedTemplate,
        answer: PictureResponse,
        visit: RequestContext,
    ) -> PictureResponse:
        """Store what may be stored; a store that is down costs one more drawing, no more.

        What was taken back meanwhile is removed again: whoever takes back says so before the
        stored pictures are deleted, so one of the two sees the other. Where that cannot be asked
        the picture is shown, but not kept.
        """
        if wanted.key is None:
            return answer
        self._store(wanted.key, answer, visit)
        reason = self._taken_back(wanted, edition, visit)
        if reason is not None:
            self._remove(wanted.key, visit)
        visit.timings.lap("store")
        if reason == "dependency":
            return replace(answer, cache_policy=cache_for(FAILURE_SECONDS))
        return self._instead(wanted, edition, reason, visit) if reason else answer

    def _store(self, key: str, answer: PictureResponse, visit: RequestContext) -> None:
        image, keeping = answer.image, answer.cache_policy
        stored = StoredObject(
            image.body,
            image.content_type,
            cache_control=keeping.cache_control,
            expires=keeping.expires,
        )
        try:
            visit.log_fields["already_stored"] = not self._pictures.put_if_absent(key, stored)
        except ServiceUnavailable as failure:
            visit.log_fields |= {"not_stored": True, "error": str(failure)}

    def _remove(self, key: str, visit: RequestContext) -> None:
        try:
            self._pictures.delete([key])
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)

    def _taken_back(
        self, wanted: PictureRequest, edition: LoadedTemplate, visit: RequestContext
    ) -> FallbackReason | None:
        """Why this is not what is drawn there now, or cannot be known to be."""
        try:
            record = self._library.record(wanted.template_id)
            if record is None or record.erased or not wanted.is_current():
                return "erased"
        except ServiceUnavailable as failure:
            visit.log_fields["error"] = str(failure)
            return "dependency"
        stands = effective_version(record, wanted.version or record.latest) == edition.version
        return None if stands else "erased"

    def _instead(
        self,
        wanted: PictureRequest,
        edition: LoadedTemplate | None,
        reason: FallbackReason,
        visit: RequestContext,
        kinds: Sequence[str] = ("fallback",),
    ) -> PictureResponse:
        return _failure(self._stand_in(wanted, edition, kinds, visit), reason)

    def _stand_in(
        self,
        wanted: PictureRequest,
        edition: LoadedTemplate | None,
        kinds: Sequence[str],
        visit: RequestContext,
    ) -> EncodedImage:
        """The first of `kinds` that was stored at publish, else a plain card."""
        frame = wanted.fallback_options(edition.template if edition else None)
        found = None
        try:
            found = self._stand_ins.load_resized(_keys(wanted, edition, kinds), frame)
        except (ServiceUnavailable, ImageDecodeError) as failure:
            visit.log_fields["error"] = failure_site(failure)
        visit.timings.lap("fallback")
        return found or self._stand_ins.solid_color(frame)

    def _time_left(self, visit: RequestContext) -> bool:
        return self._monotonic() < visit.deadline


def _keys(
    wanted: PictureRequest, edition: LoadedTemplate | None, kinds: Sequence[str]
) -> list[str]:
    """Where stand-ins lie: as the version says, or where they must be if it cannot be read."""
    if edition is not None:
        return fallback_keys(edition.stored, kinds)
    if wanted.version is None:
        return []
    return [fallback_key(wanted.template_id, wanted.version, kind) for kind in kinds]


def _failure(image: EncodedImage, reason: FallbackReason) -> PictureResponse:
    return PictureResponse(image, cache_for(FAILURE_SECONDS), "fallback", reason)


def _refuse_opening(edition: LoadedTemplate, opened: Sequence[str]) -> None:
    fields = edition.template.document.fields
    closed = [name for name in opened if not may_be_unsigned(fields, name)]
    if closed:
        raise Forbidden(
            f"The template keeps {', '.join(closed)} closed: sign the value.", code="bad_signature"
        )


def failure_site(failure: BaseException) -> str:
    """The kind of a failure and where it happened; never its text, which may hold values."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return type(failure).__name__ + where
