"""What a GET shows when its picture cannot be had: the first of `FALLBACKS` that gives an image.

A picture that only lacks a remote image needs none of them: the layer's `on_error` decides what is
drawn there (rendering/images.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from postcard.delivery.request_context import RequestContext
from postcard.errors import failure_site
from postcard.image_formats import EncodedImage
from postcard.pipeline.fallback_images import FallbackImages, FallbackOptions
from postcard.pipeline.pipeline import RenderResult
from postcard.pipeline.render_job import RenderJob
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import bind_defaults

FallbackReason = Literal[
    "source", "render", "budget", "paused", "erased", "unknown", "timeout", "dependency"
]
ENDED = (
    "ended",
    "fallback",
)  # the pictures of a template that may stand for an ended one, in order
FALLBACK = ("fallback",)


class NeedsFallback(Exception):
    """A step of a GET cannot go on. It carries what the step knows, for the fallbacks to use.

    `kinds` are the pictures stored at publish that may be shown, the best first.
    """

    def __init__(
        self,
        reason: FallbackReason,
        *,
        template: LoadedTemplate | None = None,
        job: RenderJob | None = None,
        kinds: Sequence[str] = FALLBACK,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.template = job.loaded if job else template
        self.job = job
        self.kinds = kinds


@dataclass(frozen=True, slots=True)
class KnownSoFar:
    """What the fallbacks may use: the size and format asked for, and what the failed step knew.

    `stored_keys` are the keys of the pictures stored at publish, the best first.
    """

    reason: FallbackReason | None
    options: FallbackOptions
    stored_keys: Sequence[str] = ()
    job: RenderJob | None = None


@dataclass(frozen=True, slots=True)
class FallbackTools:
    """What the fallbacks draw and read with.

    `render` draws a job and raises `NeedsFallback`; `monotonic` is `time.monotonic`.
    """

    images: FallbackImages
    render: Callable[[RenderJob, RequestContext], RenderResult]
    monotonic: Callable[[], float]


def template_with_defaults(
    known: KnownSoFar, context: RequestContext, tools: FallbackTools
) -> EncodedImage | None:
    """The template with every field at its default: some value broke the drawing.

    None if something else failed, a required field has no default, or the time is up.
    """
    if known.reason != "render" or known.job is None:
        return None
    job = replace(known.job, values=bind_defaults(known.job.template))
    if job.values.needs_fallback or tools.monotonic() >= context.deadline:
        return None
    try:
        return tools.render(job, context).image
    except NeedsFallback:
        return None


def stored_picture(
    known: KnownSoFar, context: RequestContext, tools: FallbackTools
) -> EncodedImage | None:
    """The template's `fallback` or `ended` picture, drawn at publish, in the requested size."""
    try:
        deadline = Deadline(context.fallback_deadline, tools.monotonic)
        return tools.images.load_resized(known.stored_keys, known.options, deadline)
    finally:
        context.timings.lap("fallback")


def solid_color(
    known: KnownSoFar, context: RequestContext, tools: FallbackTools
) -> EncodedImage | None:
    """A picture of one colour, the template's background."""
    return tools.images.solid_color(known.options)


FALLBACKS = (template_with_defaults, stored_picture, solid_color)


def first_fallback(
    known: KnownSoFar, context: RequestContext, tools: FallbackTools
) -> EncodedImage:
    """The image of the first fallback that works. `RuntimeError` if none does."""
    for fallback in FALLBACKS:
        try:
            image = fallback(known, context, tools)
        except Exception as failure:  # the next fallback may do better
            context.log_fields["error"] = failure_site(failure)
            continue
        if image is not None:
            return image
    raise RuntimeError("No fallback could be drawn.")
