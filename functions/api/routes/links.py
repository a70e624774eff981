"""`/v1/links`: mint signed links, of which nothing is stored; `/v1/platforms`: for whom."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from api.request_models import LinkBody
from api.response_models import LinkResponse, MailPlatformItem, MailPlatformList
from api.router import ApiRouter, any_scope
from postcard.links.platforms.registry import all_platforms
from postcard.services.links import LinkRequest

router = ApiRouter()
FIELD_NAMES = r"^[a-z][a-z0-9_]{0,63}(,[a-z][a-z0-9_]{0,63}){0,99}$"


@router.post("/v1/links", summary="Mint a link", tags=["Links"], security=any_scope("images"))
def create_link(body: Annotated[LinkBody, Body()]) -> LinkResponse:
    """Sign a link whose picture is drawn when it is first opened; with `esp`, a merge link."""
    context = router.request_context
    context.authorize_template(body.template_id)
    request = LinkRequest(
        **body.model_dump(exclude={"format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        key_templates=context.key_templates,
    )
    link = context.service.links.create(request, now=context.now, deadline=context.deadline)
    context.log_fields |= {**link.log_fields, "campaign": body.campaign}
    context.count_usage(body.template_id, body.campaign, {"links": 1})
    return LinkResponse(**link.to_json())


@router.get("/v1/platforms", summary="List mail platforms", tags=["Links"])
def list_platforms(
    fields: Annotated[str | None, Query(pattern=FIELD_NAMES, max_length=6_500)] = None,
) -> MailPlatformList:
    """How each mail platform writes merge tags; `fields` are names of a template's fields."""
    names = fields.split(",") if fields else []
    return MailPlatformList(
        items=[
            MailPlatformItem(
                **platform.to_json(),
                open={} if platform.name == "custom" else platform.usual_attributes_of(names),
            )
            for platform in all_platforms()
        ]
    )
