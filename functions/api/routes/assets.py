"""`/v1/assets`: upload, read, list and delete the pictures and fonts that templates name."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import TEMPLATE_ID, AssetBody
from api.response_models import AssetList, AssetResponse, AssetSummary
from api.router import ApiRouter, any_scope, no_content
from api.routes.templates import Cursor, Limit

router = ApiRouter()
TAGS = ["Assets"]
AssetId = Annotated[str, Path(pattern=TEMPLATE_ID)]


@router.post(
    "/v1/assets", summary="Upload an asset", tags=TAGS, security=any_scope("templates", "drafts")
)
def create_asset(body: Annotated[AssetBody, Body()]) -> AssetResponse:
    """Where to upload the asset's bytes; they are checked before their first use."""
    context = router.request_context
    if body.replace:
        context.authorize_scope("templates")
    asset = context.service.assets.create(
        body.id,
        content_type=body.content_type,
        size=body.bytes,
        now=context.now,
        templates=context.key_templates,
        replace=body.replace,
    )
    return AssetResponse.model_validate(asset)


@router.get(
    "/v1/assets", summary="List assets", tags=TAGS, security=any_scope("templates", "drafts")
)
def list_assets(limit: Limit = 50, cursor: Cursor = None) -> AssetList:
    """All assets by id that the API key's templates may use."""
    context = router.request_context
    assets = context.service.assets.list(
        limit=limit, cursor=cursor, templates=context.key_templates
    )
    return AssetList.model_validate(assets)


@router.get(
    "/v1/assets/<asset_id>",
    summary="Read an asset",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def read_asset(asset_id: AssetId) -> AssetSummary:
    """Checks an upload that is waiting, and tells its size or why it was refused."""
    context = router.request_context
    asset = context.service.assets.read(
        asset_id, templates=context.key_templates, deadline=context.deadline
    )
    return AssetSummary.model_validate(asset)


@router.delete(
    "/v1/assets/<asset_id>",
    summary="Delete an asset",
    tags=TAGS,
    security=any_scope("templates"),
    status_code=204,
)
def delete_asset(asset_id: AssetId) -> Response[Any]:
    """Published versions have their own copy of it."""
    context = router.request_context
    context.service.assets.delete(asset_id, templates=context.key_templates)
    return no_content()
