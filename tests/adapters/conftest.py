"""The implementations of the ports that the contract suite runs against."""

import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from postcard import ports
from postcard.adapters import memory
from postcard.adapters.aws.api_keys import DynamoApiKeyStore, DynamoInvitationStore
from postcard.adapters.aws.assets import DynamoAssetStore
from postcard.adapters.aws.batches import DynamoBatchStore
from postcard.adapters.aws.boto_client import BotoClient, boto_client
from postcard.adapters.aws.budgets import DynamoBudgetNoticeStore
from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.deletion_records import DynamoDeletionStore
from postcard.adapters.aws.drafts import DynamoDraftStore
from postcard.adapters.aws.idempotency import DynamoIdempotencyStore
from postcard.adapters.aws.images import DynamoImageStore
from postcard.adapters.aws.light_client import LightClient
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.adapters.aws.rate_limiter import DynamoRateLimiter
from postcard.adapters.aws.secrets import SecretsManagerStore
from postcard.adapters.aws.status import DynamoStatusStore
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.templates import DynamoTemplateStore
from postcard.adapters.aws.usage import DynamoUsageStore
from postcard.adapters.aws.usage_shares import DynamoUsageShareStore
from postcard.adapters.aws.webhooks import DynamoDeliveryStore
from postcard.settings import Settings
from tests.clocks import PATIENCE_SECONDS

REGION = Settings("", "", "", "").region
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass
class PortImplementations:
    """An implementation of each port that the contract suite tests."""

    objects: ports.PagedObjectStore
    templates: ports.TemplateStore
    images: ports.ImageStore
    api_keys: ports.ApiKeyStore
    invitations: ports.InvitationStore
    usage_shares: ports.UsageShareStore
    assets: ports.AssetStore
    secrets: ports.SecretStore
    limiter: ports.RateLimiter
    counters: ports.Counters
    idempotency: ports.IdempotencyStore
    deletions: ports.DeletionStore
    drafts: ports.DraftStore
    status: ports.StatusStore
    usage: ports.UsageStore
    batches: ports.BatchStore
    deliveries: ports.DeliveryStore
    budget_notices: ports.BudgetNoticeStore
    bucket: str = ""  # of `objects` in moto
    table: str = ""  # of the records in moto

    def put_many_images(self, records: Iterable[ports.ImageRecord]) -> None:
        """Put each record: in moto the same rows, without a request for each."""
        images: ports.ImageStore = self.images
        if self.table:
            images = DynamoImageStore(Table(MotoWithoutRequests(), self.table))
        for record in records:
            images.put(record)

    def put_many_objects(self, keys: Iterable[str]) -> None:
        """Store an object of one byte under each key: in moto, without a request for each."""
        moto = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in keys:
            if self.bucket:
                moto.put_object(self.bucket, key, b"x")
            else:
                self.objects.put(key, ports.StoredObject(b"x", "image/png"))


class MotoWithoutRequests:
    """The calls of boto3's DynamoDB client that fill a table, made in moto itself."""

    def put_item(self, *, TableName: str, Item: dict[str, Any]) -> None:
        item = {
            name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
            for name, value in Item.items()
        }
        dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].put_item(TableName, item)


class LightClientFirst:
    """The light client for the calls it has, boto3's for the others."""

    def __init__(self, light: LightClient, boto: Any) -> None:
        self._light = light
        self._boto = boto

    def __getattr__(self, name: str) -> Any:
        return getattr(self._light if hasattr(LightClient, name) else self._boto, name)


