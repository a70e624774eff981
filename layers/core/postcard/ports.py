"""Interfaces (`Protocol`s) to everything outside: stores, the CDN, remote hosts; and their records.

Stores have an implementation on AWS (`adapters/aws/`) and one in memory (`adapters/memory/`), and
one test suite runs against both. A service that is down raises `errors.ServiceUnavailable`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from postcard.errors import Conflict
from postcard.runtime.lazy_dataclass import dataclass

JsonObject = dict[str, Any]  # JSON without a model of its own
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Bytes and the headers they are served with. `etag` is quoted, `expires` a Unix time."""

    body: bytes
    content_type: str
    etag: str = ""
    cache_control: str = ""
    expires: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedObject:
    """A key of a bucket, and when its object was put, in Unix seconds by the bucket's clock."""

    key: str
    modified_at: float


class ObjectStore(Protocol):
    """A bucket. `get` ends at the `time.monotonic()` instant `deadline`; `put` replaces."""

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        """Put unless the key exists (S3's `If-None-Match: *`); whether the object was put."""

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None: ...
    def put(self, key: str, stored: StoredObject) -> None: ...
    def delete(self, keys: Sequence[str]) -> None: ...
    def keys(self, prefix: str) -> Iterator[str]: ...


class PagedObjectStore(ObjectStore, Protocol):
    """A bucket whose listings are read page by page."""

    def page(self, prefix: str, *, after: str, limit: int) -> "Page[ListedObject]":
        """At most `limit` objects whose keys begin with `prefix`, in order, behind key `after`."""


@dataclass(frozen=True, slots=True)
class FileHead:
    """What is known of a file without reading it. `etag` is quoted, `size` in bytes."""

    key: str
    size: int
    etag: str


class FileChanged(Conflict):
    """The file is gone, or has another ETag than the one that was asked for."""


MIN_PART_BYTES, MAX_PARTS = 5 << 20, 10_000  # of a file written in parts; the last may be smaller


