"""The parts of OpenAPI that Powertools does not derive: statuses, error codes and headers."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from api.idempotency import IDEMPOTENT_PATHS

OpenApiDocument = dict[str, Any]
SUCCESS_STATUSES = ("204", "202", "200")
HEALTH_PATH = "/v1/health"
BEGIN_SESSION_PATH = "/v1/sessions"
PATHS_NAMING_A_TEMPLATE = ("/v1/images", "/v1/links", "/v1/previews", "/v1/batches")
TEMPLATE_PATH = "/v1/templates/{template_id}"
DRAFT_PATH = "/v1/templates/{template_id}/draft"
USE_DESIGN_PATH = "/v1/designs/{design_id}/use"
DOCUMENT_PATHS = (
    f"{TEMPLATE_PATH}/document",
    f"{TEMPLATE_PATH}/versions/{{version}}/document",
    f"{DRAFT_PATH}/document",
    "/v1/designs/{design_id}/document",
)
JSON_TEXT = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
PATHS_OF_SESSIONS = ("/v1/sessions/current", "/v1/sessions/renew")
PATHS_WITH_CONFLICTS = (
    "/v1/batches/{batch_id}/start",
    "/v1/batches/{batch_id}/results",
    "/v1/webhooks/{webhook_id}/deliveries/{event_id}/replay",
)
PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
CONTENT_OVERRIDES = {  # of successful responses, where the handler's return type does not say it
    "/docs": {"text/html": {"schema": {"type": "string"}}},
    "/v1/templates/{template_id}/findings": {
        "application/json": {"schema": {"$ref": "#/components/schemas/TemplateFindings"}},
    },
    "/v1/usage/report.csv": {"text/csv": {"schema": {"type": "string"}}},
    "/v1/template.schema.json": {
        "application/json": {"schema": {"type": "object", "additionalProperties": True}}
    },
    "/v1/previews": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/PreviewResponse"}},
    },
    **dict.fromkeys(DOCUMENT_PATHS, JSON_TEXT),
}
RESPONSE_HEADERS: OpenApiDocument = {
    "X-Request-Id": {
        "description": "Identifies the call in the log.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "The API key's limit: q calls in w seconds.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"key";q=[0-9]+;w=1$'},
    },
    "RateLimit": {
        "description": "The calls left (r), and the seconds (t) until all are available again.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"key";r=[0-9]+;t=[0-9]+$'},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {
        "description": "The methods of this path.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Server-Timing": {
        "description": "The milliseconds of each step.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The version, or the state of the draft, for If-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"d?[0-9]+"$'},
    },
    "Postcard-Base": {
        "description": "The version that a draft began from, if there was one.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
CORRECT_REQUEST = "correct the request"
READ_AGAIN = "read again, then repeat"
ERROR_CODES = (  # status, codes, what to do; as docs/contract/api.md has them
    (
        400,
        "invalid_json invalid_request unknown_name missing_value invalid_value too_many_items "
        "image_unavailable drawing_too_slow no_template bad_columns "
        "unknown_encoding bad_dialect",
        CORRECT_REQUEST,
    ),
    (401, "missing_key invalid_key revoked_key expired_key", CORRECT_REQUEST),
    (401, "invalid_code", "open a new invitation link"),
    (403, "missing_scope template_not_allowed", CORRECT_REQUEST),
    (404, "not_found", CORRECT_REQUEST),
    (405, "method_not_allowed", CORRECT_REQUEST),
    (
        409,
        "idempotency_in_progress conflict not_uploaded not_ready cancelled webhook_disabled",
        READ_AGAIN,
    ),
    (409, "too_many_webhooks", "delete a webhook, then repeat"),
    (410, "deleted expired", CORRECT_REQUEST),
    (412, "precondition_failed", READ_AGAIN),
    (413, "body_too_large too_many_rows too_large too_large_here", CORRECT_REQUEST),
    (414, "link_too_long", CORRECT_REQUEST),
    (415, "unsupported_media_type", CORRECT_REQUEST),
    (422, "idempotency_mismatch", READ_AGAIN),
    (428, "precondition_required", CORRECT_REQUEST),
    (429, "rate_limited too_many_batches", "wait"),
    (429, "over_budget", "wait for the next day"),
    (429, "quota_exceeded", "wait for the next month"),
    (500, "internal_error", "wait"),
    (503, "service_unavailable", "wait"),
    (504, "timeout", "wait"),
)
REQUEST_HEADERS = {
    # OpenAPI says that a parameter of this name is ignored. Generators that write an argument
    # for it can read one type of response only, which is JSON: so it is their default.
    "Accept": (
        "application/json: the JSON response. Otherwise, or without this header: the picture.",
        {
            "type": "string",
            "enum": ["image/*", "application/json"],
            "default": "application/json",
        },
    ),
    "Idempotency-Key": (
        "The same key with the same body gets the same response for 24 hours.",
        {"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "If-Match": (
        "The ETag that was read; if there is a newer version, nothing is changed.",
        {"type": "string"},
    ),
    "If-None-Match": (
        "*: only if there is no template of this id, or no draft of it.",
        {"type": "string"},
    ),
    "Postcard-Draft": (
        "The ETag of the template's draft, which is deleted with the publication.",
        {"type": "string"},
    ),
    "Postcard-Note": (
        "What is new in this version: one line in percent-encoded UTF-8, of at most 200 characters"
        " once it is decoded.",
        {"type": "string"},
    ),
}


def error_table() -> str:
    """All error codes as HTML in Markdown; `#CODE`, as in a problem's `type`, leads to its row."""
    rows = (
        f"<tr><td>{status}</td><td>{' '.join(_code_anchor(code) for code in codes.split())}</td>"
        f"<td>{advice}</td></tr>"
        for status, codes, advice in ERROR_CODES
    )
    head = "<tr><th>status</th><th>code</th><th>what to do</th></tr>"
    return (
        "<details><summary>Error codes</summary>"
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _code_anchor(code: str) -> str:
    return f'<code id="{code}">{code}</code>'


def describe_responses(path: str, method: str, operation: OpenApiDocument) -> None:
    """Add the successful response and every possible error status to `operation`."""
    responses = operation["responses"]
    responses.pop("422", None)  # Powertools'
    success = next(responses[status] for status in SUCCESS_STATUSES if status in responses)
    success["description"] = "Done." if "204" in responses else "Success."
    if "204" in responses:
        del success["content"]
    elif path in CONTENT_OVERRIDES:
        success["content"] = CONTENT_OVERRIDES[path]
    for status in _problem_statuses(path, method, operation):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": PROBLEM_CONTENT,
        }
    if (path, method) == (TEMPLATE_PATH, "delete"):
        schema = {"$ref": "#/components/schemas/ErasureResponse"}
        content = {"application/json": {"schema": schema}}
        responses["202"] = {"description": "Pictures are being deleted.", "content": content}
    if path == HEALTH_PATH:
        responses["503"] = {**success, "description": "A dependency of pictures is unavailable."}
    for status, response in responses.items():
        response["headers"] = dict(_response_header_refs(path, status, response))


