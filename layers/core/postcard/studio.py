"""Draws an order: its pictures brought, then everything on one canvas. The one way to a picture."""

import time
from collections.abc import Callable, Mapping
from dataclasses import field

from postcard.dataclass import dataclass
from postcard.errors import BadRequest, Fault, TimedOut
from postcard.formats import EncodedImage
from postcard.orders import Order
from postcard.render import LayerBox, Rendered, Renderer, RenderFailed
from postcard.sources import Sources

Monotonic = Callable[[], float]
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
    """What came of an order. `degraded`: a picture in it could not be had."""

    image: EncodedImage
    warnings: tuple[Fault, ...]
    boxes: tuple[LayerBox, ...]

    @property
    def degraded(self) -> bool:
        """Whether it may not be stored."""
        return any(warning.code == "image_unavailable" for warning in self.warnings)


class Studio:
    """Everything that drawing needs; one for a process."""

    def __init__(
        self, renderer: Renderer, sources: Sources, *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self.renderer = renderer
        self.sources = sources
        self._monotonic = monotonic

    def draw(self, order: Order, *, now: float, deadline: float, steps: Steps) -> Drawing:
        """The picture. `RenderFailed` if a layer that says `on_error: fail` lacks its own.

        `now` is in Unix seconds. Sources are given up a second before the `time.monotonic()`
        instant `deadline`; `TimedOut` after it.
        """
        wanted = self.renderer.sources(order.template, order.bound, order.size, now=now)
        own = order.edition.stored.sources
        pictures, faults = self.sources.bring(wanted, own, deadline=deadline - DRAWING)
        steps.done("sources")
        if self._monotonic() > deadline:
            raise TimedOut("There was no time left to draw: try again.")
        reasons = {fault.pointer: fault.detail for fault in faults}
        pointers = {s.pointer: order.pointers.get(s.reference, s.pointer) for s in wanted}
        try:
            rendered = self.rendered(order, pictures, now)
        except RenderFailed as failure:
            where = f"{failure.pointer}/source"
            told = reasons.get(where, str(failure))
            raise RenderFailed(pointers.get(where, where), told) from failure
        finally:
            steps.done("draw")
        warnings = tuple(_pointed(w, reasons, pointers) for w in rendered.warnings)
        return Drawing(rendered.image, warnings, rendered.boxes)

    def rendered(self, order: Order, pictures: Mapping[str, bytes], now: float) -> Rendered:
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
        )


def _pointed(warning: Fault, reasons: Mapping[str, str], pointers: Mapping[str, str]) -> Fault:
    """Where the request names the picture, and why it could not be had, if that is known."""
    if warning.code != "image_unavailable":
        return warning
    told = reasons.get(warning.pointer, warning.detail)
    return Fault(warning.code, pointers.get(warning.pointer, warning.pointer), told)


def refused(failure: RenderFailed) -> BadRequest:
    """What a POST answers where a layer says `on_error: fail`."""
    fault = Fault("image_unavailable", failure.pointer, f"{failure}")
    return BadRequest(str(failure), code="image_unavailable", errors=(fault,))
