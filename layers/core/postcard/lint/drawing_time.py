"""Finds documents that take too long to draw at the largest size that a link may ask for.

Counted are all layers that some values may show: those with an `if` that is false for the examples,
those whose text or picture comes with the request, and as many items as a list may have.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from postcard.errors import Fault
from postcard.geometry import MAX_SIDE, OutputSize, output_size
from postcard.rendering.prepared_render import PreparedRender
from postcard.rendering.renderer import Renderer
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.fields.field_types import ListField
from postcard.template.fields.values import AnyValue
from postcard.template.layers.base import BaseLayer
from postcard.template.liquid_slots import replace_at
from postcard.template.model import Document

MAX_DRAWING_SECONDS = 2.0
_SAMPLES = {"text": "Sample", "plain": "1", "image": "asset:sample"}  # of Liquid that is empty


def check_drawing_time(
    renderer: Renderer,
    template: Template,
    values: BoundValues,
    images: Mapping[str, bytes],
    *,
    now: float,
    deadline: Deadline = NO_DEADLINE,
) -> list[Fault]:
    """A fault with the pointer of the layer that costs most, if the layers take too long.

    `images` are the files that the document names, by reference; others count as large as the
    canvas.
    """
    size = output_size(template.width, template.height)
    prepared = PreparedRender(
        template,
        _with_items(template, values),
        size,
        now=now,
        deadline=deadline,
        evaluator_class=_ShowsEverything,
    )
    costs = [
        (renderer.estimate_cost(prepared.at_size(size), images), size)
        for size in (size, largest_size(template.document))
    ]
    cost, size = max(costs, key=lambda one: one[0].total)
    if cost.total <= MAX_DRAWING_SECONDS * 1000:
        return []
    detail = (
        f"Drawing the layers at {size.width} × {size.height} pixels, which a link may ask for, "
        f"takes about {cost.total / 1000:.1f} s; {MAX_DRAWING_SECONDS:.0f} s are allowed. This "
        f"layer takes most, {cost.milliseconds[cost.costliest] / 1000:.1f} s: make it or its "
        "effects smaller, or use fewer layers. Layers with an if count as shown."
    )
    return [Fault("drawing_too_slow", cost.costliest, detail)]


class _ShowsEverything(Evaluator):
    """Shows each layer, whatever its `if` says, and also those that the values leave empty."""

    def is_visible(self, pointer: str) -> bool:
        """Always."""
        return True

    def resolve(self, target: Any, pointer: str, skip: frozenset[str] = frozenset()) -> Any:
        """The layer, with a sample where its Liquid is empty."""
        resolved = super().resolve(target, pointer, skip)
        if isinstance(resolved, BaseLayer) and resolved.is_empty:
            for slot in self.template.liquid_slots.get(pointer, ()):
                if slot.value_type in _SAMPLES:
                    resolved = replace_at(resolved, slot.path, _SAMPLES[slot.value_type])
        return resolved


def _with_items(template: Template, values: BoundValues) -> BoundValues:
    """The values with an item in each list; the cost model counts as many as a list may have."""
    items: dict[str, AnyValue | None] = {
        name: (dict.fromkeys(field.items),)
        for name, field in template.fields.items()
        if isinstance(field, ListField) and not values.values.get(name)
    }
    return replace(values, values={**values.values, **items})


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
