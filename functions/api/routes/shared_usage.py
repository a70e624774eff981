"""`/v1/usage/shares`: links that show usage without a session; `/usage/s/…`: what they show."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import UsageShareBody
from api.response_models import NewUsageShare, UsageShareItem, UsageShareList
from api.router import ApiRouter, no_content
from api.routes.static_files import gzip_response
from api.routes.studio import STATIC_FOLDER
from api.routes.usage import SECURITY, TAGS, filter_of
from api.routes.usage_report import CSV_TYPE
from postcard.errors import BadRequest, Fault, NotFound, Problem, TooManyRequests
from postcard.ports import UsageShare
from postcard.timestamps import format_rfc3339, parse_rfc3339, utc_day
from postcard.usage.report.number_text import long_day_text
from postcard.usage.report.period import parse_period
from postcard.usage.report.share_page import UNFILTERED, no_share_page, share_page
from postcard.usage.report.shares import SHARE_ID, shared_filter, shared_period
from postcard.usage.usage_service import NOTE

router = ApiRouter()
SHARES = "/v1/usage/shares"
READS_A_SECOND = 5  # of one link
MISSING, NOT_NOW = "This link shows nothing", "This page cannot be shown now"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@router.get("/usage/?", include_in_schema=False)
def usage_page() -> Response[str]:
    """Usage is a screen of the template editor's page; the query chooses the numbers."""
    query = urlencode(router.request_context.request.query)
    headers = {"Location": f"/studio/usage?{query}" if query else "/studio/usage"}
    return Response(status_code=302, content_type=None, headers=headers, body="")


@router.post(SHARES, summary="Share usage", tags=TAGS, security=SECURITY)
def share_usage(body: Annotated[UsageShareBody, Body()]) -> NewUsageShare:
    """A link that shows usage to anyone who has it: read only, without prices unless asked.

    Without `from` and `to` it always shows the last `days`. The link is shown only this once.
    """
    context = router.request_context
    usage_filter = filter_of(body.template_id, body.campaign)
    period = None
    if body.from_ or body.to:
        period = parse_period(body.from_, body.to, body.days, today=utc_day(context.now))
    path, share = context.service.usage_shares.create(
        usage_filter,
        period=period,
        days=body.days,
        prices=body.prices,
        expires_at=_expiry(body.expires_at),
        created_by=context.key.name,
        now=context.now,
    )
    context.log_fields["share_id"] = share.share_id
    return NewUsageShare(**_share_json(share), path=path)


@router.get(SHARES, summary="List shared usage", tags=TAGS, security=SECURITY)
def list_usage_shares() -> UsageShareList:
    """The links that have not expired, newest first, without their addresses."""
    context = router.request_context
    shares = context.service.usage_shares.list(context.key_templates, now=context.now)
    return UsageShareList(items=[UsageShareItem(**_share_json(share)) for share in shares])


@router.delete(
    f"{SHARES}/<share_id>",
    summary="Stop sharing usage",
    tags=TAGS,
    security=SECURITY,
    status_code=204,
)
def delete_usage_share(share_id: Annotated[str, Path(pattern=SHARE_ID)]) -> Response[Any]:
    """The link shows nothing from now on."""
    context = router.request_context
    context.service.usage_shares.delete(share_id, context.key_templates, now=context.now)
    return no_content()


@router.get("/usage/s/<token>", include_in_schema=False)
def shared_usage(token: str) -> Response[str]:
    """The page behind a link: no script, no session."""
    try:
        share = _share(token)
        return _page_response(_shown(share, "page", lambda: _page(share, token)))
    except Problem as problem:  # a person follows the link: a page instead of JSON
        router.request_context.log_problem(problem)
        title = MISSING if isinstance(problem, NotFound) else NOT_NOW
        is_known = isinstance(problem, NotFound | TooManyRequests)
        text = problem.detail if is_known else "Load it again in some minutes."
        page = no_share_page(title, text, _style_path())
        return _page_response(page, status=problem.status, headers=problem.headers)


def _shown(share: UsageShare, name: str, make: Callable[[], str]) -> str:
    """What the link showed in the last minute, or else what `make` makes."""
    context = router.request_context
    return context.service.shared_usage_pages.text(share, name, make, now=context.now)


def _page(share: UsageShare, token: str) -> str:
    context = router.request_context
    report = context.service.usage_reports.report(
        shared_period(share, utc_day(context.now)),
        shared_filter(share),
        now=context.now,
        prices=share.prices,
    )
    return share_page(
        report,
        title=_title(share),
        note=NOTE,
        as_of=format_rfc3339(context.now),
        until=long_day_text(utc_day(share.expires_at)),
        csv_path=f"/usage/s/{token}/usage.csv",
        style=_style_path(),
    )


@router.get("/usage/s/<token>/usage.csv", include_in_schema=False)
def shared_usage_csv(token: str) -> Response[str]:
    """The table of the page behind a link, as CSV."""
    context = router.request_context
    share = _share(token)
    text = _shown(share, "csv", lambda: _csv(share))
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="usage.csv"'}
    return gzip_response(context.request, text.encode(), CSV_TYPE, headers)


def _csv(share: UsageShare) -> str:
    context = router.request_context
    period = shared_period(share, utc_day(context.now))
    return context.service.usage_reports.csv(
        period, shared_filter(share), by_day=False, prices=share.prices
    )


def _page_response(
    page: str, *, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> Response[str]:
    request, headers = router.request_context.request, {**headers, **PAGE_HEADERS}
    response = gzip_response(request, page.encode(), "text/html; charset=utf-8", headers)
    response.status_code = status
    return response


def _share(token: str) -> UsageShare:
    """The share of a link, at most some times a second; `NotFound`, `TooManyRequests`."""
    context = router.request_context
    share = context.service.usage_shares.by_token(token, now=context.now)
    context.log_fields["share_id"] = share.share_id
    limit = context.service.limiter.take(
        f"usage-share#{share.share_id}", rate=READS_A_SECOND, now=context.now
    )
    if not limit.allowed:
        raise TooManyRequests(
            "This page was loaded too often: wait.", headers={"Retry-After": str(limit.reset)}
        )
    return share


def _expiry(text: str | None) -> int | None:
    try:
        return None if text is None else parse_rfc3339(text)
    except ValueError as fault:
        detail = str(fault)
        fault_at = Fault("invalid_request", "/expires_at", detail)
        raise BadRequest(detail, errors=[fault_at]) from None


def _title(share: UsageShare) -> str:
    campaign = "without a campaign" if share.campaign == "" else share.campaign
    parts = [part for part in (share.template_id, campaign) if part is not None]
    return " · ".join(parts) or UNFILTERED


def _style_path() -> str:
    """The sheet that `make studio` builds for this page; the page is readable without it."""
    names = sorted(file.name for file in STATIC_FOLDER.glob("usage.*.css"))
    return f"/studio/{names[0]}" if names else "/studio/usage.css"


def _share_json(share: UsageShare) -> dict[str, Any]:
    return {
        "id": share.share_id,
        "template_id": share.template_id,
        "campaign": share.campaign,
        "first_day": share.first_day,
        "last_day": share.last_day,
        "days": share.days,
        "prices": share.prices,
        "created_by": share.created_by,
        "created_at": format_rfc3339(share.created_at),
        "expires_at": format_rfc3339(share.expires_at),
    }
