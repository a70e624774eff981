"""Previews: drawn as everything else is, and stored nowhere."""

import base64
import json
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_context import JSON_TYPE, ApiRequestContext, ApiRouter, any_scope
from api.request_models import PreviewBody
from api.response_models import PreviewResponse
from postcard.services.previews import Preview, PreviewRequest

router = ApiRouter()


@router.post(
    "/v1/previews",
    summary="Preview a document or a template",
    tags=["Previews"],
    security=any_scope("images", "templates"),
)
def preview(body: Annotated[PreviewBody, Body()]) -> Response[str]:
    """The picture; with `Accept: application/json` a data URI, boxes, warnings and findings."""
    call = router.request_context
    asked = _preview_request(call, body)
    drawn = call.service.previews.draw(asked, now=call.now, deadline=call.deadline)
    if JSON_TYPE in call.headers.get("accept", "").lower():
        return Response(
            status_code=200, content_type=JSON_TYPE, body=_preview_response(drawn).model_dump_json()
        )
    return Response(
        status_code=200, content_type=drawn.image.content_type, body=_base64_image(drawn)
    )


def _base64_image(preview: Preview) -> str:
    """The picture in base64, as every picture leaves a Lambda."""
    return base64.b64encode(preview.image.body).decode()


def _preview_request(context: ApiRequestContext, body: PreviewBody) -> PreviewRequest:
    if body.template_id is not None:
        context.authorize_scope("images")
        context.authorize_template(body.template_id)
    else:
        context.authorize_scope("templates")
    document = context.json_body().get("document") if body.document is not None else None
    return PreviewRequest(
        **body.model_dump(exclude={"document", "format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        document=None if document is None else json.dumps(document, ensure_ascii=False),
    )


def _preview_response(preview: Preview) -> PreviewResponse:
    return PreviewResponse.model_validate(
        {
            **preview.to_json(),
            "image": f"data:{preview.image.content_type};base64,{_base64_image(preview)}",
        }
    )
