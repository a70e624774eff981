"""Previews: a document or a template drawn by the one renderer, and stored nowhere."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from postcard.canvas.codecs.debug_boxes import outlined
from postcard.errors import BadRequest, Fault, refuse, told
from postcard.formats import EncodedImage
from postcard.geometry import Box
from postcard.pipeline.pipeline import Drawing, Steps, Studio, refused
from postcard.pipeline.render_job import Looks, Order, check_weight, order_for, placed, undecided
from postcard.pipeline.template_loader import Edition, Library
from postcard.ports import JsonObject, TemplateVersion
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import findings_about
from postcard.template.bind import Mode, examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What `POST /v1/previews` asks for: a document (JSON text) or a stored template."""

    document: str | None = None
    template_id: str | None = None
    template_version: int | None = None
    modifications: Sequence[Mapping[str, Any]] = ()
    on_invalid: Mode = "error"
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    max_bytes: int | None = None
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture, where its layers stand, and what is wrong with it."""

    drawing: Drawing
    warnings: Sequence[Fault]
    findings: Sequence[Mapping[str, str]]

    @property
    def image(self) -> EncodedImage:
        """The picture."""
        return self.drawing.image

    def answer(self) -> JsonObject:
        """Everything but the picture itself."""
        boxes = [
            {"pointer": b.pointer, "x": b.x, "y": b.y, "width": b.width, "height": b.height}
            for b in self.drawing.boxes
        ]
        findings = list(self.findings)
        return {"boxes": boxes, "warnings": told(self.warnings), "findings": findings}


class Previews:
    """Draws what may never be published."""

    def __init__(self, library: Library, studio: Studio) -> None:
        self._library = library
        self._studio = studio

    def draw(self, asked: PreviewRequest, *, now: float, deadline: float) -> Preview:
        """The picture; without modifications a document shows its fields' examples."""
        order = self._order(asked, deadline)
        try:
            drawing = self._studio.draw(order, now=now, deadline=deadline, steps=Steps())
        except RenderFailed as failure:
            raise refused(failure) from failure
        if asked.debug:
            drawing = replace(drawing, image=_outlined(order, drawing))
        check_weight(drawing.image)
        findings: Sequence[Mapping[str, str]] = order.edition.stored.findings
        if asked.document is not None:
            renderer = self._studio.renderer
            findings = told(findings_about(order.template, drawing, renderer, now=now))
        return Preview(drawing, [*order.bound.warnings, *drawing.warnings], findings)

    def _order(self, asked: PreviewRequest, deadline: float) -> Order:
        edition = self._edition(asked, deadline)
        looks = Looks(asked.format, asked.width, asked.dpr, asked.quality, asked.max_bytes)
        if asked.document is None or asked.modifications:
            order = order_for(edition, asked.modifications, looks, on_invalid=asked.on_invalid)
        else:
            size, faults = looks.size_of(edition.template.document)
            refuse(faults)
            order = placed(edition, examples(edition.template), looks, size)
        return order if asked.document is None else undecided(order, looks)

    def _edition(self, asked: PreviewRequest, deadline: float) -> Edition:
        if (asked.document is None) == (asked.template_id is None):
            detail = "Send a document or a template_id, one of the two."
            raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
        if asked.template_id is not None:
            record = self._library.usable(asked.template_id, "/template_id")
            return self._library.drawn_for(record, asked.template_version, "/template_version")
        assert asked.document is not None
        with _inside("/document"):
            template = Template.compile(DRAFT, 1, parse(asked.document))
            families = self._studio.families(template.document, deadline=deadline)
        template, _ = self._studio.wearing(template, families, deadline=deadline)
        return Edition(TemplateVersion(DRAFT, 1, asked.document, 0, fonts=families), template)


@contextmanager
def _inside(place: str) -> Iterator[None]:
    """Point faults of a document to where it stands in the body."""
    try:
        yield
    except BadRequest as bad:
        faults = [replace(fault, pointer=place + fault.pointer) for fault in bad.errors]
        raise BadRequest(bad.detail, code=bad.code, errors=faults) from bad


def _outlined(order: Order, drawing: Drawing) -> EncodedImage:
    document, size = order.template.document, order.size
    across, down = size.width / document.width, size.height / document.height
    boxes = [
        Box(b.x * across, b.y * down, b.width * across, b.height * down) for b in drawing.boxes
    ]
    return outlined(drawing.image, boxes, quality=order.quality)
