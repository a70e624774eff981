"""`/v1/assets`: upload, list and delete the pictures and fonts that templates name."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import TEMPLATE_ID, AssetBody
from api.response_models import AssetList, AssetResponse
from api.router import ApiRouter, any_scope, no_content
from api.routes.templates import Cursor, Limit

router = ApiRouter()
TAGS = ["Assets"]


@router.post("/v1/assets", summary="Upload an asset", tags=TAGS, security=any_scope("templates"))
def create_asset(body: Annotated[AssetBody, Body()]) -> AssetResponse:
    """Where to upload the asset's bytes; they are checked before their first use."""
    context = router.request_context
    asset = context.service.assets.create(
        body.id, content_type=body.content_type, size=body.bytes, now=context.now
    )
    return AssetResponse.model_validate(asset)


@router.get("/v1/assets", summary="List assets", tags=TAGS, security=any_scope("templates"))
def list_assets(limit: Limit = 50, cursor: Cursor = None) -> AssetList:
    """All assets by id."""
    assets = router.request_context.service.assets.list(limit=limit, cursor=cursor)
    return AssetList.model_validate(assets)


@router.delete(
    "/v1/assets/<asset_id>",
    summary="Delete an asset",
    tags=TAGS,
    security=any_scope("templates"),
    status_code=204,
)
def delete_asset(asset_id: Annotated[str, Path(pattern=TEMPLATE_ID)]) -> Response[Any]:
    """Published versions have their own copy of it."""
    router.request_context.service.assets.delete(asset_id)
    return no_content()
