"""Versions of a template: listed, read, recalled."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_context import ApiRouter, needs
from api.request_models import RecallBody
from api.response_models import Recall, TemplateAnswer, VersionList
from api.routes.templates import TAGS, Cursor, Limit, TemplateId, template_answer

router = ApiRouter()
Version = Annotated[int, Path(ge=1, le=999_999)]


@router.get(
    "/v1/templates/<template_id>/versions",
    summary="List versions",
    tags=TAGS,
    security=needs("templates"),
)
def list_versions(template_id: TemplateId, limit: Limit = 50, cursor: Cursor = None) -> VersionList:
    """Newest first."""
    call = router.call
    call.allow_template(template_id)
    listed = call.service.templates.versions(template_id, limit=limit, cursor=cursor)
    return VersionList.model_validate(listed)


@router.get(
    "/v1/templates/<template_id>/versions/<version>",
    summary="Read a version",
    tags=TAGS,
    security=needs("templates"),
)
def read_version(template_id: TemplateId, version: Version) -> Response[TemplateAnswer]:
    """One version, its document as it was put."""
    call = router.call
    call.allow_template(template_id)
    return template_answer(call, template_id, version)


@router.post(
    "/v1/templates/<template_id>/versions/<version>/recall",
    summary="Recall a version",
    tags=TAGS,
    security=needs("admin"),
)
def recall_version(
    template_id: TemplateId, version: Version, body: Annotated[RecallBody, Body()]
) -> Recall:
    """Draw its links and images with another version from now on."""
    call = router.call
    call.allow_template(template_id)
    call.service.recalls.recall(template_id, version, body.replaced_by)
    return Recall(template_id=template_id, version=version, replaced_by=body.replaced_by)
