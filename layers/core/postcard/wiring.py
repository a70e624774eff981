"""Builds the services with their adapters from the settings, once a process.

The image service gets the light AWS client and imports neither boto3 nor pydantic, for short cold
starts; the API and worker services get boto3 clients.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard import ports
from postcard.adapters.aws.assets import DynamoAssetStore
from postcard.adapters.aws.budgets import DynamoBudgetNoticeStore, DynamoBudgetStore
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.images import DynamoImageStore
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.adapters.aws.secrets import SecretsManagerStore
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.templates import DynamoTemplateStore
from postcard.adapters.aws.usage import DynamoUsageStore
from postcard.delivery import assembly
from postcard.keys.key_source import KeySource
from postcard.rendering.decoded_image_cache import DecodedImageCache, UntrustedImageDecoder
from postcard.rendering.renderer import Renderer
from postcard.rendering.static_layers import StaticLayerCache
from postcard.runtime.lru_cache import Caches
from postcard.settings import Settings
from postcard.text.fonts import Fonts
from postcard.usage.counter import BackgroundUsageCounter, TableUsageCounter

if TYPE_CHECKING:
    from postcard.adapters.aws.boto_client import BotoClient, LazyBotoClient
    from postcard.api_assembly import ApiService
    from postcard.campaigns.batches.batch_worker import BatchWorker
    from postcard.events.outbox import WebhookOutbox
    from postcard.keys.sessions import SessionService
    from postcard.services.worker import WorkerService
    from postcard.status.status_recorder import StatusRecorder
    from postcard.webhooks.function_service import WebhookFunctionService

FILE_SCHEME = "file:"
LARGE_FILE_SECONDS = 20.0  # for one call of S3 by the batch function, which sends some megabytes
KEY_CHECK_SECONDS = 290.0  # each read of the secret costs money
AWS_CALL_SECONDS = 3.0  # for one call of AWS by the image function, retry included


class _LazyFetcher:
    """Imports the HTTP fetcher with the first remote image: most renders need none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _fetcher(self) -> ports.Fetcher:
        from postcard.adapters.http.circuit_breaker import CircuitBreaker
        from postcard.adapters.http.fetcher import HttpFetcher

        return CircuitBreaker(HttpFetcher(allow_http=self._settings.allow_http))

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> ports.FetchedImage:
        """Fetch a remote image (`ports.Fetcher`)."""
        return self._fetcher.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)


def image_service(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    call_seconds: float = AWS_CALL_SECONDS,
) -> assembly.ImageService:
    """The service of the image function. `clock` ages its cached keys."""
    from postcard.adapters.aws.light_client import LightClient

    client = LightClient(
        region=settings.region, endpoint_url=settings.endpoint_url, seconds=call_seconds
    )
    dependencies = _dependencies(settings, client, client, client, clock)
    # A picture does not wait for its count: the thread has a connection of its own.
    usage = BackgroundUsageCounter(dependencies.usage)
    dependencies = replace(dependencies, usage=usage)
    return assembly.image_service(replace(dependencies, set_deadline=client.set_overall_deadline))


