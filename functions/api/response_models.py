"""Responses as pydantic models, from which OpenAPI is generated."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Diagnostic(BaseModel):
    """A warning or a finding."""

    code: str
    pointer: str
    detail: str


class PatchOperation(BaseModel):
    """An operation of a JSON Patch (RFC 6902): `add`, `remove` or `replace`."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: Any = None


class Finding(Diagnostic):
    """A finding. `fix` is a JSON Patch of the document that mends it; `fix_detail` says how."""

    fix: list[PatchOperation] | None = None
    fix_detail: str | None = None


class TemplateFindings(BaseModel):
    """The findings of a template's latest version, or of its draft: `version` is null."""

    template_id: str
    version: int | None
    findings: list[Finding]


class DarkClient(BaseModel):
    """A mail client in dark mode.

    `background` is the colour behind a picture. Pictures with a width or a height of up to
    `recolors_up_to` pixels get other colours, which the CSS `recoloring_filter` comes close to;
    0 and null: none does.
    """

    id: str
    name: str
    background: str
    recolors_up_to: int
    recoloring_filter: str | None


class DarkClientList(BaseModel):
    """Mail clients in dark mode."""

    items: list[DarkClient]


class StoredImageResponse(BaseModel):
    """A stored image: `ImageResponse` without `metadata`."""

    success: bool = True
    id: str
    url: str
    created_at: str
    template_id: str
    template_version: int
    status: str
    format: str
    width: int
    height: int
    display_width: int
    display_height: int
    bytes: int | None
    cached: bool
    alt: str
    warnings: list[Diagnostic]


class ImageResponse(StoredImageResponse):
    """An image."""

    metadata: dict[str, Any] | None = None


class LinkResponse(BaseModel):
    """A signed link and its `<img>` tag."""

    success: bool = True
    url: str
    img: str
    alt: str
    width: int
    height: int
    display_width: int
    display_height: int
    template_version: int | Literal["latest"]
    expires_at: str | None
    warnings: list[Diagnostic]


class MailPlatformItem(BaseModel):
    """A mail platform; `tag` and `alt_tag` are those of its first `example`.

    `values` says how it writes values into an address, `source` how sure all this is. `open` is
    the `open` of a merge link for the fields that were asked for.
    """

    esp: str
    title: str
    aliases: list[str]
    example: str
    tag: str
    alt_tag: str | None
    values: str
    source: str
    documentation: str | None
    note: str
    paste: str
    trap: str
    open: dict[str, str]


class MailPlatformList(BaseModel):
    """All mail platforms by name, `custom` last."""

    items: list[MailPlatformItem]


class TemplateResponse(BaseModel):
    """A template with one of its versions."""

    id: str
    version: int
    name: str
    created_at: str
    published_at: str
    paused: bool
    daily_renders: int | None
    daily_usd: float | None
    on_budget: str
    document: dict[str, Any]
    findings: list[Diagnostic]
    default_url: str


class Draft(BaseModel):
    """A template's draft: `base` is the version it began from, `by` who changed it last.

    It is deleted at `expires_at` unless it is changed again. `etag` goes into `If-Match`.
    """

    etag: str
    base: int | None
    created_at: str
    updated_at: str
    expires_at: str
    by: str
    bytes: int


class DraftResponse(Draft):
    """The draft of a template."""

    template_id: str


class DesignSummary(BaseModel):
    """A design in a list; `thumbnail_url` is relative to the API."""

    id: str
    name: str
    description: str
    category: str
    width: int
    height: int
    thumbnail_url: str


class DesignList(BaseModel):
    """All designs."""

    items: list[DesignSummary]


class DesignAsset(BaseModel):
    """A picture that a design's document names as `asset:ID`."""

    id: str
    content_type: str
    bytes: int
    url: str


class DesignResponse(DesignSummary):
    """A design with its document and its pictures."""

    document: dict[str, Any]
    assets: list[DesignAsset]


