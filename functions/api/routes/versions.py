"""`/v1/templates/{id}/versions`: list, read and recall versions of a template."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import RecallBody, UrlInteger
from api.response_models import Deletion, RecallResponse, TemplateResponse, VersionList
from api.router import ApiRouter, any_scope
from api.routes.templates import (
    TAGS,
    Cursor,
    Limit,
    TemplateId,
    document_response,
    template_response,
)

router = ApiRouter()
Version = Annotated[UrlInteger, Path(ge=1, le=999_999)]


@router.get(
    "/v1/templates/<template_id>/versions",
    summary="List versions",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def list_versions(template_id: TemplateId, limit: Limit = 50, cursor: Cursor = None) -> VersionList:
    """The newest version first."""
    context = router.request_context
    context.authorize_template(template_id)
    versions = context.service.templates.versions(template_id, limit=limit, cursor=cursor)
    return VersionList.model_validate(versions)


@router.get(
    "/v1/templates/<template_id>/versions/<version>",
    summary="Read a version",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def read_version(template_id: TemplateId, version: Version) -> Response[TemplateResponse]:
    """One version, with its document as it was published."""
    context = router.request_context
    context.authorize_template(template_id)
    return template_response(context.service.templates.show(template_id, version))


@router.get(
    "/v1/templates/<template_id>/versions/<version>/document",
    summary="Read a version's document",
    tags=TAGS,
    security=any_scope("templates", "drafts"),
)
def read_version_document(template_id: TemplateId, version: Version) -> Response[str]:
    """The bytes of one version, as they were published."""
    context = router.request_context
    context.authorize_template(template_id)
    return document_response(*context.service.templates.document(template_id, version))


@router.post(
    "/v1/templates/<template_id>/versions/<version>/recall",
    summary="Recall a version",
    tags=TAGS,
    security=any_scope("admin"),
)
def recall_version(
    template_id: TemplateId, version: Version, body: Annotated[RecallBody, Body()]
) -> RecallResponse:
    """Draw the version's links and images with another version from now on.

    Its stored pictures are deleted in the background. The same call again says how far that is.
    """
    context = router.request_context
    context.authorize_template(template_id)
    service = context.service
    deletion = service.recalls.recall(template_id, version, body.replaced_by)
    return RecallResponse(
        template_id=template_id,
        version=version,
        replaced_by=body.replaced_by,
        deletion=Deletion(**service.deletions.to_json(deletion)),
    )
