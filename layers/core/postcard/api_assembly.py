"""Puts the services of the JSON API together from ports."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from postcard import ports
from postcard.assets.asset_service import AssetService
from postcard.campaigns.batches.batch_service import BatchService
from postcard.deletion.deletions import Deletions
from postcard.deletion.erasure import Erasure
from postcard.deletion.stored_pictures import StoredPictures
from postcard.delivery.assembly import Dependencies, SharedServices
from postcard.events.image_events import ImageEvents
from postcard.events.outbox import WebhookOutbox
from postcard.host_patterns import url_origin
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.sessions import SessionService
from postcard.links.signing import LinkKeys
from postcard.runtime.deadline import Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.health import check_all, dependency_checks
from postcard.services.images import Images
from postcard.services.links import LinkService
from postcard.services.previews.preview_pictures import PreviewPictures
from postcard.services.previews.preview_service import Previews
from postcard.services.publishing import Publisher
from postcard.services.recalls import Recalls
from postcard.services.source_downscaling import CachedDownscaling
from postcard.services.template_fixes import TemplateFixes
from postcard.services.templates import TemplateCatalog
from postcard.settings import DEFAULT_BATCH_DAYS, MAX_BATCH_BYTES
from postcard.status.history_copy import HistoryCopy
from postcard.status.status_service import StatusService
from postcard.studio.designs import DesignStarter
from postcard.studio.drafts import Drafts
from postcard.usage.counter import UsageCounter
from postcard.usage.report.shared_pages import SharedPages
from postcard.usage.report.shares import UsageShares
from postcard.usage.report.usage_reports import UsageReports
from postcard.usage.usage_service import UsageService
from postcard.webhooks.delivery_service import DeliveryService
from postcard.webhooks.webhook_service import WebhookService


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """What the API needs beside the picture service's dependencies."""

    dependencies: Dependencies
    api_keys: ports.ApiKeyStore
    invitations: ports.InvitationStore
    limiter: ports.RateLimiter
    idempotency: ports.IdempotencyStore
    uploads: ports.Uploads
    cdn: ports.Cdn
    deletions: ports.DeletionStore
    queue: ports.Queue
    files: ports.FileStore
    batches: ports.BatchStore
    drafts: ports.DraftStore
    status: ports.StatusStore
    usage: ports.UsageStore
    usage_shares: ports.UsageShareStore
    webhooks: ports.WebhookStore
    deliveries: ports.DeliveryStore
    hints: ports.Hints
    webhook_sender: ports.WebhookSender
    webhooks_key: Callable[[], str]
    machine: ports.StateMachine
    fonts: Callable[[], Sequence[Mapping[str, object]]]
    base_url: str
    cors_origins: Sequence[str] = ()
    batch_days: int = DEFAULT_BATCH_DAYS
    batch_bytes: int = MAX_BATCH_BYTES
    public_status: bool = False


MAX_SANDBOX_START_SECONDS = 5.0  # that a health check waits for


@dataclass(frozen=True, slots=True)
class ApiService:
    """Everything that the API's handlers call.

    `sandbox_status` says what holds in the process that decodes untrusted files.
    `fonts` takes the templates that may use a font (None: all) and a `time.monotonic()` instant.
    `set_deadline` takes the `time.monotonic()` instant at which every wait is given up.
    `picture_origin` and `upload_origin` are where pictures come from and uploads go to.
    """

    images: Images
    links: LinkService
    templates: TemplateCatalog
    publisher: Publisher
    recalls: Recalls
    deletions: Deletions
    erasure: Erasure
    previews: Previews
    fixes: TemplateFixes
    assets: AssetService
    batches: BatchService
    drafts: Drafts
    designs: DesignStarter
    webhooks: WebhookService
    deliveries: DeliveryService
    fonts: Callable[[Sequence[str] | None, float], Sequence[Mapping[str, object]]]
    health: Callable[[], Mapping[str, str]]
    sandbox_status: Callable[[], str]
    status: StatusService
    keys: ApiKeyService
    sessions: SessionService
    limiter: ports.RateLimiter
    counters: ports.Counters
    usage: UsageService
    usage_counter: UsageCounter
    usage_reports: UsageReports
    usage_shares: UsageShares
    shared_usage_pages: SharedPages
    idempotency: ports.IdempotencyStore
    set_deadline: Callable[[float], None]
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    picture_origin: str
    upload_origin: Callable[[], str]
    cors_origins: Sequence[str] = ()


