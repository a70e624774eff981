"""Test doubles of a service's dependencies: they count calls, and can be down or slow."""

import base64
import json
import struct
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from postcard.adapters.memory import (
    MemoryCounters,
    MemoryDraftStore,
    MemoryImageStore,
    MemoryObjectStore,
    MemoryRateLimiter,
    MemoryStatusStore,
    MemoryTemplateStore,
)
from postcard.errors import ServiceUnavailable
from postcard.ports import (
    AlarmChange,
    DeliveryRecord,
    DraftRecord,
    FetchedImage,
    FetchError,
    HealthDay,
    ImageRecord,
    RateLimitResult,
    StoredObject,
    WebhookResponse,
)
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.renderer import Renderer
from postcard.text.fonts import Fonts

ROOT = Path(__file__).parents[2]


@cache
def fonts() -> Fonts:
    return Fonts.load(ROOT / "layers/fonts")


def solid_png(
    width: int = 8, height: int = 4, color: tuple[int, int, int] = (200, 40, 90)
) -> bytes:
    """A PNG of one colour, written by hand."""
    return _png(width, height, (b"\0" + bytes(color) * width) * height)


def noise_png(width: int, height: int) -> bytes:
    """A PNG that no encoder makes small, the same each time."""
    chance = Random(1)
    rows = b"".join(b"\0" + chance.randbytes(width * 3) for _ in range(height))
    return _png(width, height, rows)


def _png(width: int, height: int, rows: bytes) -> bytes:
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    ]
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class FakeCounters(MemoryCounters):
    """Counters that count their writes, and can be down."""

    def __init__(self) -> None:
        super().__init__()
        self.added = 0
        self.down = False

    def increment(self, name: str, *, expires_at: int, by: int = 1) -> int:
        self.added += 1
        if self.down:
            raise ServiceUnavailable("DynamoDB is down.")
        return super().increment(name, expires_at=expires_at, by=by)


class FakeObjects(MemoryObjectStore):
    """A bucket that counts, and can be down."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.gets = self.puts = self.deletes = 0
        self.down = False

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        self.gets += 1
        self._check_available()
        return super().get(key, deadline=deadline)

    def put(self, key: str, stored: StoredObject) -> None:
        self.puts += 1
        self._check_available()
        super().put(key, stored)

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        self.puts += 1
        self._check_available()
        return super().put_if_absent(key, stored)

    def delete(self, keys: Sequence[str]) -> None:
        self.deletes += 1
        self._check_available()
        super().delete(keys)

    def _check_available(self) -> None:
        if self.down:
            raise ServiceUnavailable("S3 is down.")


class FakeTemplates(MemoryTemplateStore):
    """Templates in a table that counts its reads, and can be down."""

    down = False
    reads = 0  # of records
    version_reads = 0
    list_reads = 0

    def record(self, template_id: str, *, consistent: bool = True) -> Any:
        self.reads += 1
        if self.down:
            raise ServiceUnavailable("DynamoDB is down.")
        return super().record(template_id, consistent=consistent)

    def version(self, template_id: str, version: int) -> Any:
        self.version_reads += 1
        return super().version(template_id, version)

    def list(self, *, limit: int, cursor: str | None) -> Any:
        self.list_reads += 1
        return super().list(limit=limit, cursor=cursor)


class FakeStatus(MemoryStatusStore):
    """The status page's part of the table, which counts reads of all days, and can be down."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.reads = 0

    def day(self, day: str) -> HealthDay | None:
        self._check_available()
        return super().day(day)

    def put_day(self, day: HealthDay, *, instead_of: HealthDay | None) -> None:
        self._check_available()
        super().put_day(day, instead_of=instead_of)

    def days(self, *, limit: int) -> Sequence[HealthDay]:
        self.reads += 1
        self._check_available()
        return super().days(limit=limit)

    def add_change(self, change: AlarmChange) -> None:
        self._check_available()
        super().add_change(change)

    def changes(self, *, limit: int) -> Sequence[AlarmChange]:
        self._check_available()
        return super().changes(limit=limit)

    def _check_available(self) -> None:
        if self.down:
            raise ServiceUnavailable("DynamoDB is down.")


