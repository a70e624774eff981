"""Finds documents that take too long to draw at the largest size that a link may ask for."""

from collections.abc import Iterable, Mapping

from postcard.errors import Fault
from postcard.geometry import MAX_SIDE, OutputSize, output_size
from postcard.rendering.prepared_render import PreparedRender
from postcard.rendering.renderer import Renderer
from postcard.template.model import Document

MAX_DRAWING_SECONDS = 2.0


def check_drawing_time(
    renderer: Renderer, renders: Iterable[PreparedRender], images: Mapping[str, bytes]
) -> list[Fault]:
    """A fault with the pointer of the layer that costs most, if the layers take too long.

    `renders` are the document with values; `images` are the files that they show, by reference.
    """
    costs = [
        (renderer.estimate_cost(prepared, images, size), size)
        for prepared in renders
        for size in (prepared.size, largest_size(prepared.template.document))
    ]
    cost, size = max(costs, key=lambda one: one[0].total)
    if cost.total <= MAX_DRAWING_SECONDS * 1000:
        return []
    detail = (
        f"Drawing the layers at {size.width} × {size.height} pixels, which a link may ask for, "
        f"takes about {cost.total / 1000:.1f} s; {MAX_DRAWING_SECONDS:.0f} s are allowed. This "
        f"layer takes most, {cost.milliseconds[cost.costliest] / 1000:.1f} s: make it or its "
        "effects smaller, or use fewer layers."
    )
    return [Fault("drawing_too_slow", cost.costliest, detail)]


def largest_size(document: Document) -> OutputSize:
    """The size with the most pixels that a link may ask for.

    >>> from types import SimpleNamespace
    >>> size = largest_size(SimpleNamespace(width=1200, height=630))
    >>> size.width, size.height
    (5000, 2625)
    """
    low, high = 1, MAX_SIDE  # of the width in device pixels, at dpr 1
    while low < high:
        middle = (low + high + 1) // 2
        fits = output_size(document.width, document.height, width=middle).is_within_limits
        low, high = (middle, high) if fits else (low, middle - 1)
    return output_size(document.width, document.height, width=low)
