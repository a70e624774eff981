"""A service in memory with the real renderer and real links, and counters round its ports."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api import app as api_app
from image import app as image_app
from postcard import links
from postcard.adapters.memory import (
    MemoryApiKeys,
    MemoryAssets,
    MemoryCdn,
    MemoryCounters,
    MemoryIdempotency,
    MemoryImages,
    MemoryObjects,
    MemoryRateLimiter,
    MemoryTemplates,
    MemoryUploads,
)
from postcard.api_service import ApiOutside, api_service
from postcard.errors import Unavailable
from postcard.keys import Keys
from postcard.link_reading import read
from postcard.ports import Fetched, FetchError, StoredObject
from postcard.render import Renderer
from postcard.service import Outside, image_service
from postcard.signing import LinkKeys
from postcard.text.fonts import Fonts

NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
BASE = "https://pictures.example.com"
ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
SECRET = "s" * 64
SCOPES = ("images", "templates", "batches", "admin")
Json = dict[str, Any]


@cache
def fonts() -> Fonts:
    return Fonts.load(ROOT / "layers/fonts")


def picture(width: int = 8, height: int = 4, color: tuple[int, int, int] = (200, 40, 90)) -> bytes:
    """A PNG of one colour, written by hand."""
    rows = (b"\0" + bytes(color) * width) * height
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class CountedObjects(MemoryObjects):
    """A bucket that counts, and can be down."""

    def __init__(self) -> None:
        super().__init__()
        self.gets = self.puts = 0
        self.down = False

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        self.gets += 1
        self._up()
        return super().get(key, deadline=deadline)

    def put(self, key: str, stored: StoredObject) -> None:
        self.puts += 1
        self._up()
        super().put(key, stored)

    def add(self, key: str, stored: StoredObject) -> bool:
        self.puts += 1
        self._up()
        return super().add(key, stored)

    def _up(self) -> None:
        if self.down:
            raise Unavailable("S3 is down.")


class DownTemplates(MemoryTemplates):
    """Templates in a table that can be down."""

    down = False

    def record(self, template_id: str) -> Any:
        if self.down:
            raise Unavailable("DynamoDB is down.")
        return super().record(template_id)


class CountedRenderer(Renderer):
    """The real renderer, counted; `broken` fails that many next drawings."""

    def __init__(self) -> None:
        super().__init__(fonts())
        self.renders = 0
        self.broken = 0

    def render(self, *args: Any, **kwargs: Any) -> Any:
        self.renders += 1
        if self.broken:
            self.broken -= 1
            raise ZeroDivisionError("drawing broke on a secret value")
        return super().render(*args, **kwargs)


@dataclass
class Web:
    """The open web: pictures by address; what is not there cannot be fetched."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    seconds: float = 0
    passes: Callable[[float], None] = lambda seconds: None

    def fetch(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> Fetched:
        self.fetched.append(url)
        self.passes(self.seconds)
        if url not in self.pictures:
            raise FetchError(f"{urlsplit(url).hostname} answered 404.")
        return Fetched(self.pictures[url], url)


@dataclass
class Context:
    """What Lambda tells a handler."""

    left: int = 15_000
    function_name: str = "postcard"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:postcard"
    aws_request_id: str = "2b1f9e0c-7d1a-4c53-9f6e-3f7a0f6f4a11"

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@dataclass
class Reply:
    """A handler's answer, read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> "Reply":
        body = response.get("body") or ""
        packed = response.get("isBase64Encoded")
        headers = {name.lower(): value for name, value in response["headers"].items()}
        sent = base64.b64decode(body) if packed else body.encode()
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

    def pointers(self) -> list[tuple[str, str]]:
        return [(error["code"], error["pointer"]) for error in self.json["errors"]]


class World:
    """Everything in memory; `now` stands still unless it is moved."""

    def __init__(self, *, cors_origins: Sequence[str] = ()) -> None:
        self.now = NOW
        self.templates, self.images, self.assets = DownTemplates(), MemoryImages(), MemoryAssets()
        self.pictures, self.store = CountedObjects(), CountedObjects()
        self.web, self.cdn = Web(), MemoryCdn()
        self.renderer = CountedRenderer()
        self.counters, self.limiter = MemoryCounters(), MemoryRateLimiter()
        self.api_keys = MemoryApiKeys()
        self.ticks = 0.0
        self.link_keys = LinkKeys(
            epoch=7,
            signing={"k1": "1" * 64},
            minting="k1",
            address="a" * 64,
            images="b" * 64,
            id="c" * 64,
        )
        self.image = image_service(self._outside())
        self.api = api_service(self._api_outside(cors_origins))
        self.key = self.new_key()

    def _api_outside(self, cors_origins: Sequence[str]) -> ApiOutside:
        inter = {"family": "Inter", "weights": [400], "italic": True, "scripts": ["Latn"]}
        return ApiOutside(
            outside=self._outside(),
            api_keys=self.api_keys,
            limiter=self.limiter,
            idempotency=MemoryIdempotency(),
            uploads=MemoryUploads("https://uploads.example.com", lambda: self.now),
            cdn=self.cdn,
            fonts=lambda: [inter],
            base_url=BASE,
            cors_origins=cors_origins,
        )

    def _outside(self) -> Outside:
        return Outside(
            templates=self.templates,
            images=self.images,
            assets=self.assets,
            pictures=self.pictures,
            store=self.store,
            fetcher=self.web,
            counters=self.counters,
            renderer=self.renderer,
            keys=lambda kid: self.link_keys,
            origin=lambda: SECRET,
            monotonic=lambda: self.ticks,
            clock=lambda: self.now,
        )

    def pass_time(self, seconds: float) -> None:
        self.ticks += seconds

    def new_key(self, scopes: Sequence[str] = SCOPES, **more: Any) -> str:
        key, _ = Keys(self.api_keys).create("test", scopes, now=self.now, **more)
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
    ) -> Reply:
        """A call of the API. `key` "": the usual one; None: without one."""
        event = api_event(method, path)
        event["headers"] |= {"content-type": "application/json"} if method != "GET" else {}
        if key is not None:
            event["headers"]["authorization"] = f"Bearer {key or self.key}"
        event["headers"] |= headers or {}
        if raw is not None:
            event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
        elif body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        return Reply.of(api_app.answer(event, Context(29_000), self.api))

    def put(self, document: Json, template: str = "welcome") -> Reply:
        reply = self.call("PUT", f"/v1/templates/{template}", document)
        assert reply.status == 200, reply.body
        return reply

    def post(self, values: Json | None = None, **more: Any) -> Reply:
        """`POST /v1/images` with values by name."""
        named = [{"name": n, "value": v} for n, v in (values or {}).items()]
        body = {"template_id": "welcome", "modifications": named, **more}
        return self.call("POST", "/v1/images", body)

    def get(
        self,
        path: str,
        link: str = "",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        left: int = 15_000,
    ) -> Reply:
        """A call of the image function, as CloudFront makes it."""
        event = image_event(method, path)
        event["headers"] |= {"x-postcard-origin": SECRET, **(headers or {})}
        if link:
            event["headers"]["x-postcard-link"] = link
        return Reply.of(image_app.answer(event, Context(left), self.image))

    def link(self, fields: Mapping[str, str] | None = None, **more: Any) -> str:
        """A signed link without its host."""
        asked: Json = {
            "template": "welcome",
            "format": "png",
            "version": 1,
            "width": None,
            "dpr": 1,
            "quality": None,
            "expires": None,
            "campaign": None,
        }
        return links.mint(self.link_keys, fields=fields or {}, **{**asked, **more})

    def open(self, link: str, **more: Any) -> Reply:
        """A link as the edge asks the image function for it."""
        parsed = read(*link.partition("?")[::2])
        path = links.address(self.link_keys, parsed, now=self.now)
        return self.get(path, parsed.canonical, **more)

    def open_image(self, url: str, **more: Any) -> Reply:
        """An opaque image's url as the edge asks for it."""
        return self.get(urlsplit(url).path.replace("/i/", "/images/"), **more)

    def upload(self, asset_id: str, body: bytes) -> None:
        """An asset announced and uploaded."""
        sent = {"id": asset_id, "content_type": "image/png", "bytes": len(body)}
        reply = self.call("POST", "/v1/assets", sent)
        assert reply.status == 200, reply.body
        key = reply.json["upload"]["fields"]["key"]
        self.store.put(key, StoredObject(body, "image/png"))


def api_event(method: str, path: str) -> Json:
    """The kept event of the API, for another method and path."""
    return _moved(json.loads((EVENTS / "api-post-image.json").read_text()), method, path)


def image_event(method: str, path: str) -> Json:
    """The kept event of the image function, for another method and path."""
    return _moved(json.loads((EVENTS / "image-get-render.json").read_text()), method, path)


def _moved(event: Json, method: str, path: str) -> Json:
    path, _, query = path.partition("?")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    kept = {k: v for k, v in event["headers"].items() if not k.startswith(("x-postcard", "auth"))}
    event |= {"rawPath": path, "rawQueryString": query, "headers": kept, "body": None}
    return event


def document(**more: Any) -> Json:
    """A small template: one open field, one with a pattern, a title."""
    return {
        "name": "Welcome",
        "width": 120,
        "height": 60,
        "background": "#102030",
        "color": "#ffffff",
        "fields": {
            "first_name": {"default": "there", "max_length": 40, "open": True},
            "code": {"default": "SAVE10", "pattern": "[A-Z0-9]{4,12}"},
        },
        "layers": [
            {
                "type": "text",
                "name": "title",
                "x": 4,
                "y": 4,
                "width": 110,
                "text": "Hi {{ first_name }} {{ code }}",
                "size": 14,
            }
        ],
        "fallback": {"text": "Welcome", "background": "#334455", "color": "#ffffff"},
        "ended": {"text": "Over", "background": "#550000", "color": "#ffffff"},
        "alt": "Hi {{ first_name }}",
        **more,
    }