def api_service(api: ApiDependencies) -> ApiService:
    """The services that the API's handlers call."""
    dependencies = api.dependencies
    shared = SharedServices.build(dependencies, normalize_uploads=True)

    def keys() -> LinkKeys:
        return dependencies.keys(None)

    api_keys = ApiKeyService(api.api_keys)
    links = LinkService(shared.templates, shared.pipeline, keys, base_url=api.base_url)
    stored_pictures = StoredPictures(dependencies.pictures, api.cdn)
    assets = AssetService(shared.sources.assets, dependencies.store, api.uploads)
    drafts = Drafts(api.drafts, dependencies.templates, dependencies.counters)
    erasure = Erasure(dependencies.images, stored_pictures, keys)
    outbox = WebhookOutbox(api.webhooks, api.hints, clock=dependencies.monotonic)
    deletions = Deletions(api.deletions, api.queue, keys, clock=dependencies.clock)
    prices = _Prices(region=dependencies.region, stored=dependencies.stores_renders)
    return ApiService(
        images=_images(api, shared, links, outbox, stored_pictures, keys),
        links=links,
        templates=TemplateCatalog(
            dependencies.templates, shared.templates, links, deletions, api.drafts
        ),
        publisher=Publisher(
            dependencies.templates,
            dependencies.store,
            shared.pipeline,
            drafts=api.drafts,
            outbox=outbox,
        ),
        recalls=Recalls(dependencies.templates, shared.templates, deletions),
        deletions=deletions,
        erasure=erasure,
        previews=Previews(
            shared.templates,
            shared.pipeline,
            CachedDownscaling(dependencies.caches),
            PreviewPictures(dependencies.caches),
        ),
        fixes=TemplateFixes(shared.templates, shared.pipeline),
        assets=assets,
        batches=_batches(api, shared),
        drafts=drafts,
        designs=DesignStarter(assets, drafts),
        webhooks=WebhookService(
            api.webhooks,
            api.deliveries,
            api.webhook_sender,
            api.webhooks_key,
            clock=dependencies.clock,
        ),
        deliveries=DeliveryService(api.webhooks, api.deliveries, api.hints),
        fonts=lambda templates, deadline: [
            *api.fonts(),
            *_custom_fonts(shared, templates, deadline),
        ],
        health=lambda: _health(dependencies),
        sandbox_status=lambda: _sandbox_status(dependencies),
        status=_status(api),
        keys=api_keys,
        sessions=SessionService(api_keys, api.invitations, dependencies.counters),
        limiter=api.limiter,
        counters=dependencies.counters,
        usage=UsageService(
            api.usage, region=dependencies.region, stored=dependencies.stores_renders
        ),
        usage_counter=dependencies.usage,
        usage_reports=UsageReports(api.usage, **prices),
        usage_shares=UsageShares(api.usage_shares),
        shared_usage_pages=SharedPages(dependencies.caches),
        idempotency=api.idempotency,
        set_deadline=dependencies.set_deadline,
        clock=dependencies.clock,
        monotonic=dependencies.monotonic,
        picture_origin=url_origin(api.base_url),
        upload_origin=api.uploads.origin,
        cors_origins=api.cors_origins,
    )


class _Prices(TypedDict):
    """What the prices of usage depend on."""

    region: str
    stored: bool


def _images(
    api: ApiDependencies,
    shared: SharedServices,
    links: LinkService,
    outbox: WebhookOutbox,
    stored_pictures: StoredPictures,
    keys: Callable[[], LinkKeys],
) -> Images:
    dependencies = api.dependencies
    return Images(
        shared.templates,
        shared.pipeline,
        links,
        dependencies.images,
        ImageEvents(dependencies.images, outbox, base_url=api.base_url),
        dependencies.pictures,
        stored_pictures,
        shared.budget,
        shared.template_budgets,
        keys,
        base_url=api.base_url,
        monotonic=dependencies.monotonic,
    )


def _batches(api: ApiDependencies, shared: SharedServices) -> BatchService:
    return BatchService(
        api.batches,
        api.files,
        api.uploads,
        api.machine,
        shared.templates,
        days=api.batch_days,
        max_bytes=api.batch_bytes,
        region=api.dependencies.region,
    )


def _status(api: ApiDependencies) -> StatusService:
    dependencies = api.dependencies
    return StatusService(
        api.status,
        HistoryCopy(dependencies.store),
        lambda: _health(dependencies),
        is_public=api.public_status,
        clock=dependencies.clock,
    )


def _custom_fonts(
    shared: SharedServices, templates: Sequence[str] | None, deadline: float
) -> Sequence[Mapping[str, object]]:
    """The customer's own fonts that one of `templates` (None: any template) may use.

    New uploads are checked while there is time.
    """
    renderer = shared.pipeline.renderer
    return shared.pipeline.custom_fonts().describe_fonts(
        renderer.fonts, templates=templates, deadline=deadline
    )


def _sandbox_status(dependencies: Dependencies) -> str:
    monotonic = dependencies.monotonic
    deadline = Deadline(monotonic() + MAX_SANDBOX_START_SECONDS, monotonic)
    return dependencies.renderer.image_cache.sandbox_status(deadline)


def _health(dependencies: Dependencies) -> Mapping[str, str]:
    checks = dependency_checks(
        dependencies.templates,
        dependencies.pictures,
        dependencies.store,
        lambda: dependencies.keys(None),
    )
    return check_all(checks)
