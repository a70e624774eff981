"""`/v1/usage/report`: usage as the page `/usage` shows it, and as CSV."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from api.request_models import UrlInteger
from api.response_models import UsageFigure, UsageReportResponse, UsageReportRow
from api.router import ApiRouter
from api.routes.usage import (
    SECURITY,
    TAGS,
    CampaignName,
    FirstDay,
    LastDay,
    TemplateId,
    filter_of,
)
from postcard.timestamps import format_rfc3339, utc_day
from postcard.usage.report.elements import element_json
from postcard.usage.report.period import MAX_DAYS, parse_period
from postcard.usage.report.report_contents import DEFAULT_SORT, SORT_NAMES, UsageReport
from postcard.usage.usage_service import NOTE

router = ApiRouter()
SORT = f"^-?({'|'.join(SORT_NAMES)})$"
CSV_TYPE = "text/csv; charset=utf-8"

Days = Annotated[
    UrlInteger | None,
    Query(ge=1, le=MAX_DAYS, description="The last days, in place of from, to."),
]


@router.get("/v1/usage/report", summary="Report on usage", tags=TAGS, security=SECURITY)
def report_usage(
    from_: FirstDay = None,
    to: LastDay = None,
    days: Days = None,
    template_id: TemplateId = None,
    campaign: CampaignName = None,
    sort: Annotated[str, Query(pattern=SORT)] = DEFAULT_SORT,
) -> UsageReportResponse:
    """The page /usage as values: four figures, plots as elements of SVG, and the first 200 rows.

    `sort` is a column of `rows`, after a `-` from the largest on. Fetches are not people.
    """
    context = router.request_context
    period = parse_period(from_, to, days, today=utc_day(context.now))
    report = context.service.usage_reports.report(
        period, filter_of(template_id, campaign), now=context.now, sort=sort
    )
    return _response(report, context.now)


@router.get("/v1/usage/report.csv", summary="Report on usage as CSV", tags=TAGS, security=SECURITY)
def report_usage_csv(
    from_: FirstDay = None,
    to: LastDay = None,
    days: Days = None,
    template_id: TemplateId = None,
    campaign: CampaignName = None,
    by: Annotated[Literal["campaign", "day"], Query()] = "campaign",
) -> Response[str]:
    """All rows by template and campaign, and with `by=day` a row for each day of each."""
    context = router.request_context
    period = parse_period(from_, to, days, today=utc_day(context.now))
    text = context.service.usage_reports.csv(
        period, filter_of(template_id, campaign), by_day=by == "day"
    )
    return Response(status_code=200, content_type=CSV_TYPE, body=text)


def _response(report: UsageReport, now: float) -> UsageReportResponse:
    return UsageReportResponse(
        first_day=report.period.first.isoformat(),
        last_day=report.period.last.isoformat(),
        period=report.period.text(),
        state=report.state,
        figures=[
            UsageFigure(
                name=each.name,
                label=each.label,
                value=each.value,
                change=each.change,
                last_days=each.last_days,
            )
            for each in report.figures
        ],
        plots=[element_json(plot) for plot in report.plots],
        rows=[UsageReportRow.model_validate(row) for row in report.rows],
        row_count=report.row_count,
        template_ids=list(report.template_ids),
        campaigns=list(report.campaigns),
        note=NOTE,
        as_of=format_rfc3339(now),
        log_complete_to=report.log_complete_to,
    )