def api_service(settings: Settings) -> "ApiService":
    """The service of the API function."""
    from postcard.adapters.aws.api_keys import DynamoApiKeyStore, DynamoInvitationStore
    from postcard.adapters.aws.batches import DynamoBatchStore
    from postcard.adapters.aws.cdn import CloudFrontCdn
    from postcard.adapters.aws.deletion_records import DynamoDeletionStore
    from postcard.adapters.aws.drafts import DynamoDraftStore
    from postcard.adapters.aws.files import S3FileStore
    from postcard.adapters.aws.hints import SqsHints
    from postcard.adapters.aws.idempotency import DynamoIdempotencyStore
    from postcard.adapters.aws.queue import SqsQueue
    from postcard.adapters.aws.rate_limiter import DynamoRateLimiter
    from postcard.adapters.aws.state_machine import StepFunctionsMachine
    from postcard.adapters.aws.status import DynamoStatusStore
    from postcard.adapters.aws.uploads import S3Uploads
    from postcard.adapters.aws.usage_shares import DynamoUsageShareStore
    from postcard.adapters.aws.webhooks import DynamoDeliveryStore, DynamoWebhookStore
    from postcard.adapters.http.webhook_sender import HttpWebhookSender
    from postcard.api_assembly import ApiDependencies, api_service
    from postcard.assets.font_catalog import describe_fonts

    lazy = ("cloudfront", "sqs", "stepfunctions")
    clients = _clients(settings, "s3", "dynamodb", "secretsmanager", lazy=lazy)
    s3, dynamodb, secrets_manager, cloudfront, sqs, step_functions = clients
    table = Table(dynamodb, settings.table)
    keys = KeySource(SecretsManagerStore(secrets_manager, settings.secret_id))
    dependencies = replace(
        _dependencies(settings, s3, dynamodb, secrets_manager, keys=keys),
        set_deadline=lambda instant: _set_deadline(clients, instant),
    )
    return api_service(
        ApiDependencies(
            dependencies=dependencies,
            api_keys=DynamoApiKeyStore(table),
            invitations=DynamoInvitationStore(table),
            limiter=DynamoRateLimiter(table),
            idempotency=DynamoIdempotencyStore(table),
            uploads=S3Uploads(s3, settings.store_bucket),
            cdn=CloudFrontCdn(cloudfront, settings.distribution_id),
            deletions=DynamoDeletionStore(table),
            queue=SqsQueue(sqs, settings.queue_url),
            files=S3FileStore(s3, settings.store_bucket),
            batches=DynamoBatchStore(table),
            drafts=DynamoDraftStore(table),
            status=DynamoStatusStore(table),
            public_status=settings.public_status,
            usage=DynamoUsageStore(table),
            usage_shares=DynamoUsageShareStore(table),
            webhooks=DynamoWebhookStore(table),
            deliveries=DynamoDeliveryStore(table),
            hints=SqsHints(sqs, settings.hint_queue_url, settings.slow_hint_queue_url),
            webhook_sender=HttpWebhookSender(allow_loopback=settings.loopback_webhooks),
            webhooks_key=keys.webhooks_key,
            machine=StepFunctionsMachine(step_functions, settings.batch_machine),
            batch_days=settings.batch_days,
            batch_bytes=settings.batch_bytes,
            fonts=lambda: describe_fonts(dependencies.renderer.fonts),
            base_url=settings.base_url,
            cors_origins=settings.cors_origins,
        )
    )


def drawing_services(settings: Settings) -> assembly.SharedServices:
    """Templates and the render pipeline, to draw stored templates without storing pictures."""
    clients = _clients(settings, "s3", "dynamodb", "secretsmanager")
    s3, dynamodb, secrets_manager = clients
    dependencies = _dependencies(settings, s3, dynamodb, secrets_manager)
    return assembly.SharedServices.build(dependencies, normalize_uploads=True)


def worker_service(settings: Settings) -> "WorkerService":
    """The service of the worker function."""
    from postcard.adapters.aws.athena import AthenaQueries
    from postcard.adapters.aws.cdn import CloudFrontCdn
    from postcard.adapters.aws.deletion_records import DynamoDeletionStore
    from postcard.adapters.aws.queue import SqsQueue
    from postcard.adapters.aws.usage import DynamoUsageStore
    from postcard.deletion import deletions
    from postcard.services.worker import WorkerService
    from postcard.usage import hit_counter

    clients = _clients(settings, "s3", "dynamodb", "cloudfront", "sqs", lazy=("athena",))
    s3, dynamodb, cloudfront, sqs, athena = clients
    table = Table(dynamodb, settings.table)
    queue = SqsQueue(sqs, settings.queue_url)
    deletion_worker = deletions.DeletionWorker(
        DynamoDeletionStore(table),
        queue,
        DynamoImageStore(table),
        S3ObjectStore(s3, settings.pictures_bucket),
        CloudFrontCdn(cloudfront, settings.distribution_id),
    )
    hits = hit_counter.HitCounter(
        AthenaQueries(athena, database=settings.log_database, workgroup=settings.log_workgroup),
        DynamoUsageStore(table),
        DynamoImageStore(table),
        queue,
        log_days=settings.log_days,
    )
    return WorkerService(
        {deletions.TASK: deletion_worker.handle, hit_counter.TASK: hits.handle},
        set_deadline=lambda instant: _set_deadline(clients, instant),
    )