class DesignUseResponse(DraftResponse):
    """The draft that a design became, and the ids of the assets that its pictures are."""

    assets: list[str]


class TemplateSummary(BaseModel):
    """A template in a list; `version` is the latest, null for a draft that was never published.

    `width`, `height` and `published_at` are null for templates that were last published by
    Postcard 0.1. `thumbnail_url` is a signed link.
    """

    id: str
    version: int | None
    name: str
    created_at: str
    published_at: str | None
    paused: bool
    daily_renders: int | None
    daily_usd: float | None
    on_budget: str
    width: int | None
    height: int | None
    thumbnail_url: str | None
    draft: Draft | None


class TemplateList(BaseModel):
    """A page of the list of templates."""

    items: list[TemplateSummary]
    next_cursor: str | None


class Deletion(BaseModel):
    """A deletion of stored pictures in the background: `running`, `done` or `stalled`.

    `deleted` are the pictures of links that are deleted so far, and in the end the opaque images.
    """

    state: str
    deleted: int
    requested_at: str
    finished_at: str | None


class VersionSummary(BaseModel):
    """A version in a list; `replaced_by` and `deletion` are set by a recall.

    `note` is what its author wrote about it, `by` the name of the API key that published it.
    """

    version: int
    published_at: str
    replaced_by: int | None
    deletion: Deletion | None
    note: str | None
    by: str | None


class VersionList(BaseModel):
    """A page of the list of a template's versions, newest first."""

    items: list[VersionSummary]
    next_cursor: str | None


class FieldList(BaseModel):
    """All names that a request may use."""

    items: list[dict[str, Any]]
    layers: list[dict[str, Any]]


class RecallResponse(BaseModel):
    """A recalled version, the version that is drawn instead, and the deletion of its pictures."""

    template_id: str
    version: int
    replaced_by: int
    deletion: Deletion


class ErasureResponse(BaseModel):
    """An erased template, whose pictures are being deleted."""

    template_id: str
    deletion: Deletion


class AssetSummary(BaseModel):
    """An asset: `waiting`, `ready` or `refused`.

    `template_ids` are the only templates that may use it; null: all. `width` and `height` are the
    pixels of a picture that is ready, `family` is the name of a font that is ready. `replacement`:
    `waiting` if a later upload is awaited, `refused` if the last one was refused. `detail` explains
    a refusal.
    """

    id: str
    content_type: str
    bytes: int
    status: str
    created_at: str
    template_ids: list[str] | None = None
    width: int | None = None
    height: int | None = None
    family: str | None = None
    replacement: str | None = None
    detail: str | None = None


class Upload(BaseModel):
    """A form that uploads a file to `url`: all `fields`, and last the file as the part `file`."""

    method: str
    url: str
    fields: dict[str, str]
    expires_at: str


class AssetResponse(AssetSummary):
    """An asset; `upload` is the presigned request that uploads its bytes."""

    upload: Upload


class AssetList(BaseModel):
    """A page of the list of assets."""

    items: list[AssetSummary]
    next_cursor: str | None


class Session(BaseModel):
    """A person's session in the template editor."""

    success: bool = True
    name: str
    scopes: list[str]
    templates: list[str] | None
    expires_at: str
    renewable_until: str


class BegunSession(Session):
    """A new session with its API key, which is shown only this once."""

    key: str


class BatchError(BaseModel):
    """Why a batch failed; `line` is that of the file."""

    code: str
    detail: str
    line: int | None = None


