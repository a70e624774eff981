"""OpenAPI 3.1 of the API: what Powertools derives from the handlers, completed by hand."""

import inspect
import json
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, HTTPBearer
from pydantic.json_schema import models_json_schema

from api.openapi_responses import (
    DRAFT_PATH,
    RESPONSE_HEADERS,
    describe_request_headers,
    describe_responses,
    error_table,
)
from api.openapi_schemas import request_schemas, simplify_schemas
from api.request_models import DOCUMENT_SCHEMA, EXAMPLE_DOCUMENT
from api.response_models import ErasureResponse, PreviewResponse, TemplateFindings

OpenApiDocument = dict[str, Any]
DESCRIPTION = """A personal picture in every e-mail.

Errors are `application/problem+json` (RFC 9457). `detail` says what to do, and `errors` point into
the body. Where the table says "wait", wait for `Retry-After` seconds. Without that header wait 1,
2, 4, 8 … seconds.

"""
TAGS = {  # in the order of the page
    "Images": "Pictures with an address of their own; nothing in it is personal.",
    "Links": "Signed links, which contain their values. Nothing is stored.",
    "Templates": "Documents with versions.",
    "Designs": "Documents with pictures to start a template from.",
    "Previews": "Pictures that are not stored.",
    "Assets": "Pictures and fonts that templates name.",
    "Batches": "Links or pictures for a file of people.",
    "Sessions": "People in the template editor.",
    "Webhooks": "Events, sent to your own URL by the Standard Webhooks specification.",
    "Service": "Health and descriptions.",
}
METHODS = ("post", "put", "get", "patch", "delete")  # what creates a thing before what reads it
TEMPLATE_DOCUMENT_ROUTES = (
    ("/v1/templates", "post"),
    ("/v1/templates/{template_id}", "put"),
    ("/v1/templates/{template_id}/draft", "put"),
)
TEMPLATE_DOCUMENT_BODY = {
    "description": "A template document.",
    "required": True,
    "content": {
        "application/json": {
            "schema": {**DOCUMENT_SCHEMA, "examples": [EXAMPLE_DOCUMENT]},
        }
    },
}
# Of the templates and assets that `make serve` uploads. Examples that change a template leave the
# one alone that examples of pictures use.
PATH_EXAMPLES = {
    "template_id": "tmpl_a1b2c3d4e5",
    "version": 1,
    "asset_id": "mug",
    "design_id": "price-drop",
}
CHANGED_TEMPLATE_ID = "discount-coupon"
DRAFT_TEMPLATE_ID = "spring-banner"  # which has no version
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
        "success": {"type": "boolean", "description": "Always false."},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}},
        "fallback_url": {"type": "string", "format": "uri"},
    },
}


def build_openapi(resolver: APIGatewayHttpResolver, routes: Sequence[Route]) -> OpenApiDocument:
    """The description as JSON; an operation's own is its handler's docstring."""
    handlers = {(r.method.lower(), r.openapi_path): r.func for r in routes}
    text = resolver.get_openapi_json_schema(
        title="Postcard",
        version="1",
        openapi_version="3.1.0",
        description=DESCRIPTION + error_table(),
        security_schemes={
            "bearer": HTTPBearer(description="An API key: postcard_…"),
            "api_key": APIKey(name="X-API-Key", **{"in": APIKeyIn.header}),
        },
    )
    document: OpenApiDocument = json.loads(text)
    del document["servers"]  # only this one
    document["tags"] = [{"name": name, "description": about} for name, about in TAGS.items()]
    document["paths"] = _sorted_paths(document["paths"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["description"] = inspect.getdoc(handlers[method, path]) or ""
            operation["operationId"] = handlers[method, path].__name__
            _complete_operation(path, method, operation)
    schemas = document["components"]["schemas"]
    for unused in [name for name in schemas if name.endswith("ValidationError")]:
        del schemas[unused]
    _, definitions = models_json_schema(
        [(model, "validation") for model in (PreviewResponse, ErasureResponse, TemplateFindings)],
        ref_template="#/components/schemas/{model}",
    )
    schemas |= {**definitions["$defs"], "Problem": PROBLEM_SCHEMA}
    requests = request_schemas(document["paths"], schemas)
    document["components"]["schemas"] = simplify_schemas(schemas, requests=requests)
    document["components"]["headers"] = RESPONSE_HEADERS
    return document


def _sorted_paths(paths: OpenApiDocument) -> OpenApiDocument:
    """A collection before its members, and each before its parts; methods as in METHODS."""
    return {
        path: dict(sorted(paths[path].items(), key=lambda item: METHODS.index(item[0])))
        for path in sorted(paths, key=lambda path: path.count("/"))
    }


def _complete_operation(path: str, method: str, operation: OpenApiDocument) -> None:
    if (path, method) in TEMPLATE_DOCUMENT_ROUTES:  # whose handlers take the body as text
        operation["requestBody"] = TEMPLATE_DOCUMENT_BODY
    for parameter in operation.get("parameters", []):
        if (example := PATH_EXAMPLES.get(parameter["name"])) is not None:
            is_template = parameter["name"] == "template_id"
            if is_template and path.startswith(DRAFT_PATH):
                example = DRAFT_TEMPLATE_ID
            elif is_template and method != "get":
                example = CHANGED_TEMPLATE_ID
            parameter["example"] = example
    describe_request_headers(path, method, operation)
    describe_responses(path, method, operation)