def webhook_service(settings: Settings) -> "WebhookFunctionService":
    """What the webhook function does: deliveries, the tick, and events that others only note."""
    from postcard.adapters.aws.hints import SqsHints
    from postcard.adapters.aws.webhooks import DynamoDeliveryStore, DynamoWebhookStore
    from postcard.adapters.http.webhook_sender import HttpWebhookSender
    from postcard.events.image_events import ImageEvents
    from postcard.webhooks.budget_events import BudgetEvents
    from postcard.webhooks.drawn_images import DrawnImages
    from postcard.webhooks.function_service import S3_NOTIFICATION, webhook_function_service

    clients = _clients(settings, "dynamodb", "secretsmanager", "sqs", lazy=("s3",))
    dynamodb, secrets_manager, sqs, s3 = clients
    table = Table(dynamodb, settings.table)
    keys = KeySource(SecretsManagerStore(secrets_manager, settings.secret_id))
    outbox, images = _outbox(table, sqs, settings), DynamoImageStore(table)
    deliveries = DynamoDeliveryStore(table)
    drawn_images = DrawnImages(
        images,
        S3ObjectStore(s3, settings.pictures_bucket),
        ImageEvents(images, outbox, base_url=settings.base_url),
        outbox,
    )
    return webhook_function_service(
        DynamoWebhookStore(table),
        deliveries,
        SqsHints(sqs, settings.hint_queue_url, settings.slow_hint_queue_url),
        HttpWebhookSender(allow_loopback=settings.loopback_webhooks),
        keys.webhooks_key,
        set_deadline=lambda instant: _set_deadline(clients, instant),
        message_handlers={S3_NOTIFICATION: drawn_images.handle_notification},
        minute_tasks=[BudgetEvents(DynamoBudgetNoticeStore(table), deliveries, outbox).announce],
    )


def status_recorder(settings: Settings) -> "StatusRecorder":
    """What the status function calls."""
    from postcard.adapters.aws.status import DynamoStatusStore
    from postcard.services.health import OccasionalCheck, check_all, dependency_checks
    from postcard.status.history_copy import HistoryCopy
    from postcard.status.status_recorder import StatusRecorder

    clients = _clients(settings, "s3", "dynamodb", "secretsmanager")
    s3, dynamodb, secrets_manager = clients
    table = Table(dynamodb, settings.table)
    pictures = S3ObjectStore(s3, settings.pictures_bucket)
    store = S3ObjectStore(s3, settings.store_bucket)
    secret = SecretsManagerStore(secrets_manager, settings.secret_id)
    read_keys = OccasionalCheck(secret.read, KEY_CHECK_SECONDS, time.monotonic)
    checks = dependency_checks(DynamoTemplateStore(table), pictures, store, read_keys)
    return StatusRecorder(
        DynamoStatusStore(table),
        HistoryCopy(store),
        pictures,
        lambda: check_all(checks),
        is_public=settings.public_status,
        clock=time.time,
        set_deadline=lambda instant: _set_deadline(clients, instant),
    )


def batch_worker(settings: Settings) -> "BatchWorker":
    """The steps of batches, which the batch function does."""
    from postcard.adapters.aws.batches import DynamoBatchStore
    from postcard.adapters.aws.boto_client import boto_client
    from postcard.adapters.aws.cdn import CloudFrontCdn
    from postcard.adapters.aws.files import S3FileStore
    from postcard.campaigns.batches.batch_worker import BatchDependencies, batch_worker

    dynamodb, secrets_manager, cloudfront, sqs = _clients(
        settings, "dynamodb", "secretsmanager", lazy=("cloudfront", "sqs")
    )
    s3 = boto_client("s3", settings, seconds=LARGE_FILE_SECONDS)
    clients = [dynamodb, secrets_manager, cloudfront, sqs, s3]
    table = Table(dynamodb, settings.table)
    dependencies = replace(
        _dependencies(settings, s3, dynamodb, secrets_manager),
        set_deadline=lambda instant: _set_deadline(clients, instant),
    )
    return batch_worker(
        BatchDependencies(
            dependencies,
            S3FileStore(s3, settings.store_bucket),
            DynamoBatchStore(table),
            _outbox(table, sqs, settings),
            CloudFrontCdn(cloudfront, settings.distribution_id),
            DynamoUsageStore(Table(dynamodb, settings.table)),
            base_url=settings.base_url,
            concurrency=settings.batch_concurrency,
            max_rows=settings.batch_rows,
        )
    )


def _outbox(table: Table, sqs: Any, settings: Settings) -> "WebhookOutbox":
    from postcard.adapters.aws.hints import SqsHints
    from postcard.adapters.aws.webhooks import DynamoWebhookStore
    from postcard.events.outbox import WebhookOutbox

    return WebhookOutbox(
        DynamoWebhookStore(table),
        SqsHints(sqs, settings.hint_queue_url, settings.slow_hint_queue_url),
    )


