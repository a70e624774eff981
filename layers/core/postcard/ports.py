"""What Postcard asks of the outside world, in its own words.

Every port has an in-memory implementation (`adapters/memory.py`) and an AWS one (`adapters/aws/`),
and one contract suite runs against both. An outside world that is down raises
`errors.Unavailable`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, Protocol, TypeVar

from postcard.errors import Conflict
from postcard.runtime.lazy_dataclass import dataclass

JsonObject = dict[str, Any]  # as it was sent: a document, metadata
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Bytes with the headers they are served with. `etag` is quoted, as in HTTP."""

    body: bytes
    content_type: str
    etag: str = ""
    cache_control: str = ""
    expires: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class ObjectStore(Protocol):
    """A bucket. `put` replaces; a read gives up at the `time.monotonic()` instant `deadline`."""

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Puts unless there is one by that key (S3's `If-None-Match: *`); whether it did."""

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None: ...
    def put(self, key: str, stored: StoredObject) -> None: ...
    def delete(self, keys: Sequence[str]) -> None: ...
    def keys(self, prefix: str) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One published, immutable version. `document` is the JSON text as it was put.

    `sources` maps what the document names ("asset:hero", "https://…") to a key in the store bucket,
    `stand_ins` the pictures it has for the worst ("fallback", "ended"), `fonts` the sender's own
    families that it names to the keys of their files, `grounds` what lies under the layers that
    change, by device pixels ("1200x630"). `format` is what its own, or `auto`, came to.
    """

    template_id: str
    version: int
    document: str
    published_at: int
    findings: Sequence[Mapping[str, str]] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    fonts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    prerendered: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """What changes about a template. `recalls` maps a version to the one drawn instead of it."""

    template_id: str
    name: str
    latest: int
    created_at: int
    paused: bool = False
    deleted: bool = False
    erased: bool = False
    daily_renders: int | None = None
    recalls: Mapping[int, int] = field(default_factory=dict)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Part of a list, and where the next part begins."""

    items: Sequence[Item]
    next_cursor: str | None = None


class TemplateStore(Protocol):
    """Templates and their versions."""

    def record(self, template_id: str) -> TemplateRecord | None: ...
    def version(self, template_id: str, version: int) -> TemplateVersion | None: ...
    def publish(self, record: TemplateRecord, version: TemplateVersion) -> None:
        """Both or neither; `Conflict` unless `record.revision` is the stored one (or 0) and one."""

    def update(self, record: TemplateRecord) -> None:
        """`Conflict` unless `record.revision` is the stored one plus one."""

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]: ...
    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """How to draw an opaque image, and what was answered. `values`: JSON text, "" once erased."""

    image_id: str
    template_id: str
    version: int
    values: str
    format: str
    width: int
    height: int
    display_width: int
    display_height: int
    dpr: float
    quality: int | None
    max_bytes: int | None
    alt: str
    created_at: int
    status: str
    bytes: int | None = None
    erased: bool = False
    warnings: Sequence[Mapping[str, str]] = ()
    blind_indexes: Sequence[str] = ()  # keyed hashes of what it can be erased by


class ImageStore(Protocol):
    """Records of opaque images."""

    def get(self, image_id: str) -> ImageRecord | None: ...
    def put(self, record: ImageRecord) -> None: ...
    def by_template(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions; for recalls and erasures."""

    def by_blind_index(self, blind_index: str) -> Iterator[ImageRecord]:
        """Every image that bears a mark."""


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """An API key without the key: `digest` is the SHA-256 of it in lower-case hex."""

    key_id: str
    digest: str
    name: str
    scopes: Sequence[str]
    templates: Sequence[str] | None
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    rate: int = 100
    monthly_quota: int | None = None
    last_used_at: int | None = None  # within the hour


class ApiKeyStore(Protocol):
    """API keys, looked up by digest."""

    def by_digest(self, digest: str) -> ApiKeyRecord | None: ...
    def put(self, record: ApiKeyRecord) -> None: ...
    def record_use(self, digest: str, at: int) -> None:
        """Note when a key was used; nothing else of its record changes."""

    def list(self) -> Sequence[ApiKeyRecord]: ...


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """A named picture or font. `object_key` names immutable bytes: the same id again is another
    object. `detail` says why one was refused, `font` what `GET /v1/fonts` tells of one that is
    ready.
    """

    asset_id: str
    content_type: str
    bytes: int
    object_key: str
    created_at: int
    status: str = "waiting"
    detail: str = ""
    font: Mapping[str, Any] | None = None

    @property
    def is_font(self) -> bool:
        """Whether it was announced as a font."""
        return self.content_type.startswith("font/")


class AssetStore(Protocol):
    """Assets by id."""

    def get(self, asset_id: str) -> AssetRecord | None: ...
    def put(self, record: AssetRecord) -> None: ...
    def delete(self, asset_id: str) -> None: ...
    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]: ...


UPLOAD_LIFETIME_SECONDS = 900


class Uploads(Protocol):
    """Hands out presigned forms, with which clients upload files straight to the store."""

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """`{"url", "method", "fields" or "headers", "expires_at"}`."""


@dataclass(eq=False)
class SecretChanged(Conflict):
    """The secret is no longer what was read."""

    detail: str = "Somebody else changed the keys at the same moment: look at them and repeat."


class SecretStore(Protocol):
    """The one secret that holds all keys, as JSON text; empty if there is none yet."""

    def read(self) -> str: ...
    def write(self, text: str, *, instead_of: str) -> None:
        """Replace the text `instead_of`; `SecretChanged` if it is another by now."""


class EdgeStore(Protocol):
    """The edge's copy of the keys (a CloudFront KeyValueStore)."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...


class Cdn(Protocol):
    """Takes addresses out of the CDN."""

    def invalidate(self, paths: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """The bytes of a remote picture, as the host sent them."""

    body: bytes
    url: str


class FetchError(Exception):
    """A remote picture could not be had; the text says why, for people."""


class HostUnavailable(FetchError):
    """It is the host that does not answer as it should, whatever is asked of it."""


class Fetcher(Protocol):
    """Fetches remote pictures, within limits."""

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage: ...


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """What a rate limiter answered: calls left now, and whole seconds until there are more."""

    allowed: bool
    remaining: int
    reset: int


class RateLimiter(Protocol):
    """A token bucket a key."""

    def take(self, name: str, *, rate: int, now: float) -> RateLimitResult: ...


class Counters(Protocol):
    """Counts by name, for budgets of a day or a month: the name holds the day or month."""

    def increment(self, name: str, *, expires_at: int) -> int:
        """One more; answers the count with it. Forgotten some time after `expires_at`."""


class IdempotencyStore(Protocol):
    """Answers kept by idempotency key for 24 hours."""

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work. A text: the kept answer.

        `Conflict` while the first is at work, `OtherBody` for another body.
        """

    def finish(self, name: str, response: str, *, now: float) -> None: ...
    def abandon(self, name: str) -> None: ...
