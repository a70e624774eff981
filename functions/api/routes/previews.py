"""`/v1/previews`: pictures of drafts and stored templates; nothing is stored."""

import base64
import json
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_context import ApiRequestContext
from api.request_models import PreviewBody
from api.response_models import PreviewResponse
from api.router import JSON_TYPE, ApiRouter, any_scope, binary_response
from postcard.services.previews import Preview, PreviewRequest

router = ApiRouter()


@router.post(
    "/v1/previews",
    summary="Preview a document or a template",
    tags=["Previews"],
    security=any_scope("images", "templates", "drafts"),
)
def preview(body: Annotated[PreviewBody, Body()]) -> Response[str]:
    """The picture; with `Accept: application/json` a data URI, boxes, warnings and findings."""
    context = router.request_context
    request = _preview_request(context, body)
    context.charge_pictures()
    result = context.service.previews.draw(request, now=context.now, deadline=context.deadline)
    if not context.request.prefers_json():
        return binary_response(result.image.body, result.image.content_type)
    return Response(
        status_code=200, content_type=JSON_TYPE, body=_preview_response(result).model_dump_json()
    )


def _preview_request(context: ApiRequestContext, body: PreviewBody) -> PreviewRequest:
    if body.template_id is not None:
        context.authorize_scope("images", "drafts")
        context.authorize_template(body.template_id)
    else:
        context.authorize_scope("templates", "drafts")
    document = None
    if body.document is not None:  # as it was sent, not as it was validated
        document = json.dumps(context.json_body["document"], ensure_ascii=False)
    return PreviewRequest(
        **body.model_dump(exclude={"document", "format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        document=document,
        key_templates=context.key_templates,
    )


def _preview_response(preview: Preview) -> PreviewResponse:
    image = preview.image
    data_uri = f"data:{image.content_type};base64,{base64.b64encode(image.body).decode()}"
    return PreviewResponse.model_validate({**preview.to_json(), "image": data_uri})
