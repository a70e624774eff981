"""Puts the use cases on the outside world that the settings name: once a process, in one place.

`image` gets the lean client and imports neither boto3 nor pydantic; `api` gets boto3's clients.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard import ports
from postcard.adapters.aws.assets import DynamoAssets
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.images import DynamoImages
from postcard.adapters.aws.objects import S3Objects
from postcard.adapters.aws.secrets import SecretsManager
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.templates import DynamoTemplates
from postcard.delivery import assembly as service
from postcard.keys.key_set import KeySource
from postcard.rendering.image_resolver import DecodedImageCache, UntrustedImageDecoder
from postcard.rendering.renderer import Renderer
from postcard.settings import Settings
from postcard.text.fonts import Fonts

if TYPE_CHECKING:
    from postcard.adapters.aws.boto_client import BotoClient
    from postcard.services.assembly import ApiService

FILE = "file:"


class _Fetcher:
    """Fetches over HTTP; what it takes is loaded with the first picture that a request names."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _real(self) -> ports.Fetcher:
        from postcard.adapters.http.circuit_breaker import Breaker
        from postcard.adapters.http.fetcher import HttpFetcher

        return Breaker(HttpFetcher(allow_http=self._settings.allow_http))

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> ports.Fetched:
        """What the port says."""
        return self._real.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)


def image_service(
    settings: Settings, *, clock: Callable[[], float] = time.monotonic
) -> service.ImageService:
    """What the image function does. By `clock` the keys it holds grow old."""
    from postcard.adapters.aws.light_client import LeanClient

    client = LeanClient(region=settings.region, endpoint_url=settings.endpoint_url)
    outside = _outside(settings, client, client, client, clock)
    return service.image_service(replace(outside, set_deadline=client.until))


def api_service(settings: Settings) -> "ApiService":
    """What the API does."""
    from postcard.adapters.aws.api_keys import DynamoApiKeys
    from postcard.adapters.aws.cdn import CloudFrontCdn
    from postcard.adapters.aws.idempotency import DynamoIdempotency
    from postcard.adapters.aws.rate_limiter import DynamoRateLimiter
    from postcard.adapters.aws.uploads import S3Uploads
    from postcard.assets.font_catalog import font_list
    from postcard.services.assembly import ApiDependencies, api_service

    clients = _clients(settings)
    s3, dynamodb, secrets_manager, cloudfront = clients
    table = Table(dynamodb, settings.table)
    outside = _outside(settings, s3, dynamodb, secrets_manager)
    outside = replace(outside, set_deadline=lambda instant: _end(clients, instant))
    return api_service(
        ApiDependencies(
            dependencies=outside,
            api_keys=DynamoApiKeys(table),
            limiter=DynamoRateLimiter(table),
            idempotency=DynamoIdempotency(table),
            uploads=S3Uploads(s3, settings.store_bucket),
            cdn=CloudFrontCdn(cloudfront, settings.distribution_id),
            fonts=lambda: font_list(outside.renderer.fonts),
            base_url=settings.base_url,
            cors_origins=settings.cors_origins,
        )
    )


def _clients(settings: Settings) -> "list[BotoClient]":
    from postcard.adapters.aws.boto_client import boto_client

    names = ("s3", "dynamodb", "secretsmanager", "cloudfront")
    return [boto_client(name, settings) for name in names]


def _end(clients: "list[BotoClient]", instant: float) -> None:
    for client in clients:
        client.until = instant


def _cell() -> UntrustedImageDecoder:
    """A process for strangers' pictures; most templates show none."""
    from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder

    return SandboxedDecoder()


def secrets(settings: Settings) -> ports.Secrets:
    """The secret of the keys, to be written too."""
    from postcard.adapters.aws.boto_client import boto_client

    return SecretsManager(boto_client("secretsmanager", settings), settings.secret_id)


def edge_store(settings: Settings) -> ports.EdgeStore:
    """The edge's copy of the keys: CloudFront's, or a folder where `kvs_arn` says `file:`."""
    if settings.kvs_arn.startswith(FILE):
        from postcard.adapters.file_edge_store import FileEdgeStore

        return FileEdgeStore(Path(settings.kvs_arn.removeprefix(FILE)))
    from postcard.adapters.aws.boto_client import boto_client
    from postcard.adapters.aws.edge_store import CloudFrontStore

    return CloudFrontStore(boto_client("cloudfront-keyvaluestore", settings), settings.kvs_arn)


def api_keys(settings: Settings) -> ports.ApiKeys:
    """The table's API keys."""
    from postcard.adapters.aws.api_keys import DynamoApiKeys
    from postcard.adapters.aws.boto_client import boto_client

    return DynamoApiKeys(Table(boto_client("dynamodb", settings), settings.table))


def templates(settings: Settings) -> ports.Templates:
    """The table's templates."""
    from postcard.adapters.aws.boto_client import boto_client

    return DynamoTemplates(Table(boto_client("dynamodb", settings), settings.table))


def _outside(
    settings: Settings,
    s3: Any,
    dynamodb: Any,
    secrets_manager: Any,
    clock: Callable[[], float] = time.monotonic,
) -> service.Dependencies:
    table = Table(dynamodb, settings.table)
    keys = KeySource(SecretsManager(secrets_manager, settings.secret_id), clock=clock)
    return service.Dependencies(
        templates=DynamoTemplates(table),
        images=DynamoImages(table),
        assets=DynamoAssets(table),
        pictures=S3Objects(s3, settings.pictures_bucket),
        store=S3Objects(s3, settings.store_bucket),
        fetcher=_Fetcher(settings),
        counters=DynamoCounters(table),
        renderer=Renderer(
            Fonts.load(Path(settings.fonts)), DecodedImageCache(untrusted_decoder_factory=_cell)
        ),
        keys=keys.current,
        origin=keys.origin,
        merge_renders=settings.merge_renders,
    )
