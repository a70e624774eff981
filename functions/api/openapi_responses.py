"""What a call may answer, for the description: every status by name, and the headers it carries."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from api.idempotency import IDEMPOTENT_PATHS

OpenApiDocument = dict[str, Any]
HEALTH_PATH = "/v1/health"
PATHS_NAMING_A_TEMPLATE = ("/v1/images", "/v1/links", "/v1/previews")
PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
CONTENT_OVERRIDES = {  # than what the handler's types say
    "/docs": {"text/html": {"schema": {"type": "string"}}},
    "/v1/previews": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/PreviewResponse"}},
    },
}
RESPONSE_HEADERS: OpenApiDocument = {
    "X-Request-Id": {
        "description": "Finds the call in the log.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "The key's calls (q) in a window of w seconds.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"key";q=[0-9]+;w=1$'},
    },
    "RateLimit": {
        "description": "What is left of them (r), and the seconds (t) until all are there again.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"key";r=[0-9]+;t=[0-9]+$'},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {
        "description": "The methods that are answered here.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The version, for If-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
}
REQUEST_HEADERS = {
    "Idempotency-Key": (
        "The same key with the same body gets the same answer for 24 hours.",
        {"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "If-Match": ("The ETag that was read: a newer version is not overwritten.", {"type": "string"}),
}


def describe_responses(path: str, method: str, operation: OpenApiDocument) -> None:
    """Success with its headers, and each problem by its status, into `operation`."""
    responses = operation["responses"]
    responses.pop("422", None)  # Powertools'
    success = responses.get("204") or responses["200"]
    success["description"] = "Done." if "204" in responses else "What was asked for."
    if "204" in responses:
        del success["content"]
    elif path in CONTENT_OVERRIDES:
        success["content"] = CONTENT_OVERRIDES[path]
    for status in _problem_statuses(path, method, operation):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": PROBLEM_CONTENT,
        }
    if path == HEALTH_PATH:
        responses["503"] = {**success, "description": "Something that pictures need is down."}
    for status, response in responses.items():
        response["headers"] = dict(_response_header_refs(path, status, response))


def describe_request_headers(path: str, method: str, operation: OpenApiDocument) -> None:
    """The request headers that a call heeds, into `operation`."""
    heeded = []
    if path in IDEMPOTENT_PATHS and method == "post":
        heeded.append("Idempotency-Key")
    if method == "put":
        heeded.append("If-Match")
    for name in heeded:
        description, schema = REQUEST_HEADERS[name]
        operation.setdefault("parameters", []).append(
            {"name": name, "in": "header", "description": description, "schema": schema}
        )


def _problem_statuses(path: str, method: str, operation: OpenApiDocument) -> list[int]:
    takes_body = "requestBody" in operation
    keeps_answer = path in IDEMPOTENT_PATHS and method == "post"
    known = [
        (True, (500, 504)),
        ("security" in operation, (401, 403, 429, 503)),
        (takes_body or "parameters" in operation, (400,)),
        ("{" in path, (404, 405, 410)),
        (takes_body, (409, 413, 415)),
        (path in PATHS_NAMING_A_TEMPLATE, (404, 410)),
        (keeps_answer, (422,)),
        (path == "/v1/links", (414,)),
        (method == "put", (412,)),
    ]
    return sorted({status for true, statuses in known if true for status in statuses})


def _response_header_refs(
    path: str, status: str, response: Mapping[str, Any]
) -> Iterator[tuple[str, OpenApiDocument]]:
    names = ["X-Request-Id"]
    if path.startswith("/v1/"):
        names += ["RateLimit-Policy", "RateLimit"]
    if status in ("429", "503"):
        names.append("Retry-After")
    if status == "405":
        names.append("Allow")
    if "TemplateResponse" in str(response.get("content")):
        names.append("ETag")
    for name in names:
        yield name, {"$ref": f"#/components/headers/{name}"}
