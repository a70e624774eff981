"""`/v1/templates/{id}/draft`: read, store and delete the draft of a template."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from api.request_models import UrlInteger
from api.response_models import DraftResponse
from api.router import JSON_TYPE, ApiRouter, any_scope, binary_response, no_content
from api.routes.templates import TAGS, TemplateId, document_response
from postcard.ports import JsonObject
from postcard.studio.drafts import DraftChange

router = ApiRouter()
SECURITY = any_scope("templates", "drafts")
Base = Annotated[
    UrlInteger | None,
    Query(
        ge=1,
        le=999_999,
        description="The version that the draft begins from. Default: as before; of a new draft"
        " the latest.",
    ),
]
OrLatest = Annotated[
    bool,
    Query(
        description="true: without a draft the document of the latest version, with its number as"
        " ETag. That is what an editor opens."
    ),
]


def draft_response(draft: JsonObject) -> Response[DraftResponse]:
    """A draft without its document; its entity tag is the ETag."""
    return Response(
        status_code=200,
        content_type=JSON_TYPE,
        headers={"ETag": f'"{draft["etag"]}"'},
        body=DraftResponse(**draft),
    )


@router.put(
    "/v1/templates/<template_id>/draft", summary="Store a draft", tags=TAGS, security=SECURITY
)
def store_draft(template_id: TemplateId, base: Base = None) -> Response[DraftResponse]:
    """Store any JSON object as the template's draft, also of an id without a version.

    Links, images and batches never show it. It is deleted 90 days after its last change.
    """
    context = router.request_context
    context.authorize_template(template_id)
    key = context.key
    change = DraftChange(
        template_id,
        context.body_text,
        context.json_body,
        by=key.name,
        key_id=key.key_id,
        base=base,
        if_match=context.request.headers.get("if-match"),
        if_none_match=context.request.headers.get("if-none-match"),
    )
    return draft_response(context.service.drafts.save(change, now=context.now))


@router.get(
    "/v1/templates/<template_id>/draft", summary="Read a draft", tags=TAGS, security=SECURITY
)
def read_draft(template_id: TemplateId) -> Response[DraftResponse]:
    """Who changed the draft, when, and which version it began from."""
    context = router.request_context
    context.authorize_template(template_id)
    return draft_response(context.service.drafts.describe(template_id, now=context.now))


@router.get(
    "/v1/templates/<template_id>/draft/document",
    summary="Read a draft's document",
    tags=TAGS,
    security=SECURITY,
)
def read_draft_document(template_id: TemplateId, or_latest: OrLatest = False) -> Response[str]:
    """The bytes as they were stored."""
    context = router.request_context
    context.authorize_template(template_id)
    drafts = context.service.drafts
    read = drafts.find_document if or_latest else drafts.document
    stored = read(template_id, now=context.now)
    if stored is None:
        return document_response(*context.service.templates.document(template_id))
    draft, text = stored
    headers = {"ETag": f'"{draft.tag}"'}
    if draft.base is not None:
        headers["Postcard-Base"] = str(draft.base)
    return binary_response(text.encode(), JSON_TYPE, headers)


@router.delete(
    "/v1/templates/<template_id>/draft",
    summary="Delete a draft",
    tags=TAGS,
    security=SECURITY,
    status_code=204,
)
def delete_draft(template_id: TemplateId) -> Response[Any]:
    """The template's versions stay as they are."""
    context = router.request_context
    context.authorize_template(template_id)
    if_match = context.request.headers.get("if-match")
    context.service.drafts.delete(template_id, if_match=if_match, now=context.now)
    return no_content()
