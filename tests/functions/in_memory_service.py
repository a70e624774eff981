"""A service in memory with the real renderer and real links, and ports that count."""

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from api import app as api_app
from image import app as image_app
from postcard.adapters.memory import (
    MemoryApiKeyStore,
    MemoryAssetStore,
    MemoryBatchStore,
    MemoryBudgetNoticeStore,
    MemoryBudgetStore,
    MemoryCdn,
    MemoryDeletionStore,
    MemoryDeliveryStore,
    MemoryFileStore,
    MemoryHints,
    MemoryIdempotencyStore,
    MemoryInvitationStore,
    MemoryQueue,
    MemoryStateMachine,
    MemoryUploads,
    MemoryUsageShareStore,
    MemoryUsageStore,
    MemoryWebhookStore,
)
from postcard.api_assembly import ApiDependencies, api_service
from postcard.deletion.deletions import DeletionWorker
from postcard.delivery.assembly import Dependencies, image_service
from postcard.events.image_events import ImageEvents
from postcard.events.outbox import WebhookOutbox
from postcard.keys.api_keys import SCOPES, ApiKeyService
from postcard.links.build import sign_link
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature
from postcard.ports import (
    ApiKeyStore,
    DeliveryRecord,
    IdempotencyStore,
    StoredObject,
    WebhookRecord,
)
from postcard.rendering.decoded_image_cache import DecodedImageCache, UntrustedImageDecoder
from postcard.runtime.lru_cache import Caches
from postcard.settings import DEFAULT_MERGE_RENDERS, MAX_BATCH_BYTES
from postcard.usage.counter import TableUsageCounter
from postcard.webhooks.drawn_images import DrawnImages, stored_pictures
from tests.functions.fake_services import (
    FakeCounters,
    FakeDrafts,
    FakeEndpoints,
    FakeImages,
    FakeLambdaContext,
    FakeObjects,
    FakeRateLimiter,
    FakeRenderer,
    FakeStatus,
    FakeTemplates,
    FakeWeb,
    HandlerResponse,
)
from tests.functions.sample_events import Json, api_event, image_event, s3_notification

NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
BASE_URL = "https://pictures.example.com"
ORIGIN_SECRET = "s" * 64
WEBHOOK_ID = "wh_a1b2c3d4e5"
WEBHOOKS_KEY = "d" * 64