def _clients(
    settings: Settings, *names: str, lazy: Sequence[str] = ()
) -> "list[BotoClient | LazyBotoClient]":
    """Clients of these services, then those of `lazy`, which are made at their first call."""
    from postcard.adapters.aws.boto_client import LazyBotoClient, boto_client

    return [
        *(boto_client(name, settings) for name in names),
        *(LazyBotoClient(partial(boto_client, name, settings)) for name in lazy),
    ]


def _set_deadline(clients: "list[BotoClient | LazyBotoClient]", instant: float) -> None:
    for client in clients:
        client.overall_deadline = instant


def _sandboxed_decoder() -> UntrustedImageDecoder:
    """A decoder process for untrusted images, imported only if a template has one."""
    from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder

    return SandboxedDecoder()


def secret_store(settings: Settings) -> ports.SecretStore:
    """The keys' secret, for reading and writing."""
    from postcard.adapters.aws.boto_client import boto_client

    return SecretsManagerStore(boto_client("secretsmanager", settings), settings.secret_id)


def edge_store(settings: Settings) -> ports.EdgeStore:
    """The edge store: CloudFront's, or a folder if `kvs_arn` is `file:/folder`."""
    if settings.kvs_arn.startswith(FILE_SCHEME):
        from postcard.adapters.file_edge_store import FileEdgeStore

        return FileEdgeStore(Path(settings.kvs_arn.removeprefix(FILE_SCHEME)))
    from postcard.adapters.aws.boto_client import boto_client
    from postcard.adapters.aws.key_value_store import CloudFrontEdgeStore

    return CloudFrontEdgeStore(boto_client("cloudfront-keyvaluestore", settings), settings.kvs_arn)


def api_key_store(settings: Settings) -> ports.ApiKeyStore:
    """API keys in the table."""
    from postcard.adapters.aws.api_keys import DynamoApiKeyStore
    from postcard.adapters.aws.boto_client import boto_client

    return DynamoApiKeyStore(Table(boto_client("dynamodb", settings), settings.table))


def session_service(settings: Settings) -> "SessionService":
    """Invites people to the template editor."""
    from postcard.adapters.aws.api_keys import DynamoApiKeyStore, DynamoInvitationStore
    from postcard.adapters.aws.boto_client import boto_client
    from postcard.keys.api_keys import ApiKeyService
    from postcard.keys.sessions import SessionService

    table = Table(boto_client("dynamodb", settings), settings.table)
    keys = ApiKeyService(DynamoApiKeyStore(table))
    return SessionService(keys, DynamoInvitationStore(table), DynamoCounters(table))


def template_store(settings: Settings) -> ports.TemplateStore:
    """Templates in the table."""
    from postcard.adapters.aws.boto_client import boto_client

    return DynamoTemplateStore(Table(boto_client("dynamodb", settings), settings.table))


def _dependencies(
    settings: Settings,
    s3: Any,
    dynamodb: Any,
    secrets_manager: Any,
    clock: Callable[[], float] = time.monotonic,
    *,
    keys: KeySource | None = None,
) -> assembly.Dependencies:
    table = Table(dynamodb, settings.table)
    caches = Caches()
    keys = keys or KeySource(SecretsManagerStore(secrets_manager, settings.secret_id), clock=clock)
    return assembly.Dependencies(
        templates=DynamoTemplateStore(table),
        images=DynamoImageStore(table),
        assets=DynamoAssetStore(table),
        pictures=S3ObjectStore(s3, settings.pictures_bucket),
        store=S3ObjectStore(s3, settings.store_bucket),
        fetcher=_LazyFetcher(settings),
        counters=DynamoCounters(table),
        budgets=DynamoBudgetStore(table),
        budget_notices=DynamoBudgetNoticeStore(table),
        region=settings.region,
        renderer=Renderer(
            Fonts.load(
                Path(settings.fonts), Path(settings.more_fonts) if settings.more_fonts else None
            ),
            DecodedImageCache(untrusted_decoder_factory=_sandboxed_decoder, caches=caches),
            StaticLayerCache(caches=caches),
        ),
        keys=keys.current,
        origin=keys.origin_secret,
        usage=TableUsageCounter(DynamoUsageStore(table)),
        merge_renders=settings.merge_renders,
        stores_renders=settings.store_renders == "always",
        caches=caches,
    )
