"""Draws the `fallback` and `ended` pictures of a document as links would show them."""

from collections.abc import Sequence
from dataclasses import replace

from postcard.canvas.codecs.reencode import resize
from postcard.delivery.fallbacks import ENDED, FALLBACK
from postcard.errors import Fault
from postcard.image_formats import FORMATS, MAX_PICTURE_BYTES
from postcard.pipeline.fallback_images import (
    FallbackImages,
    FallbackOptions,
    background_color,
    fallback_keys,
    stored_size,
)
from postcard.pipeline.pipeline import DRAW_SECONDS, RenderPipeline, RenderResult
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_draft
from postcard.pipeline.timings import Timings
from postcard.rendering.renderer import FallbackKind, LayerBox
from postcard.runtime.deadline import Deadline
from postcard.services.source_downscaling import CachedDownscaling
from postcard.template.bind import bind_examples
from postcard.template.model import FallbackPicture

_KINDS: dict[FallbackKind, Sequence[str]] = {"fallback": FALLBACK, "ended": ENDED}


class FallbackPreviews:
    """Draws what a link shows in place of its picture, in the size and format of a job."""

    def __init__(self, pipeline: RenderPipeline, downscaling: CachedDownscaling) -> None:
        self._pipeline = pipeline
        self._downscaling = downscaling
        self._stored = FallbackImages(pipeline.renderer, pipeline.sources)

    def draw(
        self,
        job: RenderJob,
        kind: FallbackKind,
        options: OutputOptions,
        *,
        now: float,
        deadline: float,
        timings: Timings,
    ) -> RenderResult:
        """The picture that a link shows: `fallback` for a missing value, `ended` while paused.

        That of a stored template is read from the store, where publishing has put it.
        """
        format = self._format(job, options, now=now, deadline=deadline)
        background = background_color(job.template.document)
        quality = options.quality or FORMATS[format].default_quality
        fallback_options = FallbackOptions(job.size, format, quality, background)
        with self._pipeline.until(deadline) as drawing_deadline:
            if job.loaded.stored.fallbacks:
                return self._read(job, kind, fallback_options, drawing_deadline, timings)
            return self._draw(job, kind, fallback_options, drawing_deadline, timings)

    def _format(
        self, job: RenderJob, options: OutputOptions, *, now: float, deadline: float
    ) -> str:
        """The format of links: that of `format: auto` is found by drawing, as publishing does."""
        if job.loaded.stored.format is not None:
            return job.format
        draft = job_for_draft(job, options)
        if draft.format != "auto":
            return draft.format
        example = replace(draft, values=bind_examples(draft.template))
        result = self._pipeline.draw(example, now=now, deadline=deadline, timings=Timings())
        return result.image.format

    def _read(
        self,
        job: RenderJob,
        kind: FallbackKind,
        options: FallbackOptions,
        deadline: Deadline,
        timings: Timings,
    ) -> RenderResult:
        keys = fallback_keys(job.loaded.stored, _KINDS[kind])
        image = self._stored.load_resized(keys, options, deadline)
        timings.lap("draw")
        return RenderResult(image or self._stored.solid_color(options), (), ())

    def _draw(
        self,
        job: RenderJob,
        kind: FallbackKind,
        options: FallbackOptions,
        deadline: Deadline,
        timings: Timings,
    ) -> RenderResult:
        document, renderer = job.template.document, self._pipeline.renderer
        drawn_kind: FallbackKind = "fallback" if getattr(document, kind) is None else kind
        picture: FallbackPicture | None = getattr(document, drawn_kind)
        if picture is None:
            return RenderResult(self._stored.solid_color(options), (), ())
        template, font_warnings = self._pipeline.with_fonts(
            job.template, job.loaded.stored.fonts, deadline=deadline.instant - DRAW_SECONDS
        )
        prepared = renderer.prepare_fallback(
            template, drawn_kind, stored_size(document), deadline=deadline
        )
        images, faults = self._pipeline.sources.fetch_all(
            prepared.image_sources(),
            {},
            templates=job.asset_templates,
            deadline=deadline.instant - DRAW_SECONDS,
        )
        images = self._downscaling.downscale(template, images, deadline)
        timings.lap("sources")
        rendered = renderer.render(prepared, images, format="png")
        timings.lap("draw")
        image = resize(
            rendered.image.body,
            options.pixels,
            format=options.format,
            quality=options.quality,
            max_bytes=MAX_PICTURE_BYTES,
            deadline=deadline,
        )
        timings.lap("encode")
        warnings = [fault for fault in rendered.warnings if fault.code != "image_unavailable"]
        missing = [Fault(fault.code, fault.pointer, fault.detail) for fault in faults]
        boxes = rendered.boxes
        if picture.layers is None:  # its one layer is not in the document
            warnings = [_at_picture(fault, drawn_kind) for fault in warnings]
            missing = [_at_picture(fault, drawn_kind) for fault in missing]
            boxes = tuple(_box_of_picture(box, drawn_kind) for box in boxes)
        warnings = [*font_warnings, *missing, *warnings]
        in_document = None if picture.layers is None else prepared
        return RenderResult(image, tuple(warnings), boxes, images, in_document)


def _at_picture(fault: Fault, kind: str) -> Fault:
    return replace(fault, pointer=_pointer_in_picture(fault.pointer, kind))


def _box_of_picture(box: LayerBox, kind: str) -> LayerBox:
    return replace(box, pointer=_pointer_in_picture(box.pointer, kind))


def _pointer_in_picture(pointer: str, kind: str) -> str:
    """The pointer in a picture that is written without layers, as `source` or `text`."""
    return pointer.replace(f"/{kind}/layers/0", f"/{kind}", 1)
