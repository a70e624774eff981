"""The way of every call: found, let in, read, answered. No handler does any of it."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from api.auth import authorize, cors_headers, preflight_response
from api.http_event import ApiRequest
from api.problems import problem_response
from api.request_context import ApiRequestContext
from api.resolver import Resolver, scopes_of
from api.visit import ApiRequestState
from postcard.errors import BadRequest, Fault, Problem, ServiceUnavailable
from postcard.services.assembly import ApiService

LambdaResponse = dict[str, Any]
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
IDEMPOTENT_PATHS = ("/v1/templates", "/v1/assets")
MAX_IDEMPOTENCY_KEY_LENGTH = 255  # characters of an Idempotency-Key
RESPONSE_RESERVE_SECONDS = 1.0  # seconds kept back to write an answer in
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ApiMiddleware:
    """Answers events with a resolver's routes."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def start(
        self, event: Mapping[str, Any], lambda_context: Any, service: ApiService
    ) -> ApiRequestState:
        """A call, with the time that it has."""
        left = lambda_context.get_remaining_time_in_millis() / 1000
        began = service.monotonic()
        deadline = began + left - RESPONSE_RESERVE_SECONDS
        service.set_deadline(deadline)
        return ApiRequestState(
            ApiRequest.from_event(event), service, service.clock(), deadline, began
        )

    def handle(
        self, request_state: ApiRequestState, event: Mapping[str, Any], lambda_context: Any
    ) -> LambdaResponse:
        """The whole answer of a call."""
        request, service = request_state.request, request_state.service
        try:
            answer = preflight_response(service.cors_origins, request)
            answer = answer or self._dispatch(request_state, event, lambda_context)
        except Problem as problem:
            request_state.log_problem(problem)
            told = problem_response(problem, request_id=request.request_id, instance=request.path)
            answer = {"statusCode": told.status, "headers": dict(told.headers), "body": told.body}
        versioned = request.path.startswith("/v1/")
        answer["headers"] = {
            **SECURITY_HEADERS,
            **(request_state.auth.headers if versioned else {}),
            **(cors_headers(service.cors_origins, request) if versioned else {}),
            "X-Request-Id": request.request_id,
            **answer["headers"],
        }
        return answer

    def _dispatch(
        self, request_state: ApiRequestState, event: Mapping[str, Any], lambda_context: Any
    ) -> LambdaResponse:
        request = request_state.request
        route = self._resolver.find_route(request.method, request.path)
        request_state.route_path = route.path
        authorize(
            request,
            scopes_of(route),
            request_state.service,
            request_state.auth,
            now=request_state.now,
        )
        text = ""
        if request.method in METHODS_WITH_BODY:
            text, request_state.json_body = request.parse_json()
        call = ApiRequestContext(
            service=request_state.service,
            request_id=request.request_id,
            now=request_state.now,
            deadline=request_state.deadline,
            openapi_document=self._resolver.openapi_document,
            body_text=text,
            headers=request.headers,
            key=request_state.auth.key,
            log_fields=request_state.log_fields,
        )

        def resolve() -> LambdaResponse:
            self._resolver.context.update(visit=request_state, call=call)
            answer: LambdaResponse = self._resolver.resolve(
                _powertools_event(event, request, text), lambda_context
            )
            is_picture = answer["headers"].get("Content-Type", "").startswith("image/")
            return {**answer, "isBase64Encoded": is_picture}

        if request.method == "POST" and request.path in IDEMPOTENT_PATHS:
            return _run_idempotently(request_state, text, resolve)
        return resolve()


def _powertools_event(
    event: Mapping[str, Any], request: ApiRequest, body_text: str
) -> LambdaResponse:
    """The event as Powertools reads it right: the query as sent, the body as text."""
    return {
        **event,
        "headers": {**request.headers, "content-type": "application/json"},
        "queryStringParameters": dict(request.query),
        "body": body_text,
        "isBase64Encoded": False,
    }


def _run_idempotently(
    request_state: ApiRequestState, body_text: str, resolve: Callable[[], LambdaResponse]
) -> LambdaResponse:
    """The kept answer of an `Idempotency-Key`, or the work and its answer kept for 24 hours."""
    key = request_state.request.headers.get("idempotency-key")
    if key is None:
        return resolve()
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH:
        detail = f"An Idempotency-Key has 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters."
        raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
    assert request_state.auth.key is not None
    name = f"{request_state.auth.key.key_id}#{request_state.request.path}#{key}"
    kept = request_state.service.idempotency
    digest = hashlib.sha256(body_text.encode()).hexdigest()
    if (before := kept.begin(name, digest, now=request_state.now)) is not None:
        request_state.log_fields["outcome"] = "replayed"
        answer: LambdaResponse = json.loads(before)
        return answer
    done = False
    try:
        answer = resolve()
        if done := answer["statusCode"] < 300:
            with contextlib.suppress(ServiceUnavailable):  # what was done is told, kept or not
                kept.finish(name, json.dumps(answer), now=request_state.now)
        return answer
    finally:
        if not done:
            kept.abandon(name)
