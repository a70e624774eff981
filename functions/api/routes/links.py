"""Signed links: minted, never stored."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_context import ApiRouter, needs
from api.request_models import LinkBody
from api.response_models import LinkAnswer
from postcard.services.links import LinkRequest

router = ApiRouter()


@router.post("/v1/links", summary="Mint a link", tags=["Links"], security=needs("images"))
def mint_link(body: Annotated[LinkBody, Body()]) -> LinkAnswer:
    """Sign a link whose picture is drawn when it is first opened; with `esp`, a merge link."""
    call = router.call
    call.allow_template(body.template_id)
    asked = LinkRequest(
        **body.model_dump(exclude={"format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
    )
    minted = call.service.links.create(asked, now=call.now)
    call.noted |= {**minted.log_fields, "campaign": body.campaign}
    return LinkAnswer(**minted.to_json())