class FakeDrafts(MemoryDraftStore):
    """Drafts in a table that counts its reads; `before_put` runs before each write."""

    reads = 0
    before_put: Callable[[], object] = staticmethod(lambda: None)

    def get(self, template_id: str) -> Any:
        self.reads += 1
        return super().get(template_id)

    def read(self, template_id: str) -> Any:
        self.reads += 1
        return super().read(template_id)

    def put(self, record: DraftRecord, document: str, *, instead_of: int | None) -> None:
        self.before_put()
        super().put(record, document, instead_of=instead_of)

    def list(self, *, limit: int, cursor: str | None) -> Any:
        self.reads += 1
        return super().list(limit=limit, cursor=cursor)


class FakeImages(MemoryImageStore):
    """Records of images; `on_put` runs before each write."""

    on_put: Callable[[], object] = staticmethod(lambda: None)

    def put(self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = ()) -> bool:
        self.on_put()
        return super().put(record, deliveries)


class FakeRateLimiter(MemoryRateLimiter):
    """A rate limiter that can be down."""

    down = False

    def take(self, name: str, *, rate: int, now: float, tokens: int = 1) -> RateLimitResult:
        if self.down:
            raise ServiceUnavailable("DynamoDB is down.")
        return super().take(name, rate=rate, now=now, tokens=tokens)


class FakeRenderer(Renderer):
    """The real renderer, which counts its renders.

    The next `failures_left` renders fail; `on_render` runs before each.
    """

    def __init__(self, cache: DecodedImageCache | None = None) -> None:
        super().__init__(fonts(), cache)
        self.renders = 0
        self.failures_left = 0
        self.on_render: Callable[[], object] = lambda: None

    def render(self, *args: Any, **kwargs: Any) -> Any:
        self.renders += 1
        self.on_render()
        if self.failures_left:
            self.failures_left -= 1
            raise ZeroDivisionError("drawing broke on a secret value")
        return super().render(*args, **kwargs)


@dataclass
class FakeWeb:
    """The web: images by URL; any other URL is a 404."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    seconds: float = 0
    on_fetch: Callable[[float], None] = lambda seconds: None

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        self.fetched.append(url)
        self.on_fetch(self.seconds)
        if url not in self.pictures:
            raise FetchError(f"{urlsplit(url).hostname} answered 404.")
        return FetchedImage(self.pictures[url], url)


@dataclass(frozen=True)
class ReceivedPost:
    """A POST that an endpoint of a webhook got."""

    url: str
    body: str
    headers: Mapping[str, str]
    seconds: float = 0


@dataclass
class FakeEndpoints:
    """The endpoints of webhooks: they answer 204, or what `answers` has for their URL.

    Of a list of answers each is given once, the last one again and again. `refused` has the URLs
    that may not be sent to.
    """

    answers: dict[str, list[WebhookResponse]] = field(default_factory=dict)
    posts: list[ReceivedPost] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    checked: list[str] = field(default_factory=list)

    def check(self, url: str) -> None:
        self.checked.append(url)
        if url in self.refused:
            raise FetchError(f"{urlsplit(url).hostname} is not on the public internet.")

    def post(
        self, url: str, body: str, headers: Mapping[str, str], *, seconds: float
    ) -> WebhookResponse:
        self.posts.append(ReceivedPost(url, body, dict(headers), seconds))
        answers = self.answers.get(url, [WebhookResponse(204)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass
class FakeLambdaContext:
    """The context that Lambda passes to a handler."""

    remaining_ms: int = 15_000
    function_name: str = "postcard"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:postcard"
    aws_request_id: str = "2b1f9e0c-7d1a-4c53-9f6e-3f7a0f6f4a11"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class HandlerResponse:
    """A handler's response, decoded."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def from_lambda(cls, response: Mapping[str, Any]) -> "HandlerResponse":
        body = response.get("body") or ""
        is_base64 = response.get("isBase64Encoded")
        headers = {name.lower(): value for name, value in response["headers"].items()}
        sent = base64.b64decode(body) if is_base64 else body.encode()
        return cls(response["statusCode"], headers, sent)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a PNG."""
        assert self.body[:4] == b"\x89PNG"
        width, height = struct.unpack(">II", self.body[16:24])
        return width, height

    def error_locations(self) -> list[tuple[str, str]]:
        return [(error["code"], error["pointer"]) for error in self.json["errors"]]
