"""A GET of a picture, from the path that the CDN asks for to the response.

    verify → load template → bind values → charge budget → render → store → respond

`PictureService.get` is that line, and the steps below it stand in its order; `render` fetches the
images that the request names, draws and encodes (pipeline/pipeline.py). The pictures bucket is not
read: the CDN asked it before it called. A step that cannot go on raises `NeedsFallback`, and
`fallbacks.py` is the ordered list of what is shown instead.

What follows from the link and the template alone is a success and may be stored. What follows from
an outage, a time limit or a pause is marked as a fallback, cached for a minute and never stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from postcard import ports
from postcard.budgets.render_budget import RenderBudget
from postcard.delivery.fallbacks import (
    ENDED,
    FALLBACK,
    FallbackReason,
    FallbackTools,
    KnownSoFar,
    NeedsFallback,
    first_fallback,
)
from postcard.delivery.request_context import RequestContext
from postcard.errors import (
    Forbidden,
    GatewayTimeout,
    NotFound,
    Problem,
    ServiceUnavailable,
    failure_site,
)
from postcard.geometry import OutputSize, output_size
from postcard.image_formats import FORMATS, MAX_PICTURE_BYTES, EncodedImage
from postcard.json_text import parse_json
from postcard.links.encoding import MAX_LINK_BYTES
from postcard.links.image_ids import is_valid_image_id
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_request
from postcard.pipeline.fallback_images import (
    DEFAULT_SIZE,
    FallbackImages,
    FallbackOptions,
    background_color,
    fallback_key,
    fallback_keys,
)
from postcard.pipeline.pipeline import RenderPipeline, RenderResult
from postcard.pipeline.render_job import (
    OutputOptions,
    RenderJob,
    capped_size,
    job_for_values,
)
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader, effective_version
from postcard.ports import ImageRecord, StoredObject, TemplateRecord
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues, bind
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import default_value, may_be_unsigned
from postcard.template.fields.values import value_to_json
from postcard.template.modifications import Modifications, modifications_from_link
from postcard.usage.counter import UsageCounter

if TYPE_CHECKING:
    from postcard.budgets.money_budget import PictureAllowance
    from postcard.budgets.template_budgets import TemplateBudgets

PUBLIC = "public, no-transform"
DAY_SECONDS, LATEST_SECONDS, TIMED_SECONDS, FAILURE_SECONDS = 86_400, 300, 10, 60


class LinkKeysById(Protocol):
    """Where the link keys come from."""

    def __call__(self, kid: str | None, epoch: int = 0) -> LinkKeys:
        """The keys; for a key id or an epoch that are not known yet, they are read again."""


class RecordChanged(NeedsFallback):
    """The template was recalled, paused or erased while its picture was drawn.

    Drawing once more helps. If it changes again meanwhile, a fallback is shown.
    """

    def __init__(self, template: LoadedTemplate) -> None:
        super().__init__("erased", template=template)


def image_key(image_id: str, format: str) -> str:
    """The key of an opaque image in the pictures bucket."""
    return f"images/{image_id}.{format}"


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long caches may keep a picture: `max_age` seconds, None for `no-store`.

    `until` is a link's `_exp` (Unix seconds), beyond which no cache may keep the picture.
    docs/contract/api.md, "Cache policy", has the table.
    """

    max_age: int | None
    until: int | None = None

    @property
    def cache_control(self) -> str:
        """`Cache-Control` of a picture without an end."""
        return "no-store" if self.max_age is None else f"{PUBLIC}, max-age={self.max_age}"

    def sent_at(self, now: float) -> tuple[str, int | None]:
        """`Cache-Control` and `Expires` (Unix seconds, None: without) of a response."""
        if self.max_age is None or self.until is None:
            return self.cache_control, None
        seconds = max(0, min(self.max_age, int(self.until - now)))
        return f"{PUBLIC}, max-age={seconds}", min(self.until, int(now) + self.max_age)

    def stored_at(self, now: float) -> tuple[str, int | None]:
        """The same of an object in S3. Its headers cannot count down, so `_exp` needs `Expires`."""
        cache_control, expires = self.sent_at(now)
        return (cache_control, None) if expires is None else (PUBLIC, expires)