class SerializedApp:
    """One request at a time: moto, unlike DynamoDB, checks conditions and writes in two steps."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._lock:
            return self._app(environ, start_response)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The address of a moto server."""
    app = SerializedApp(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a table, buckets and a secret for this test only."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)
    unique = uuid4().hex[:12]
    return Settings(
        table=f"table-{unique}",
        pictures_bucket=f"pictures-{unique}",
        store_bucket=f"store-{unique}",
        secret_id=f"secret-{unique}",
        endpoint_url=moto_url,
    )


def memory_implementations() -> PortImplementations:
    deliveries = memory.MemoryDeliveryStore()
    templates = memory.MemoryTemplateStore(deliveries)
    return PortImplementations(
        objects=memory.MemoryObjectStore(),
        templates=templates,
        images=memory.MemoryImageStore(deliveries),
        api_keys=memory.MemoryApiKeyStore(),
        invitations=memory.MemoryInvitationStore(),
        usage_shares=memory.MemoryUsageShareStore(),
        assets=memory.MemoryAssetStore(),
        secrets=memory.MemorySecretStore(),
        limiter=memory.MemoryRateLimiter(),
        counters=memory.MemoryCounters(),
        idempotency=memory.MemoryIdempotencyStore(),
        deletions=memory.MemoryDeletionStore(),
        drafts=memory.MemoryDraftStore(templates),
        status=memory.MemoryStatusStore(),
        batches=memory.MemoryBatchStore(deliveries),
        deliveries=deliveries,
        budget_notices=memory.MemoryBudgetNoticeStore(),
        usage=memory.MemoryUsageStore(),
    )


@cache  # making one takes longer than most tests
def _shared_client(name: str, url: str | None) -> BotoClient:
    settings = Settings("", "", "", "", endpoint_url=url)
    return boto_client(name, settings, seconds=PATIENCE_SECONDS)


def aws_implementations(settings: Settings, *, use_light_client: bool) -> PortImplementations:
    names = ("s3", "dynamodb", "secretsmanager")
    clients: dict[str, Any] = {name: _shared_client(name, settings.endpoint_url) for name in names}
    make_table(clients["dynamodb"], settings.table)
    clients["s3"].create_bucket(Bucket=settings.pictures_bucket)
    if use_light_client:
        light = light_client(settings)
        clients = {name: LightClientFirst(light, boto) for name, boto in clients.items()}
    table = Table(clients["dynamodb"], settings.table)
    return PortImplementations(
        objects=S3ObjectStore(clients["s3"], settings.pictures_bucket),
        templates=DynamoTemplateStore(table),
        images=DynamoImageStore(table),
        api_keys=DynamoApiKeyStore(table),
        invitations=DynamoInvitationStore(table),
        usage_shares=DynamoUsageShareStore(table),
        assets=DynamoAssetStore(table),
        secrets=SecretsManagerStore(clients["secretsmanager"], settings.secret_id),
        limiter=DynamoRateLimiter(table),
        counters=DynamoCounters(table),
        idempotency=DynamoIdempotencyStore(table),
        deletions=DynamoDeletionStore(table),
        drafts=DynamoDraftStore(table),
        status=DynamoStatusStore(table),
        batches=DynamoBatchStore(table),
        deliveries=DynamoDeliveryStore(table),
        budget_notices=DynamoBudgetNoticeStore(table),
        usage=DynamoUsageStore(table),
        bucket=settings.pictures_bucket,
        table=settings.table,
    )


def light_client(settings: Settings, **options: Any) -> LightClient:
    return LightClient(
        region=settings.region,
        endpoint_url=settings.endpoint_url,
        environ=CREDENTIALS,
        **({"seconds": PATIENCE_SECONDS} | options),
    )


def make_table(client: Any, name: str) -> None:
    types = {"pk": "S", "sk": "S", "due": "S", "due_at": "N"}
    client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in types.items()
        ],
        KeySchema=_key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": _key_schema("due", "due_at"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    keys = ((partition, "HASH"), (sort, "RANGE"))
    return [{"AttributeName": key, "KeyType": kind} for key, kind in keys]


@pytest.fixture(params=["memory", "boto3", "light"])
def adapters(request: pytest.FixtureRequest) -> PortImplementations:
    """Each implementation in turn."""
    if request.param == "memory":
        return memory_implementations()
    return aws_implementations(
        request.getfixturevalue("settings"), use_light_client=request.param == "light"
    )
