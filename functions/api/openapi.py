"""OpenAPI 3.1, from the handlers: what Powertools makes of them, with our own problems."""

import inspect
import json
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, HTTPBearer

from api.openapi_responses import RESPONSE_HEADERS, describe_request_headers, describe_responses
from api.response_models import PreviewResponse

OpenApiDocument = dict[str, Any]
TEMPLATE_DOCUMENT_BODY = {
    "description": "A template document.",
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "description": "As /v1/template.schema.json says."}
        }
    },
}
TEMPLATE_DOCUMENT_ROUTES = (("/v1/templates", "post"), ("/v1/templates/{template_id}", "put"))
PROBLEM_SCHEMA: OpenApiDocument = {
    "type": "object",
    "description": "RFC 9457; the detail says what to do.",
    "required": ["type", "title", "status", "detail", "instance", "success", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "success": {"const": False},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}},
        "fallback_url": {"type": "string", "format": "uri"},
    },
}


def build_openapi(resolver: APIGatewayHttpResolver, routes: Sequence[Route]) -> OpenApiDocument:
    """The description as JSON; what a call does is its handler's docstring."""
    sentences = {(r.method.lower(), r.openapi_path): inspect.getdoc(r.func) or "" for r in routes}
    text = resolver.get_openapi_json_schema(
        title="Postcard",
        version="1",
        openapi_version="3.1.0",
        description="A personal picture in every e-mail.",
        security_schemes={
            "bearer": HTTPBearer(description="Authorization: Bearer postcard_…"),
            "api_key": APIKey(name="X-API-Key", **{"in": APIKeyIn.header}),
        },
    )
    described: OpenApiDocument = json.loads(text)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            operation["description"] = sentences[method, path]
            _complete_operation(path, method, operation)
    schemas = described["components"]["schemas"]
    for unused in [name for name in schemas if name.endswith("ValidationError")]:
        del schemas[unused]
    preview = PreviewResponse.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**preview.pop("$defs"), "PreviewResponse": preview, "Problem": PROBLEM_SCHEMA}
    described["components"]["headers"] = RESPONSE_HEADERS
    return described


def _complete_operation(path: str, method: str, operation: OpenApiDocument) -> None:
    """All answers by their status, and a document where the handler takes raw text."""
    if (path, method) in TEMPLATE_DOCUMENT_ROUTES:
        operation["requestBody"] = TEMPLATE_DOCUMENT_BODY
    describe_request_headers(path, method, operation)
    describe_responses(path, method, operation)
