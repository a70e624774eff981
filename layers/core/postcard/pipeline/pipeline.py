"""Draws an order: its pictures brought, then everything on one canvas. The one way to a picture."""

import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from postcard.assets.font_cache import FontCache, FontKeysByFamily
from postcard.errors import BadRequest, Fault, GatewayTimeout, SourceImageFault
from postcard.formats import EncodedImage
from postcard.pipeline.render_job import RenderJob
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.rendering.prerendered import PrerenderedLayers, size_name
from postcard.rendering.renderer import (
    ImageSource,
    LayerBox,
    RenderedPicture,
    Renderer,
    RenderFailed,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.model import Document

if TYPE_CHECKING:
    from postcard.assets.custom_fonts import CustomFonts

Monotonic = Callable[[], float]
_DEGRADING_CODES = ("image_unavailable", "font_unavailable")
DRAW_SECONDS = 1.0  # seconds that are left for drawing when the last source is given up


@dataclass
class Timings:
    """Milliseconds by step, for logs and `Server-Timing`; `timed` starts the next step."""

    clock: Monotonic = time.monotonic
    milliseconds: dict[str, float] = field(default_factory=dict)
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def lap(self, step: str) -> None:
        """What was done since the last step took this long."""
        now = self.clock()
        self.milliseconds[step] = self.milliseconds.get(step, 0.0) + (now - self._since) * 1000
        self._since = now


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What came of an order. `degraded`: a picture or font in it could not be had."""

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]

    @property
    def degraded(self) -> bool:
        """Whether it may not be stored."""
        return any(warning.code in _DEGRADING_CODES for warning in self.warnings)

    @property
    def missing_glyphs(self) -> int:
        """How many layers have letters that no font has."""
        return sum(warning.code == "missing_glyph" for warning in self.warnings)


class RenderPipeline:
    """Everything that drawing needs; one for a process."""

    def __init__(
        self, renderer: Renderer, sources: SourceFetcher, *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self.renderer = renderer
        self.sources = sources
        self.font_cache = FontCache(renderer.fonts, sources.read_uncached)
        self._monotonic = monotonic

    def draw(
        self, order: RenderJob, *, now: float, deadline: float, steps: Timings
    ) -> RenderResult:
        """The picture. `RenderFailed` if a layer that says `on_error: fail` lacks its own.

        `now` is in Unix seconds. Sources are given up a second before the `time.monotonic()`
        instant `deadline`; `TimedOut` after it.
        """
        order, lost = self._with_custom_fonts(order, deadline - DRAW_SECONDS)
        pictures, faults, laid = self._fetch_sources(order, now, deadline - DRAW_SECONDS)
        steps.lap("sources")
        if self._monotonic() > deadline:
            raise GatewayTimeout("There was no time left to draw: try again.")
        reasons = {fault.reference: fault.detail for fault in faults}
        try:
            rendered = self.render_with(order, pictures, now, laid)
        except RenderFailed as failure:
            told = reasons.get(failure.reference, str(failure))
            where = order.source_pointers.get(failure.reference, f"{failure.pointer}/source")
            raise RenderFailed(where, told) from failure
        finally:
            steps.lap("draw")
        warnings = (
            *lost,
            *(_at_request_pointer(w, reasons, order.source_pointers) for w in rendered.warnings),
        )
        return RenderResult(rendered.image, warnings, rendered.boxes)

    def custom_font_keys(self, document: Document, *, deadline: float) -> FontKeysByFamily:
        """The sender's own fonts that a document names; `BadRequest` where one cannot be used."""
        return self.custom_fonts().resolve_families(
            document, self.renderer.fonts, deadline=deadline
        )

    def custom_fonts(self) -> "CustomFonts":
        """The sender's own fonts."""
        from postcard.assets.custom_fonts import (
            CustomFonts,  # links never look for a font by its name
        )

        return CustomFonts(self.sources.assets, monotonic=self._monotonic)

    def with_fonts(
        self, template: Template, families: FontKeysByFamily, *, deadline: float
    ) -> tuple[Template, tuple[Fault, ...]]:
        """The template with those fonts, and a warning for each that could not be had."""
        if not families:
            return template, ()
        typeface = self.font_cache.font_set(families, deadline=deadline)
        return replace(template, fonts=typeface.fonts), typeface.warnings

    def _with_custom_fonts(
        self, order: RenderJob, deadline: float
    ) -> tuple[RenderJob, tuple[Fault, ...]]:
        families = order.loaded.stored.fonts
        template, lost = self.with_fonts(order.template, families, deadline=deadline)
        return replace(order, loaded=replace(order.loaded, template=template)), lost

    def _fetch_sources(
        self, order: RenderJob, now: float, deadline: float
    ) -> tuple[dict[str, bytes], list[SourceImageFault], PrerenderedLayers | None]:
        """The pictures of an order; those that its stored ground shows only if that is missing."""
        stored, grounds = order.loaded.stored, self.renderer.static_layers
        key = stored.prerendered.get(size_name(order.size), "")
        wanted = self.renderer.image_sources(
            order.template, order.values, order.size, now=now, has_prerendered=bool(key)
        )
        laid = grounds.get_prerendered(key)
        first = [source for source in wanted if not source.prerendered_only]
        own = stored.sources
        if key and laid is None:
            first.append(ImageSource("", key, None, "hide", 0, 0, from_document=True))
            own = {**own, key: key}
        if not all(source.from_document for source in first):
            self.renderer.image_cache.prepare_untrusted()
        pictures, faults = self.sources.fetch_all(first, own, deadline=deadline)
        laid = laid or grounds.add_prerendered(key, pictures.pop(key, b""))
        below = [source for source in wanted if source.prerendered_only and laid is None]
        more, missing = self.sources.fetch_all(below, own, deadline=deadline)
        found = [fault for fault in (*faults, *missing) if fault.pointer]
        return {**pictures, **more}, found, laid

    def render_with(
        self,
        order: RenderJob,
        pictures: Mapping[str, bytes],
        now: float,
        laid: PrerenderedLayers | None = None,
    ) -> RenderedPicture:
        """The order drawn with pictures that are at hand."""
        return self.renderer.render(
            order.template,
            order.values,
            order.size,
            format=order.format,
            quality=order.quality,
            max_bytes=order.max_bytes,
            fetched_images=pictures,
            now=now,
            prerendered=laid,
        )


def _at_request_pointer(
    warning: Fault, reasons: Mapping[str, str], pointers: Mapping[str, str]
) -> Fault:
    """Where the request names the picture, and why it could not be had, if that is known."""
    if not isinstance(warning, SourceImageFault):
        return warning
    told = reasons.get(warning.reference, warning.detail)
    return Fault(warning.code, pointers.get(warning.reference, warning.pointer), told)


def bad_request_for(failure: RenderFailed) -> BadRequest:
    """What a POST answers where a layer says `on_error: fail`."""
    fault = Fault("image_unavailable", failure.pointer, f"{failure}")
    return BadRequest(str(failure), code="image_unavailable", errors=(fault,))
