"""Previews: drawn as everything else is, and stored nowhere."""

import base64
import json
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_context import JSON, ApiRouter, Call, needs
from api.request_models import PreviewBody
from api.response_models import PreviewAnswer
from postcard.services.previews import Preview, PreviewRequest

router = ApiRouter()


@router.post(
    "/v1/previews",
    summary="Preview a document or a template",
    tags=["Previews"],
    security=needs("images", "templates"),
)
def preview(body: Annotated[PreviewBody, Body()]) -> Response[str]:
    """The picture; with `Accept: application/json` a data URI, boxes, warnings and findings."""
    call = router.call
    asked = _asked(call, body)
    drawn = call.service.previews.draw(asked, now=call.now, deadline=call.deadline)
    if JSON in call.headers.get("accept", "").lower():
        return Response(status_code=200, content_type=JSON, body=_answer(drawn).model_dump_json())
    return Response(status_code=200, content_type=drawn.image.content_type, body=_packed(drawn))


def _packed(drawn: Preview) -> str:
    """The picture in base64, as every picture leaves a Lambda."""
    return base64.b64encode(drawn.image.body).decode()


def _asked(call: Call, body: PreviewBody) -> PreviewRequest:
    if body.template_id is not None:
        call.allow_scope("images")
        call.allow_template(body.template_id)
    else:
        call.allow_scope("templates")
    document = call.body().get("document") if body.document is not None else None
    return PreviewRequest(
        **body.model_dump(exclude={"document", "format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        document=None if document is None else json.dumps(document, ensure_ascii=False),
    )


def _answer(drawn: Preview) -> PreviewAnswer:
    return PreviewAnswer.model_validate(
        {**drawn.to_json(), "image": f"data:{drawn.image.content_type};base64,{_packed(drawn)}"}
    )
