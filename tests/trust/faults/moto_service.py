"""The whole service in this process, on moto behind fault proxies, and a CDN in front of it."""

import http.client
import json
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from api import app as api_app
from deploy.bootstrap import upload_fallback
from deploy.fallback_picture import render_fallback_png
from image import app as image_app
from local.aws.activity_counters import ActivityCounters
from local.aws.api_gateway import HttpApi, InvocationFailed
from local.aws.cloudfront import CloudFront
from local.aws.distribution_config import Distribution
from local.aws.edge_function import EdgeFunction
from local.aws.http_messages import Request, Response
from local.aws.moto_server import MotoAccount, MotoHttpServer, authorization_header
from local.aws.stack_resources import REGION, StackResources
from local.local_keys import LocalKeys
from local.service_adapters import ProductionAdapters
from postcard import wiring
from postcard.delivery.assembly import ImageService
from postcard.links.build import sign_link
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.settings import Settings
from tests.clocks import PATIENCE_SECONDS
from tests.functions.fake_services import (
    ROOT,
    FakeLambdaContext,
    HandlerResponse,
    noise_png,
    solid_png,
)
from tests.functions.sample_events import Json, api_event, document, image_event
from tests.trust.faults.fault_proxy import FaultProxy
from tests.trust.run_scale import FULL

PICTURES, IMAGE_API = "PicturesBucket", "ImageApi"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
# Time limits: those of production where a test measures them, else ones that no machine exceeds.
S3_SECONDS = wiring.AWS_CALL_SECONDS if FULL else PATIENCE_SECONDS  # CloudFront's, for S3
LAMBDA_MILLISECONDS = 15_000 if FULL else 600_000
HERO_LAYER = {"type": "image", "width": 40, "height": 40, "source": "asset:hero"}
FACE_LAYER = {"type": "image", "x": 86, "width": 34, "height": 34, "source": "{{ face }}"}


def template() -> Json:
    """A template with a static image, a text, and an image from a field."""
    default = document()
    fields = {**default["fields"], "face": {"type": "image", "default": "asset:face"}}
    return document(
        layers=[HERO_LAYER, *default["layers"], FACE_LAYER],
        fields=fields,
        daily_renders=None,
        format="png",
    )


@dataclass
class MotoCloud:
    """An imitated AWS account with keys, an API key and two templates."""

    folder: Path
    counters: ActivityCounters = field(default_factory=ActivityCounters)

    def __post_init__(self) -> None:
        self.stack = StackResources.read(ROOT / "template.yaml")
        self.account = MotoAccount()
        self.account.reset()
        self.account.create_resources(self.stack)
        self.endpoint = MotoHttpServer(self.account.app)
        self.upstream = urlsplit(self.endpoint.url).netloc
        production = ProductionAdapters(self.environment(self.endpoint.url))
        self.settings = production.settings
        self.keys = LocalKeys(production, self.folder)
        self.keys.create_missing()
        upload_fallback(production.pictures(), render_fallback_png)
        self.link_keys = self.keys.key_rotation.read().link_keys()
        self.distribution = Distribution.read(
            self.stack.template, self.keys.resolve_dynamic_references
        )
        self.edge = EdgeFunction(self.distribution.function_code, self.keys.edge_entry, seconds=60)
        self.origin = self.keys.key_rotation.read().origin
        self._publish_templates()

    def environment(self, url: str) -> dict[str, str]:
        """A function's environment, with AWS at `url`."""
        (variables,) = (f.environment for f in self.stack.functions() if f.name == "ApiFunction")
        overrides = {
            "AWS_ENDPOINT_URL": url,
            "POSTCARD_BASE_URL": "https://pictures.example.com",
            "POSTCARD_FONTS": str(ROOT / "layers/fonts"),
            "POSTCARD_KVS_ARN": f"file:{self.folder / 'edge'}",
        }
        return {**variables, **CREDENTIALS, **overrides}

    def close(self) -> None:
        """Stop moto's server."""
        self.endpoint.close()

    def proxy(self) -> FaultProxy:
        """A new fault proxy to this account."""
        return FaultProxy(self.upstream, other_image=noise_png(30, 30))

    def _publish_templates(self) -> None:
        api = wiring.api_service(self.settings)
        for name, body in (("hero", noise_png(40, 40)), ("face", solid_png(40, 40))):
            asset = {"id": name, "content_type": "image/png", "bytes": len(body)}
            response = self.call(api, "POST", "/v1/assets", asset)
            key = response.json["upload"]["fields"]["key"]
            bucket = self.settings.store_bucket
            headers = {"content-type": "image/png"}
            assert self.account.s3("PUT", f"/{bucket}/{key}", body, headers).status == 200
        for name, patch in (("welcome", {}), ("bounded", {"daily_renders": 1_000_000})):
            response = self.call(api, "PUT", f"/v1/templates/{name}", template())
            assert response.status == 200, response.body
            if patch:
                assert self.call(api, "PATCH", f"/v1/templates/{name}", patch).status == 200

    def call(
        self, api: Any, method: str, path: str, body: Any = None, *, left: int = 29_000
    ) -> HandlerResponse:
        """Call the API, with `left` milliseconds until Lambda's timeout."""
        event = api_event(method, path)
        event["headers"] |= {
            "content-type": "application/json",
            "authorization": f"Bearer {self.keys.api_key}",
        }
        if body is not None:
            event["body"] = json.dumps(body)
        return HandlerResponse.from_lambda(
            api_app.handle_request(event, FakeLambdaContext(left), api)
        )

    def sign_link(self, fields: Mapping[str, str] | None = None, **more: Any) -> str:
        """A signed link without its host."""
        link: Json = {"template": "welcome", "format": "png", "version": 1, **more}
        return sign_link(self.link_keys, fields=fields or {}, **link)

    def cache_path(self, link: str) -> str:
        """The path under which the CDN and the bucket store a link's picture."""
        return cache_path(self.link_keys, parse_link(*link.partition("?")[::2]), now=time.time())

    def stored_picture(self, key: str) -> bytes | None:
        """The bytes of a picture in the bucket; None if there is none."""
        response = self.account.s3("GET", f"/{self.settings.pictures_bucket}/{key}")
        return response.body if response.status == 200 else None

    def picture_keys(self) -> list[str]:
        """The keys of all stored pictures."""
        return list(self.account.object_keys(self.settings.pictures_bucket))


