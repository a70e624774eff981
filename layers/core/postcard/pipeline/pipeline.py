"""The render pipeline: from a render job to an encoded picture. Every picture comes this way.

load custom fonts → evaluate Liquid → fetch images → draw → encode
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING

from postcard.assets.font_cache import FontCache, FontKeysByFamily
from postcard.errors import BadRequest, Fault, GatewayTimeout, SourceImageFault, raise_faults
from postcard.image_formats import EncodedImage
from postcard.pipeline.render_job import RenderJob
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.pipeline.timings import Timings
from postcard.rendering.renderer import (
    ImageSource,
    LayerBox,
    PreparedRender,
    RenderedPicture,
    Renderer,
    RenderFailed,
)
from postcard.rendering.static_layers import PrerenderedLayers, size_name
from postcard.runtime.deadline import NO_DEADLINE, Deadline, DeadlineExceeded
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Caches
from postcard.template.compiled import Template
from postcard.template.model import Document

if TYPE_CHECKING:
    from postcard.assets.custom_fonts import CustomFonts

Monotonic = Callable[[], float]
_DEGRADING_CODES = ("image_unavailable", "font_unavailable")
DRAW_SECONDS = 1.0  # kept back for drawing when the last fetch is given up


@dataclass(frozen=True, slots=True)
class RenderResult:
    """An encoded picture, its warnings, the boxes of its layers, its source files by reference.

    `prepared` can be laid out and drawn again with these files; None of a picture that was read.
    """

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]
    fetched_images: Mapping[str, bytes] = field(default_factory=dict)
    prepared: PreparedRender | None = None

    @property
    def degraded(self) -> bool:
        """Whether an image or a font is missing: such a picture is not stored."""
        return any(warning.code in _DEGRADING_CODES for warning in self.warnings)

    @property
    def missing_glyphs(self) -> int:
        """How many layers have characters that no font has."""
        return sum(warning.code == "missing_glyph" for warning in self.warnings)


class RenderPipeline:
    """Draws render jobs. One for a process, since its parts have caches."""

    def __init__(
        self,
        renderer: Renderer,
        sources: SourceFetcher,
        *,
        monotonic: Monotonic = time.monotonic,
        caches: Caches | None = None,
    ) -> None:
        self.renderer = renderer
        self.sources = sources
        self.font_cache = FontCache(renderer.fonts, sources.read_uncached, caches=caches)
        self._monotonic = monotonic

    def draw(
        self, job: RenderJob, *, now: float, deadline: float, timings: Timings
    ) -> RenderResult:
        """The picture of a job. `now` is in Unix seconds.

        Fetches end a second before the `time.monotonic()` instant `deadline`, drawing and encoding
        at it, with `GatewayTimeout`. `RenderFailed` if a layer with `on_error: fail` lacks its
        image.
        """
        (fetched_job,) = self.fetch([job], now=now, deadline=deadline, timings=timings)
        return self.draw_fetched(fetched_job, timings=timings)

    def fetch(
        self, jobs: Sequence[RenderJob], *, now: float, deadline: float, timings: Timings
    ) -> list["FetchedJob"]:
        """Jobs of one template in one size, ready to be drawn; each image is fetched once."""
        with self.until(deadline) as work_deadline:
            return self._fetch(jobs, now, work_deadline, timings)

    def draw_fetched(self, fetched_job: "FetchedJob", *, timings: Timings) -> RenderResult:
        """The picture of a job whose images are fetched; raises as `draw` does."""
        with self.until(fetched_job.prepared.deadline.instant):
            return self._draw(fetched_job, timings)

    @contextmanager
    def until(self, instant: float) -> Iterator[Deadline]:
        """The deadline of drawing that ends at an instant; `GatewayTimeout` after it."""
        try:
            yield Deadline(instant, self._monotonic)
        except DeadlineExceeded as exceeded:
            raise GatewayTimeout(str(exceeded)) from exceeded

    def _fetch(
        self, jobs: Sequence[RenderJob], now: float, deadline: Deadline, timings: Timings
    ) -> list["FetchedJob"]:
        fetch_deadline = deadline.instant - DRAW_SECONDS
        template, font_warnings = self.with_fonts(
            jobs[0].template, jobs[0].loaded.stored.fonts, deadline=fetch_deadline
        )
        jobs = [replace(job, loaded=replace(job.loaded, template=template)) for job in jobs]
        prepared = [prepare(job, now=now, deadline=deadline) for job in jobs]
        fetched, faults, prerendered = self._fetch_images(jobs[0], prepared, fetch_deadline)
        timings.lap("sources")
        deadline.check()
        reasons = {fault.reference: fault.detail for fault in faults}
        return [
            FetchedJob(job, one, fetched, prerendered, reasons, font_warnings)
            for job, one in zip(jobs, prepared, strict=True)
        ]

    def _draw(self, fetched_job: "FetchedJob", timings: Timings) -> RenderResult:
        job, reasons = fetched_job.job, fetched_job.reasons
        pointers = job.source_pointers
        try:
            rendered = self.render_with(
                job,
                fetched_job.prepared,
                fetched_job.images,
                fetched_job.prerendered,
                on_drawn=lambda: timings.lap("draw"),
            )
        except RenderFailed as failure:
            timings.lap("draw")
            detail = reasons.get(failure.reference, str(failure))
            pointer = pointers.get(failure.reference, f"{failure.pointer}/source")
            raise RenderFailed(pointer, detail) from failure
        timings.lap("encode")
        warnings = [_at_request_pointer(one, reasons, pointers) for one in rendered.warnings]
        return RenderResult(
            rendered.image,
            (*fetched_job.font_warnings, *warnings),
            rendered.boxes,
            fetched_job.images,
            fetched_job.prepared,
        )

    def custom_font_keys(
        self, document: Document, *, templates: Sequence[str] | None, deadline: float
    ) -> FontKeysByFamily:
        """Keys of the customer's fonts that a document names; `BadRequest` if one is unusable.

        Fonts that none of `templates` may use count as missing; None stands for all templates.
        """
        return self.custom_fonts().resolve_families(
            document, self.renderer.fonts, templates=templates, deadline=deadline
        )

    def custom_fonts(self) -> "CustomFonts":
        """The customer's uploaded fonts."""
        from postcard.assets.custom_fonts import CustomFonts  # not needed for a GET

        return CustomFonts(self.sources.assets, monotonic=self._monotonic)

    def with_fonts(
        self, template: Template, families: FontKeysByFamily, *, deadline: float
    ) -> tuple[Template, tuple[Fault, ...]]:
        """The template with those fonts, and a warning for each that cannot be loaded."""
        if not families:
            return template, ()
        font_set = self.font_cache.font_set(families, deadline=deadline)
        return replace(template, fonts=font_set.fonts), font_set.warnings

    def _fetch_images(
        self, job: RenderJob, prepared: Sequence[PreparedRender], deadline: float
    ) -> tuple[dict[str, bytes], list[SourceImageFault], PrerenderedLayers | None]:
        """The images of jobs like this, their faults, and the template's prerendered layers.

        Images that only the prerendered layers show are fetched only if those are missing.
        """
        stored, cache = job.loaded.stored, self.renderer.static_layers
        published_keys = stored.sources
        key = stored.prerendered.get(size_name(job.size), "")
        prerendered = cache.get_prerendered(key)
        sources = [
            source for one in prepared for source in one.image_sources(has_prerendered=bool(key))
        ]
        needed = [source for source in sources if not source.prerendered_only]
        if key and prerendered is None:
            needed.append(ImageSource("", key, None, "hide", 0, 0, from_document=True))
            published_keys = {**published_keys, key: key}
        if not all(source.from_document for source in needed):
            self.renderer.image_cache.prepare_untrusted()
        fetched, faults = self.sources.fetch_all(
            needed, published_keys, templates=job.asset_templates, deadline=deadline
        )
        if prerendered is None:
            prerendered = cache.add_prerendered(key, fetched.pop(key, b""))
        if prerendered is None:
            rest = [source for source in sources if source.prerendered_only]
            more, more_faults = self.sources.fetch_all(
                rest, published_keys, templates=job.asset_templates, deadline=deadline
            )
            fetched |= more
            faults += more_faults
        return fetched, [fault for fault in faults if fault.pointer], prerendered

    def render_with(
        self,
        job: RenderJob,
        prepared: PreparedRender,
        fetched_images: Mapping[str, bytes],
        prerendered: PrerenderedLayers | None = None,
        on_drawn: Callable[[], object] = lambda: None,
    ) -> RenderedPicture:
        """Draws a prepared job with images that are fetched already.

        `on_drawn` is called between drawing and encoding.
        """
        return self.renderer.render(
            prepared,
            fetched_images,
            format=job.format,
            quality=job.quality,
            max_bytes=job.max_bytes,
            prerendered=prerendered,
            on_drawn=on_drawn,
        )


