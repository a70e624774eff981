"""Request bodies as pydantic models, from which OpenAPI is generated.

They check shapes and bounds. The values of modifications are checked by the template's fields.
"""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from postcard.events.event_types import EVENT_TYPES
from postcard.geometry import DPRS, MAX_SIDE
from postcard.identifiers import ID_PATTERN
from postcard.image_formats import MAX_PICTURE_BYTES
from postcard.links.platforms.registry import PLATFORM_NAMES
from postcard.services.previews.people_previews import MAX_PEOPLE
from postcard.webhooks.webhook_service import MAX_DESCRIPTION_LENGTH, MAX_OVERLAP_HOURS

TEMPLATE_ID = f"^{ID_PATTERN}$"
IMAGE_ID = r"^img_[a-z2-7]{26}$"
BATCH_ID = r"^bat_[a-z2-7]{20}$"
WEBHOOK_ID = r"^wh_[a-z2-7]{10}$"
EVENT_ID = r"^evt_[0-9a-hjkmnp-tv-z]{26}$"
MAX_METADATA_BYTES = 1024
MAX_BATCH_COLUMNS = 200
DOCUMENT_SCHEMA = {
    "type": "object",
    "description": "As /v1/template.schema.json says.",
    "additionalProperties": True,
}
EXAMPLE_DOCUMENT: dict[str, Any] = {
    "name": "Hello",
    "width": 600,
    "height": 315,
    "background": "#2b2a5c",
    "color": "#ffffff",
    "fields": {"name": {"default": "there", "max_length": 40, "open": True}},
    "layers": [
        {
            "type": "text",
            "x": 40,
            "y": 120,
            "width": 520,
            "text": "Hi {{ name }}",
            "size": 48,
            "max_lines": 1,
        }
    ],
    "fallback": {"text": "Hello", "background": "#2b2a5c", "color": "#ffffff"},
}

Format = Literal["png", "jpg", "jpeg", "webp", "avif", "gif"]
OnInvalid = Annotated[
    Literal["error", "default"],
    Field(description="default: invalid and missing values become their fields' defaults."),
]
Width = Annotated[int, Field(ge=1, json_schema_extra={"maximum": MAX_SIDE})]
DevicePixelRatio = Annotated[float, Field(gt=0, json_schema_extra={"enum": list(DPRS)})]
MaxBytes = Annotated[
    int | None,
    Field(
        ge=2_000, le=MAX_PICTURE_BYTES, description="Quality or colours are reduced until it fits."
    ),
]
Campaign = Annotated[
    str | None, Field(pattern=r"^[a-z0-9-]{1,32}$", description="A tag for counting.")
]


def _without_null_members(entry: dict[str, Any]) -> dict[str, Any]:
    """A modification without nulls, which mean "not given".

    A modification that has only nulls stays as it is: it says that the value is missing.
    """
    given = {name: value for name, value in entry.items() if value is not None}
    return given if given.keys() - {"name"} else entry


def _check_metadata_size(metadata: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        detail = "The metadata has half of a surrogate pair: send Unicode text."
        raise PydanticCustomError("not_unicode", "{detail}", {"detail": detail}) from None
    if size > MAX_METADATA_BYTES:
        detail = f"The metadata is {size} bytes of JSON: send at most {MAX_METADATA_BYTES}."
        raise PydanticCustomError("too_large", "{detail}", {"detail": detail})
    return metadata


def _digits_only(number: Any) -> Any:
    """A number of a path or query; pydantic's `int` would read `1_0`, `+1`, ` 1` and `1.0` too."""
    if isinstance(number, str) and not re.fullmatch("-?(0|[1-9][0-9]{0,8})", number):
        detail = "it is a whole number in the digits 0 to 9"
        raise PydanticCustomError("not_digits", "{detail}", {"detail": detail})
    return number


UrlInteger = Annotated[int, BeforeValidator(_digits_only)]
Modification = Annotated[
    dict[str, Any],
    AfterValidator(_without_null_members),
    WithJsonSchema(
        {
            "type": "object",
            "title": "Modification",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "A field of the template, or a layer."},
                "text": {"type": "string"},
                "image_url": {"type": "string", "format": "uri"},
                "value": {
                    "description": "Fits every type of field; a list takes an array of objects."
                },
                "color": {"type": "string"},
                "background": {"type": "string"},
                "visible": {"type": "boolean"},
            },
        }
    ),
]
JsonDocument = Annotated[dict[str, Any], WithJsonSchema(DOCUMENT_SCHEMA)]
Metadata = Annotated[
    dict[str, Any],
    AfterValidator(_check_metadata_size),
    WithJsonSchema(
        {
            "type": "object",
            "description": "At most 1 KB; returned, and in the event about it.",
            "additionalProperties": True,
        }
    ),
]