NO_STORE = CachePolicy(None)


def cache_for(seconds: int) -> CachePolicy:
    """Every cache may keep the picture for so many seconds."""
    return CachePolicy(seconds)


@dataclass(frozen=True, slots=True)
class PictureResponse:
    """A picture to send. `reason` says why it is a fallback, None if it is what was asked for."""

    image: EncodedImage
    cache_policy: CachePolicy
    render: Literal["drawn", "stored", "fallback"]
    reason: FallbackReason | None = None


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A picture that a verified link, or the id of an opaque image, asks for.

    `template_id` None: the image's record cannot be read. `version` None: the latest. `key`: where
    to store the picture, None if it may not be stored. `expires`: the link's `_exp`. `size` None:
    it follows from the template, `width` and `dpr`. `open_fields` are fields whose values the
    signature does not cover, `merge_signature` is the signature of such a link. `is_lasting`: every
    GET shows the same picture, so that only the first one needs to draw it.
    """

    template_id: str | None
    version: int | None
    format: str
    cache_policy: CachePolicy
    key: str | None
    expires: int | None = None
    link_fields: Mapping[str, str] = field(default_factory=dict)
    image: ImageRecord | None = None
    width: int | None = None
    dpr: float = 1
    quality: int | None = None
    max_bytes: int | None = None
    size: OutputSize | None = None
    open_fields: tuple[str, ...] = ()
    merge_signature: str | None = None
    ended: bool = False
    is_unverified_at_edge: bool = False
    is_lasting: bool = False
    campaign: str | None = None
    log_fields: Mapping[str, object] = field(default_factory=dict)

    def size_for(self, template: Template) -> OutputSize:
        """The size of the picture that is sent."""
        return self.size or capped_size(template.document, self.width, self.dpr)

    def fallback_options(self, template: Template | None) -> FallbackOptions:
        """The size and format of a fallback. Without the template its size is a guess."""
        quality = self.quality or FORMATS[self.format].default_quality
        if template is not None:
            background = background_color(template.document)
            return FallbackOptions(self.size_for(template), self.format, quality, background)
        size = self.size
        if size is None:
            scaled = output_size(
                DEFAULT_SIZE.width, DEFAULT_SIZE.height, width=self.width, dpr=self.dpr
            )
            size = scaled if scaled.is_within_limits else DEFAULT_SIZE
        return FallbackOptions(size, self.format, quality, size_is_guess=self.size is None)


class PictureService:
    """Answers GETs of pictures, whichever kind of address they came by.

    `corrupted_objects` counts the stored objects that failed their checksum so far,
    `take_unsealed_decodes` the pictures since its last call that an unsealed process decoded.
    Without `stores_renders` the pictures of links are kept by the CDN alone.
    """

    def __init__(
        self,
        templates: TemplateLoader,
        images: ports.ImageStore,
        pictures: ports.ObjectStore,
        pipeline: RenderPipeline,
        fallback_images: FallbackImages,
        budget: RenderBudget,
        template_budgets: "Callable[[], TemplateBudgets]",
        keys: LinkKeysById,
        usage: UsageCounter,
        *,
        corrupted_objects: Callable[[], int],
        take_unsealed_decodes: Callable[[], int],
        monotonic: Callable[[], float],
        stores_renders: bool = True,
    ) -> None:
        self._templates = templates
        self._images = images
        self._pictures = pictures
        self._pipeline = pipeline
        self._fallback_tools = FallbackTools(fallback_images, self._render, monotonic)
        self._budget = budget
        self._template_budgets = template_budgets
        self._monotonic = monotonic
        self._keys = keys
        self._usage = usage
        self._corrupted_objects = corrupted_objects
        self._take_unsealed_decodes = take_unsealed_decodes
        self._stores_renders = stores_renders

    def get(self, path: str, link_header: str, context: RequestContext) -> PictureResponse:
        """The picture of a path. `BadRequest`, `Forbidden`, `NotFound`: no picture, `no-store`.

        `link_header` is the canonical link that the edge function sends with `/renders/…`.
        """
        request = self._verify(path, link_header, context)
        corrupted_before = self._corrupted_objects()
        try:
            try:
                return self._draw(request, context, recent=request.key is not None)
            except RecordChanged:  # once more, with the record as it is now
                return self._draw(request, context, recent=False)
        except NeedsFallback as needed:
            return self._fall_back(request, needed, context)
        except ServiceUnavailable as failure:
            context.log_fields["error"] = str(failure)
            return self._fall_back(request, NeedsFallback("dependency"), context)
        except Problem:
            raise
        except Exception as failure:  # a fault of ours: still a picture
            context.log_fields["error"] = failure_site(failure)
            return self._fall_back(request, NeedsFallback("render"), context)
        finally:
            corrupted = self._corrupted_objects() - corrupted_before
            context.log_fields["corrupted_objects"] = corrupted
            context.log_fields["unsealed_decodes"] = self._take_unsealed_decodes()

    def _draw(
        self, request: PictureRequest, context: RequestContext, *, recent: bool
    ) -> PictureResponse:
        """The steps after `verify`. `recent`: begin with a record that may be a second old."""
        record, request = self._read_record(request, context, recent=recent)
        template = self._load_template(request, record, context)
        if request.ended:
            return self._ended_picture(request, template, context)
        job = self._bind_values(request, template, context)
        if job.values.needs_fallback:
            return self._picture_without_right_values(request, job, context)
        allowances = self._charge_budget(request, record, job, context)
        if allowances:
            return self._draw_within(allowances, request, job, context)
        result = self._render(job, context)
        return self._store(request, job, result, context)

    # Verify

    def _verify(self, path: str, link_header: str, context: RequestContext) -> PictureRequest:
        if path.startswith("/renders/"):
            request = self._verify_link(path, link_header, context)
        else:
            request = self._verify_image(path, context)
        context.log_fields |= request.log_fields
        return request

    def _verify_link(self, path: str, link_header: str, context: RequestContext) -> PictureRequest:
        link_path, _, query = link_header.partition("?")
        link = parse_link(link_path, query, max_bytes=MAX_LINK_BYTES)
        keys_for = partial(self._keys, link.kid)
        verified = verify_request(keys_for, path, link, now=context.now)
        link = verified.link
        context.timings.lap("verify")
        is_version = verified.kind == "version"
        is_lasting = is_version and not verified.unverified
        is_stored = is_lasting and self._stores_renders
        return PictureRequest(
            template_id=link.template,
            version=link.version,
            format=link.format,
            cache_policy=cache_for(DAY_SECONDS if is_version else LATEST_SECONDS),
            expires=None if verified.kind == "ended" else link.expires,
            key=path.removeprefix("/") if is_stored else None,
            link_fields=link.fields,
            width=link.width,
            dpr=link.dpr,
            quality=link.quality,
            open_fields=link.open_fields,
            merge_signature=link.signature if link.open_fields else None,
            ended=verified.kind == "ended",
            is_unverified_at_edge=verified.unverified,
            is_lasting=is_lasting,
            campaign=link.campaign,
            log_fields={
                "template_id": link.template,
                "digest": path.rpartition("/")[2].partition(".")[0],
                "campaign": link.campaign,
                "unverified": verified.unverified,
            },
        )

    def _verify_image(self, path: str, context: RequestContext) -> PictureRequest:
        image_id, _, format = path.removeprefix("/images/").partition(".")
        if format not in FORMATS or not is_valid_image_id(self._keys(None), image_id):
            raise NotFound("There is no such picture.")
        context.timings.lap("verify")
        cache_policy = cache_for(DAY_SECONDS)
        try:
            image = self._images.get(image_id)
        except ServiceUnavailable as failure:
            context.log_fields["error"] = str(failure)
            return PictureRequest(None, None, format, cache_policy, key=None)
        if image is None or image.format != format:
            raise NotFound("There is no such picture.")
        return PictureRequest(
            template_id=image.template_id,
            version=image.version,
            format=format,
            cache_policy=cache_policy,
            key=image_key(image_id, format),
            image=image,
            quality=image.quality,
            max_bytes=image.max_bytes,
            size=OutputSize(image.display_width, image.display_height, image.width, image.height),
            is_lasting=True,
            campaign=image.campaign,
            log_fields={
                "template_id": image.template_id,
                "image_id": image_id,
                "campaign": image.campaign,
            },
        )

    # Load the template

    def _read_record(
        self, request: PictureRequest, context: RequestContext, *, recent: bool
    ) -> tuple[TemplateRecord, PictureRequest]:
        """The template's record. While the table is down the last one that was read stands for it.

        A picture that will be stored may begin with a record that is a second old (`recent`), since
        `_store_response` reads it again.

        A picture drawn with an old record is not stored and soon asked for again, since the
        template may have been recalled or erased meanwhile.
        """
        if request.template_id is None:
            raise NeedsFallback("dependency")
        record, failure = self._templates.record_or_last_known(request.template_id, recent=recent)
        if failure is not None:
            context.log_fields |= {"not_stored": request.key is not None, "error": str(failure)}
            request = replace(request, key=None, cache_policy=cache_for(FAILURE_SECONDS))
        if record is None:
            context.timings.lap("template")
            raise NeedsFallback("unknown")
        return record, request

    def _load_template(
        self, request: PictureRequest, record: TemplateRecord, context: RequestContext
    ) -> LoadedTemplate:
        """The compiled version that is drawn for the request, recalls followed."""
        template = self._load_effective(record, request.version)
        context.timings.lap("template")
        if template is None:
            reason: FallbackReason = "erased" if record.erased else "unknown"
            raise NeedsFallback(reason, template=self._load_effective(record, None))
        context.log_fields["version"] = template.version
        _check_open_fields(template, request.open_fields)
        if record.erased or (request.image is not None and request.image.erased):
            raise NeedsFallback("erased", template=template)
        if record.paused and not request.ended:
            raise NeedsFallback("paused", template=template, kinds=ENDED)
        return template

    def _load_effective(self, record: TemplateRecord, version: int | None) -> LoadedTemplate | None:
        number = effective_version(record, version or record.latest)
        return self._templates.load_version(record.template_id, number)

    def _ended_picture(
        self, request: PictureRequest, template: LoadedTemplate, context: RequestContext
    ) -> PictureResponse:
        image = self._stored_image(request, template, ENDED, context)
        self._count(request, image, context, "fallback_ended")
        return _respond(request, image, cache_for(LATEST_SECONDS), "stored")

    # Bind the values

    def _bind_values(
        self, request: PictureRequest, template: LoadedTemplate, context: RequestContext
    ) -> RenderJob:
        """Everything that the picture follows from; its bytes fit into a Lambda response."""
        try:
            values = self._values(request, template)
        except ServiceUnavailable as failure:
            context.log_fields["error"] = str(failure)
            raise NeedsFallback("dependency", template=template) from failure
        max_bytes = request.max_bytes or template.template.max_bytes or MAX_PICTURE_BYTES
        options = OutputOptions(
            request.format, quality=request.quality, max_bytes=min(max_bytes, MAX_PICTURE_BYTES)
        )
        job = job_for_values(template, values, options, request.size_for(template.template))
        context.timings.lap("values")
        context.log_fields["ignored_values"] = values.ignored_count
        context.log_fields["shortened_values"] = values.shortened_count
        return job

    def _values(self, request: PictureRequest, template: LoadedTemplate) -> BoundValues:
        image = request.image
        if image is None:
            modifications = modifications_from_link(template.template, request.link_fields)
            restricted = frozenset(request.open_fields)
            return bind(template.template, modifications, mode="link", restricted=restricted)
        if template.version == image.version:
            return BoundValues.from_canonical_json(template.template, image.values)
        recalled = self._templates.load_version(image.template_id, image.version)
        return _values_for_replacement(image, template.template, recalled)

    def _picture_without_right_values(
        self, request: PictureRequest, job: RenderJob, context: RequestContext
    ) -> PictureResponse:
        """The stored fallback picture: it follows from the link alone, so it may be stored, too."""
        context.log_fields["missing_required"] = len(job.values.missing_required)
        context.log_fields["rejected_values"] = len(job.values.rejected)
        image = self._stored_image(request, job.loaded, FALLBACK, context)
        response = _respond(request, image, request.cache_policy, "drawn")
        return self._store_response(request, job, response, context)

    # Charge the budget, render

    def _charge_budget(
        self,
        request: PictureRequest,
        record: TemplateRecord,
        job: RenderJob,
        context: RequestContext,
    ) -> "Sequence[PictureAllowance]":
        """What budgets in money allow the picture to cost; none without such a budget."""
        if not self._budget.spend(record, now=context.now, merge_signature=request.merge_signature):
            raise NeedsFallback("budget", template=job.loaded)
        if record.daily_usd is None and context.allowance is None:
            return ()
        allowances = () if context.allowance is None else (context.allowance,)
        if any(allowance.is_settled for allowance in allowances):  # by a drawing before this one
            raise NeedsFallback("budget", template=job.loaded)
        if record.daily_usd is not None:
            seconds = context.deadline - self._monotonic()
            own = self._template_budgets().reserve(
                record, is_image=request.image is not None, seconds=seconds, now=context.now
            )
            if own is None:
                raise NeedsFallback("budget", template=job.loaded)
            allowances = (*allowances, own)
        return allowances

    def _draw_within(
        self,
        allowances: "Sequence[PictureAllowance]",
        request: PictureRequest,
        job: RenderJob,
        context: RequestContext,
    ) -> PictureResponse:
        """As without a budget in money, in the time and the bytes that the budgets pay for.

        Charged is the time since the request came in.
        """
        started_at, picture_bytes = self._monotonic(), 0
        before_ms = sum(context.timings.milliseconds.values())
        affordable = started_at + min(allowance.seconds for allowance in allowances)
        is_shortened = affordable < context.deadline
        context.deadline = min(context.deadline, affordable)

        def milliseconds() -> float:
            return before_ms + (self._monotonic() - started_at) * 1000

        try:
            result = self._render(job, context)
            size = len(result.image.body)
            if not all(
                allowance.covers(milliseconds=milliseconds(), picture_bytes=size)
                for allowance in allowances
            ):
                raise NeedsFallback("budget", template=job.loaded)
            picture_bytes = size
            return self._store(request, job, result, context)
        except NeedsFallback as needed:
            if needed.reason == "timeout" and is_shortened:
                raise NeedsFallback("budget", template=job.loaded) from None
            raise
        finally:
            for allowance in allowances:
                allowance.settle(milliseconds=milliseconds(), picture_bytes=picture_bytes)

    def _render(self, job: RenderJob, context: RequestContext) -> RenderResult:
        """The drawn picture. Any failure becomes a reason for a fallback, here and nowhere else."""
        context.log_fields["renders"] = 1
        try:
            result = self._pipeline.draw(
                job, now=context.now, deadline=context.deadline, timings=context.timings
            )
        except RenderFailed:
            raise NeedsFallback("source", job=job) from None
        except GatewayTimeout:
            raise NeedsFallback("timeout", job=job) from None
        except ServiceUnavailable as failure:
            context.log_fields["error"] = str(failure)
            raise NeedsFallback("dependency", job=job) from failure
        except Exception as failure:
            context.log_fields["error"] = failure_site(failure)
            raise NeedsFallback("render", job=job) from failure
        if len(result.image.body) > MAX_PICTURE_BYTES:
            raise NeedsFallback("render", job=job)
        return result

    # Store, respond

    def _store(
        self,
        request: PictureRequest,
        job: RenderJob,
        result: RenderResult,
        context: RequestContext,
    ) -> PictureResponse:
        """The response with the drawn picture, which is stored unless it soon changes."""
        context.log_fields["missing_glyphs"] = result.missing_glyphs
        if result.degraded:
            self._count(request, result.image, context, "fallback_source")
            return _respond(request, result.image, cache_for(FAILURE_SECONDS), "fallback", "source")
        if job.template.depends_on_time:
            self._count(request, result.image, context, "redraws")
            return _respond(request, result.image, cache_for(TIMED_SECONDS), "drawn")
        response = _respond(request, result.image, request.cache_policy, "drawn")
        return self._store_response(request, job, response, context)

    def _store_response(
        self,
        request: PictureRequest,
        job: RenderJob,
        response: PictureResponse,
        context: RequestContext,
    ) -> PictureResponse:
        """Stores the picture, then asks once more whether it may be shown.

        Whoever recalls or erases changes the record first and deletes the stored pictures then, so
        one of the two sees the other. If the record cannot be read, the picture is shown but not
        stored.
        """
        if request.key is None:
            is_first = request.is_lasting and not self._stores_renders
            self._count_drawn(request, response, context, is_first=is_first)
            return response
        is_first = self._put(request.key, response, context)
        # Written while the record is read once more.
        self._count_drawn(request, response, context, is_first=is_first)
        try:
            is_current = self._is_current(request, job.loaded)
        except ServiceUnavailable as failure:
            context.log_fields |= {"not_stored": True, "error": str(failure)}
            policy = replace(response.cache_policy, max_age=FAILURE_SECONDS)
            response = replace(response, cache_policy=policy)
            is_current = None
        if not is_current:
            self._delete(request.key, context)
        context.timings.lap("store")
        if is_current is False:
            raise RecordChanged(job.loaded)
        return response

    def _put(self, key: str, response: PictureResponse, context: RequestContext) -> bool:
        """Whether the picture was stored, and was not there before."""
        image = response.image
        cache_control, expires = response.cache_policy.stored_at(context.now)
        stored = StoredObject(
            image.body, image.content_type, cache_control=cache_control, expires=expires
        )
        try:
            is_new = self._pictures.put_if_absent(key, stored)
        except ServiceUnavailable as failure:
            context.log_fields |= {"not_stored": True, "error": str(failure)}
            return False
        context.timings.lap("store")
        context.log_fields["already_stored"] = not is_new
        return is_new

    def _delete(self, key: str, context: RequestContext) -> None:
        try:
            self._pictures.delete([key])
        except ServiceUnavailable as failure:
            context.log_fields["error"] = str(failure)

    def _is_current(self, request: PictureRequest, template: LoadedTemplate) -> bool:
        """Whether the request would still be drawn with this version of the template."""
        record = self._templates.record(request.template_id or "")
        if record is None or record.erased or record.paused:
            return False
        if request.image is not None:
            image = self._images.get(request.image.image_id)
            if image is None or image.erased:
                return False
        return effective_version(record, request.version or record.latest) == template.version

    # Fall back

    def _fall_back(
        self, request: PictureRequest, needed: NeedsFallback, context: RequestContext
    ) -> PictureResponse:
        known = KnownSoFar(
            needed.reason,
            request.fallback_options(needed.template.template if needed.template else None),
            _stored_keys(request, needed.template, needed.kinds),
            needed.job,
        )
        image = first_fallback(known, context, self._fallback_tools)
        context.is_counted = False  # of a record that changed, the picture was counted before
        self._count(request, image, context, f"fallback_{needed.reason}")
        return _respond(request, image, cache_for(FAILURE_SECONDS), "fallback", needed.reason)

    def _stored_image(
        self,
        request: PictureRequest,
        template: LoadedTemplate,
        kinds: Sequence[str],
        context: RequestContext,
    ) -> EncodedImage:
        """The first of the template's stored pictures of these kinds, else one of one colour."""
        options = request.fallback_options(template.template)
        known = KnownSoFar(None, options, _stored_keys(request, template, kinds))
        return first_fallback(known, context, self._fallback_tools)

    # Count

    def _count_drawn(
        self,
        request: PictureRequest,
        response: PictureResponse,
        context: RequestContext,
        *,
        is_first: bool,
    ) -> None:
        names = ["first_opens" if is_first else "redraws"]
        if context.log_fields.get("missing_required"):
            names.append("fallback_missing_required")
        elif context.log_fields.get("rejected_values"):
            names.append("fallback_rejected_values")
        self._count(request, response.image, context, *names)

    def _count(
        self, request: PictureRequest, image: EncodedImage, context: RequestContext, *names: str
    ) -> None:
        """Count the picture as usage, once in a GET."""
        if request.template_id is None or context.is_counted:
            return
        context.is_counted = True
        size = len(image.body)
        counts = {"bytes": size, "duration_ms": round(context.timings.total_ms)}
        if context.ahead:
            counts |= {"drawn_ahead": 1, "ahead_bytes": size}
        else:
            counts |= dict.fromkeys(names, 1)
            if "first_opens" in counts:
                counts["stored_bytes"] = size
        self._usage.count(request.template_id, request.campaign, counts, now=context.now)


