"""Previews: a document or a template drawn by the one renderer, and stored nowhere."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from postcard.canvas.codecs.debug_boxes import draw_debug_boxes
from postcard.errors import BadRequest, Fault, faults_to_json, raise_faults
from postcard.formats import EncodedImage
from postcard.geometry import Box
from postcard.pipeline.pipeline import RenderPipeline, RenderResult, Timings, bad_request_for
from postcard.pipeline.render_job import (
    OutputOptions,
    RenderJob,
    check_size,
    job_for_draft,
    job_for_request,
    job_for_values,
)
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import JsonObject, TemplateVersion
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import findings_about
from postcard.template.bind import BindMode, bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document

DRAFT_ID = "draft"


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What `POST /v1/previews` asks for: a document (JSON text) or a stored template."""

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


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture, where its layers stand, and what is wrong with it."""

    result: RenderResult
    warnings: Sequence[Fault]
    findings: Sequence[Mapping[str, str]]

    @property
    def image(self) -> EncodedImage:
        """The picture."""
        return self.result.image

    def to_json(self) -> JsonObject:
        """Everything but the picture itself."""
        boxes = [
            {"pointer": b.pointer, "x": b.x, "y": b.y, "width": b.width, "height": b.height}
            for b in self.result.boxes
        ]
        findings = list(self.findings)
        return {"boxes": boxes, "warnings": faults_to_json(self.warnings), "findings": findings}


class Previews:
    """Draws what may never be published."""

    def __init__(self, library: TemplateLoader, studio: RenderPipeline) -> None:
        self._library = library
        self._studio = studio

    def draw(self, asked: PreviewRequest, *, now: float, deadline: float) -> Preview:
        """The picture; without modifications a document shows its fields' examples."""
        order = self._job(asked, deadline)
        try:
            drawing = self._studio.draw(order, now=now, deadline=deadline, steps=Timings())
        except RenderFailed as failure:
            raise bad_request_for(failure) from failure
        if asked.debug:
            drawing = replace(drawing, image=_draw_debug_boxes(order, drawing))
        check_size(drawing.image)
        findings: Sequence[Mapping[str, str]] = order.loaded.stored.findings
        if asked.document is not None:
            renderer = self._studio.renderer
            findings = faults_to_json(findings_about(order.template, drawing, renderer, now=now))
        return Preview(drawing, [*order.values.warnings, *drawing.warnings], findings)

    def _job(self, asked: PreviewRequest, deadline: float) -> RenderJob:
        edition = self._template(asked, deadline)
        looks = OutputOptions(asked.format, asked.width, asked.dpr, asked.quality, asked.max_bytes)
        if asked.document is None or asked.modifications:
            order = job_for_request(
                edition, asked.modifications, looks, on_invalid=asked.on_invalid
            )
        else:
            size, faults = looks.resolve_size(edition.template.document)
            raise_faults(faults)
            order = job_for_values(edition, bind_examples(edition.template), looks, size)
        return order if asked.document is None else job_for_draft(order, looks)

    def _template(self, asked: PreviewRequest, deadline: float) -> LoadedTemplate:
        if (asked.document is None) == (asked.template_id is None):
            detail = "Send a document or a template_id, one of the two."
            raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
        if asked.template_id is not None:
            record = self._library.usable_record(asked.template_id, "/template_id")
            return self._library.load_effective(record, asked.template_version, "/template_version")
        assert asked.document is not None
        with _faults_below("/document"):
            template = Template.compile(DRAFT_ID, 1, parse_document(asked.document))
            families = self._studio.custom_font_keys(template.document, deadline=deadline)
        template, _ = self._studio.with_fonts(template, families, deadline=deadline)
        return LoadedTemplate(
            TemplateVersion(DRAFT_ID, 1, asked.document, 0, fonts=families), template
        )


@contextmanager
def _faults_below(place: str) -> Iterator[None]:
    """Point faults of a document to where it stands in the body."""
    try:
        yield
    except BadRequest as bad:
        faults = [replace(fault, pointer=place + fault.pointer) for fault in bad.errors]
        raise BadRequest(bad.detail, code=bad.code, errors=faults) from bad


def _draw_debug_boxes(order: RenderJob, drawing: RenderResult) -> EncodedImage:
    document, size = order.template.document, order.size
    across, down = size.width / document.width, size.height / document.height
    boxes = [
        Box(b.x * across, b.y * down, b.width * across, b.height * down) for b in drawing.boxes
    ]
    return draw_debug_boxes(drawing.image, boxes, quality=order.quality)
