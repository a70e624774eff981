"""`/v1/sessions`: begin, read, renew and end a person's session in the template editor."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.request_models import SessionBody
from api.response_models import BegunSession, Session
from api.router import ApiRouter, any_scope, no_content
from postcard.keys.sessions import SESSION_SCOPES, require_session
from postcard.ports import ApiKeyRecord, JsonObject
from postcard.timestamps import format_rfc3339

router = ApiRouter()
TAGS = ["Sessions"]
CURRENT = "/v1/sessions/current"


@router.post("/v1/sessions", summary="Begin a session", tags=TAGS)
def begin_session(body: Annotated[SessionBody, Body()]) -> BegunSession:
    """Exchange the code of an invitation link, once, for an API key of twelve hours."""
    context = router.request_context
    key, record = context.service.sessions.begin(
        body.code, address=context.request.address, now=context.now
    )
    context.log_fields["session_id"] = record.key_id
    return BegunSession(**_session_json(record), key=key)


@router.get(CURRENT, summary="Read this session", tags=TAGS, security=any_scope(*SESSION_SCOPES))
def read_session() -> Session:
    """The session of the API key of this call: what it may do, and until when."""
    return Session(**_session_json(router.request_context.key))


@router.post(
    "/v1/sessions/renew",
    summary="Renew this session",
    tags=TAGS,
    security=any_scope(*SESSION_SCOPES),
)
def renew_session() -> Session:
    """Let it last for another twelve hours, at most until `renewable_until`. The key stays."""
    context = router.request_context
    record = context.service.sessions.renew(context.key, now=context.now)
    return Session(**_session_json(record))


@router.delete(
    CURRENT,
    summary="End this session",
    tags=TAGS,
    security=any_scope(*SESSION_SCOPES),
    status_code=204,
)
def end_session() -> Response[Any]:
    """Refuse its API key from now on."""
    context = router.request_context
    context.service.sessions.end(context.key, now=context.now)
    return no_content()


def _session_json(record: ApiKeyRecord) -> JsonObject:
    until = require_session(record)
    assert record.expires_at is not None
    return {
        "name": record.name,
        "scopes": list(record.scopes),
        "templates": None if record.templates is None else list(record.templates),
        "expires_at": format_rfc3339(record.expires_at),
        "renewable_until": format_rfc3339(until),
    }
