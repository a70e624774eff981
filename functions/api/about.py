"""What the service says of itself: fonts, health, the document's schema, its own description."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import Router

from api.answers import FontFamily, Health
from api.call import JSON, call_of, needs

router = Router()


@router.get("/v1/fonts", summary="List fonts", tags=["Templates"], security=needs("templates"))
def list_fonts() -> list[FontFamily]:
    """The families that a template's `font` may name."""
    return [FontFamily(**family) for family in call_of(router).service.fonts()]


@router.get("/v1/health", summary="Ask how it is", tags=["Service"])
def health() -> Response[Health]:
    """200, or 503 if something that pictures need is down, each by name."""
    found = call_of(router).service.health()
    well = all(state == "ok" for state in found.values())
    return Response(
        status_code=200 if well else 503,
        content_type=JSON,
        headers={} if well else {"Retry-After": "5"},
        body=Health(status="ok" if well else "unavailable", dependencies=dict(found)),
    )


@router.get("/v1/template.schema.json", summary="Read the document's schema", tags=["Service"])
def template_schema() -> dict[str, Any]:
    """The JSON Schema of a template document."""
    return dict(call_of(router).service.schema())