class BatchResponse(BaseModel):
    """A batch: `waiting`, `running`, `completed`, `failed` or `cancelled`.

    `ok`, `defaults` and `failed` count rows; `done` is their sum. `encoding_by` says how the
    encoding was found. `mapping`: field → number of its column; `unmapped`: fields without one.
    `usd` is what it costs by AWS's list prices, if each of its pictures is opened once and kept for
    90 days; compare it with `max_usd`. `same_as`: an earlier batch with the same file and settings,
    whose result this is.
    """

    success: bool = True
    id: str
    status: str
    mode: str
    dry_run: bool
    template_id: str | None
    template_versions: dict[str, int]
    upload: Upload | None
    total: int | None
    done: int
    ok: int
    defaults: int
    failed: int
    max_usd: float | None
    on_budget: str
    usd: float
    progress: float
    remaining_seconds: int | None
    encoding: str | None
    encoding_by: str | None
    dialect: dict[str, Any] | None
    mapping: dict[str, Any] | None
    unmapped: list[str]
    same_as: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str
    metadata: dict[str, Any] | None
    error: BatchError | None
    warnings: list[Diagnostic]


class BatchList(BaseModel):
    """A page of the list of batches, newest first."""

    items: list[BatchResponse]
    next_cursor: str | None


class BatchFile(BaseModel):
    """A file of a batch, and the address to download it from until `expires_at`."""

    url: str
    bytes: int
    rows: int | None
    expires_at: str


class BatchResults(BaseModel):
    """Of rows: a page of them, each with `personalized_image_url`, `alt`, `status`, `error`.

    Of a file: `result`, which is that file with these four columns, and `report`, its bad rows.
    Of a dry run: `report`, the `contact_sheet` of the worst rows, and `preflight`, all findings.
    """

    items: list[dict[str, Any]] | None = None
    next_cursor: str | None = None
    result: BatchFile | None = None
    report: BatchFile | None = None
    contact_sheet: BatchFile | None = None
    preflight: BatchFile | None = None


class PreviewRectangle(BaseModel):
    """A rectangle, in CSS pixels of the template."""

    x: float
    y: float
    width: float
    height: float


class PreviewBox(PreviewRectangle):
    """The box of a layer."""

    pointer: str


class PreviewTextLine(PreviewRectangle):
    """A line of text; `baseline` is the y coordinate of its baseline."""

    baseline: float


class PreviewText(BaseModel):
    """The lines of a text, before its rotation.

    `size` is the font size of the largest letters as they are drawn. `shrink`: it is smaller than
    the document states. `cut`: part of the text is not shown. `missing`: the characters that no
    font has.
    """

    lines: list[PreviewTextLine]
    size: float
    shrink: bool
    cut: bool
    missing: str


class PreviewLayer(PreviewBox):
    """Where a layer was drawn; `x` to `height` are before its rotation and those of its groups.

    `corners` are after all rotations: top left, top right, bottom right, bottom left. `ink`
    encloses the pixels that the layer paints, with its shadow; null if it paints none.
    """

    rotation: float
    corners: list[tuple[float, float]]
    ink: PreviewRectangle | None
    text: PreviewText | None


class HiddenPreviewLayer(BaseModel):
    """A layer that is not drawn, and why."""

    pointer: str
    reason: Literal["if", "visible", "empty", "value", "picture", "space"]


class PreviewPart(PreviewRectangle):
    """The layers of the middle part; `image` is a data URI."""

    image: str


MissingReason = Literal["hidden", "in_group", "blend", "between", "too_large", "tags", "modified"]


class PreviewParts(BaseModel):
    """A picture in three parts. `below` and `above` are data URIs, null if all transparent."""

    below: str | None
    layer: PreviewPart
    above: str | None


class PreviewCaret(BaseModel):
    """A caret in a span of a text; `offset` is in UTF-16 units of the span's source.

    `rtl`: the letter beside it reads to the left. Before the layer's rotation.
    """

    span: int
    offset: int
    x: float
    top: float
    bottom: float
    rtl: bool


class PersonPreview(BaseModel):
    """What a link shows one person; `image` is a data URI, `show` is `picture` or `fallback`.

    `name` and `modifications` are those of a person that Postcard made for `worst`, else null.
    """

    name: str | None
    modifications: list[dict[str, Any]] | None
    show: str
    image: str
    alt: str
    warnings: list[Diagnostic]
    findings: list[Diagnostic]