def example_config(**example: Any) -> ConfigDict:
    """The settings of `RequestBody`, with an example for OpenAPI."""
    return ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [example]}
    )


class RequestBody(BaseModel):
    """A request body: unknown properties are an error, `null` means "not given"."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if value is not None}


class PictureBody(RequestBody):
    """The properties that images, links and previews have in common."""

    modifications: Annotated[
        list[Modification], Field(description="At most 200; each names a field or a layer.")
    ] = []
    format: Annotated[Format | None, Field(description="Default: the template's.")] = None
    width: Annotated[Width | None, Field(description="CSS pixels. Default: the template's.")] = None
    dpr: Annotated[
        DevicePixelRatio | None,
        Field(description="Pixels sent per CSS pixel: 1, 1.5, 2 or 3. Default: 1."),
    ] = None
    quality: Annotated[
        int | None,
        Field(ge=1, le=100, description="Default: the template's, else jpg 82, webp 80, avif 60."),
    ] = None


class ImageBody(PictureBody):
    """`POST /v1/images`."""

    model_config = example_config(
        template_id="tmpl_a1b2c3d4e5",
        modifications=[
            {"name": "user_name", "text": "Alex Rivera"},
            {"name": "discount_code", "text": "SAVE25NOW"},
            {"name": "profile_picture", "image_url": "asset:portrait"},
        ],
        format="png",
    )

    template_id: Annotated[str, Field(min_length=1, max_length=64)]
    template_version: Annotated[
        int | None, Field(ge=1, le=999_999, description="Default: the latest.")
    ] = None
    on_invalid: OnInvalid = "error"
    max_bytes: MaxBytes = None
    render: Annotated[
        Literal["now", "on_open"],
        Field(description="on_open: the picture is drawn at its first GET."),
    ] = "now"
    campaign: Campaign = None
    metadata: Metadata | None = None


class LinkBody(PictureBody):
    """`POST /v1/links`."""

    model_config = example_config(
        template_id="tmpl_a1b2c3d4e5",
        modifications=[{"name": "discount_code", "text": "SAVE25NOW"}],
        esp="klaviyo",
        open={"user_name": "first_name"},
    )

    template_id: Annotated[str, Field(min_length=1, max_length=64)]
    template_version: Annotated[
        Annotated[int, Field(ge=1, le=999_999)] | Literal["latest"] | None,
        Field(description="Default: the latest, pinned."),
    ] = None
    on_invalid: OnInvalid = "error"
    campaign: Campaign = None
    expires_at: Annotated[str | None, Field(description="RFC 3339, in UTC.")] = None
    esp: Annotated[
        Annotated[str, Field(json_schema_extra={"enum": list(PLATFORM_NAMES)})] | None,
        Field(description="The mail platform that fills in the open fields."),
    ] = None
    open: Annotated[
        dict[str, str] | None, Field(description="Field → attribute of that platform.")
    ] = None
    encoding: Annotated[
        Literal["url", "raw"] | None,
        Field(
            description="For esp custom: whether the tags URL-encode their values or insert them"
            " as they are. Default: not known."
        ),
    ] = None


LayerPointer = Annotated[
    str, Field(pattern=r"^(/(fallback|ended))?(/layers/[0-9]{1,4}){1,16}$", examples=["/layers/0"])
]
MAX_PARTS = 200  # layers that are moved together


class PreviewBody(PictureBody):
    """`POST /v1/previews`: a document, or a stored template."""

    model_config = example_config(
        document=EXAMPLE_DOCUMENT,
        modifications=[{"name": "name", "text": "Zoë"}],
    )

    document: JsonDocument | None = None
    template_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    template_version: Annotated[
        int | None, Field(ge=1, le=999_999, description="Default: the latest.")
    ] = None
    base: Annotated[
        Literal["examples", "defaults"] | None,
        Field(
            description="What fields have that no modification names: their examples, with which "
            "no field is required, or their defaults. Default: examples without modifications, "
            "else defaults."
        ),
    ] = None
    people: Annotated[
        Annotated[list[list[Modification]], Field(min_length=1, max_length=MAX_PEOPLE)]
        | Literal["worst"]
        | None,
        Field(
            description="The modifications of up to 12 people, each of whom gets a picture. worst: "
            "the seven people who are hardest to draw, by the bounds of the fields."
        ),
    ] = None
    show: Annotated[
        Literal["picture", "fallback", "ended"],
        Field(
            description="fallback: what a link shows when a required value is missing. ended: "
            "what it shows while the template is paused."
        ),
    ] = "picture"
    at: Annotated[
        str | None,
        Field(max_length=40, description="RFC 3339: the clock of this preview. Default: now."),
    ] = None
    on_invalid: Annotated[
        Literal["error", "default"] | None,
        Field(
            description="default: invalid and missing values become their fields' defaults. "
            "Default: error, and default with people."
        ),
    ] = None
    max_bytes: MaxBytes = None
    debug: bool = False
    findings: Annotated[
        bool, Field(description="false: the document is not checked, which is faster.")
    ] = True
    fixes: Annotated[
        bool,
        Field(description="Each finding of the document with a JSON Patch that mends it."),
    ] = False
    describe: Annotated[
        bool, Field(description="Where each layer was drawn, which are hidden, and the alt text.")
    ] = False
    parts: Annotated[
        Annotated[list[LayerPointer], Field(min_length=1, max_length=MAX_PARTS)] | None,
        Field(
            description="Layers of one parent: the picture in three parts, which are what is below "
            "them, they themselves, and what is above."
        ),
    ] = None
    carets: Annotated[
        LayerPointer | None,
        Field(description="A text layer: where a caret stands between its letters."),
    ] = None

    @model_validator(mode="after")
    def _check_combination(self) -> "PreviewBody":
        """People have their own modifications and are shown as a link shows them."""
        if self.parts is not None and self.carets is not None:
            detail = "Ask for parts or for carets, one of the two."
            raise PydanticCustomError("parts", "{detail}", {"detail": detail})
        if self.debug and self.show != "picture":
            detail = "Leave debug out: it goes with the picture alone."
            raise PydanticCustomError("debug", "{detail}", {"detail": detail})
        if self.people is None:
            return self
        used = {
            "modifications": bool(self.modifications),
            "show": self.show != "picture",
            "debug": self.debug,
            "describe": self.describe,
            "parts": self.parts is not None,
            "carets": self.carets is not None,
            "on_invalid": self.people == "worst" and self.on_invalid == "error",
        }
        for name in (name for name, is_used in used.items() if is_used):
            detail = f"Leave {name} out: it does not go with people."
            raise PydanticCustomError("people", "{detail}", {"detail": detail})
        return self


class TemplateChanges(RequestBody):
    """`PATCH /v1/templates/{id}`."""

    model_config = example_config(paused=False, daily_renders=200_000, daily_usd=5)

    paused: bool | None = None
    daily_renders: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000_000_000,
            description="Pictures drawn per day (UTC). `null` changes nothing: to remove a limit, "
            "send the maximum.",
        ),
    ] = None
    daily_usd: Annotated[
        float | None,
        Field(
            ge=0.01,
            le=1_000_000,
            description="The most that pictures drawn on a day (UTC) may cost by AWS's list "
            "prices, each opened once and kept for 90 days. `null` changes nothing: to remove a "
            "limit, send the maximum.",
        ),
    ] = None
    on_budget: Annotated[
        Literal["fallback", "stop"] | None,
        Field(
            description="What POST /v1/images does over daily_renders or daily_usd. fallback: the "
            "image is pending. stop: it is refused as over_budget. A GET shows the fallback "
            "picture either way."
        ),
    ] = None


class RecallBody(RequestBody):
    """`POST /v1/templates/{id}/versions/{n}/recall`."""

    model_config = example_config(replaced_by=2)

    replaced_by: Annotated[int, Field(ge=1, le=999_999)]


class AssetBody(RequestBody):
    """`POST /v1/assets`."""

    model_config = example_config(id="hero", content_type="image/jpeg", bytes=182_044)

    id: Annotated[str, Field(pattern=TEMPLATE_ID)]
    content_type: Literal[
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "font/ttf",
        "font/otf",
        "font/woff2",
    ]
    bytes: Annotated[int, Field(ge=1, le=10_000_000)]
    replace: Annotated[
        bool,
        Field(description="true: the upload takes the place of an asset with this id."),
    ] = False


class SessionBody(RequestBody):
    """`POST /v1/sessions`."""

    model_config = example_config(code="q83vEjRWeJq83vEjRWeJqw")

    code: Annotated[
        str,
        Field(
            min_length=1, max_length=200, description="What an invitation link has after `#code=`."
        ),
    ]


class DesignUseBody(RequestBody):
    """`POST /v1/designs/{id}/use`."""

    model_config = example_config(template_id="summer-sale")

    template_id: Annotated[
        str, Field(pattern=TEMPLATE_ID, description="The template whose draft it becomes.")
    ]


class BatchUploadBody(RequestBody):
    """The file of a batch."""

    bytes: Annotated[int, Field(ge=1, description="Its exact size.")]
    content_type: Literal[
        "text/csv",
        "text/tab-separated-values",
        "text/plain",
        "application/jsonl",
        "application/x-ndjson",
        "application/gzip",
        "application/octet-stream",
    ] = "text/csv"


Header = Annotated[str, Field(min_length=1, max_length=1024)]


class BatchBody(RequestBody):
    """`POST /v1/batches`: `rows`, or `upload`."""

    model_config = example_config(
        template_id="tmpl_a1b2c3d4e5",
        rows=[
            {"email": "zoe@example.com", "User Name": "Zoë", "discount_code": "SAVE25NOW"},
            {"email": "bo@example.com", "User Name": "Bo", "discount_code": "HELLO10"},
        ],
        columns={"user_name": "User Name"},
    )

    template_id: Annotated[
        str | None, Field(min_length=1, max_length=64, description="Of rows that name no other.")
    ] = None
    template_column: Annotated[
        Header | Annotated[int, Field(ge=1, le=MAX_BATCH_COLUMNS)] | None,
        Field(description="The column that names the template of a row: its header or number."),
    ] = None
    mode: Annotated[
        Literal["links", "images", "warm"],
        Field(
            description="links: signed links. images: addresses without values. warm: links whose "
            "pictures are drawn now."
        ),
    ] = "links"
    rows: Annotated[
        list[dict[str, Any]] | None, Field(description="At most 1,000; their keys are columns.")
    ] = None
    upload: Annotated[
        BatchUploadBody | None, Field(description="A file of CSV or JSON Lines; gzip too.")
    ] = None
    columns: Annotated[
        dict[str, Header | Annotated[int, Field(ge=1, le=1_000_000)] | None],
        Field(
            description="Field → header or number of its column, or null for none. Columns named "
            "like a field need no entry."
        ),
    ] = {}
    encoding: Annotated[
        str | None, Field(max_length=40, description="Default: found in the file.")
    ] = None
    delimiter: Annotated[
        str | None, Field(min_length=1, max_length=1, description="Default: found in the file.")
    ] = None
    quote: Annotated[
        str | None,
        Field(max_length=1, description="Empty: nothing is quoted. Default: found in the file."),
    ] = None
    header: Annotated[
        bool, Field(description="false: the file has no header; columns are numbers.")
    ] = True
    formulas: Annotated[
        Literal["escape", "keep"],
        Field(description="Whether cells that a spreadsheet would run get an apostrophe."),
    ] = "escape"
    on_invalid: OnInvalid = "default"
    format: Annotated[Format | None, Field(description="Default: the template's.")] = None
    width: Annotated[Width | None, Field(description="CSS pixels. Default: the template's.")] = None
    dpr: Annotated[
        DevicePixelRatio | None,
        Field(description="Pixels sent per CSS pixel: 1, 1.5, 2 or 3. Default: 1."),
    ] = None
    quality: Annotated[
        int | None,
        Field(ge=1, le=100, description="Default: the template's, else jpg 82, webp 80, avif 60."),
    ] = None
    expires_at: Annotated[
        str | None, Field(max_length=40, description="RFC 3339, in UTC. Of links.")
    ] = None
    campaign: Campaign = None
    rate: Annotated[int, Field(ge=1, le=1000, description="For warm: pictures drawn a second.")] = (
        100
    )
    max_usd: Annotated[
        float | None,
        Field(
            ge=0.0001,
            le=1_000_000,
            description="The most that the batch may cost by AWS's list prices: its own work, and "
            "each picture opened once and kept for 90 days.",
        ),
    ] = None
    on_budget: Annotated[
        Literal["fallback", "stop"],
        Field(
            description="What happens once max_usd is spent. fallback: the other rows get the "
            "template's picture with its defaults. stop: the batch fails as over_budget."
        ),
    ] = "fallback"
    dry_run: Annotated[
        bool, Field(description="true: predict what would be drawn; make nothing.")
    ] = False
    metadata: Metadata | None = None


WebhookUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        description="https on port 443, at a host of the public internet.",
    ),
]
EventTypes = Annotated[
    list[Annotated[str, Field(json_schema_extra={"enum": list(EVENT_TYPES)})]],
    Field(min_length=1, max_length=len(EVENT_TYPES), description="Which events are sent."),
]
WebhookDescription = Annotated[
    str, Field(max_length=MAX_DESCRIPTION_LENGTH, description="For people: what it is for.")
]


class WebhookBody(RequestBody):
    """`POST /v1/webhooks`."""

    model_config = example_config(
        url="https://example.com/hooks/postcard",
        events=["batch.completed", "batch.failed"],
        description="Tell the CRM that links are ready",
    )

    url: WebhookUrl
    events: EventTypes
    description: WebhookDescription = ""
    enabled: Annotated[bool, Field(description="false: nothing is sent yet.")] = True


class WebhookChanges(RequestBody):
    """`PATCH /v1/webhooks/{id}`."""

    model_config = example_config(events=["batch.completed", "batch.failed", "budget.exceeded"])

    url: WebhookUrl | None = None
    events: EventTypes | None = None
    description: WebhookDescription | None = None
    enabled: Annotated[
        bool | None,
        Field(description="true: enable it again, and forget how its endpoint answered."),
    ] = None


class RotationBody(RequestBody):
    """`POST /v1/webhooks/{id}/rotate`."""

    model_config = example_config(overlap_hours=24)

    overlap_hours: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_OVERLAP_HOURS,
            description="Hours for which the old secret signs, too. 0: the old secrets end at"
            " once.",
        ),
    ] = 24


class BulkReplayBody(RequestBody):
    """`POST /v1/webhooks/{id}/deliveries/replay`."""

    model_config = example_config(since="2026-11-22T00:00:00Z")

    since: Annotated[
        str, Field(max_length=40, description="RFC 3339: events from then on are replayed.")
    ]
    state: Annotated[
        Literal["dead", "delivered", "any"],
        Field(description="dead: those that were given up. any: both."),
    ] = "dead"
    cursor: Annotated[
        str | None,
        Field(max_length=1024, description="The next_cursor of the previous response."),
    ] = None


Day = Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Of UTC.")]


class UsageShareBody(RequestBody):
    """`POST /v1/usage/shares`."""

    model_config = example_config(template_id="tmpl_a1b2c3d4e5", days=30)

    template_id: Annotated[str | None, Field(pattern=TEMPLATE_ID)] = None
    campaign: Annotated[
        str | None, Field(pattern=r"^[a-z0-9-]{0,32}$", description="Empty: what has none.")
    ] = None
    from_: Annotated[Day, Field(alias="from")] = None
    to: Day = None
    days: Annotated[
        int | None, Field(ge=1, le=400, description="Always the last days, in place of from, to.")
    ] = None
    prices: Annotated[bool, Field(description="Whether the link shows what it cost.")] = False
    expires_at: Annotated[
        str | None, Field(max_length=40, description="RFC 3339; in 30 days, unless given.")
    ] = None
