"""`/v1/previews`: pictures of drafts and stored templates; nothing is stored."""

import json
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_context import ApiRequestContext
from api.request_models import PreviewBody
from api.response_models import Finding, PersonPreview, PreviewResponse
from api.router import JSON_TYPE, ApiRouter, any_scope, binary_response
from postcard.errors import BadRequest, Fault
from postcard.lint.worst_people import WORST_PEOPLE_COUNT
from postcard.pipeline.timings import Timings
from postcard.services.previews.people_previews import PeoplePreview
from postcard.services.previews.preview_inspection import inline_image
from postcard.services.previews.preview_service import Preview, PreviewRequest

MAX_RESPONSE_BYTES = 6_280_000  # Lambda's 6 MB without the headers
UNCHECKED_CHARACTERS = 1_000_000  # escaping as JSON makes at most six bytes of each

router = ApiRouter()
FIX_PICTURES = 5  # that trying fixes costs a session: most documents have few findings


@router.post(
    "/v1/previews",
    summary="Preview a document or a template",
    tags=["Previews"],
    security=any_scope("images", "templates", "drafts"),
)
def preview(body: Annotated[PreviewBody, Body()]) -> Response[str]:
    """The picture; with `Accept: application/json` a data URI, boxes, warnings and findings."""
    context = router.request_context
    request, as_json = _preview_request(context, body), context.request.prefers_json()
    context.charge_pictures(_picture_count(request))
    timings = Timings(context.service.monotonic)
    bounds = {"now": context.now, "deadline": context.deadline}
    previews = context.service.previews
    if request.people is not None:
        if not as_json:
            raise _needs_json("people")
        response = _people_response(previews.draw_people(request, **bounds, timings=timings))
    else:
        if not as_json and (name := _json_only_property(request)):
            raise _needs_json(name)
        result = previews.draw(request, **bounds, timings=timings)
        headers = {"Server-Timing": timings.to_header()}
        if not as_json:
            return binary_response(result.image.body, result.image.content_type, headers)
        response = _preview_response(result)
    return Response(
        status_code=200,
        content_type=JSON_TYPE,
        headers={"Server-Timing": timings.to_header()},
        body=_check_size(response.model_dump_json(exclude_unset=True)),
    )


def _check_size(body: str) -> str:
    """The body; `BadRequest` if it is too large for a Lambda response, which is JSON again."""
    if len(body) <= UNCHECKED_CHARACTERS or len(json.dumps(body)) <= MAX_RESPONSE_BYTES:
        return body
    detail = (
        "The response is over 6 MB: reduce width, set max_bytes, or leave out describe, parts, "
        "carets or fixes."
    )
    raise BadRequest(detail, errors=[Fault("invalid_request", "/max_bytes", detail)])


def _picture_count(request: PreviewRequest) -> int:
    tries = FIX_PICTURES if request.fixes else 0
    if request.people is None:
        return 1 + tries
    people = WORST_PEOPLE_COUNT if request.people == "worst" else len(request.people)
    return people + tries


def _json_only_property(request: PreviewRequest) -> str | None:
    """The first property that a response without JSON has no place for."""
    return next(
        (name for name in ("describe", "parts", "carets", "fixes") if getattr(request, name)), None
    )


def _needs_json(name: str) -> BadRequest:
    detail = f"Send Accept: application/json with {name}: the response is not one picture."
    return BadRequest(detail, errors=[Fault("invalid_request", f"/{name}", detail)])


def _preview_request(context: ApiRequestContext, body: PreviewBody) -> PreviewRequest:
    if body.template_id is not None:
        context.authorize_scope("images", "drafts")
        context.authorize_template(body.template_id)
    else:
        context.authorize_scope("templates", "drafts")
    document = None
    if body.document is not None:  # as it was sent, not as it was validated
        document = context.json_body["document"]
    return PreviewRequest(
        **body.model_dump(exclude={"document", "format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        document=document,
        key_templates=context.key_templates,
    )


def _preview_response(preview: Preview) -> PreviewResponse:
    image = inline_image(preview.image)
    return PreviewResponse.model_validate({**preview.to_json(), "image": image})


def _people_response(preview: PeoplePreview) -> PreviewResponse:
    pictures = [
        PersonPreview.model_validate({**one.to_json(), "image": inline_image(one.result.image)})
        for one in preview.pictures
    ]
    return PreviewResponse(
        image=None,
        boxes=[],
        warnings=[],
        findings=[Finding.model_validate(finding) for finding in preview.findings],
        pictures=pictures,
    )
