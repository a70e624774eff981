"""Templates: published, read, paused, deleted."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from api.request_context import ApiRequestContext
from api.request_models import TEMPLATE_ID, TemplateChanges
from api.response_models import FieldList, TemplateList, TemplateResponse
from api.router import JSON_TYPE, ApiRouter, any_scope, no_content

router = ApiRouter()
TAGS = ["Templates"]
TemplateId = Annotated[str, Path(pattern=TEMPLATE_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1024)]


def template_response(
    context: ApiRequestContext, template_id: str, version: int | None
) -> Response[TemplateResponse]:
    """A template with its latest version, or with that one."""
    shown = context.service.templates.show(template_id, version)
    return Response(
        status_code=200,
        content_type=JSON_TYPE,
        headers={"ETag": f'"{shown["version"]}"'},
        body=TemplateResponse(**shown),
    )


@router.post("/v1/templates", summary="Make a template", tags=TAGS, security=any_scope("templates"))
def create_template() -> Response[TemplateResponse]:
    """Publish a document under an id of ours."""
    context = router.request_context
    template_id = context.service.publisher.new_id()
    context.authorize_template(template_id)
    context.service.publisher.publish(
        template_id, context.body_text, now=context.now, deadline=context.deadline
    )
    return template_response(context, template_id, None)


@router.put(
    "/v1/templates/<template_id>",
    summary="Publish a version",
    tags=TAGS,
    security=any_scope("templates"),
)
def publish_template(template_id: TemplateId) -> Response[TemplateResponse]:
    """Publish a version, or make the template under the id you chose."""
    context = router.request_context
    context.authorize_template(template_id)
    context.service.publisher.publish(
        template_id,
        context.body_text,
        now=context.now,
        deadline=context.deadline,
        if_match=context.request.headers.get("if-match"),
    )
    return template_response(context, template_id, None)


@router.get("/v1/templates", summary="List templates", tags=TAGS, security=any_scope("templates"))
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> TemplateList:
    """Templates by id, those that were deleted left out."""
    context = router.request_context
    only = context.auth.key.templates if context.auth.key else None
    listed = context.service.templates.list(limit=limit, cursor=cursor, only=only)
    return TemplateList.model_validate(listed)


@router.get(
    "/v1/templates/<template_id>",
    summary="Read a template",
    tags=TAGS,
    security=any_scope("templates"),
)
def read_template(template_id: TemplateId) -> Response[TemplateResponse]:
    """The latest version, its document as it was put."""
    context = router.request_context
    context.authorize_template(template_id)
    return template_response(context, template_id, None)


@router.get(
    "/v1/templates/<template_id>/fields",
    summary="List a template's names",
    tags=TAGS,
    security=any_scope("templates"),
)
def list_fields(template_id: TemplateId) -> FieldList:
    """All names that a request may use, with their types and bounds."""
    context = router.request_context
    context.authorize_template(template_id)
    return FieldList.model_validate(context.service.templates.fields(template_id))


@router.patch(
    "/v1/templates/<template_id>",
    summary="Pause a template, or bound its renders",
    tags=TAGS,
    security=any_scope("admin"),
)
def update_template(
    template_id: TemplateId, body: Annotated[TemplateChanges, Body()]
) -> Response[TemplateResponse]:
    """Only what is given changes."""
    context = router.request_context
    context.authorize_template(template_id)
    context.service.templates.change(template_id, body.model_dump(exclude_none=True))
    return template_response(context, template_id, None)


@router.delete(
    "/v1/templates/<template_id>",
    summary="Delete a template",
    tags=TAGS,
    security=any_scope("templates", "admin"),
    status_code=204,
)
def delete_template(
    template_id: TemplateId, erase: Annotated[bool, Query()] = False
) -> Response[Any]:
    """End POSTs, minting and previews; with `erase=true` its links and images, too."""
    context = router.request_context
    context.authorize_template(template_id)
    context.authorize_scope("admin" if erase else "templates")
    context.service.templates.delete(template_id, erase=erase, deadline=context.deadline)
    return no_content()