def _respond(
    request: PictureRequest,
    image: EncodedImage,
    cache_policy: CachePolicy,
    render: Literal["drawn", "stored", "fallback"],
    reason: FallbackReason | None = None,
) -> PictureResponse:
    cache_policy = replace(cache_policy, until=request.expires)
    if request.is_unverified_at_edge:
        cache_policy = NO_STORE
    return PictureResponse(image, cache_policy, render, reason)


def _stored_keys(
    request: PictureRequest, template: LoadedTemplate | None, kinds: Sequence[str]
) -> list[str]:
    """Keys of the pictures stored at publish; without the template's record, the fixed ones."""
    if template is not None:
        return fallback_keys(template.stored, kinds)
    if request.template_id is None or request.version is None:
        return []
    return [fallback_key(request.template_id, request.version, kind) for kind in kinds]


def _check_open_fields(template: LoadedTemplate, open_fields: Sequence[str]) -> None:
    """`Forbidden` if the link leaves a field unsigned that its template keeps closed."""
    fields = template.template.document.fields
    closed = [name for name in open_fields if not may_be_unsigned(fields, name)]
    if closed:
        raise Forbidden(
            f"The template keeps {', '.join(closed)} closed: sign the value.", code="bad_signature"
        )


def _values_for_replacement(
    image: ImageRecord, template: Template, recalled: LoadedTemplate | None
) -> BoundValues:
    """The values of a recalled version's image, bound to the version that replaces it.

    Values that were the recalled version's defaults become the new version's defaults.
    """
    stored = parse_json(image.values)
    old_fields: Mapping[str, AnyField] = {}
    unchanged: set[str] = set()
    if recalled is not None:
        old_fields = recalled.template.fields
        defaults = recalled.template.default_values
        bound = BoundValues.from_canonical_json(recalled.template, image.values).values
        unchanged = {name for name in old_fields if bound.get(name) == defaults.get(name)}
    fields = {
        name: _without_item_defaults(old_fields.get(name), value)
        for name, value in stored["values"].items()
        if name in template.document.fields and name not in unchanged
    }
    layers = {
        name: {
            key: value
            for key, value in properties.items()
            if key == "visible" or key in template.addressable_layers[name].modifiable
        }
        for name, properties in stored["layers"].items()
        if name in template.addressable_layers
    }
    return bind(template, Modifications(fields, layers), mode="link")


def _without_item_defaults(spec: AnyField | None, value: Any) -> Any:
    """A stored value; of a list's items only what differs from their defaults."""
    if not isinstance(spec, ListField):
        return value
    defaults = {key: value_to_json(default_value(item, UTC)) for key, item in spec.items.items()}
    return [
        {key: one for key, one in item.items() if one != defaults.get(key)} or item
        for item in value
    ]
