"""What every API call goes through: route, API key, body, handler, response headers."""

from collections.abc import Mapping
from typing import Any

from api.auth import authorize, cors_headers, preflight_response
from api.http_event import MAX_BODY_BYTES, ApiRequest
from api.idempotency import IDEMPOTENT_PATHS, run_idempotently
from api.problems import problem_response
from api.request_context import ApiRequestContext
from api.resolver import Resolver, scopes_of
from api.router import CONTEXT_KEY
from postcard.api_assembly import ApiService
from postcard.errors import Problem
from postcard.template.validation.parse import MAX_DOCUMENT_BYTES

LambdaResponse = dict[str, Any]
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
ROUTES_WITHOUT_BODY = (
    "/v1/batches/<batch_id>/start",
    "/v1/sessions/renew",
    "/v1/webhooks/<webhook_id>/ping",
    "/v1/webhooks/<webhook_id>/deliveries/<event_id>/replay",
)
MAX_BODY_BYTES_OF_ROUTES = {"/v1/previews": MAX_DOCUMENT_BYTES + 64 * 1024}  # with its values
RESPONSE_RESERVE_SECONDS = 1.0  # of the function's time, to write a response in
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ApiMiddleware:
    """Answers HTTP API events with a resolver's routes."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def start(
        self, event: Mapping[str, Any], lambda_context: Any, service: ApiService
    ) -> ApiRequestContext:
        """The context of a call. Its deadline also bounds every call of AWS."""
        remaining = lambda_context.get_remaining_time_in_millis() / 1000
        started_at = service.monotonic()
        deadline = started_at + remaining - RESPONSE_RESERVE_SECONDS
        service.set_deadline(deadline)
        return ApiRequestContext(
            request=ApiRequest.from_event(event),
            service=service,
            openapi_document=self._resolver.openapi_document,
            now=service.clock(),
            deadline=deadline,
            started_at=started_at,
        )

    def handle(
        self, context: ApiRequestContext, event: Mapping[str, Any], lambda_context: Any
    ) -> LambdaResponse:
        """The Lambda response of a call; every `Problem` becomes problem+json."""
        request, service = context.request, context.service
        try:
            response = preflight_response(service.cors_origins, request)
            response = response or self._dispatch(context, event, lambda_context)
        except Problem as problem:
            context.log_problem(problem)
            error = problem_response(problem, request_id=request.request_id, instance=request.path)
            response = {
                "statusCode": error.status,
                "headers": dict(error.headers),
                "body": error.body,
            }
        versioned = request.path.startswith("/v1/")
        response["headers"] = {
            **SECURITY_HEADERS,
            **(context.auth.headers if versioned else {}),
            **(cors_headers(service.cors_origins, request) if versioned else {}),
            "X-Request-Id": request.request_id,
            **response["headers"],
        }
        return response

    def _dispatch(
        self, context: ApiRequestContext, event: Mapping[str, Any], lambda_context: Any
    ) -> LambdaResponse:
        request = context.request
        route = self._resolver.find_route(request.method, request.path)
        context.route_path = route.path
        authorize(request, scopes_of(route), context.service, context.auth, now=context.now)
        takes_body = route.path not in ROUTES_WITHOUT_BODY
        if request.method in METHODS_WITH_BODY and takes_body:
            max_bytes = MAX_BODY_BYTES_OF_ROUTES.get(route.path, MAX_BODY_BYTES)
            context.body_text, context.json_body = request.parse_json(max_bytes)

        def resolve() -> LambdaResponse:
            self._resolver.context[CONTEXT_KEY] = context
            response: LambdaResponse = self._resolver.resolve(
                _powertools_event(event, context), lambda_context
            )
            return response

        if request.method == "POST" and request.path in IDEMPOTENT_PATHS:
            return run_idempotently(context, resolve)
        return resolve()


def _powertools_event(event: Mapping[str, Any], context: ApiRequestContext) -> LambdaResponse:
    """The event for Powertools: the query decoded by us, the body as text."""
    request = context.request
    return {
        **event,
        "headers": {**request.headers, "content-type": "application/json"},
        "queryStringParameters": dict(request.query),
        "body": context.body_text,
        "isBase64Encoded": False,
    }
