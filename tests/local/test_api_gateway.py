"""The imitated HTTP API: its routes, the events for functions, the reading of their results."""

import base64
from typing import Any

import pytest

from local.aws.api_gateway import HttpApi, InvocationFailed, lambda_response
from local.aws.http_messages import Request, Response
from local.aws.stack_resources import Route

ROUTES = [
    Route("ANY", "/v1/{proxy+}", "rest"),
    Route("GET", "/v1/images/{id}", "one"),
    Route("ANY", "/v1/images", "all"),
    Route("ANY", "$default", "else"),
]


class FakeInvoke:
    """Records the call, and returns or raises `result`."""

    def __init__(self, result: Any = None) -> None:
        self.result = result or {"statusCode": 200, "body": "ok"}
        self.function = ""
        self.event: dict[str, Any] = {}

    def __call__(self, function: str, event: dict[str, Any]) -> Any:
        self.function, self.event = function, event
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def handle(request: Request, invoke: FakeInvoke | None = None, routes: Any = ROUTES) -> Response:
    return HttpApi("Api", routes, invoke or FakeInvoke()).handle(request)


@pytest.mark.parametrize(
    ("method", "path", "function", "key"),
    [
        ("POST", "/v1/images", "all", "ANY /v1/images"),
        ("GET", "/v1/images/img_a", "one", "GET /v1/images/{id}"),
        ("DELETE", "/v1/images/img_a", "rest", "ANY /v1/{proxy+}"),
        ("GET", "/v1/images/img_a/b", "rest", "ANY /v1/{proxy+}"),
        ("GET", "/", "else", "$default"),
    ],
)
def test_the_most_specific_route_is_taken(method: str, path: str, function: str, key: str) -> None:
    invoke = FakeInvoke()
    handle(Request(method, path), invoke)
    assert invoke.function == function
    assert invoke.event["routeKey"] == invoke.event["requestContext"]["routeKey"] == key


def test_a_request_without_a_route_is_404() -> None:
    response = handle(Request("GET", "/elsewhere"), routes=ROUTES[:3])
    assert (response.status, response.body) == (404, b'{"message": "Not Found"}')


def test_the_event_is_payload_format_2() -> None:
    invoke = FakeInvoke()
    headers = {"host": "api.example.com", "user-agent": "curl", "cookie": "a=b; c=d", "x-a": "1,2"}
    request = Request("GET", "/v1/images/caf%C3%A9", "a=%20x&b=1&b=2&a=", headers, b"", "1.2.3.4")
    handle(request, invoke)
    event = invoke.event
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/v1/images/café"
    assert event["rawQueryString"] == "a=%20x&b=1&b=2&a="
    assert event["queryStringParameters"] == {"a": " x,", "b": "1,2"}
    assert event["pathParameters"] == {"id": "café"}
    assert event["cookies"] == ["a=b", "c=d"]
    assert event["headers"] == {
        "host": "api.example.com",
        "user-agent": "curl",
        "x-a": "1,2",
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-proto": "http",
    }
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    assert event["requestContext"]["domainName"] == "api.example.com"
    assert event["requestContext"]["stage"] == "$default"
    assert event["requestContext"]["http"] == {
        "method": "GET",
        "path": "/v1/images/café",
        "protocol": "HTTP/1.1",
        "sourceIp": "1.2.3.4",
        "userAgent": "curl",
    }


@pytest.mark.parametrize(
    ("content_type", "body", "event_body", "encoded"),
    [
        ("application/json", b'{"a": "\xc3\xa9"}', '{"a": "é"}', False),
        ("text/plain; charset=utf-8", b"a", "a", False),
        ("application/problem+json", b"{}", "{}", False),
        ("image/png", b"\x89PNG", base64.b64encode(b"\x89PNG").decode(), True),
        ("application/json", b"\xff", "/w==", True),
        ("", b"a", "YQ==", True),
    ],
)
def test_a_body_is_text_or_base64_by_its_content_type(
    content_type: str, body: bytes, event_body: str, encoded: bool
) -> None:
    invoke = FakeInvoke()
    handle(Request("POST", "/v1/images", "", {"content-type": content_type}, body), invoke)
    assert (invoke.event["body"], invoke.event["isBase64Encoded"]) == (event_body, encoded)


def test_a_result_has_status_headers_cookies_and_bytes() -> None:
    returned = {
        "statusCode": 201,
        "headers": {"Content-Type": "image/png", "X-Number": 7},
        "cookies": ["a=b"],
        "body": "iVBORw==",
        "isBase64Encoded": True,
    }
    headers = {"content-type": "image/png", "x-number": "7"}
    assert lambda_response(returned) == Response(201, headers, b"\x89PNG", ("a=b",))


def test_a_result_without_a_status_is_sent_as_json() -> None:
    response = lambda_response({"a": 1})
    assert (response.status, response.body) == (200, b'{"a": 1}')
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "returned",
    [{"statusCode": "x"}, {"statusCode": 200, "body": "!", "isBase64Encoded": True}],
)
def test_a_malformed_result_is_500(returned: Any) -> None:
    assert lambda_response(returned).status == 500


def test_a_function_that_fails_is_500() -> None:
    response = handle(Request("GET", "/"), FakeInvoke(InvocationFailed("no")))
    assert (response.status, response.body) == (500, b'{"message": "Internal Server Error"}')


def test_a_function_that_times_out_is_503() -> None:
    failure = InvocationFailed("late")
    failure.__cause__ = TimeoutError()
    assert handle(Request("GET", "/"), FakeInvoke(failure)).status == 503


def test_headers_over_10_kilobytes_are_431() -> None:
    assert handle(Request("GET", "/", "", {"x": "a" * 10_240})).status == 431


def test_a_body_over_10_megabytes_is_413() -> None:
    assert handle(Request("POST", "/", "", {}, b"a" * 10_485_761)).status == 413
