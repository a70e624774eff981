"""What the service says of itself: fonts, health, the document's schema, its own description."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from api.docs_page import CONTENT_SECURITY_POLICY, docs_html
from api.response_models import FontFamily, Health
from api.router import JSON_TYPE, ApiRouter, any_scope
from postcard.template.validation.parse import json_schema

router = ApiRouter()


@router.get("/v1/fonts", summary="List fonts", tags=["Templates"], security=any_scope("templates"))
def list_fonts() -> list[FontFamily]:
    """The families that a template's `font` may name."""
    context = router.request_context
    return [FontFamily.model_validate(family) for family in context.service.fonts(context.deadline)]


@router.get("/v1/health", summary="Ask how it is", tags=["Service"])
def health() -> Response[Health]:
    """200, or 503 if something that pictures need is down, each by name."""
    found = router.request_context.service.health()
    well = all(state == "ok" for state in found.values())
    return Response(
        status_code=200 if well else 503,
        content_type=JSON_TYPE,
        headers={} if well else {"Retry-After": "5"},
        body=Health(status="ok" if well else "unavailable", dependencies=dict(found)),
    )


@router.get("/v1/template.schema.json", summary="Read the document's schema", tags=["Service"])
def template_schema() -> dict[str, Any]:
    """The JSON Schema of a template document."""
    return json_schema()


@router.get("/openapi.json", summary="Read this description", tags=["Service"])
def openapi() -> Response[dict[str, Any]]:
    """OpenAPI 3.1."""
    return Response(
        status_code=200, content_type=JSON_TYPE, body=router.request_context.openapi_document()
    )


@router.get("/docs", summary="Read this description as a page", tags=["Service"])
def docs() -> Response[str]:
    """Every call with its properties and an example."""
    host = router.request_context.request.headers.get("host", "localhost")
    scheme = router.request_context.request.headers.get("x-forwarded-proto", "https")
    return Response(
        status_code=200,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        body=docs_html(router.request_context.openapi_document(), f"{scheme}://{host}"),
    )