class FileStore(Protocol):
    """Files of up to some gigabytes: read in ranges, written in parts of at least 5 MiB.

    Calls for an upload that is complete, aborted, or too old are a `Conflict`.
    """

    def head(self, key: str) -> FileHead | None: ...
    def read(self, key: str, start: int, length: int, *, etag: str | None = None) -> bytes:
        """Up to `length` bytes from `start`; `FileChanged` if the file has another ETag."""

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Write a whole file, in the place of any other."""

    def write_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """Write unless the key exists; whether it was written. Of two writers one gets True."""

    def list(self, prefix: str) -> Iterator[FileHead]:
        """The files whose keys begin with `prefix`, in order."""

    def delete(self, keys: Sequence[str]) -> None: ...
    def begin_upload(self, key: str, content_type: str) -> str:
        """Begin to write a file in parts; returns the upload's id."""

    def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write the part with this number, from 1 to 10,000; returns its ETag."""

    def copy_part(self, key: str, upload_id: str, number: int, source_key: str) -> str:
        """Make a whole file a part, without downloading it; returns the part's ETag."""

    def complete_upload(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """Put the parts together, in the order of their numbers."""

    def abort_upload(self, key: str, upload_id: str) -> None: ...
    def download_url(self, key: str, *, filename: str, expires_in: int) -> str:
        """A presigned URL of a GET, valid for `expires_in` seconds."""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One published, immutable version. `document` is the JSON text as it was published.

    All other files are keys in the store bucket: `sources` by the reference in the document
    ("asset:hero", "https://…"), `fallbacks` by kind ("fallback", "ended"), `fonts` by the family of
    a custom font, and `prerendered`, the static layers, by device pixels ("1200x630"). `format` is
    the output format, with `auto` resolved. `note` is what its author wrote about it, `by` the name
    of the API key that published it; None where an earlier version of Postcard stored it.
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
    note: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """The mutable part of a template. `recalls` maps a version to the one drawn instead.

    `on_budget` says what a POST of an image does over `daily_renders` or `daily_usd`: with
    `fallback` the image is pending, with `stop` it is refused.

    `width`, `height`, `published_at` and `examples` are those of the latest version, for lists;
    None or empty until a version of Postcard that stores them publishes one. `examples` are the
    fields' examples as a link has them.
    """

    template_id: str
    name: str
    latest: int
    created_at: int
    paused: bool = False
    deleted: bool = False
    erased: bool = False
    daily_renders: int | None = None
    daily_usd: float | None = None
    on_budget: str = "fallback"
    recalls: Mapping[int, int] = field(default_factory=dict)
    revision: int = 1
    width: int | None = None
    height: int | None = None
    published_at: int | None = None
    examples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Part of a list, and the cursor of the next part, if there is one."""

    items: Sequence[Item]
    next_cursor: str | None = None


class TemplateStore(Protocol):
    """Template records and versions."""

    def record(self, template_id: str, *, consistent: bool = True) -> TemplateRecord | None:
        """As it is now, or, not `consistent`, perhaps as it was a second ago, at half the price."""

    def version(self, template_id: str, version: int) -> TemplateVersion | None: ...
    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: "Sequence[DeliveryRecord]" = (),
    ) -> None:
        """Store both and the deliveries of the event, or nothing.

        `Conflict` unless `record.revision` is one more than the stored one, or 1 for a new record.
        """

    def update(self, record: TemplateRecord) -> None:
        """Store a record; `Conflict` unless its `revision` is one more than the stored one."""

    def list(self, *, limit: int, cursor: str | None) -> Page[TemplateRecord]: ...
    def versions(
        self, template_id: str, *, limit: int, cursor: str | None
    ) -> Page[TemplateVersion]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """What is known of a template's draft without its document. Times are Unix seconds.

    A new draft has a greater `revision` than any draft of the template before, and each change
    adds 1, so that no revision occurs twice. `base` is the version that it began from; None if
    there was none. `by` is the name of the API key that wrote it. `name`, `width` and `height` are
    those of the document where it has any, for lists.
    """

    template_id: str
    revision: int
    base: int | None
    created_at: int
    updated_at: int
    expires_at: int
    by: str
    bytes: int
    name: str | None = None
    width: int | None = None
    height: int | None = None

    @property
    def tag(self) -> str:
        """The entity tag, without quotes."""
        return f"d{self.revision}"

    def is_expired(self, now: float) -> bool:
        """Whether it counts as deleted; the row itself may go some days later."""
        return self.expires_at <= now


class DraftStore(Protocol):
    """Drafts: one JSON text for each template id. What has expired may still be there."""

    def get(self, template_id: str) -> DraftRecord | None: ...
    def read(self, template_id: str) -> tuple[DraftRecord, str] | None:
        """The record with its document."""

    def put(self, record: DraftRecord, document: str, *, instead_of: int | None) -> None:
        """Store instead of this revision (None: of nothing); `Conflict` if another is there."""

    def delete(self, template_id: str, *, revision: int | None = None) -> None:
        """Delete this revision, or any; `Conflict` if another is there."""

    def publish(
        self,
        record: TemplateRecord,
        version: TemplateVersion,
        deliveries: "Sequence[DeliveryRecord]" = (),
        *,
        revision: int,
    ) -> None:
        """`TemplateStore.publish`, and delete this revision of the template's draft: all or none.

        `Conflict` also if the draft has another revision.
        """

    def list(self, *, limit: int, cursor: str | None) -> Page[DraftRecord]:
        """By template id."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """How to draw an opaque image, and its metadata. `values`: JSON text, "" once erased."""

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
    blind_indexes: Sequence[str] = ()  # keyed hashes of the values it can be erased by
    campaign: str | None = None  # that of the first POST


class ImageStore(Protocol):
    """Records of opaque images."""

    def get(self, image_id: str) -> ImageRecord | None: ...
    def get_many(self, image_ids: Sequence[str]) -> Iterator[ImageRecord]:
        """The records that exist, in no order; they may be a second old."""

    def put(self, record: ImageRecord, deliveries: "Sequence[DeliveryRecord]" = ()) -> bool:
        """Put, with the deliveries of the event that it now has its status.

        They are left out if the stored record has that status already, unless it was erased: the
        event was stored before. Returns whether they were stored.
        """

    def replace(
        self, record: ImageRecord, deliveries: "Sequence[DeliveryRecord]" = (), *, status: str
    ) -> bool:
        """Put unless the stored record's status is another than `status`; whether it was put.

        The deliveries are stored with it, or nothing is.
        """

    def by_template(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions."""

    def page_by_template(
        self, template_id: str, version: int | None, *, after: str, limit: int
    ) -> Page[ImageRecord]:
        """At most `limit` of the same; `after` is "" or the last page's `next_cursor`."""

    def by_blind_index(self, blind_index: str) -> Iterator[ImageRecord]:
        """Every image with a blind index."""


@dataclass(frozen=True, slots=True)
class DeletionRecord:
    """A deletion of stored pictures in the background, which a worker does step by step.

    `version` is the recalled version; None: the whole template was erased. `versions` are all whose
    pictures are deleted: those that an earlier recall drew as `version`, too. `run` identifies this
    deletion among later ones of the same version, `epoch` is that of the cache paths at the time.
    Times are Unix seconds.

    `step` counts the steps that are done. A walk is one pass over all places where such pictures
    may be. The next step begins behind `after` in the place with the number `place` of the walk
    that began at `walk_began_at`; None: with a new walk.
    """

    template_id: str
    version: int | None
    versions: Sequence[int]
    run: str
    epoch: int
    requested_at: int
    updated_at: int
    step: int = 0
    walk_began_at: float | None = None
    place: int = 0
    after: str = ""
    deleted: int = 0
    finished_at: int | None = None


class DeletionStore(Protocol):
    """The last deletion of each version, and of each erased template."""

    def get(self, template_id: str, version: int | None) -> DeletionRecord | None: ...
    def of_template(self, template_id: str) -> Sequence[DeletionRecord]: ...
    def begin(self, record: DeletionRecord) -> None:
        """Store a new deletion in the place of the last one."""

    def advance(self, record: DeletionRecord) -> bool:
        """Store the record unless it is of another run, or not one step further; whether it was."""


@dataclass(frozen=True, slots=True)
class HealthDay:
    """The results of a day's checks: a character for each minute (`status.health_minutes`).

    `day` is `2026-11-22` (UTC). The text ends with the last minute that was checked.
    """

    day: str
    minutes: str


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm changed to the state `ALARM` or `OK` at the Unix time `at`.

    `alarm` is the alarm's name in template.yaml.
    """

    alarm: str
    state: str
    at: float


class StatusStore(Protocol):
    """What the status page shows of the past: checks by day, and changes of alarms."""

    def day(self, day: str) -> HealthDay | None: ...
    def put_day(self, day: HealthDay, *, instead_of: HealthDay | None) -> None:
        """Store a day instead of this one (None: of nothing); `Conflict` if another is there."""

    def days(self, *, limit: int) -> Sequence[HealthDay]:
        """The last `limit` days, newest first."""

    def add_change(self, change: AlarmChange) -> None:
        """Store a change; storing the same one again changes nothing."""

    def changes(self, *, limit: int) -> Sequence[AlarmChange]:
        """The last `limit` changes by their time, newest first."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch: what was asked for, how far it is, how it ended. Times are Unix seconds.

    `settings` is the request without its rows. `status` is `waiting`, `running`, `completed`,
    `failed` or `cancelled`. `attempt` counts executions of the state machine, `rounds` those of its
    map in this attempt. `total` is None until the file is split. `cost` is that of the pictures, in
    billionths of a US dollar. `summary` has what the parts of the response are made from that are
    known after the split: encoding, dialect, mapping, counts.
    No value of a person is in it.
    """

    batch_id: str
    key_digest: str
    settings: JsonObject
    status: str
    created_at: int
    expires_at: int
    template_ids: Sequence[str] = ()
    started_at: int | None = None
    ended_at: int | None = None
    attempt: int = 0
    rounds: int = 0
    execution: str | None = None
    total: int | None = None
    ok: int = 0
    defaults: int = 0
    failed: int = 0
    cost: int = 0
    summary: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None


UNSTARTED_BATCH_SECONDS = 86_400  # a batch that waits for its upload for longer is deleted


class BatchStore(Protocol):
    """Batches, by id and by the API key that made them."""

    def get(self, batch_id: str) -> BatchRecord | None:
        """The record, by a consistent read."""

    def create(self, record: BatchRecord) -> None:
        """Store a new record; `Conflict` if its id exists.

        One that still waits after `UNSTARTED_BATCH_SECONDS` is deleted, others after `expires_at`.
        """

    def update(
        self,
        batch_id: str,
        changes: Mapping[str, Any],
        deliveries: "Sequence[DeliveryRecord]" = (),
        *,
        status_is: Sequence[str],
    ) -> bool:
        """Change these properties if the status is one of these; whether they were changed.

        The deliveries of the event are stored with them, or nothing is.
        """

    def add_counts(
        self,
        batch_id: str,
        *,
        ok: int,
        defaults: int,
        failed: int,
        cost: int,
        status_is: Sequence[str],
    ) -> bool:
        """Add to the counts, atomically, if the status is one of these; whether it was done."""

    def delete(self, batch_id: str) -> None: ...
    def list(self, key_digest: str, *, limit: int, cursor: str | None) -> Page[BatchRecord]:
        """The batches of an API key, newest first."""

    def active(self, key_digest: str) -> Sequence[str]:
        """The ids that `set_active` stored: batches of this key that may be running."""

    def set_active(
        self, key_digest: str, batch_ids: Sequence[str], *, instead_of: Sequence[str]
    ) -> bool:
        """Store these ids if `instead_of` is what is stored; whether they were stored."""


class StateMachine(Protocol):
    """The state machine that runs batches step by step."""

    def start(self, name: str, batch_id: str) -> str:
        """Start an execution and return its ARN. A name that was started before: nothing new."""

    def stop(self, execution: str) -> None:
        """End an execution, if it runs."""


class Queue(Protocol):
    """A queue of tasks for the worker function: each arrives at least once, in no order."""

    def send(self, task: JsonObject, *, delay_seconds: int = 0) -> None:
        """The task arrives after `delay_seconds`, at most 900."""


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """An API key without the key itself: `digest` is its SHA-256 in lower-case hex.

    The key of a session is one that a person got by an invitation: `renewable_until` is when it
    ends at the latest; None for every other key.
    """

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
    last_used_at: int | None = None  # to the hour
    renewable_until: int | None = None

    @property
    def is_session(self) -> bool:
        """Whether this is the key of a session."""
        return self.renewable_until is not None


class ApiKeyStore(Protocol):
    """API keys, looked up by digest."""

    def by_digest(self, digest: str) -> ApiKeyRecord | None: ...
    def put(self, record: ApiKeyRecord) -> None: ...
    def record_use(self, digest: str, at: int) -> None:
        """Store when a key was used; nothing else in its record changes."""

    def renew(self, digest: str, expires_at: int) -> bool:
        """Store when a key expires, unless it is revoked or unknown; whether it was stored."""

    def list(self) -> Sequence[ApiKeyRecord]: ...


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a code can be exchanged for once, until `expires_at`: a session of `name`.

    `digest` is the SHA-256 of the code in lower-case hex. The session can be renewed for
    `session_seconds`.
    """

    digest: str
    name: str
    scopes: Sequence[str]
    templates: Sequence[str] | None
    created_at: int
    expires_at: int
    session_seconds: int


class InvitationStore(Protocol):
    """Invitations, by the digest of their code."""

    def put(self, invitation: Invitation) -> None: ...
    def take(self, digest: str) -> Invitation | None:
        """Delete an invitation and return it. Of several calls at once, one gets it."""


@dataclass(frozen=True, slots=True)
class AnnouncedUpload:
    """An upload that takes the place of an asset's bytes once it is there and was checked."""

    object_key: str
    content_type: str
    bytes: int
    announced_at: int


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """A named image or font.

    `object_key` is the key of immutable bytes: a replaced asset has another. `detail` says why the
    last upload was refused, and `font` describes a font in `GET /v1/fonts`. `width` and `height`
    are the pixels of a picture that was checked. `template_ids`: the only templates that may use
    the asset; None for all of the account. `replacement` is not used before it was checked.
    """

    asset_id: str
    content_type: str
    bytes: int
    object_key: str
    created_at: int
    status: str = "waiting"
    detail: str = ""
    font: Mapping[str, Any] | None = None
    template_ids: Sequence[str] | None = None
    width: int | None = None
    height: int | None = None
    replacement: AnnouncedUpload | None = None
    revision: int = 1

    @property
    def is_font(self) -> bool:
        """Whether its content type is that of a font."""
        return self.content_type.startswith("font/")

    @property
    def is_unchecked(self) -> bool:
        """Whether an upload was announced and not yet checked."""
        return self.status == "waiting" or self.replacement is not None

    def is_usable_in(self, template_ids: Sequence[str] | None) -> bool:
        """Whether one of these templates may use it; None stands for all templates."""
        if self.template_ids is None or template_ids is None:
            return True
        return not set(self.template_ids).isdisjoint(template_ids)

    def is_owned_by(self, template_ids: Sequence[str] | None) -> bool:
        """Whether a key that is limited to these templates (None: to none) may change it."""
        if template_ids is None:
            return True
        return self.template_ids is not None and set(self.template_ids) <= set(template_ids)


class AssetStore(Protocol):
    """Assets by id."""

    def get(self, asset_id: str) -> AssetRecord | None: ...
    def get_many(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRecord]:
        """The records that exist, in one call of the table."""

    def put(self, record: AssetRecord) -> None:
        """Store a record; `Conflict` unless its `revision` is one more than the stored one.

        A new record has revision 1.
        """

    def delete(self, asset_id: str) -> None: ...
    def list(self, *, limit: int, cursor: str | None) -> Page[AssetRecord]: ...


UPLOAD_LIFETIME_SECONDS = 900


class Uploads(Protocol):
    """Hands out presigned forms, with which clients upload files straight to the store."""

    def presign(self, key: str, content_type: str, size: int) -> JsonObject:
        """`{"url", "method", "fields" or "headers", "expires_at"}`."""

    def origin(self) -> str:
        """The origin of every form's `url`, for the security policy of a page that uploads."""


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
    """Key-value entries that the edge function reads: a copy of the link keys."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...


class Cdn(Protocol):
    """Invalidates paths in the CDN."""

    def invalidate(self, paths: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """The bytes of a remote image as the host sent them, and the URL after redirects."""

    body: bytes
    url: str


class FetchError(Exception):
    """A remote image could not be fetched; the text is shown to API callers."""


class HostUnavailable(FetchError):
    """The host is down or misbehaves, so that its other URLs are likely to fail as well."""


class Fetcher(Protocol):
    """Fetches remote images, with limits on hosts, time and size."""

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage: ...


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """Whether a call is allowed, calls left now, and whole seconds until there are more."""

    allowed: bool
    remaining: int
    reset: int


class RateLimiter(Protocol):
    """A token bucket for each name, of `rate` tokens a second."""

    def take(self, name: str, *, rate: int, now: float, tokens: int = 1) -> RateLimitResult:
        """Take all `tokens`, at most `rate`, or none."""


class Counters(Protocol):
    """Counters by name, for daily and monthly limits: the name includes the day or month."""

    def increment(self, name: str, *, expires_at: int, by: int = 1) -> int:
        """Add `by` and return the new count. A counter is deleted some time after `expires_at`."""


@dataclass(frozen=True, slots=True)
class MoneyBudget:
    """A limit on money: a template's for a day, or a batch's, whose `day` is "".

    `limit` is in billionths of a US dollar; `fixed_cost` of them are spent without a lease, such as
    on a batch's own work. `subject_type` is `template` or `batch`. The stored row is deleted some
    time after `expires_at`.
    """

    subject_type: str
    subject_id: str
    limit: int
    expires_at: int
    day: str = ""
    fixed_cost: int = 0

    @property
    def leasable(self) -> int:
        """What processes may lease of it together."""
        return max(0, self.limit - self.fixed_cost)

    @property
    def name(self) -> str:
        """Identifies the budget."""
        return "#".join(filter(None, (self.subject_type, self.subject_id, self.day)))


class BudgetStore(Protocol):
    """How much of each budget is held by processes, or spent."""

    def hold(
        self, name: str, *, wanted: int, at_least: int, limit: int, expires_at: int, token: str
    ) -> int:
        """Add `wanted` to what is held, or what is left of `limit` if that is `at_least` as much.

        Returns what was added, 0 if too little is left. A call repeated with its `token` because
        its response was lost adds nothing more.
        """

    def held(self, name: str) -> int: ...


class BudgetNotices(Protocol):
    """Receives notices of budgets that are spent."""

    def exceeded(self, budget: MoneyBudget, *, now: float) -> None:
        """Report a spent budget; several processes may report the same one. Raises nothing."""


class IdempotencyStore(Protocol):
    """Responses by idempotency key, stored for 24 hours."""

    def begin(self, name: str, body_digest: str, *, now: float) -> str | None:
        """None: begin the work; a text: the stored response.

        `Conflict` while the first call is in progress, `IdempotencyMismatch` for another body.
        """

    def finish(self, name: str, response: str, *, now: float) -> None: ...
    def abandon(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """A webhook: which event types are sent to which URL. Times are Unix seconds.

    `secret_number` is the number of the current secret; until `old_secret_until` deliveries are
    signed with the previous one as well. `disabled_reason` says why Postcard disabled the webhook,
    "" if it did not.
    """

    webhook_id: str
    url: str
    events: Sequence[str]
    description: str
    created_at: int
    enabled: bool = True
    disabled_reason: str = ""
    secret_number: int = 1
    old_secret_until: int | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """How a webhook's endpoint has responded lately. Times are Unix seconds.

    `failures` counts failures in a row. `failing_since` is the first failure of that row. Until
    `retry_at` nothing is sent to a failing endpoint. Until `slow_until` its events are sent by the
    workers for slow endpoints.
    """

    failures: int = 0
    retry_at: float = 0
    failing_since: float | None = None
    last_success_at: float | None = None
    last_failure_at: float | None = None
    last_status: int | None = None
    slow_until: float = 0


class WebhookStore(Protocol):
    """Webhooks, about twenty at most, and the health of their endpoints, stored separately."""

    def get(self, webhook_id: str) -> WebhookRecord | None: ...
    def list(self) -> Sequence[WebhookRecord]: ...
    def put(self, record: WebhookRecord) -> None:
        """Store a record; `Conflict` unless its `revision` is one more than the stored one, or 1
        for a new record.
        """

    def delete(self, webhook_id: str) -> None: ...
    def health(self, webhook_id: str) -> WebhookHealth: ...
    def add_success(self, webhook_id: str, *, at: float, status: int) -> None:
        """Record that its endpoint accepted an event: this ends the row of failures."""

    def add_failure(
        self, webhook_id: str, *, at: float, status: int | None, retry_at: float | None = None
    ) -> WebhookHealth:
        """Count a failure and set `retry_at` if given; returns the new health."""

    def claim_probe(self, webhook_id: str, *, now: float, retry_at: float) -> bool:
        """Move `retry_at` if it has passed; of several workers, only one succeeds and may send."""

    def mark_slow(self, webhook_id: str, *, until: float) -> None:
        """Set `slow_until`."""

    def reset_health(self, webhook_id: str) -> None:
        """Forget all of it: a webhook is enabled again, or has another URL."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One POST of a delivery. `status` None: there was no response. `response`: its beginning."""

    at: float
    status: int | None
    duration_ms: int
    error: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """Identifies a delivery: an event for a webhook. Event ids sort by the time of the event."""

    webhook_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """An event on its way to a webhook. Times are Unix seconds.

    `body` is the exact text that is sent, the same at each try. `state` is `waiting`, `delivered`
    or `dead`. `due_at`: when it is tried next; None unless it waits. `tries` is how many of its ten
    tries are used; failed probes of a failing endpoint do not count. `started_at`: when the first
    of these tries was due, which is the time of the event or of a replay.
    """

    key: DeliveryKey
    event_type: str
    body: str
    state: str
    due_at: float | None
    started_at: float
    expires_at: int
    tries: int = 0
    attempts: Sequence[DeliveryAttempt] = ()


class DeliveryStore(Protocol):
    """Deliveries by webhook, and an index of those that are due."""

    def put_if_absent(self, records: Sequence[DeliveryRecord]) -> None:
        """Store each record unless there is one with its key."""

    def get(self, key: DeliveryKey) -> DeliveryRecord | None: ...
    def claim(
        self, key: DeliveryKey, *, due_at: float, next_due_at: float
    ) -> DeliveryRecord | None:
        """Move a waiting delivery's due time if it still is `due_at`; None if it is not.

        Of two workers with the same `due_at` one gets the delivery.
        """

    def finish(self, record: DeliveryRecord, *, due_at: float) -> bool:
        """Store the outcome of a delivery claimed until `due_at`; False if it no longer is."""

    def replay(self, record: DeliveryRecord) -> bool:
        """Store a delivery that waits again; False if it is not delivered or dead."""

    def due(
        self, webhook_id: str, *, until: float, limit: int
    ) -> Sequence[tuple[DeliveryKey, float]]:
        """At most `limit` waiting deliveries due by `until`, oldest first, with their due time."""

    def page(
        self, webhook_id: str, *, state: str | None, limit: int, cursor: str | None
    ) -> Page[DeliveryRecord]:
        """Deliveries of a webhook, newest first, perhaps only those in a state.

        If many are in other states, a page has fewer than `limit` though more follow.
        """

    def delete_all(self, webhook_id: str) -> None:
        """Delete the newest thousand deliveries of a webhook; the others expire by themselves."""


class Hints(Protocol):
    """Messages to the webhook function that a delivery is due; they may be lost or come twice.

    Slow endpoints have a separate queue and separate workers, so that they delay no other one.
    """

    def send(
        self,
        hints: Sequence[tuple[DeliveryKey, float]],
        *,
        delay_seconds: int = 0,
        slow: bool = False,
    ) -> None:
        """Each a delivery's key with its `due_at`; they arrive after at most 900 seconds."""

    def backlog(self, *, slow: bool = False) -> int:
        """About how many hints have arrived and wait for a worker."""


class Outbox(Protocol):
    """Creates the deliveries of events for the webhooks that subscribe to them."""

    def wants(self, event_type: str) -> bool:
        """Whether an enabled webhook subscribes to the type; if none does, no event is needed."""

    def deliveries(
        self, event_type: str, event_id: str, data: JsonObject, *, now: float
    ) -> Sequence[DeliveryRecord]:
        """A delivery for each enabled webhook with this type, to be stored with the change."""

    def announce(self, deliveries: Sequence[DeliveryRecord]) -> None:
        """Send hints for stored deliveries; failures are ignored, since the tick finds them too."""


@dataclass(frozen=True, slots=True)
class BudgetNotice:
    """A budget that was used up for the first time. `at` is in Unix seconds.

    `budget` is `template_renders`, `merge_link_renders`, `template_usd` or `batch_usd`, and
    `subject` the id of the template or batch. `limit` is in renders or dollars. `day` is
    `2026-11-22` (UTC); of a batch's budget, which has no day, it is "".
    """

    budget: str
    subject: str
    limit: float
    day: str
    at: float


class BudgetNoticeStore(Protocol):
    """Notices of used-up budgets, and which of them have an event."""

    def add(self, notice: BudgetNotice) -> None:
        """Store a notice, unless there is one of this budget, subject and day."""

    def unannounced(self, day: str) -> Sequence[BudgetNotice]:
        """Notices of a day for which no event was stored yet."""

    def mark_announced(self, notice: BudgetNotice) -> None: ...


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """An endpoint's response to a POST. `status` None: no valid response; `error` says why.

    `body` is the beginning of its text, `retry_after` the header of this name.
    """

    status: int | None
    error: str = ""
    body: str = ""
    retry_after: str | None = None


class WebhookSender(Protocol):
    """Sends POSTs to endpoints of webhooks, which are on the public internet."""

    def check(self, url: str) -> None:
        """`FetchError`, whose text is for the caller, unless the URL may be sent to."""

    def post(
        self, url: str, body: str, headers: Mapping[str, str], *, seconds: float
    ) -> WebhookResponse:
        """Send a body of JSON and read the response within `seconds`; redirects are not followed.

        The URL is checked again: the host may have got another address.
        """


class UsageKey(NamedTuple):
    """What usage is counted by. `day` is `2026-11-22` (UTC); `campaign` "" stands for none."""

    day: str
    template_id: str
    campaign: str = ""


USAGE_SECONDS = 400 * 86_400  # for which counts of usage are kept


class UsageStore(Protocol):
    """Counts of usage by day, template and campaign: a row for each writer, and totals.

    The names of the counts are in `usage/usage_counts.py`.
    """

    def add(
        self, key: UsageKey, counts: Mapping[str, int], *, writer: str, token: str, expires_at: int
    ) -> None:
        """Add to a writer's counts, if `token` is larger, as text, than those of its calls before.

        So a call that is repeated adds nothing, nor does one that arrives after a later call.
        """

    def read(self, first_day: str, last_day: str) -> "Iterator[tuple[UsageKey, Mapping[str, int]]]":
        """The sums over all writers and the total, by key, in the order of days."""

    def set_total(self, key: UsageKey, counts: Mapping[str, int], *, expires_at: int) -> None:
        """Store counts that one job computes from the access log, in place of earlier ones."""

    def log_complete_to(self) -> str | None:
        """The time up to which the access log is counted (RFC 3339), None before the first run."""

    def set_log_complete_to(self, time: str) -> None:
        """Store that time."""


class LogQueryFailed(Exception):
    """A query of the access log ended without a result, or is not known; the text says why."""


class LogQueries(Protocol):
    """Runs SQL on the CDN's access log, which is the table `access_log`."""

    def start(self, sql: str) -> str:
        """Start a query and return its id."""

    def rows(self, query_id: str) -> Sequence[Sequence[str]] | None:
        """The rows of its result, each value as text; None while it runs. `LogQueryFailed`."""


@dataclass(frozen=True, slots=True)
class UsageShare:
    """A link that shows usage to anyone who has it. Days are `2026-11-22`; times are Unix seconds.

    It shows `first_day` to `last_day`, or always the last `days` days. `templates` are those that
    its creator's key was limited to; None: all.
    """

    digest: str
    share_id: str
    template_id: str | None
    campaign: str | None
    templates: Sequence[str] | None
    first_day: str | None
    last_day: str | None
    days: int | None
    prices: bool
    created_by: str
    created_at: int
    expires_at: int


class UsageShareStore(Protocol):
    """Links that show usage, by the digest of their token."""

    def by_digest(self, digest: str) -> UsageShare | None: ...
    def put(self, share: UsageShare) -> None: ...
    def list(self) -> Sequence[UsageShare]: ...
    def delete(self, digest: str) -> None: ...
