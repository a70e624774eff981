"""HTTP APIs: which route takes a request, what its function is told, how answers are read."""

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


class Called:
    def __init__(self, answer: Any = None) -> None:
        self.answer = answer or {"statusCode": 200, "body": "ok"}
        self.function = ""
        self.event: dict[str, Any] = {}

    def __call__(self, function: str, event: dict[str, Any]) -> Any:
        self.function, self.event = function, event
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def ask(request: Request, called: Called | None = None, routes: Any = ROUTES) -> Response:
    return HttpApi("Api", routes, called or Called()).handle(request)


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
    called = Called()
    ask(Request(method, path), called)
    assert called.function == function
    assert called.event["routeKey"] == called.event["requestContext"]["routeKey"] == key


def test_without_a_route_the_answer_is_404() -> None:
    answer = ask(Request("GET", "/elsewhere"), routes=ROUTES[:3])
    assert (answer.status, answer.body) == (404, b'{"message": "Not Found"}')


def test_the_event_is_payload_format_2() -> None:
    called = Called()
    headers = {"host": "api.example.com", "user-agent": "curl", "cookie": "a=b; c=d", "x-a": "1,2"}
    request = Request("GET", "/v1/images/caf%C3%A9", "a=%20x&b=1&b=2&a=", headers, b"", "1.2.3.4")
    ask(request, called)
    event = called.event
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
    ("kind", "body", "told", "encoded"),
    [
        ("application/json", b'{"a": "\xc3\xa9"}', '{"a": "é"}', False),
        ("text/plain; charset=utf-8", b"a", "a", False),
        ("application/problem+json", b"{}", "{}", False),
        ("image/png", b"\x89PNG", base64.b64encode(b"\x89PNG").decode(), True),
        ("application/json", b"\xff", "/w==", True),
        ("", b"a", "YQ==", True),
    ],
)
def test_a_body_is_text_or_base64_by_its_type(
    kind: str, body: bytes, told: str, encoded: bool
) -> None:
    called = Called()
    ask(Request("POST", "/v1/images", "", {"content-type": kind}, body), called)
    assert (called.event["body"], called.event["isBase64Encoded"]) == (told, encoded)


def test_an_answer_carries_status_headers_cookies_and_bytes() -> None:
    returned = {
        "statusCode": 201,
        "headers": {"Content-Type": "image/png", "X-Number": 7},
        "cookies": ["a=b"],
        "body": "iVBORw==",
        "isBase64Encoded": True,
    }
    headers = {"content-type": "image/png", "x-number": "7"}
    assert lambda_response(returned) == Response(201, headers, b"\x89PNG", ("a=b",))


def test_an_answer_without_a_status_is_json() -> None:
    answer = lambda_response({"a": 1})
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "returned",
    [{"statusCode": "x"}, {"statusCode": 200, "body": "!", "isBase64Encoded": True}],
)
def test_an_answer_that_cannot_be_read_is_500(returned: Any) -> None:
    assert lambda_response(returned).status == 500


def test_a_function_that_fails_is_500() -> None:
    answer = ask(Request("GET", "/"), Called(InvocationFailed("no")))
    assert (answer.status, answer.body) == (500, b'{"message": "Internal Server Error"}')


def test_a_function_out_of_time_is_503() -> None:
    failure = InvocationFailed("late")
    failure.__cause__ = TimeoutError()
    assert ask(Request("GET", "/"), Called(failure)).status == 503


def test_headers_over_10_kilobytes_are_431() -> None:
    assert ask(Request("GET", "/", "", {"x": "a" * 10_240})).status == 431


def test_a_body_over_the_gateways_bound_is_413() -> None:
    assert ask(Request("POST", "/", "", {}, b"a" * 10_485_761)).status == 413
