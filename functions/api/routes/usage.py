"""`/v1/usage`: what was made, fetched and paid, by day, template and campaign."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from api.request_models import TEMPLATE_ID, UrlInteger
from api.response_models import UsageResponse
from api.router import ApiRouter, any_scope
from api.routes.templates import Cursor
from postcard.timestamps import utc_day
from postcard.usage.report.period import parse_period
from postcard.usage.usage_filter import UsageFilter
from postcard.usage.usage_service import UsageQuery

router = ApiRouter()
TAGS = ["Usage"]
SECURITY = any_scope("usage", "admin")
DAY = r"^\d{4}-\d{2}-\d{2}$"
CAMPAIGN = "^[a-z0-9-]{0,32}$"
DIMENSIONS = "^(day|template_id|campaign)(,(day|template_id|campaign)){0,2}$"

FirstDay = Annotated[
    str | None, Query(alias="from", pattern=DAY, description="The first day (UTC): 2026-11-01.")
]
LastDay = Annotated[
    str | None, Query(pattern=DAY, description="The last day; today, unless given.")
]
TemplateId = Annotated[str | None, Query(pattern=TEMPLATE_ID, max_length=64)]
CampaignName = Annotated[
    str | None,
    Query(pattern=CAMPAIGN, description="Only this campaign; empty: only what has none."),
]
Limit = Annotated[UrlInteger, Query(ge=1, le=1_000)]


def filter_of(template_id: str | None, campaign: str | None) -> UsageFilter:
    """The usage that the caller asks for and may see; `Forbidden`."""
    context = router.request_context
    if template_id is not None:
        context.authorize_template(template_id)
    return UsageFilter(template_id, campaign, context.key_templates)


@router.get("/v1/usage", summary="Read usage", tags=TAGS, security=SECURITY)
def read_usage(
    from_: FirstDay = None,
    to: LastDay = None,
    template_id: TemplateId = None,
    campaign: CampaignName = None,
    by: Annotated[str, Query(pattern=DIMENSIONS)] = "day,template_id,campaign",
    limit: Limit = 200,
    cursor: Cursor = None,
) -> UsageResponse:
    """Links, pictures, fetches and dollars of the days from `from` to `to` (UTC), both included.

    Without them: the last 30 days. `by` names what the numbers are grouped by. An empty `campaign`
    selects usage without a campaign.
    """
    context = router.request_context
    query = UsageQuery(
        parse_period(from_, to, None, today=utc_day(context.now)),
        filter_of(template_id, campaign),
        by=tuple(dict.fromkeys(by.split(","))),
    )
    report = context.service.usage.report(query, now=context.now, limit=limit, cursor=cursor)
    return UsageResponse.model_validate(report)
