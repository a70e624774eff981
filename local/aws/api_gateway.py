"""Imitates an HTTP API of API Gateway: routes, payload format 2.0 events, Lambda responses.

Without authorizers, CORS settings, stages or throttling, which `template.yaml` does not use.
"""

import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from local.aws.http_messages import Request, Response
from local.aws.stack_resources import ACCOUNT, Route

Invoke = Callable[[str, dict[str, Any]], Any]
MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEADER_BYTES = 10_240
_TEXT_CONTENT_TYPE = re.compile(
    r"text/|application/(json|xml|javascript)|application/[\w.-]+\+(json|xml)"
)


class InvocationFailed(Exception):
    """A function raised, timed out (then `__cause__` is a TimeoutError), or returned too much.

    `error_type` is the class of the exception that it raised, as Lambda's callers see it.
    """

    def __init__(self, message: str, error_type: str = "Runtime.ExitError") -> None:
        super().__init__(message)
        self.error_type = error_type


class HttpApi:
    """Routes requests to functions; 404 without a matching route, 413 and 431 if too large."""

    def __init__(self, name: str, routes: Sequence[Route], invoke: Invoke) -> None:
        self.name = name
        self._routes = sorted(((_pattern(route), route) for route in routes), key=_precedence)
        self._invoke = invoke

    def handle(self, request: Request) -> Response:
        """Find the route, call its function, and turn the returned value into a response."""
        header_bytes = sum(len(name) + len(value) for name, value in request.headers.items())
        if header_bytes > MAX_HEADER_BYTES:
            return _error_response(431, "Request Header Fields Too Large")
        if len(request.body) > MAX_BODY_BYTES:
            return _error_response(413, "Request Entity Too Large")
        match = self.match_route(request.method, request.decoded_path)
        if match is None:
            return _error_response(404, "Not Found")
        route, parameters = match
        event = payload_v2_event(self.name, route, parameters, request)
        try:
            returned = self._invoke(route.function, event)
        except InvocationFailed as failure:
            if isinstance(failure.__cause__, TimeoutError):
                return _error_response(503, "Service Unavailable")
            return _error_response(*_INTERNAL_SERVER_ERROR)
        return lambda_response(returned)

    def match_route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The most specific route for `path`, with its path parameters."""
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match and route.method in ("ANY", method):
                return route, match.groupdict()
        return None


def _pattern(route: Route) -> re.Pattern[str]:
    if route.path == "$default":
        return re.compile(r"/.*", re.DOTALL)
    parts = re.split(r"(\{\w+\+?\})", route.path)
    return re.compile("".join(_pattern_part(part) for part in parts), re.DOTALL)


def _pattern_part(part: str) -> str:
    if part.startswith("{"):
        name = part.strip("{+}")
        return f"(?P<{name}>.+)" if part.endswith("+}") else f"(?P<{name}>[^/]+)"
    return re.escape(part)


def _precedence(entry: tuple[re.Pattern[str], Route]) -> tuple[int, int, int]:
    """Sort key: full paths, then {name}, then {name+}, then `$default`; a method before ANY."""
    path = entry[1].path
    kind = 3 if path == "$default" else 2 if "+}" in path else 1 if "{" in path else 0
    return kind, -len(path), entry[1].method == "ANY"


def payload_v2_event(
    api: str, route: Route, parameters: Mapping[str, str], request: Request
) -> dict[str, Any]:
    """The event that a function receives for `request`, in payload format 2.0."""
    headers = {
        **{name: value for name, value in request.headers.items() if name != "cookie"},
        "x-forwarded-for": request.client_address,
        "x-forwarded-proto": "http",
    }
    cookies = [part.strip() for part in request.headers.get("cookie", "").split(";")]
    body, encoded = _body(request)
    optional = {
        "cookies": [cookie for cookie in cookies if cookie],
        "queryStringParameters": _query_parameters(request.query),
        "pathParameters": dict(parameters),
        "body": body,
    }
    return {
        "version": "2.0",
        "routeKey": route.route_key,
        "rawPath": request.decoded_path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _request_context(api, route, request),
        "isBase64Encoded": encoded,
        **{name: value for name, value in optional.items() if value},
    }


def _request_context(api: str, route: Route, request: Request) -> dict[str, Any]:
    now = time.time()
    host = request.headers.get("host", "")
    return {
        "accountId": ACCOUNT,
        "apiId": api.lower(),
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "http": {
            "method": request.method,
            "path": request.decoded_path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client_address,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": route.route_key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }


def _query_parameters(query: str) -> dict[str, str]:
    """Decoded parameters; the values of a repeated name are joined by commas."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=None):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: Request) -> tuple[str, bool]:
    """The body, and whether it is base64."""
    if not request.body:
        return "", False
    if _TEXT_CONTENT_TYPE.match(request.headers.get("content-type", "").strip().lower()):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass  # not valid UTF-8, so passed on as bytes
    return base64.b64encode(request.body).decode(), True


def lambda_response(returned: Any) -> Response:
    """The value that a function returned, as a response; 500 if it is malformed."""
    if not isinstance(returned, Mapping) or "statusCode" not in returned:
        body = json.dumps(returned).encode()
        return Response(200, {"content-type": "application/json"}, body)
    try:
        return _proxy_response(returned)
    except (binascii.Error, TypeError, ValueError):
        return _error_response(*_INTERNAL_SERVER_ERROR)


def _proxy_response(returned: Mapping[str, Any]) -> Response:
    text = returned.get("body") or ""
    encoded = returned.get("isBase64Encoded", False)
    body = base64.b64decode(text, validate=True) if encoded else str(text).encode()
    headers = {
        str(name).lower(): str(value) for name, value in (returned.get("headers") or {}).items()
    }
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    cookies = tuple(returned.get("cookies") or ())
    return Response(int(returned["statusCode"]), headers, body, cookies)


_INTERNAL_SERVER_ERROR = (500, "Internal Server Error")


def _error_response(status: int, text: str) -> Response:
    """An error that API Gateway itself sends."""
    body = json.dumps({"message": text}).encode()
    return Response(status, {"content-type": "application/json"}, body)
