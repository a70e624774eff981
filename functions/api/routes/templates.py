"""`/v1/templates`: publish, read, list, pause and delete templates."""

from typing import Annotated, Any, TypedDict

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from api.request_models import TEMPLATE_ID, TemplateChanges, UrlInteger
from api.response_models import (
    Deletion,
    ErasureResponse,
    FieldList,
    TemplateFindings,
    TemplateList,
    TemplateResponse,
)
from api.router import JSON_TYPE, ApiRouter, any_scope, binary_response, no_content
from api.routes.previews import FIX_PICTURES
from postcard.ports import JsonObject
from postcard.studio.version_notes import read_note

router = ApiRouter()
TAGS = ["Templates"]
TemplateId = Annotated[str, Path(pattern=TEMPLATE_ID)]
Limit = Annotated[UrlInteger, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1024)]


def template_response(template: JsonObject) -> Response[TemplateResponse]:
    """A template with one of its versions, which is the ETag."""
    return Response(
        status_code=200,
        content_type=JSON_TYPE,
        headers={"ETag": f'"{template["version"]}"'},
        body=TemplateResponse(**template),
    )


def document_response(version: int, document: str) -> Response[str]:
    """The bytes of a version's document; the version is the ETag."""
    return binary_response(document.encode(), JSON_TYPE, {"ETag": f'"{version}"'})


class Authorship(TypedDict):
    """What is stored of a new version's author."""

    note: str
    by: str


def _authorship() -> Authorship:
    context = router.request_context
    note = read_note(context.request.headers.get("postcard-note"))
    return {"note": note, "by": context.key.name}


@router.post(
    "/v1/templates", summary="Create a template", tags=TAGS, security=any_scope("templates")
)
def create_template() -> Response[TemplateResponse]:
    """Publish a document under an id that Postcard chooses."""
    context = router.request_context
    template_id = context.service.publisher.new_id()
    context.authorize_template(template_id)
    context.charge_pictures()
    published = context.service.publisher.publish(
        template_id,
        context.body_text,
        now=context.now,
        deadline=context.deadline,
        **_authorship(),
    )
    return template_response(context.service.templates.describe(published))


@router.put(
    "/v1/templates/<template_id>",
    summary="Publish a version",
    tags=TAGS,
    security=any_scope("templates"),
)
def publish_template(template_id: TemplateId) -> Response[TemplateResponse]:
    """Publish a new version, or create the template under an id of your own."""
    context = router.request_context
    context.authorize_template(template_id)
    context.charge_pictures()
    published = context.service.publisher.publish(
        template_id,
        context.body_text,
        now=context.now,
        deadline=context.deadline,
        if_match=context.request.headers.get("if-match"),
        if_none_match=context.request.headers.get("if-none-match"),
        draft=context.request.headers.get("postcard-draft"),
        **_authorship(),
    )
    return template_response(context.service.templates.describe(published))


@router.get(
    "/v1/templates", summary="List templates", tags=TAGS, security=any_scope("templates", "drafts")
)
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> TemplateList:
    """All templates by id, without deleted ones, and drafts of ids that have no version.

    `thumbnail_url` is a signed link to a small picture of the latest version.
    """
    context = router.request_context
    templates = context.service.templates.list(
        limit=limit, cursor=cursor, now=context.now, only=context.key_templates
    )
    return TemplateList.model_validate(templates)


@router.get(
    "/v1/templates/<template_id>",
    summary="Read a template",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def read_template(template_id: TemplateId) -> Response[TemplateResponse]:
    """The latest version, with its document as it was published."""
    context = router.request_context
    context.authorize_template(template_id)
    return template_response(context.service.templates.show(template_id))


@router.get(
    "/v1/templates/<template_id>/document",
    summary="Read a template's document",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def read_document(template_id: TemplateId) -> Response[str]:
    """The bytes of the latest version, as they were published."""
    context = router.request_context
    context.authorize_template(template_id)
    return document_response(*context.service.templates.document(template_id))


@router.get(
    "/v1/templates/<template_id>/fields",
    summary="List a template's fields and layers",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def list_fields(template_id: TemplateId) -> FieldList:
    """All names that a request may use, with their types and bounds."""
    context = router.request_context
    context.authorize_template(template_id)
    return FieldList.model_validate(context.service.templates.fields(template_id))


@router.get(
    "/v1/templates/<template_id>/findings",
    summary="List a template's findings with fixes",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def list_findings(
    template_id: TemplateId,
    draft: Annotated[bool, Query(description="true: of the draft, not of the latest version.")] = (
        False
    ),
) -> Response[str]:
    """What is likely wrong with the latest version, each with a JSON Patch that mends it."""
    context = router.request_context
    context.authorize_template(template_id)
    context.charge_pictures(FIX_PICTURES)
    fixes, bounds = context.service.fixes, {"now": context.now, "deadline": context.deadline}
    if draft:
        _, text = context.service.drafts.document(template_id, now=context.now)
        findings = fixes.of_draft(template_id, text, **bounds)
    else:
        findings = fixes.of_template(template_id, **bounds)
    body = TemplateFindings.model_validate(findings).model_dump_json(exclude_unset=True)
    return Response(status_code=200, content_type=JSON_TYPE, body=body)


@router.patch(
    "/v1/templates/<template_id>",
    summary="Pause a template, or limit its renders",
    tags=TAGS,
    security=any_scope("admin"),
)
def update_template(
    template_id: TemplateId, body: Annotated[TemplateChanges, Body()]
) -> Response[TemplateResponse]:
    """Change only the properties that are given."""
    context = router.request_context
    context.authorize_template(template_id)
    context.service.templates.change(
        template_id,
        body.model_dump(exclude_none=True),
        if_match=context.request.headers.get("if-match"),
    )
    return template_response(context.service.templates.show(template_id))


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
    """Refuse new images, links and previews; with `erase=true` end existing ones too.

    202: the stored pictures of an erased template are being deleted. The same call again says how
    far that is; 204 once they are gone.
    """
    context = router.request_context
    context.authorize_template(template_id)
    context.authorize_scope("admin" if erase else "templates")
    service = context.service
    deletion = service.templates.delete(
        template_id, erase=erase, if_match=context.request.headers.get("if-match")
    )
    if deletion is None or deletion.finished_at is not None:
        return no_content()
    progress = Deletion(**service.deletions.to_json(deletion))
    return Response(
        status_code=202,
        content_type=JSON_TYPE,
        body=ErasureResponse(template_id=template_id, deletion=progress),
    )
