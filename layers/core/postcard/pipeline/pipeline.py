"""Draws an order: its pictures brought, then everything on one canvas. The one way to a picture."""

import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from postcard.assets.font_cache import Families, Typefaces
from postcard.errors import BadRequest, Fault, PictureFault, TimedOut
from postcard.formats import EncodedImage
from postcard.pipeline.render_job import Order
from postcard.pipeline.source_fetcher import Sources
from postcard.rendering.prerendered import Laid, name_of
from postcard.rendering.renderer import LayerBox, Rendered, Renderer, RenderFailed, Source
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.compiled import Template
from postcard.template.model import Document

if TYPE_CHECKING:
    from postcard.assets.custom_fonts import FontShelf

Monotonic = Callable[[], float]
_DEGRADING = ("image_unavailable", "font_unavailable")
DRAWING = 1.0  # seconds that are left for drawing when the last source is given up


@dataclass
class Steps:
    """Milliseconds by step, for logs and `Server-Timing`; `timed` starts the next step."""

    clock: Monotonic = time.monotonic
    spent: dict[str, float] = field(default_factory=dict)
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def done(self, step: str) -> None:
        """What was done since the last step took this long."""
        now = self.clock()
        self.spent[step] = self.spent.get(step, 0.0) + (now - self._since) * 1000
        self._since = now


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came of an order. `degraded`: a picture or font in it could not be had."""

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]

    @property
    def degraded(self) -> bool:
        """Whether it may not be stored."""
        return any(warning.code in _DEGRADING for warning in self.warnings)

    @property
    def missing_glyphs(self) -> int:
        """How many layers have letters that no font has."""
        return sum(warning.code == "missing_glyph" for warning in self.warnings)


class Studio:
    """Everything that drawing needs; one for a process."""

    def __init__(
        self, renderer: Renderer, sources: Sources, *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self.renderer = renderer
        self.sources = sources
        self.typefaces = Typefaces(renderer.fonts, sources.once)
        self._monotonic = monotonic

    def draw(self, order: Order, *, now: float, deadline: float, steps: Steps) -> Drawing:
        """The picture. `RenderFailed` if a layer that says `on_error: fail` lacks its own.

        `now` is in Unix seconds. Sources are given up a second before the `time.monotonic()`
        instant `deadline`; `TimedOut` after it.
        """
        order, lost = self._dressed(order, deadline - DRAWING)
        pictures, faults, laid = self._brought(order, now, deadline - DRAWING)
        steps.done("sources")
        if self._monotonic() > deadline:
            raise TimedOut("There was no time left to draw: try again.")
        reasons = {fault.reference: fault.detail for fault in faults}
        try:
            rendered = self.rendered(order, pictures, now, laid)
        except RenderFailed as failure:
            told = reasons.get(failure.reference, str(failure))
            where = order.pointers.get(failure.reference, f"{failure.pointer}/source")
            raise RenderFailed(where, told) from failure
        finally:
            steps.done("draw")
        warnings = (*lost, *(_pointed(w, reasons, order.pointers) for w in rendered.warnings))
        return Drawing(rendered.image, warnings, rendered.boxes)

    def families(self, document: Document, *, deadline: float) -> Families:
        """The sender's own fonts that a document names; `BadRequest` where one cannot be used."""
        return self.shelf().own(document, self.renderer.fonts, deadline=deadline)

    def shelf(self) -> "FontShelf":
        """The sender's own fonts."""
        from postcard.assets.custom_fonts import (
            FontShelf,  # links never look for a font by its name
        )

        return FontShelf(self.sources.assets, monotonic=self._monotonic)

    def wearing(
        self, template: Template, families: Families, *, deadline: float
    ) -> tuple[Template, tuple[Fault, ...]]:
        """The template with those fonts, and a warning for each that could not be had."""
        if not families:
            return template, ()
        typeface = self.typefaces.of(families, deadline=deadline)
        return replace(template, fonts=typeface.fonts), typeface.warnings

    def _dressed(self, order: Order, deadline: float) -> tuple[Order, tuple[Fault, ...]]:
        families = order.edition.stored.fonts
        template, lost = self.wearing(order.template, families, deadline=deadline)
        return replace(order, edition=replace(order.edition, template=template)), lost

    def _brought(
        self, order: Order, now: float, deadline: float
    ) -> tuple[dict[str, bytes], list[PictureFault], Laid | None]:
        """The pictures of an order; those that its stored ground shows only if that is missing."""
        stored, grounds = order.edition.stored, self.renderer.grounds
        key = stored.grounds.get(name_of(order.size), "")
        wanted = self.renderer.sources(
            order.template, order.bound, order.size, now=now, laid=bool(key)
        )
        laid = grounds.known(key)
        first = [source for source in wanted if not source.below]
        own = stored.sources
        if key and laid is None:
            first.append(Source("", key, None, "hide", 0, 0, own=True))
            own = {**own, key: key}
        if not all(source.own for source in first):
            self.renderer.cache.expect()
        pictures, faults = self.sources.bring(first, own, deadline=deadline)
        laid = laid or grounds.keep(key, pictures.pop(key, b""))
        below = [source for source in wanted if source.below and laid is None]
        more, missing = self.sources.bring(below, own, deadline=deadline)
        found = [fault for fault in (*faults, *missing) if fault.pointer]
        return {**pictures, **more}, found, laid

    def rendered(
        self,
        order: Order,
        pictures: Mapping[str, bytes],
        now: float,
        laid: Laid | None = None,
    ) -> Rendered:
        """The order drawn with pictures that are at hand."""
        return self.renderer.render(
            order.template,
            order.bound,
            order.size,
            format=order.format,
            quality=order.quality,
            max_bytes=order.max_bytes,
            pictures=pictures,
            now=now,
            laid=laid,
        )


def _pointed(warning: Fault, reasons: Mapping[str, str], pointers: Mapping[str, str]) -> Fault:
    """Where the request names the picture, and why it could not be had, if that is known."""
    if not isinstance(warning, PictureFault):
        return warning
    told = reasons.get(warning.reference, warning.detail)
    return Fault(warning.code, pointers.get(warning.reference, warning.pointer), told)


def refused(failure: RenderFailed) -> BadRequest:
    """What a POST answers where a layer says `on_error: fail`."""
    fault = Fault("image_unavailable", failure.pointer, f"{failure}")
    return BadRequest(str(failure), code="image_unavailable", errors=(fault,))
