"""What callers send and get, as models: OpenAPI comes from here.

Only shapes and bounds; what a template's own fields say of a value is the core's business.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from api.metadata import check_metadata_size
from postcard.formats import MAX_PICTURE_BYTES
from postcard.geometry import DPRS, MAX_SIDE
from postcard.identifiers import ID_PATTERN

TEMPLATE_ID = f"^{ID_PATTERN}$"
IMAGE_ID = r"^img_[a-z2-7]{26}$"

Format = Literal["png", "jpg", "jpeg", "webp", "avif", "gif"]
OnInvalid = Annotated[
    Literal["error", "default"],
    Field(description="default: bad and missing values become their fields' defaults."),
]
Width = Annotated[int, Field(ge=1, json_schema_extra={"maximum": MAX_SIDE})]
DevicePixelRatio = Annotated[float, Field(gt=0, json_schema_extra={"enum": list(DPRS)})]
MaxBytes = Annotated[
    int | None,
    Field(ge=2_000, le=MAX_PICTURE_BYTES, description="Quality or colours go down until it fits."),
]
Campaign = Annotated[
    str | None, Field(pattern=r"^[a-z0-9-]{1,32}$", description="A tag for counting.")
]


def _without_null_members(entry: dict[str, Any]) -> dict[str, Any]:
    """A modification without its nulls, which are the same as not given, beside what is given.

    An entry of nulls alone stays as it is: it says that the value is missing.
    """
    given = {name: value for name, value in entry.items() if value is not None}
    return given if given.keys() - {"name"} else entry


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
JsonDocument = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "As /v1/template.schema.json says."}),
]
Metadata = Annotated[
    dict[str, Any],
    AfterValidator(check_metadata_size),
    WithJsonSchema({"type": "object", "description": "At most 1 KB; given back, never stored."}),
]


def example_config(**example: Any) -> ConfigDict:
    """A body's rules, with an example for those who read the description."""
    return ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [example]}
    )


class RequestBody(BaseModel):
    """A body: unknown properties are refused, `null` is the same as not given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}


class PictureBody(RequestBody):
    """What every call that makes or names a picture takes."""

    modifications: Annotated[
        list[Modification], Field(description="At most 200; each names a field or a layer.")
    ] = []
    format: Annotated[Format | None, Field(description="Default: the template's.")] = None
    width: Annotated[Width | None, Field(description="CSS pixels. Default: the template's.")] = None
    dpr: Annotated[
        DevicePixelRatio | None, Field(description="Pixels sent per CSS pixel. Default: 1.")
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
            {"name": "profile_picture", "image_url": "https://example.com/profiles/alex.jpg"},
            {"name": "products", "value": [{"name": "Stoneware mug", "price": 24.5}]},
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
        Literal["now", "on_open"], Field(description="on_open: drawn at its first GET.")
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
        str | None, Field(description="The mail platform that fills open fields in.")
    ] = None
    open: Annotated[
        dict[str, str] | None, Field(description="Field → that platform's attribute.")
    ] = None


class PreviewBody(PictureBody):
    """`POST /v1/previews`: a document, or a stored template."""

    model_config = example_config(
        template_id="tmpl_a1b2c3d4e5",
        modifications=[{"name": "user_name", "text": "Alex Rivera"}],
    )

    document: JsonDocument | None = None
    template_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    template_version: Annotated[
        int | None, Field(ge=1, le=999_999, description="Default: the latest.")
    ] = None
    on_invalid: OnInvalid = "error"
    max_bytes: MaxBytes = None
    debug: bool = False


class TemplateChanges(RequestBody):
    """`PATCH /v1/templates/{id}`."""

    model_config = example_config(paused=True, daily_renders=200_000)

    paused: bool | None = None
    daily_renders: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000_000_000,
            description="Pictures drawn a day (UTC). `null` changes nothing: give the most there "
            "is to lift a bound.",
        ),
    ] = None


class RecallBody(RequestBody):
    """`POST /v1/templates/{id}/versions/{n}/recall`."""

    model_config = example_config(replaced_by=4)

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


class Diagnostic(BaseModel):
    """A warning or a finding."""

    code: str
    pointer: str
    detail: str