@dataclass
class ImageWorker:
    """One execution environment of the image function, connected to AWS through `proxy`."""

    cloud: MotoCloud
    proxy: FaultProxy
    clock_offset: float = 0.0  # seconds by which its caches seem older
    call_seconds: float = wiring.AWS_CALL_SECONDS  # for a call of AWS

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start again as a new process, with empty caches."""
        settings = Settings.from_environ(self.cloud.environment(self.proxy.url))
        self.service: ImageService = wiring.image_service(
            settings,
            clock=lambda: time.monotonic() + self.clock_offset,
            call_seconds=self.call_seconds,
        )

    def open_link(
        self, link: str, *, left: int = LAMBDA_MILLISECONDS, **headers: str
    ) -> HandlerResponse:
        """Request a link's picture as CloudFront does, `left` milliseconds before the timeout."""
        event = image_event("GET", self.cloud.cache_path(link))
        parsed = parse_link(*link.partition("?")[::2])
        event["headers"] |= {
            "x-postcard-origin": self.cloud.origin,
            "x-postcard-link": parsed.canonical_url,
            **headers,
        }
        return HandlerResponse.from_lambda(
            image_app.handle_request(event, FakeLambdaContext(left), self.service)
        )

    def invoke(self, _: str, event: dict[str, Any]) -> Any:
        """Handle an event of API Gateway."""
        return image_app.handle_request(event, FakeLambdaContext(LAMBDA_MILLISECONDS), self.service)


class WorkerPool:
    """Workers that handle one call each; a call that waits longer than `seconds` is rejected."""

    def __init__(self, workers: list[ImageWorker], *, seconds: float) -> None:
        self._idle: queue.LifoQueue[ImageWorker] = queue.LifoQueue()
        self._seconds = seconds
        for worker in workers:
            self._idle.put(worker)

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Handle an event of API Gateway in an idle worker."""
        try:
            worker = self._idle.get(timeout=self._seconds)
        except queue.Empty:
            raise InvocationFailed(f"{name} has no idle worker") from TimeoutError()
        try:
            return worker.invoke(name, event)
        except Exception as error:
            raise InvocationFailed(f"{name} failed: {error!r}") from error
        finally:
            self._idle.put(worker)


def make_cdn(
    cloud: MotoCloud, proxy: FaultProxy, invoke: Callable[[str, dict[str, Any]], Any]
) -> tuple[CloudFront, ActivityCounters]:
    """A CDN with its own cache, in front of the bucket and the image function."""
    counters = ActivityCounters()
    origins = {
        PICTURES: proxied_bucket(cloud, proxy),
        IMAGE_API: HttpApi(IMAGE_API, cloud.stack.routes(IMAGE_API), invoke).handle,
    }
    return CloudFront(cloud.distribution, cloud.edge, origins, counters), counters


def proxied_bucket(cloud: MotoCloud, proxy: FaultProxy) -> Callable[[Request], Response]:
    """The bucket as an origin: one attempt through the proxy, with a time limit of 3 s."""

    def fetch(request: Request) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=S3_SECONDS)
        path = quote(f"/{cloud.settings.pictures_bucket}{request.path}")
        try:
            connection.request("GET", path, headers={"Authorization": authorization_header("s3")})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            return Response(504 if isinstance(error, TimeoutError) else 502)
        finally:
            connection.close()
        names = ("content-type", "cache-control", "etag", "expires")
        headers = {n.lower(): t for n, t in response.getheaders() if n.lower() in names}
        return Response(403 if response.status == 404 else response.status, headers, body)

    return fetch


def viewer_request(link: str) -> Request:
    """The request of a mail program that shows `link`."""
    path, _, query = link.partition("?")
    return Request("GET", path, query, {"host": "pictures.example.com"})