def describe_request_headers(path: str, method: str, operation: OpenApiDocument) -> None:
    """Add the request headers that the call honours to `operation`."""
    is_publication = (path, method) in ((TEMPLATE_PATH, "put"), ("/v1/templates", "post"))
    possible = {
        "Idempotency-Key": path in IDEMPOTENT_PATHS and method == "post",
        "If-Match": path in (TEMPLATE_PATH, DRAFT_PATH) and method != "get",
        "If-None-Match": method == "put",
        "Postcard-Draft": (path, method) == (TEMPLATE_PATH, "put"),
        "Postcard-Note": is_publication,
        "Accept": path == "/v1/previews",
    }
    for name in (name for name, applies in possible.items() if applies):
        description, schema = REQUEST_HEADERS[name]
        parameter = {"name": name, "in": "header", "description": description, "schema": schema}
        if (path, name) == (DRAFT_PATH, "If-None-Match"):
            parameter["example"] = "*"
        operation.setdefault("parameters", []).append(parameter)


def _problem_statuses(path: str, method: str, operation: OpenApiDocument) -> list[int]:
    takes_body = "requestBody" in operation
    is_idempotent = path in IDEMPOTENT_PATHS and method == "post"
    possible = [
        (True, (500, 504)),
        ("security" in operation, (401, 403, 429, 503)),
        (takes_body or "parameters" in operation, (400,)),
        ("{" in path, (404, 405, 410)),
        (takes_body, (409, 413, 415)),
        (path in PATHS_NAMING_A_TEMPLATE, (404, 410)),
        (path in PATHS_OF_SESSIONS, (404,)),
        (path == BEGIN_SESSION_PATH, (401, 429, 503)),
        (is_idempotent, (422,)),
        (path in PATHS_WITH_CONFLICTS, (409,)),
        (path == "/v1/links", (414,)),
        (path in (TEMPLATE_PATH, DRAFT_PATH) and method != "get", (412,)),
        ((path, method) == (DRAFT_PATH, "put"), (428,)),
        (path == USE_DESIGN_PATH, (412,)),
    ]
    return sorted({status for applies, statuses in possible if applies for status in statuses})


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
    content = str(response.get("content"))
    has_tag = path in (*DOCUMENT_PATHS[:3], USE_DESIGN_PATH) and status == "200"
    if has_tag or "TemplateResponse" in content or "DraftResponse" in content:
        names.append("ETag")
    if path == f"{DRAFT_PATH}/document" and status == "200":
        names.append("Postcard-Base")
    if path == "/v1/previews" and status == "200":
        names.append("Server-Timing")
    for name in names:
        yield name, {"$ref": f"#/components/headers/{name}"}