@dataclass(frozen=True, slots=True)
class FetchedJob:
    """A job that is ready to be drawn.

    `images` are files by reference, `reasons` say why others are missing.
    """

    job: RenderJob
    prepared: PreparedRender
    images: Mapping[str, bytes]
    prerendered: PrerenderedLayers | None
    reasons: Mapping[str, str]
    font_warnings: tuple[Fault, ...]


def prepare(job: RenderJob, *, now: float, deadline: Deadline = NO_DEADLINE) -> PreparedRender:
    """Evaluates a job's Liquid and builds its render tree, once for fetching and drawing."""
    return PreparedRender(job.template, job.values, job.size, now=now, deadline=deadline)


def _at_request_pointer(
    warning: Fault, reasons: Mapping[str, str], pointers: Mapping[str, str]
) -> Fault:
    """The warning about an image, with the request's pointer and the reason of the fetcher."""
    if not isinstance(warning, SourceImageFault):
        return warning
    detail = reasons.get(warning.reference, warning.detail)
    return Fault(warning.code, pointers.get(warning.reference, warning.pointer), detail)


def check_permitted_assets(job: RenderJob, *, now: float) -> None:
    """`BadRequest` if Liquid makes restricted values into an asset that they may not choose."""
    if not job.values.restricted_fields:
        return
    detail = "The values name an asset that the template does not name for them."
    raise_faults(
        [
            Fault(
                "invalid_value", job.source_pointers.get(source.reference, "/modifications"), detail
            )
            for source in prepare(job, now=now).image_sources()
            if not source.is_permitted
        ]
    )


def bad_request_for(failure: RenderFailed) -> BadRequest:
    """The response to a POST if a layer with `on_error: fail` lacks its image."""
    fault = Fault("image_unavailable", failure.pointer, f"{failure}")
    return BadRequest(str(failure), code="image_unavailable", errors=(fault,))
