"""Headers of every response of the API, and unusual requests."""

import base64
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import app as api_app
from api.middleware import SECURITY_HEADERS
from postcard.adapters.aws.api_keys import DynamoApiKeyStore
from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.adapters.aws.table import Table
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import api_event, document
from tests.trust.run_scale import scaled

Act = Callable[[InMemoryService], HandlerResponse]


def template(world: InMemoryService) -> str:
    return str(world.call("POST", "/v1/templates", document()).json["id"])


def erased(world: InMemoryService) -> HandlerResponse:
    made = world.create_image({"first_name": "Zoe"}).json["id"]
    assert world.call("DELETE", f"/v1/images/{made}").status == 204
    return world.call("GET", f"/v1/images/{made}")


def limited(world: InMemoryService) -> HandlerResponse:
    key = world.new_api_key(rate=1)
    return [world.call("GET", "/v1/fonts", key=key) for _ in range(2)][1]


def other_body(world: InMemoryService) -> HandlerResponse:
    headers = {"idempotency-key": "one"}
    assert world.call("POST", "/v1/templates", document(), headers=headers).status == 200
    return world.call("POST", "/v1/templates", document(width=90), headers=headers)


def broken(world: InMemoryService) -> HandlerResponse:
    world.renderer.failures_left = 1
    return world.call("POST", "/v1/previews", {"template_id": "welcome"})


def down(world: InMemoryService) -> HandlerResponse:
    world.limiter.down = True
    return world.call("GET", "/v1/fonts")


def stale(world: InMemoryService) -> HandlerResponse:
    return world.call("PUT", "/v1/templates/welcome", document(), headers={"if-match": '"9"'})


STATUSES: dict[int, Act] = {
    200: lambda world: world.call("GET", "/v1/fonts"),
    204: lambda world: world.call("DELETE", f"/v1/templates/{template(world)}"),
    400: lambda world: world.create_image(width=0),
    401: lambda world: world.call("GET", "/v1/fonts", key=None),
    403: lambda world: world.call("GET", "/v1/fonts", key=world.new_api_key(["images"])),
    404: lambda world: world.call("GET", "/v1/templates/none"),
    405: lambda world: world.call("DELETE", "/v1/fonts"),
    410: erased,
    412: stale,
    413: lambda world: world.call("POST", "/v1/images", raw=b" " * (256 * 1024 + 1)),
    415: lambda world: world.call("POST", "/v1/images", {}, headers={"content-type": "text/xml"}),
    422: other_body,
    429: limited,
    500: broken,
    503: down,
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_response_of_any_status_has_rate_limit_and_security_headers(
    world: InMemoryService, status: int
) -> None:
    reply = STATUSES[status](world)
    assert reply.status == status, reply.body
    assert reply.headers["ratelimit-policy"].startswith('"key";q=')
    assert reply.headers["ratelimit"].startswith('"key";r=')
    for name, value in SECURITY_HEADERS.items():
        assert reply.headers[name.lower()] == value
    assert reply.headers["x-request-id"]
    if status in (429, 503):
        assert int(reply.headers["retry-after"]) > 0
    if status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"


class Dead:
    """DynamoDB that does not respond."""

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            raise AwsCallFailed(name, UNREACHABLE)

        return call


def test_without_its_table_the_api_is_503_with_retry_after_and_pictures_are_served(
    world: InMemoryService,
) -> None:
    merge = world.sign_link(open=("first_name",)) + "&first_name="
    world.counters.down = True
    world.api_keys = DynamoApiKeyStore(Table(Dead(), "table"))
    world.rebuild()
    for method, path in (("GET", "/v1/fonts"), ("POST", "/v1/images"), ("GET", "/v1/templates")):
        reply = world.call(method, path, {})
        assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
        assert int(reply.headers["retry-after"]) > 0
    for link in (world.sign_link({"first_name": "Zoe"}), merge + "Ann"):
        assert world.open_link(link).headers["x-postcard-render"] == "drawn"
    world.templates.down = True
    assert world.open_link(merge + "Bob").headers["x-postcard-render"] == "drawn"
    world.rebuild()
    shown = world.open_link(merge + "Cy")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")
    assert shown.headers["x-postcard-fallback"] == "dependency"


ODD = ["TRACE", "CONNECT", "PROPFIND", "HEAD", "get", "Post", "", "GET HTTP/1.1", "M-SEARCH", "É"]


@pytest.mark.parametrize("method", ODD)
def test_an_unusual_method_is_405_and_the_case_of_a_usual_one_is_ignored(
    world: InMemoryService, method: str
) -> None:
    reply = world.call(method, "/v1/images", {})
    expected = (400, "missing_value") if method == "Post" else (405, "method_not_allowed")
    assert (reply.status, reply.json["code"]) == expected


def test_a_method_is_not_changed_by_headers_or_the_query(world: InMemoryService) -> None:
    headers = dict.fromkeys(
        ("x-http-method-override", "x-method-override", "x-http-method"), "DELETE"
    )
    assert world.call("GET", "/v1/templates/welcome?_method=DELETE", headers=headers).status == 200
    assert world.call("GET", "/v1/templates/welcome").status == 200


def test_a_path_is_not_changed_by_headers(world: InMemoryService) -> None:
    headers = {"x-original-url": "/v1/health", "x-rewrite-url": "/v1/health", "forwarded": "for=x"}
    assert world.call("GET", "/v1/templates", key=None, headers=headers).status == 401


def test_two_keys_in_one_header_are_401(world: InMemoryService) -> None:
    joined = f"Bearer {world.key},Bearer {world.key}"
    reply = world.call("GET", "/v1/fonts", key=None, headers={"authorization": joined})
    assert (reply.status, reply.json["code"]) == (401, "invalid_key")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "chunked, gzip"])