class InMemoryService:
    """All of Postcard in memory; `now` changes only when a test changes it."""

    def __init__(
        self,
        *,
        cors_origins: Sequence[str] = (),
        merge_renders: int = DEFAULT_MERGE_RENDERS,
        stores_renders: bool = True,
    ) -> None:
        self.now = NOW
        self.merge_renders = merge_renders
        self.stores_renders = stores_renders
        self.webhooks, self.deliveries = MemoryWebhookStore(), MemoryDeliveryStore()
        self.templates, self.images = FakeTemplates(self.deliveries), FakeImages(self.deliveries)
        self.assets = MemoryAssetStore()
        self.pictures, self.store = FakeObjects(lambda: self.now), FakeObjects(lambda: self.now)
        self.web, self.cdn = FakeWeb(), MemoryCdn()
        self.deletions, self.queue = MemoryDeletionStore(), MemoryQueue(lambda: self.now)
        self.drafts = FakeDrafts(self.templates)
        self.hints, self.endpoints = MemoryHints(lambda: self.now), FakeEndpoints()
        self.files, self.batches = MemoryFileStore(), MemoryBatchStore(self.deliveries)
        self.status = FakeStatus()
        self.public_status = False
        self.usage = MemoryUsageStore()
        self.usage_shares = MemoryUsageShareStore()
        self.machine, self.batch_bytes = MemoryStateMachine(), MAX_BATCH_BYTES
        self.renderer = FakeRenderer()
        self.counters, self.limiter = FakeCounters(), FakeRateLimiter()
        self.budgets, self.budget_notices = MemoryBudgetStore(), MemoryBudgetNoticeStore()
        self.api_keys: ApiKeyStore = MemoryApiKeyStore()
        self.invitations = MemoryInvitationStore()
        self.idempotency: IdempotencyStore = MemoryIdempotencyStore()
        self.monotonic_now = 0.0
        self.monotonic: Callable[[], float] = lambda: self.monotonic_now
        self.link_keys = LinkKeys(
            epoch=7,
            signing_keys={"k1": "1" * 64},
            active_kid="k1",
            cache_path_key="a" * 64,
            image_id_checksum_key="b" * 64,
            image_id_key="c" * 64,
        )
        self.cors_origins = cors_origins
        self.rebuild()
        self.key = self.new_api_key()

    def rebuild(self) -> None:
        """Start new processes on the same stores, with ports that were replaced."""
        self.caches = Caches()  # of the image function
        self.image = image_service(self._dependencies(self.caches))
        self.api = api_service(self._api_dependencies())

    def decode_with(self, decoder: UntrustedImageDecoder) -> None:
        """Start new processes, which have this decoder for files that anybody may have made."""
        self.renderer = FakeRenderer(DecodedImageCache(untrusted_decoder_factory=lambda: decoder))
        self.rebuild()

    def _api_dependencies(self) -> ApiDependencies:
        inter = {"family": "Inter", "weights": [400], "italic": True, "scripts": ["Latn"]}
        return ApiDependencies(
            dependencies=self._dependencies(Caches()),
            api_keys=self.api_keys,
            invitations=self.invitations,
            limiter=self.limiter,
            idempotency=self.idempotency,
            uploads=MemoryUploads("https://uploads.example.com", lambda: self.now),
            cdn=self.cdn,
            deletions=self.deletions,
            queue=self.queue,
            files=self.files,
            batches=self.batches,
            drafts=self.drafts,
            status=self.status,
            public_status=self.public_status,
            usage=self.usage,
            usage_shares=self.usage_shares,
            webhooks=self.webhooks,
            deliveries=self.deliveries,
            hints=self.hints,
            webhook_sender=self.endpoints,
            webhooks_key=lambda: WEBHOOKS_KEY,
            machine=self.machine,
            batch_bytes=self.batch_bytes,
            fonts=lambda: [inter],
            base_url=BASE_URL,
            cors_origins=self.cors_origins,
        )

    def _dependencies(self, caches: Caches) -> Dependencies:
        return Dependencies(
            templates=self.templates,
            images=self.images,
            assets=self.assets,
            pictures=self.pictures,
            store=self.store,
            fetcher=self.web,
            counters=self.counters,
            budgets=self.budgets,
            budget_notices=self.budget_notices,
            renderer=self.renderer,
            keys=lambda kid, epoch=0: self.link_keys,
            origin=lambda: ORIGIN_SECRET,
            usage=TableUsageCounter(self.usage, monotonic=self.monotonic),
            monotonic=self.monotonic,
            clock=lambda: self.now,
            merge_renders=self.merge_renders,
            stores_renders=self.stores_renders,
            caches=caches,
        )

    def outbox(self) -> WebhookOutbox:
        """The outbox of a new process."""
        return WebhookOutbox(self.webhooks, self.hints, clock=self.monotonic)

    def subscribe(self, *types: str, webhook_id: str = WEBHOOK_ID) -> None:
        """A webhook that wants events of these types, and processes that know of it."""
        url = "https://hooks.example.com/postcard"
        self.webhooks.put(WebhookRecord(webhook_id, url, types, "", int(self.now)))
        self.rebuild()

    def deliveries_of(self, webhook_id: str = WEBHOOK_ID) -> Sequence[DeliveryRecord]:
        """What is stored for a webhook, oldest event first."""
        page = self.deliveries.page(webhook_id, state=None, limit=1000, cursor=None)
        return page.items[::-1]

    def events(self) -> list[Json]:
        """The events that are stored for the webhook, oldest first."""
        return [json.loads(delivery.body) for delivery in self.deliveries_of()]

    def pictures_were_stored(self, *keys: str) -> None:
        """Pass S3's notification of each picture on to the webhook function."""
        events = ImageEvents(self.images, self.outbox(), base_url=BASE_URL)
        drawn = DrawnImages(self.images, self.pictures, events, self.outbox())
        for key in keys:
            for picture in stored_pictures(s3_notification(key, self.now)):
                drawn.handle(picture)

    def worker(self, **sizes: int) -> DeletionWorker:
        """What the worker function does with a task; `sizes` of batches and steps."""
        return DeletionWorker(
            self.deletions,
            self.queue,
            self.images,
            self.pictures,
            self.cdn,
            clock=lambda: self.now,
            monotonic=self.monotonic,
            **sizes,
        )

    def work(self, **sizes: int) -> int:
        """Do all tasks, also those that are due later: the clock moves on. Returns how many."""
        worker, done = self.worker(**sizes), 0
        while (due := self.queue.next_due()) is not None:
            self.now = max(self.now, due)
            task = self.queue.receive()
            assert task is not None
            worker.handle(task, deadline=math.inf)
            done += 1
        return done

    def cold_start(self) -> None:
        """Start a new image function with empty caches."""
        self.renderer = FakeRenderer()
        self.caches = Caches()
        self.image = image_service(self._dependencies(self.caches))

    def advance_monotonic(self, seconds: float) -> None:
        self.monotonic_now += seconds

    def new_api_key(self, scopes: Sequence[str] = SCOPES, **more: Any) -> str:
        key, _ = ApiKeyService(self.api_keys).create("test", scopes, now=self.now, **more)
        return key

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = "",
        raw: bytes | None = None,
        remaining_ms: int = 29_000,
    ) -> HandlerResponse:
        """A call of the API. `key` "": the service's own; None: without one."""
        event = api_event(method, path)
        event["headers"] |= {"content-type": "application/json"} if method != "GET" else {}
        if key is not None:
            event["headers"]["authorization"] = f"Bearer {key or self.key}"
        event["headers"] |= headers or {}
        if raw is not None:
            event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
        elif body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        return HandlerResponse.from_lambda(
            api_app.handle_request(event, FakeLambdaContext(remaining_ms), self.api)
        )

    def publish(self, document: Json, template: str = "welcome") -> HandlerResponse:
        reply = self.call("PUT", f"/v1/templates/{template}", document)
        assert reply.status == 200, reply.body
        return reply

    def create_image(self, values: Json | None = None, **more: Any) -> HandlerResponse:
        """`POST /v1/images` with values by name."""
        named = [{"name": n, "value": v} for n, v in (values or {}).items()]
        body = {"template_id": "welcome", "modifications": named, **more}
        return self.call("POST", "/v1/images", body)

    def get_picture(
        self,
        path: str,
        link: str = "",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        remaining_ms: int = 15_000,
    ) -> HandlerResponse:
        """A call of the image function, as CloudFront makes it."""
        event = image_event(method, path)
        event["headers"] |= {"x-postcard-origin": ORIGIN_SECRET, **(headers or {})}
        if link:
            event["headers"]["x-postcard-link"] = link
        return HandlerResponse.from_lambda(
            image_app.handle_request(event, FakeLambdaContext(remaining_ms), self.image)
        )

    def sign_link(self, fields: Mapping[str, str] | None = None, **more: Any) -> str:
        """A signed link without its host."""
        link: Json = {"template": "welcome", "format": "png", "version": 1, **more}
        return sign_link(self.link_keys, fields=fields or {}, **link)

    def open_link(self, link: str, **more: Any) -> HandlerResponse:
        """GET a link, as the edge requests it from the image function."""
        parsed = verify_signature(self.link_keys, parse_link(*link.partition("?")[::2]))
        path = cache_path(self.link_keys, parsed, now=self.now)
        return self.get_picture(path, parsed.canonical_url, **more)

    def open_image(self, url: str, **more: Any) -> HandlerResponse:
        """GET an opaque image, as the edge requests it."""
        return self.get_picture(urlsplit(url).path.replace("/i/", "/images/"), **more)

    def upload_asset(
        self,
        asset_id: str,
        body: bytes,
        *,
        content_type: str = "image/png",
        replace: bool = False,
        key: str = "",
    ) -> None:
        """Announce an asset and upload its bytes."""
        sent = {"id": asset_id, "content_type": content_type, "bytes": len(body)}
        reply = self.call("POST", "/v1/assets", {**sent, "replace": replace}, key=key)
        assert reply.status == 200, reply.body
        upload_key = reply.json["upload"]["fields"]["key"]
        self.store.put(upload_key, StoredObject(body, content_type))
