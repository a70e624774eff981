"""`/v1/usage`: what was made, fetched and paid, by day, template and campaign."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from api.request_models import UrlInteger
from api.response_models import UsageResponse
from api.router import ApiRouter, any_scope
from api.routes.templates import Cursor
from postcard.identifiers import ID_PATTERN
from postcard.usage.usage_service import UsageQuery

router = ApiRouter()
DAY = r"^\d{4}-\d{2}-\d{2}$"
CAMPAIGN = "^[a-z0-9-]{0,32}$"
DIMENSIONS = "^(day|template_id|campaign)(,(day|template_id|campaign)){0,2}$"
Limit = Annotated[UrlInteger, Query(ge=1, le=1_000)]


@router.get("/v1/usage", summary="Read usage", tags=["Usage"], security=any_scope("usage", "admin"))
def read_usage(
    from_: Annotated[str | None, Query(alias="from", pattern=DAY)] = None,
    to: Annotated[str | None, Query(pattern=DAY)] = None,
    template_id: Annotated[str | None, Query(pattern=f"^{ID_PATTERN}$")] = None,
    campaign: Annotated[str | None, Query(pattern=CAMPAIGN)] = None,
    by: Annotated[str, Query(pattern=DIMENSIONS)] = "day,template_id,campaign",
    limit: Limit = 200,
    cursor: Cursor = None,
) -> UsageResponse:
    """Links, pictures, fetches and dollars of the days from `from` to `to` (UTC), both included.

    Without them: the last 30 days. `by` names what the numbers are separated by. An empty
    `campaign` asks for what has none.
    """
    context = router.request_context
    if template_id is not None:
        context.authorize_template(template_id)
    query = UsageQuery(
        first_day=from_,
        last_day=to,
        template_id=template_id,
        campaign=campaign,
        by=tuple(dict.fromkeys(by.split(","))),
        key_templates=context.key_templates,
    )
    report = context.service.usage.report(query, now=context.now, limit=limit, cursor=cursor)
    return UsageResponse.model_validate(report)
