"""The way of every call: found, let in, read, answered. No handler does any of it."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from api.auth import cors, enter, preflight
from api.http_event import Request
from api.problems import told_problem
from api.request_context import Call
from api.resolver import Resolver, scopes_of
from api.visit import Visit
from postcard.errors import BadRequest, Fault, Problem, Unavailable
from postcard.services.assembly import ApiService

Answer = dict[str, Any]
WITH_BODY = ("POST", "PUT", "PATCH")
IDEMPOTENT = ("/v1/templates", "/v1/assets")
LONGEST_KEY = 255  # characters of an Idempotency-Key
RESERVE = 1.0  # seconds kept back to write an answer in
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Front:
    """Answers events with a resolver's routes."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def begin(self, event: Mapping[str, Any], context: Any, service: ApiService) -> Visit:
        """A call, with the time that it has."""
        left = context.get_remaining_time_in_millis() / 1000
        began = service.monotonic()
        deadline = began + left - RESERVE
        service.set_deadline(deadline)
        return Visit(Request.of(event), service, service.clock(), deadline, began)

    def answer(self, visit: Visit, event: Mapping[str, Any], context: Any) -> Answer:
        """The whole answer of a call."""
        request, service = visit.request, visit.service
        try:
            answer = preflight(service.cors_origins, request)
            answer = answer or self._answered(visit, event, context)
        except Problem as problem:
            visit.note(problem)
            told = told_problem(problem, request_id=request.request_id, instance=request.path)
            answer = {"statusCode": told.status, "headers": dict(told.headers), "body": told.body}
        versioned = request.path.startswith("/v1/")
        answer["headers"] = {
            **SECURITY,
            **(visit.entry.headers if versioned else {}),
            **(cors(service.cors_origins, request) if versioned else {}),
            "X-Request-Id": request.request_id,
            **answer["headers"],
        }
        return answer

    def _answered(self, visit: Visit, event: Mapping[str, Any], context: Any) -> Answer:
        request = visit.request
        route = self._resolver.find(request.method, request.path)
        visit.rule = route.path
        enter(request, scopes_of(route), visit.service, visit.entry, now=visit.now)
        text = ""
        if request.method in WITH_BODY:
            text, visit.value = request.json()
        call = Call(
            service=visit.service,
            request_id=request.request_id,
            now=visit.now,
            deadline=visit.deadline,
            describe=self._resolver.description,
            text=text,
            headers=request.headers,
            key=visit.entry.key,
            noted=visit.noted,
        )

        def resolve() -> Answer:
            self._resolver.context.update(visit=visit, call=call)
            answer: Answer = self._resolver.resolve(_normal(event, request, text), context)
            is_picture = answer["headers"].get("Content-Type", "").startswith("image/")
            return {**answer, "isBase64Encoded": is_picture}

        if request.method == "POST" and request.path in IDEMPOTENT:
            return _once(visit, text, resolve)
        return resolve()


def _normal(event: Mapping[str, Any], request: Request, text: str) -> Answer:
    """The event as Powertools reads it right: the query as sent, the body as text."""
    return {
        **event,
        "headers": {**request.headers, "content-type": "application/json"},
        "queryStringParameters": dict(request.query),
        "body": text,
        "isBase64Encoded": False,
    }


def _once(visit: Visit, text: str, resolve: Callable[[], Answer]) -> Answer:
    """The kept answer of an `Idempotency-Key`, or the work and its answer kept for 24 hours."""
    key = visit.request.headers.get("idempotency-key")
    if key is None:
        return resolve()
    if not 0 < len(key) <= LONGEST_KEY:
        detail = f"An Idempotency-Key has 1 to {LONGEST_KEY} characters."
        raise BadRequest(detail, errors=[Fault("invalid_request", "", detail)])
    assert visit.entry.key is not None
    name = f"{visit.entry.key.key_id}#{visit.request.path}#{key}"
    kept = visit.service.idempotency
    digest = hashlib.sha256(text.encode()).hexdigest()
    if (before := kept.begin(name, digest, now=visit.now)) is not None:
        visit.noted["did"] = "repeated"
        answer: Answer = json.loads(before)
        return answer
    done = False
    try:
        answer = resolve()
        if done := answer["statusCode"] < 300:
            with contextlib.suppress(Unavailable):  # what was done is told, kept or not
                kept.finish(name, json.dumps(answer), now=visit.now)
        return answer
    finally:
        if not done:
            kept.abandon(name)
