"""Previews: a document or a stored template, drawn as a picture would be and not stored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from postcard.canvas.codecs.debug_boxes import draw_debug_boxes
from postcard.errors import BadRequest, Fault, faults_to_json, raise_faults
from postcard.geometry import Box
from postcard.image_formats import EncodedImage
from postcard.lint.drawing_time import check_drawing_time
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, bad_request_for
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
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import findings_about
from postcard.template.bind import BindMode, bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document

DRAFT_ID = "draft"


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The body of `POST /v1/previews`: a document (JSON text) or a stored template."""

    document: str | None = None
    template_id: str | None = None
    template_version: int | None = None
    modifications: Sequence[Mapping[str, Any]] = ()
    on_invalid: BindMode = "error"
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    max_bytes: int | None = None
    debug: bool = False
    key_templates: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture with the boxes of its layers, its warnings and its findings."""

    result: RenderResult
    warnings: Sequence[Fault]
    findings: Sequence[Mapping[str, str]]

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
        return {"boxes": boxes, "warnings": faults_to_json(self.warnings), "findings": findings}


class Previews:
    """Draws documents and templates without storing anything."""

    def __init__(self, templates: TemplateLoader, pipeline: RenderPipeline) -> None:
        self._templates = templates
        self._pipeline = pipeline

    def draw(self, request: PreviewRequest, *, now: float, deadline: float) -> Preview:
        """The picture; without modifications a document shows its fields' examples."""
        job = self._job(request, deadline)
        try:
            result = self._pipeline.draw(job, now=now, deadline=deadline, timings=Timings())
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        if request.debug:
            with self._pipeline.until(deadline) as drawing_deadline:
                result = replace(result, image=_draw_debug_boxes(job, result, drawing_deadline))
        check_size(result.image)
        findings: Sequence[Mapping[str, str]] = job.loaded.stored.findings
        if request.document is not None:
            renderer = self._pipeline.renderer
            with self._pipeline.until(deadline) as drawing_deadline:
                slow = check_drawing_time(
                    renderer,
                    job.template,
                    job.values,
                    result.fetched_images,
                    now=now,
                    deadline=drawing_deadline,
                )
            found = findings_about(job.template, result, renderer, now=now)
            findings = faults_to_json([*slow, *found])
        return Preview(result, [*job.values.warnings, *result.warnings], findings)

    def _job(self, request: PreviewRequest, deadline: float) -> RenderJob:
        template = self._template(request, deadline)
        options = OutputOptions(
            request.format, request.width, request.dpr, request.quality, request.max_bytes
        )
        if request.document is None or request.modifications:
            job = job_for_request(
                template,
                request.modifications,
                options,
                on_invalid=request.on_invalid,
                key_templates=request.key_templates,
            )
        else:
            size, faults = options.resolve_size(template.template.document)
            raise_faults(faults)
            job = job_for_values(template, bind_examples(template.template), options, size)
        if request.document is None:
            return job
        return replace(job_for_draft(job, options), asset_templates=request.key_templates)

    def _template(self, request: PreviewRequest, deadline: float) -> LoadedTemplate:
        if (request.document is None) == (request.template_id is None):
            detail = "Send a document or a template_id, one of the two."
            raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
        if request.template_id is not None:
            record = self._templates.usable_record(request.template_id, "/template_id")
            return self._templates.load_effective(
                record, request.template_version, "/template_version"
            )
        assert request.document is not None
        with _faults_below("/document"):
            template = Template.compile(DRAFT_ID, 1, parse_document(request.document))
            families = self._pipeline.custom_font_keys(
                template.document, templates=request.key_templates, deadline=deadline
            )
        template, _ = self._pipeline.with_fonts(template, families, deadline=deadline)
        return LoadedTemplate(
            TemplateVersion(DRAFT_ID, 1, request.document, 0, fonts=families), template
        )


@contextmanager
def _faults_below(pointer: str) -> Iterator[None]:
    """Puts `pointer`, where the body holds the document, before the pointers of its faults."""
    try:
        yield
    except BadRequest as bad:
        faults = [replace(fault, pointer=pointer + fault.pointer) for fault in bad.errors]
        raise BadRequest(bad.detail, code=bad.code, errors=faults) from bad


def _draw_debug_boxes(job: RenderJob, result: RenderResult, deadline: Deadline) -> EncodedImage:
    document, size = job.template.document, job.size
    scale_x, scale_y = size.width / document.width, size.height / document.height
    boxes = [
        Box(b.x * scale_x, b.y * scale_y, b.width * scale_x, b.height * scale_y)
        for b in result.boxes
    ]
    return draw_debug_boxes(result.image, boxes, quality=job.quality, deadline=deadline)
