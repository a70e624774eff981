"""Previews: a document or a stored template, drawn as a picture would be and not stored."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Literal

from postcard.canvas.codecs.debug_boxes import draw_debug_boxes
from postcard.errors import BadRequest, Fault, GatewayTimeout, faults_to_json, raise_faults
from postcard.geometry import Box
from postcard.image_formats import EncodedImage
from postcard.lint.drawing_time import check_drawing_time
from postcard.pipeline.pipeline import FetchedJob, RenderPipeline, RenderResult, bad_request_for
from postcard.pipeline.render_job import (
    OutputOptions,
    RenderJob,
    check_size,
    job_for_draft,
    job_for_request,
    job_for_values,
)
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.pipeline.timings import Timings
from postcard.ports import JsonObject, TemplateVersion
from postcard.rendering.renderer import FallbackKind, RenderFailed
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.previews.fallback_previews import FallbackPreviews
from postcard.services.previews.people_previews import (
    PeoplePreview,
    PeoplePreviews,
    Person,
    faults_moved,
    requested_people,
    worst_case_people,
)
from postcard.services.previews.preview_inspection import InspectionRequest, inspect_picture
from postcard.services.previews.preview_pictures import PreviewPictures
from postcard.services.publishing import findings_about, findings_about_document
from postcard.services.source_downscaling import CachedDownscaling
from postcard.services.template_fixes import TemplateFixes
from postcard.template.bind import BindMode, bind_defaults, bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import validate_document
from postcard.timestamps import parse_rfc3339

DRAFT_ID = "draft"
MAX_TIME = 253_370_764_800  # 9999-01-01: a countdown's zone and frames must stay in the calendar

PreviewBase = Literal["examples", "defaults"]
Findings = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The body of `POST /v1/previews`: a document (parsed JSON) or a stored template.

    `at` is the clock as RFC 3339, None for now. `on_invalid` None: `error`, of people `default`.
    `findings`: whether the document is checked, too; `fixes`: with a patch for each finding.
    """

    document: JsonObject | None = None
    template_id: str | None = None
    template_version: int | None = None
    modifications: Sequence[Mapping[str, Any]] = ()
    base: PreviewBase | None = None
    people: Sequence[Sequence[Mapping[str, Any]]] | Literal["worst"] | None = None
    show: Literal["picture", "fallback", "ended"] = "picture"
    at: str | None = None
    on_invalid: BindMode | None = None
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    max_bytes: int | None = None
    debug: bool = False
    findings: bool = True
    fixes: bool = False
    describe: bool = False
    parts: Sequence[str] | None = None
    carets: str | None = None
    key_templates: Sequence[str] | None = None

    @property
    def options(self) -> OutputOptions:
        """The size and format that are asked for."""
        return OutputOptions(self.format, self.width, self.dpr, self.quality, self.max_bytes)

    def clock(self, now: float) -> float:
        """The moment that is drawn, in Unix seconds; `BadRequest`."""
        if self.at is None:
            return now
        try:
            seconds = parse_rfc3339(self.at)
        except ValueError as error:
            raise BadRequest(
                f"{error}", errors=[Fault("invalid_value", "/at", f"{error}")]
            ) from None
        if not 0 <= seconds < MAX_TIME:
            detail = "Write a time of the years 1970 to 9998."
            raise BadRequest(detail, errors=[Fault("invalid_value", "/at", detail)])
        return float(seconds)


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture with its warnings and findings.

    `inspection` has the properties of the response for `describe`, `parts` and `carets`.
    """

    result: RenderResult
    warnings: Sequence[Fault]
    findings: Findings
    inspection: JsonObject = field(default_factory=dict)

    @property
    def image(self) -> EncodedImage:
        """The picture."""
        return self.result.image

    def to_json(self) -> JsonObject:
        """The JSON response without the picture itself."""
        boxes = [
            {"pointer": b.pointer, "x": b.x, "y": b.y, "width": b.width, "height": b.height}
            for b in self.result.boxes
        ]
        findings = list(self.findings)
        warnings = faults_to_json(self.warnings)
        return {"boxes": boxes, "warnings": warnings, "findings": findings, **self.inspection}


class Previews:
    """Draws documents and templates without storing anything."""

    def __init__(
        self,
        templates: TemplateLoader,
        pipeline: RenderPipeline,
        downscaling: CachedDownscaling,
        pictures: PreviewPictures,
    ) -> None:
        self._templates = templates
        self._pipeline = pipeline
        self._downscaling = downscaling
        self._pictures = pictures
        self._fallbacks = FallbackPreviews(pipeline, downscaling)
        self._people = PeoplePreviews(pipeline, self._fallbacks)
        self._fixes = TemplateFixes(templates, pipeline)

    def draw(
        self, request: PreviewRequest, *, now: float, deadline: float, timings: Timings
    ) -> Preview:
        """The picture; without modifications the fields show their examples."""
        now = request.clock(now)
        template = self._template(request, deadline)
        if request.show != "picture":
            return self._draw_fallback(request, request.show, template, now, deadline, timings)
        job = self._job(request, template)
        timings.lap("parse")
        try:
            (fetched,) = self._fetch(request, [job], now, deadline, timings)
            result = self._pipeline.draw_fetched(fetched, timings=timings)
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        if request.debug:
            with self._pipeline.until(deadline) as drawing_deadline:
                result = replace(result, image=_draw_debug_boxes(job, result, drawing_deadline))
        check_size(result.image)
        findings = self._findings(request, job, result, now, deadline)
        timings.lap("findings")
        inspection = self._inspect(request, job, result, deadline, timings)
        return Preview(result, [*job.values.warnings, *result.warnings], findings, inspection)

    def draw_people(
        self, request: PreviewRequest, *, now: float, deadline: float, timings: Timings
    ) -> PeoplePreview:
        """A picture for each person; the template is compiled and its images fetched once.

        A person for whom a link shows the fallback picture has that one.
        """
        now = request.clock(now)
        template = self._template(request, deadline)
        people = [
            replace(person, job=self._for_draft(request, person.job))
            for person in self._people_of(request, template)
        ]
        timings.lap("parse")
        jobs = [person.job for person in people]
        pictures = self._people.draw(
            people,
            self._fetch(request, jobs, now, deadline, timings),
            request.options,
            now=now,
            deadline=deadline,
            with_findings=request.findings,
            timings=timings,
        )
        findings = self._document_findings(request, people[0].job, {}, now, deadline)
        timings.lap("findings")
        return PeoplePreview(pictures, findings)

    def _fetch(
        self,
        request: PreviewRequest,
        jobs: Sequence[RenderJob],
        now: float,
        deadline: float,
        timings: Timings,
    ) -> list[FetchedJob]:
        """The jobs with their images, which are as large as publishing will store them."""
        fetched_jobs = self._pipeline.fetch(jobs, now=now, deadline=deadline, timings=timings)
        pictures = self._pictures.of_one_preview()  # people share them, and `_inspect` draws again
        for fetched_job in fetched_jobs:
            fetched_job.prepared.frame_pictures = pictures
        if request.document is None:
            return fetched_jobs
        first = fetched_jobs[0]  # jobs of one template share their images
        with self._pipeline.until(deadline) as drawing_deadline:
            images = self._downscaling.downscale(first.job.template, first.images, drawing_deadline)
        timings.lap("sources")
        return [replace(fetched_job, images=images) for fetched_job in fetched_jobs]

    def _people_of(self, request: PreviewRequest, template: LoadedTemplate) -> list[Person]:
        base = bind_examples(template.template).values if request.base == "examples" else None
        if request.people == "worst":
            return worst_case_people(template, request.options, base, request.key_templates)
        assert request.people is not None
        return requested_people(
            template,
            request.people,
            request.options,
            on_invalid=request.on_invalid or "default",
            base=base,
            key_templates=request.key_templates,
        )

    def _draw_fallback(
        self,
        request: PreviewRequest,
        kind: FallbackKind,
        template: LoadedTemplate,
        now: float,
        deadline: float,
        timings: Timings,
    ) -> Preview:
        size, faults = request.options.resolve_size(template.template.document)
        raise_faults(faults)
        values = bind_defaults(template.template)
        job = job_for_values(template, values, request.options, size)
        if request.document is not None:
            job = replace(job, asset_templates=request.key_templates)
        timings.lap("parse")
        result = self._fallbacks.draw(
            job, kind, request.options, now=now, deadline=deadline, timings=timings
        )
        findings = self._document_findings(request, job, {}, now, deadline)
        timings.lap("findings")
        inspection = self._inspect(request, job, result, deadline, timings)
        return Preview(result, result.warnings, findings, inspection)

    def _inspect(
        self,
        request: PreviewRequest,
        job: RenderJob,
        result: RenderResult,
        deadline: float,
        timings: Timings,
    ) -> JsonObject:
        """What the request asks about the picture, as properties of the response."""
        inspection = InspectionRequest(request.describe, request.parts, request.carets)
        if inspection.is_empty:
            return {}
        with self._pipeline.until(deadline) as drawing_deadline:
            properties = inspect_picture(
                inspection, self._pipeline.renderer, job, result, drawing_deadline
            )
        timings.lap("inspect")
        return properties

    def _findings(
        self,
        request: PreviewRequest,
        job: RenderJob,
        result: RenderResult,
        now: float,
        deadline: float,
    ) -> Findings:
        """The stored findings of a template; those of a document and of its picture."""
        if request.document is None or not request.findings:
            return self._document_findings(request, job, {}, now, deadline)
        slow = self._slow_drawing(job, result.fetched_images, now, deadline)
        found = findings_about(job.template, result, self._pipeline.renderer, now=now)
        return self._with_fixes(request, [*slow, *found], now, deadline)

    def _document_findings(
        self,
        request: PreviewRequest,
        job: RenderJob,
        images: Mapping[str, bytes],
        now: float,
        deadline: float,
    ) -> Findings:
        """The stored findings of a template; those of a document, whatever is drawn."""
        if not request.findings:
            return []
        if request.document is None:
            return job.loaded.stored.findings
        slow = self._slow_drawing(job, images, now, deadline)
        found = findings_about_document(job.template, self._pipeline.renderer, now=now)
        return self._with_fixes(request, [*slow, *found], now, deadline)

    def _with_fixes(
        self, request: PreviewRequest, found: Sequence[Fault], now: float, deadline: float
    ) -> Findings:
        """Findings as JSON; those that the examples have too, with the patches that fix them."""
        findings = faults_to_json(found)
        if not request.fixes or request.document is None or not findings:
            return findings
        try:
            fixed = self._fixes.of_document(
                request.document, key_templates=request.key_templates, now=now, deadline=deadline
            )
        except (BadRequest, GatewayTimeout):  # the examples cannot be drawn, or not in time
            return findings
        by_place = {(one["code"], one["pointer"]): one for one in fixed}
        return [{**by_place.get((one["code"], one["pointer"]), {}), **one} for one in findings]

    def _slow_drawing(
        self, job: RenderJob, images: Mapping[str, bytes], now: float, deadline: float
    ) -> list[Fault]:
        with self._pipeline.until(deadline) as drawing_deadline:
            return check_drawing_time(
                self._pipeline.renderer,
                job.template,
                job.values,
                images,
                now=now,
                deadline=drawing_deadline,
            )

    def _job(self, request: PreviewRequest, template: LoadedTemplate) -> RenderJob:
        base = request.base or ("defaults" if request.modifications else "examples")
        job = job_for_request(
            template,
            request.modifications,
            request.options,
            on_invalid=request.on_invalid or "error",
            key_templates=request.key_templates,
            base=bind_examples(template.template).values if base == "examples" else None,
        )
        return self._for_draft(request, job)

    def _for_draft(self, request: PreviewRequest, job: RenderJob) -> RenderJob:
        if request.document is None:
            return job
        draft = job_for_draft(job, request.options)
        return replace(draft, asset_templates=request.key_templates)

    def _template(self, request: PreviewRequest, deadline: float) -> LoadedTemplate:
        if (request.document is None) == (request.template_id is None):
            detail = "Send a document or a template_id, one of the two."
            raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
        if request.fixes and (request.document is None or not request.findings):
            detail = "Send fixes with a document and its findings; of a stored template read GET "
            detail += "/v1/templates/{id}/findings."
            raise BadRequest(detail, errors=[Fault("invalid_request", "/fixes", detail)])
        if request.template_id is not None:
            record = self._templates.usable_record(request.template_id, "/template_id")
            return self._templates.load_effective(
                record, request.template_version, "/template_version"
            )
        with faults_moved("", "/document"):
            template = Template.compile(DRAFT_ID, 1, validate_document(request.document))
            families = self._pipeline.custom_font_keys(
                template.document, templates=request.key_templates, deadline=deadline
            )
        template, _ = self._pipeline.with_fonts(template, families, deadline=deadline)
        return LoadedTemplate(TemplateVersion(DRAFT_ID, 1, "", 0, fonts=families), template)


def _draw_debug_boxes(job: RenderJob, result: RenderResult, deadline: Deadline) -> EncodedImage:
    document, size = job.template.document, job.size
    scale_x, scale_y = size.width / document.width, size.height / document.height
    boxes = [
        Box(b.x * scale_x, b.y * scale_y, b.width * scale_x, b.height * scale_y)
        for b in result.boxes
    ]
    return draw_debug_boxes(result.image, boxes, quality=job.quality, deadline=deadline)
