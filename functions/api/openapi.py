"""OpenAPI 3.1, from the handlers: what Powertools makes of them, with our own problems."""

import inspect
import json
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, HTTPBearer

from api.openapi_responses import HEADERS, describe_answers, describe_headers
from api.response_models import PreviewAnswer

Description = dict[str, Any]
DOCUMENT = {
    "description": "A template document.",
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "description": "As /v1/template.schema.json says."}
        }
    },
}
TAKES_DOCUMENT = (("/v1/templates", "post"), ("/v1/templates/{template_id}", "put"))
PROBLEM: Description = {
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
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fact"}},
        "fallback_url": {"type": "string", "format": "uri"},
    },
}


def describe(resolver: APIGatewayHttpResolver, routes: Sequence[Route]) -> Description:
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
    described: Description = json.loads(text)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            operation["description"] = sentences[method, path]
            _mend(path, method, operation)
    schemas = described["components"]["schemas"]
    for unused in [name for name in schemas if name.endswith("ValidationError")]:
        del schemas[unused]
    preview = PreviewAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**preview.pop("$defs"), "PreviewAnswer": preview, "Problem": PROBLEM}
    described["components"]["headers"] = HEADERS
    return described


def _mend(path: str, method: str, operation: Description) -> None:
    """All answers by their status, and a document where the handler takes raw text."""
    if (path, method) in TAKES_DOCUMENT:
        operation["requestBody"] = DOCUMENT
    describe_headers(path, method, operation)
    describe_answers(path, method, operation)