class PreviewResponse(BaseModel):
    """A preview; `image` is a data URI.

    With `people`, `pictures` has a picture for each, and `image` is null. The `findings` are then
    those of the document alone.
    """

    image: str | None
    boxes: list[PreviewBox]
    warnings: list[Diagnostic]
    findings: list[Finding]
    pictures: list[PersonPreview] | None = None
    layers: list[PreviewLayer] | None = None
    hidden: list[HiddenPreviewLayer] | None = None
    alt: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    parts: PreviewParts | None = None
    carets: list[PreviewCaret] | None = None
    reason: MissingReason | None = None


class FontFamily(BaseModel):
    """A font that templates may name."""

    family: str
    weights: list[int]
    italic: bool
    scripts: list[str]


class Health(BaseModel):
    """The state of each dependency; `status` is `ok` or `unavailable`.

    `decoder`: `sealed`, `memory_not_protected`, `not_sealed` or `unavailable`.
    """

    status: str
    dependencies: dict[str, str]
    decoder: str


class StatusOfPart(BaseModel):
    """A part of the service as people notice it; `status` is `ok` or `degraded`."""

    id: str
    name: str
    status: str


class StatusOfDay(BaseModel):
    """A day (UTC). What had no trouble is in neither object.

    `checked_minutes`: of 1440. `unavailable_minutes` is by dependency, `incident_minutes` by part.
    """

    day: str
    checked_minutes: int
    unavailable_minutes: dict[str, int]
    incident_minutes: dict[str, int]


class StatusIncident(BaseModel):
    """What people noticed of a part of the service; `ended_at` is null while it lasts."""

    part: str
    summary: str
    started_at: str
    ended_at: str | None


class Status(BaseModel):
    """What works now, and the last ninety days; `status` is `ok` or `degraded`.

    `history_as_of` is when the past was read; while the table is unavailable it comes from a copy,
    and is null if there is none. `checked_at` is the last minute with a check. Days: today last.
    Incidents: newest first, at most 100.
    """

    status: str
    as_of: str
    history_as_of: str | None
    checked_at: str | None
    dependencies: dict[str, str]
    parts: list[StatusOfPart]
    days: list[StatusOfDay]
    incidents: list[StatusIncident]


class WebhookHealth(BaseModel):
    """How the endpoint of a webhook has answered lately.

    `failures` are those in a row, since `failing_since`. Until `retry_at` nothing is sent.
    """

    failures: int
    failing_since: str | None
    retry_at: str | None
    last_success_at: str | None
    last_failure_at: str | None
    last_status: int | None


class WebhookResponse(BaseModel):
    """A webhook.

    `disabled_reason`: why Postcard disabled it, null if it did not. Until `old_secret_until` the
    secret before this one signs, too.
    """

    success: bool = True
    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: str | None
    created_at: str
    old_secret_until: str | None
    health: WebhookHealth


class WebhookWithSecret(WebhookResponse):
    """A webhook and its new secret, `whsec_…`, which no other call shows."""

    secret: str


class WebhookList(BaseModel):
    """All webhooks, oldest first."""

    items: list[WebhookResponse]


class DeliveryAttempt(BaseModel):
    """One POST. `status` is null without a response, and `error` says why.

    `response` is the beginning of the response's body.
    """

    at: str
    status: int | None
    duration_ms: int
    error: str | None
    response: str


class PingResponse(BaseModel):
    """What became of a ping: `delivered` if the endpoint answered with a 2xx."""

    success: bool = True
    event_id: str
    delivered: bool
    attempt: DeliveryAttempt


class Delivery(BaseModel):
    """An event for a webhook: `waiting`, `delivered` or `dead`.

    `id` is the event's, which is sent as `webhook-id`. `due_at`: when it is tried next, null unless
    it waits. It is deleted at `expires_at`. `attempts` are the last ten.
    """

    id: str
    type: str
    timestamp: str
    state: str
    tries: int
    due_at: str | None
    expires_at: str
    attempts: list[DeliveryAttempt]


