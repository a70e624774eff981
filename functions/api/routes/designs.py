"""`/v1/designs`: designs to start a template from, with their thumbnails and pictures."""

from pathlib import Path
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.openapi.params import Path as PathParameter

from api.request_models import TEMPLATE_ID, DesignUseBody
from api.response_models import DesignList, DesignResponse, DesignSummary, DesignUseResponse
from api.router import JSON_TYPE, ApiRouter, any_scope, binary_response
from api.routes.static_files import static_response
from postcard.errors import NotFound
from postcard.studio.designs import DesignGallery, DesignUse

router = ApiRouter()
TAGS = ["Designs"]
SECURITY = any_scope("templates", "drafts")
GALLERY = DesignGallery(Path(__file__).parents[1] / "designs")
DesignId = Annotated[str, PathParameter(pattern=TEMPLATE_ID)]


@router.get("/v1/designs", summary="List designs", tags=TAGS, security=SECURITY)
def list_designs() -> DesignList:
    """All designs, by category and name."""
    designs = [DesignSummary.model_validate(design.summary()) for design in GALLERY.list()]
    return DesignList(items=designs)


@router.get("/v1/designs/<design_id>", summary="Read a design", tags=TAGS, security=SECURITY)
def read_design(design_id: DesignId) -> DesignResponse:
    """A design with its document, and the pictures that the document names."""
    return DesignResponse.model_validate(GALLERY.get(design_id).to_json())


@router.get(
    "/v1/designs/<design_id>/document",
    summary="Read a design's document",
    tags=TAGS,
    security=SECURITY,
)
def read_design_document(design_id: DesignId) -> Response[str]:
    """The bytes of the document."""
    return binary_response(GALLERY.get(design_id).document.encode(), JSON_TYPE)


@router.post("/v1/designs/<design_id>/use", summary="Use a design", tags=TAGS, security=SECURITY)
def use_design(
    design_id: DesignId, body: Annotated[DesignUseBody, Body()]
) -> Response[DesignUseResponse]:
    """Copy the design's pictures as assets, and store its document as the draft of a template.

    The template may have no version yet. A draft that it has is never replaced: 412.
    """
    context = router.request_context
    context.authorize_template(body.template_id)
    key = context.key
    use = DesignUse(body.template_id, key.name, key.key_id, key.templates)
    draft = context.service.designs.use(
        GALLERY.get(design_id), use, now=context.now, deadline=context.deadline
    )
    return Response(
        status_code=200,
        content_type=JSON_TYPE,
        headers={"ETag": f'"{draft["etag"]}"'},
        body=DesignUseResponse(**draft),
    )


@router.get("/studio/designs/<file>", include_in_schema=False)
def design_thumbnail(file: str) -> Response[str]:
    """A small picture of a design, `ID.webp`."""
    name, _, extension = file.rpartition(".")
    if extension != "webp":
        raise NotFound("There is nothing here: thumbnails of designs are ID.webp.")
    return _public_file(GALLERY.get(name).thumbnail, "image/webp")


@router.get("/studio/designs/<design_id>/<file>", include_in_schema=False)
def design_picture(design_id: str, file: str) -> Response[str]:
    """A picture that a design's document names, `ID.jpg`."""
    picture = GALLERY.get(design_id).picture(file)
    return _public_file(picture.path, picture.content_type)


def _public_file(path: Path, content_type: str) -> Response[str]:
    headers = {"Cache-Control": "public, max-age=3600"}
    return static_response(router.request_context.request, path, content_type, headers)
