"""`/status` and `/v1/status`: what works now, ninety days, incidents.

Anybody may read both where the deployment says so (`PublicStatus`); else they need an API key.
A browser sends it for the page as the password of HTTP's Basic authentication.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace

from aws_lambda_powertools.event_handler import Response

from api.auth import authorize
from api.http_event import ApiRequest
from api.response_models import Status, StatusIncident, StatusOfDay, StatusOfPart
from api.router import JSON_TYPE, ApiRouter, any_scope
from postcard.errors import Unauthorized
from postcard.status.alarms import PARTS
from postcard.status.incidents import Incident
from postcard.status.status_page import content_security_policy, status_page
from postcard.status.status_report import StatusReport
from postcard.status.status_service import CACHE_SECONDS
from postcard.timestamps import format_optional_rfc3339, format_rfc3339

SCOPES = ("usage", "admin")
CHALLENGE = 'Basic realm="Postcard status: an API key as the password", charset="UTF-8"'
HTML_TYPE = "text/html; charset=utf-8"
router = ApiRouter()


@router.get(
    "/v1/status", summary="Read the status", tags=["Service"], security=[{}, *any_scope(*SCOPES)]
)
def read_status() -> Response[Status]:
    """What works now, checks and incidents of ninety days. 200 also while something does not work.

    Without an API key only where the deployment made the status public.
    """
    _authorize(router.request_context.request)
    report = router.request_context.service.status.report()
    return Response(
        status_code=200, content_type=JSON_TYPE, headers=_caching(), body=_to_json(report)
    )


@router.get("/status/?", include_in_schema=False)
def status() -> Response[str]:
    """The same as a page for people."""
    try:
        _authorize(_with_password_as_key(router.request_context.request))
    except Unauthorized as problem:
        headers = {**problem.headers, "WWW-Authenticate": CHALLENGE}
        raise replace(problem, headers=headers) from problem
    page = status_page(router.request_context.service.status.report())
    headers = {**_caching(), "Content-Security-Policy": content_security_policy()}
    return Response(status_code=200, content_type=HTML_TYPE, headers=headers, body=page)


def _authorize(request: ApiRequest) -> None:
    context = router.request_context
    if not context.service.status.is_public:
        authorize(request, SCOPES, context.service, context.auth, now=context.now)


def _caching() -> Mapping[str, str]:
    is_public = router.request_context.service.status.is_public
    return {"Cache-Control": f"public, max-age={CACHE_SECONDS}" if is_public else "no-store"}


def _with_password_as_key(request: ApiRequest) -> ApiRequest:
    """The request with the password of Basic authentication in the place of an API key."""
    scheme, _, credentials = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return request
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    key = text.partition(":")[2]
    return replace(request, headers={**request.headers, "authorization": f"Bearer {key}"})


def _to_json(report: StatusReport) -> Status:
    return Status(
        status=report.status,
        as_of=format_rfc3339(report.as_of),
        history_as_of=format_optional_rfc3339(report.history_as_of),
        checked_at=format_optional_rfc3339(report.checked_at),
        dependencies=dict(report.dependencies),
        parts=[
            StatusOfPart(id=part, name=PARTS[part], status=state)
            for part, state in report.parts.items()
        ],
        days=[
            StatusOfDay(
                day=day.day,
                checked_minutes=day.checked,
                unavailable_minutes=dict(day.unavailable),
                incident_minutes=dict(day.incidents),
            )
            for day in report.days
        ],
        incidents=[_incident(incident) for incident in report.incidents],
    )


def _incident(incident: Incident) -> StatusIncident:
    return StatusIncident(
        part=incident.part,
        summary=" ".join(incident.sentences),
        started_at=format_rfc3339(incident.started_at),
        ended_at=format_optional_rfc3339(incident.ended_at),
    )