class DeliveryList(BaseModel):
    """A page of the list of a webhook's deliveries, newest first."""

    items: list[Delivery]
    next_cursor: str | None


class DeliveryResponse(Delivery):
    """A delivery; `body` is the exact text that is signed and sent."""

    success: bool = True
    body: str


class BulkReplay(BaseModel):
    """How many deliveries a call replayed; with `next_cursor`, the next call goes on."""

    success: bool = True
    replayed: int
    next_cursor: str | None


class UsageCounts(BaseModel):
    """Counts of usage, and what it cost by AWS's list prices, in US dollars.

    `drawn_ahead` are pictures drawn by a POST or by a batch of mode `warm`. `fallbacks` are by
    reason. `fetches`, `hits`, `misses`, `refusals` and `sent_bytes` come from the CDN's access log,
    up to an hour later or more; `fetches` are its hits and misses.
    """

    links: int
    images: int
    drawn_ahead: int
    first_opens: int
    redraws: int
    fetches: int
    hits: int
    misses: int
    refusals: int
    fallbacks: dict[str, int]
    bytes: int
    sent_bytes: int
    duration_ms: int
    usd: float


class UsageGroup(BaseModel):
    """A day, template and campaign, "" without one; null where `by` leaves it out."""

    day: str | None
    template_id: str | None
    campaign: str | None


class UsageItem(UsageCounts, UsageGroup):
    """The usage of a day, template and campaign."""


class UsageResponse(BaseModel):
    """A page of usage. `totals` are of all pages; only the first page has them.

    The access log is counted up to `log_complete_to`; null: not yet. `prices_of` is the date of the
    list prices of `prices_region`.
    """

    success: bool = True
    items: list[UsageItem]
    totals: UsageCounts | None
    next_cursor: str | None
    as_of: str
    log_complete_to: str | None
    prices_of: str
    prices_region: str
    note: str


class UsageFigure(BaseModel):
    """A number of the page as texts, with its change and the last two whole days."""

    name: str
    label: str
    value: str
    change: str
    last_days: str


class UsageReportRow(BaseModel):
    """The usage of a template and campaign, "" without one, in the whole period."""

    template_id: str
    campaign: str
    first_opens: int
    fetches: int
    hits: int
    misses: int
    fallbacks: int
    refusals: int
    redraws: int
    drawn_ahead: int
    links: int
    images: int
    bytes: int
    sent_bytes: int
    duration_ms: int
    usd: float


class UsageReportResponse(BaseModel):
    """Usage as the page /usage shows it.

    `state` is `empty`, `small` (too little for plots) or `full`. A plot is an element of HTML or
    SVG: `[tag, {attribute: value}, [child, …]]`, where a child is an element or a text. `rows` are
    the first 200 of `row_count`. `template_ids` and `campaigns` are at most 200 with most first
    opens.
    """

    success: bool = True
    first_day: str = Field(serialization_alias="from")
    last_day: str = Field(serialization_alias="to")
    period: str
    state: Literal["empty", "small", "full"]
    figures: list[UsageFigure]
    plots: list[list[Any]]
    rows: list[UsageReportRow]
    row_count: int
    template_ids: list[str]
    campaigns: list[str]
    as_of: str
    log_complete_to: str | None
    note: str


class UsageShareItem(BaseModel):
    """A link that shows usage: of the days `from` to `to`, or always of the last `days`.

    Null for `template_id` or `campaign`: all that the key of `created_by` could see.
    """

    success: bool = True
    id: str
    template_id: str | None
    campaign: str | None
    first_day: str | None = Field(serialization_alias="from")
    last_day: str | None = Field(serialization_alias="to")
    days: int | None
    prices: bool
    created_by: str
    created_at: str
    expires_at: str


class NewUsageShare(UsageShareItem):
    """A new link. `path` is its path at the API's address, shown only this once."""

    path: str


class UsageShareList(BaseModel):
    """The links that have not expired, newest first."""

    success: bool = True
    items: list[UsageShareItem]