def test_a_compressed_body_is_not_decompressed(world: InMemoryService, coding: str) -> None:
    compressed = gzip.compress(b" " * 50_000_000 if coding == "gzip" else b"{}")
    headers = {"content-encoding": coding, "transfer-encoding": coding}
    reply = world.call("POST", "/v1/images", raw=compressed, headers=headers)
    assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("length", ["0", "1", "-1", "99999999", "x"])
def test_the_content_length_of_a_caller_is_ignored(world: InMemoryService, length: str) -> None:
    sent = {"template_id": "welcome", "render": "on_open"}
    assert world.call("POST", "/v1/images", sent, headers={"content-length": length}).status == 200


def test_a_link_over_4_kb_is_414(world: InMemoryService) -> None:
    long = {
        "long": {"default": "", "max_length": 2000},
        "more": {"default": "", "max_length": 2000},
    }
    world.publish(document(fields=long, layers=[], alt=""), "long")
    values = [{"name": name, "text": "é" * 2000} for name in long]
    sent = {"template_id": "long", "modifications": values}
    reply = world.call("POST", "/v1/links", sent)
    assert (reply.status, reply.json["code"]) == (414, "link_too_long")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KNOWN = """
authorization x-api-key content-type host origin idempotency-key if-match cookie accept expect te
x-forwarded-proto x-forwarded-host access-control-request-method
"""
HEADERS = st.dictionaries(
    st.sampled_from(KNOWN.split()) | TEXTS,
    TEXTS | st.text("a,;=\r\n\0\x7f%", max_size=9000),
    max_size=6,
)
shared_service = InMemoryService(cors_origins=("https://app.example.com",))
shared_service.publish(document())


@settings(max_examples=scaled(75, 750), deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]) | TEXTS,
    path=st.sampled_from(["/docs", "/openapi.json", "/v1/fonts", "/v1/templates", "/"]) | TEXTS,
    headers=HEADERS,
    body=st.binary(max_size=40),
)
def test_no_request_causes_a_5xx_and_every_response_has_security_headers(
    method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    event = api_event(method, "/")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["headers"] |= headers
    event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    reply = HandlerResponse.from_lambda(
        api_app.handle_request(event, FakeLambdaContext(29_000), shared_service.api)
    )
    assert reply.status < 500, reply.body
    for name in SECURITY_HEADERS:
        assert reply.headers[name.lower()]
    all_headers = " ".join(f"{name}: {value}" for name, value in reply.headers.items())
    assert "\r" not in all_headers and "\n" not in all_headers, "no request adds a response header"
