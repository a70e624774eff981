"""`/v1/links`: mint signed links; nothing is stored."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_models import LinkBody
from api.response_models import LinkResponse
from api.router import ApiRouter, any_scope
from postcard.services.links import LinkRequest

router = ApiRouter()


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
    return LinkResponse(**link.to_json())
