"""The imitated CloudFront, with the behaviors of `template.yaml` and fake origins."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.aws.activity_counters import ActivityCounters
from local.aws.cloudfront import CloudFront, normalize_path
from local.aws.distribution_config import Distribution
from local.aws.edge_function import EdgeFunctionError
from local.aws.freshness import http_date
from local.aws.http_messages import Request, Response
from local.aws.stack_resources import StackResources

STACK = StackResources.read(Path("template.yaml"))
PICTURE = Response(
    200,
    {"content-type": "image/png", "cache-control": "public, max-age=86400", "etag": '"abc"'},
    b"picture",
)
MISSING = Response(403, {"content-type": "application/xml"}, b"<Error/>")
ERROR_PAGE = Response(200, {"content-type": "image/png", "cache-control": "max-age=60"}, b"sorry")


class FakeOrigin:
    """Records requests and returns `respond`'s response."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self.respond = respond
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.respond(request)


class FakeEdgeFunction:
    """Rewrites /r/NAME to /renders/1/NAME; 403 for the query `forged`, throws for `fault`."""

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]:
        request = event["request"]
        if query == "fault":
            raise EdgeFunctionError("threw")
        if query == "forged":
            return {"statusCode": 403, "headers": {"cache-control": {"value": "no-store"}}}
        if not request["uri"].startswith("/r/"):
            return {"statusCode": 404, "headers": {}}
        link = {"x-postcard-link": {"value": f"canonical {query}"}}
        uri = request["uri"].replace("/r/", "/renders/1/")
        return {**request, "uri": uri, "headers": {**request["headers"], **link}}


class CdnHarness:
    """The CDN with a fake bucket, a fake API and a clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.counters = ActivityCounters()
        self.s3 = FakeOrigin(
            lambda request: ERROR_PAGE if request.path.startswith("/errors") else MISSING
        )
        self.api = FakeOrigin(lambda _: PICTURE)
        distribution = Distribution.read(STACK.template, lambda text: "the secret")
        origins = {"PicturesBucket": self.s3, "ImageApi": self.api}
        self.cloudfront = CloudFront(
            distribution, FakeEdgeFunction(), origins, self.counters, clock=lambda: self.now
        )

    def get(self, path: str = "/r/a.png", query: str = "", **headers: str) -> Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cloudfront.handle(Request("GET", path, query, headers))


@pytest.fixture
def cdn() -> Iterator[CdnHarness]:
    yield CdnHarness()


def test_a_first_get_requests_from_the_bucket_and_then_from_the_function(cdn: CdnHarness) -> None:
    response = cdn.get()
    assert response.body == b"picture"
    assert response.headers["x-cache"] == "Miss from cloudfront"
    assert [len(cdn.s3.requests), len(cdn.api.requests)] == [1, 1]


def test_a_second_get_requests_from_no_origin(cdn: CdnHarness) -> None:
    cdn.get()
    cdn.now += 7
    response = cdn.get()
    assert response.body == b"picture"
    assert response.headers["x-cache"] == "Hit from cloudfront"
    assert response.headers["age"] == "7"
    assert [len(cdn.s3.requests), len(cdn.api.requests)] == [1, 1]


def test_a_picture_in_the_bucket_calls_no_function(cdn: CdnHarness) -> None:
    cdn.s3.respond = lambda _: PICTURE
    assert cdn.get().body == b"picture"
    assert cdn.api.requests == []


def test_the_cache_key_is_the_path_alone(cdn: CdnHarness) -> None:
    cdn.get(query="_kid=k1")
    response = cdn.get(query="_kid=k2", cookie="a=b", accept="text/html")
    assert response.headers["x-cache"] == "Hit from cloudfront"


def test_the_edge_function_runs_before_the_cache(cdn: CdnHarness) -> None:
    cdn.get()
    response = cdn.get(query="forged")
    assert response.status == 403
    assert response.headers["cache-control"] == "no-store"


def test_an_edge_function_that_throws_is_503(cdn: CdnHarness) -> None:
    assert cdn.get(query="fault").status == 503


def test_a_full_cache_drops_the_oldest_pictures(cdn: CdnHarness) -> None:
    for number in range(2_001):
        cdn.get(f"/r/{number}.png")
    assert cdn.get("/r/1.png").headers["x-cache"] == "Hit from cloudfront"
    assert cdn.get("/r/0.png").headers["x-cache"] == "Miss from cloudfront"


def test_the_origin_gets_the_link_and_the_secret_but_no_viewer_headers(cdn: CdnHarness) -> None:
    cdn.get(query="q", cookie="a=b", authorization="x", host="pictures.example.com")
    (request,) = cdn.api.requests
    assert request.path == "/renders/1/a.png"
    assert request.query == ""
    assert request.headers["x-postcard-link"] == "canonical q"
    assert request.headers["x-postcard-origin"] == "the secret"
    assert not {"cookie", "authorization"} & set(request.headers)
    assert request.headers["host"] != "pictures.example.com"


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
def test_these_statuses_of_the_bucket_fail_over(cdn: CdnHarness, status: int) -> None:
    cdn.s3.respond = lambda _: replace(MISSING, status=status)
    assert cdn.get().body == b"picture"


@pytest.mark.parametrize("status", [400, 416])
def test_other_statuses_of_the_bucket_do_not_fail_over(cdn: CdnHarness, status: int) -> None:
    cdn.s3.respond = lambda _: replace(MISSING, status=status)
    assert cdn.get().status == status
    assert cdn.api.requests == []


def test_an_expired_entry_is_revalidated_by_its_etag(cdn: CdnHarness) -> None:
    cdn.s3.respond = lambda _: PICTURE
    cdn.get()
    cdn.now += 86_400
    cdn.s3.respond = lambda _: Response(304, {"etag": '"abc"'})
    response = cdn.get()
    assert response.status == 200
    assert response.body == b"picture"
    assert response.headers["x-cache"] == "RefreshHit from cloudfront"
    assert cdn.s3.requests[-1].headers["if-none-match"] == '"abc"'
    assert cdn.get().headers["x-cache"] == "Hit from cloudfront"
    assert cdn.api.requests == []


def test_max_age_decides_how_long_a_picture_is_cached(cdn: CdnHarness) -> None:
    live = PICTURE.with_headers({"cache-control": "public, no-transform, max-age=300"})
    cdn.api.respond = lambda _: live
    cdn.get()
    cdn.now += 299
    cdn.get()
    assert len(cdn.api.requests) == 1
    cdn.now += 1
    cdn.get()
    assert len(cdn.api.requests) == 2


def test_expires_decides_how_long_a_picture_is_cached(cdn: CdnHarness) -> None:
    headers = {"cache-control": "public, no-transform", "expires": http_date(cdn.now + 30)}
    cdn.api.respond = lambda _: PICTURE.with_headers(headers)
    cdn.get()
    cdn.now += 29
    cdn.get()
    assert len(cdn.api.requests) == 1
    cdn.now += 2
    cdn.get()
    assert len(cdn.api.requests) == 2


@pytest.mark.parametrize("cache_control", ["no-store", "private", "no-cache", "public"])
def test_uncacheable_responses_are_not_cached(cdn: CdnHarness, cache_control: str) -> None:
    cdn.api.respond = lambda _: PICTURE.with_headers({"cache-control": cache_control})
    cdn.get()
    cdn.get()
    assert len(cdn.api.requests) == 2


def test_nothing_is_cached_longer_than_a_year(cdn: CdnHarness) -> None:
    cdn.api.respond = lambda _: PICTURE.with_headers({"cache-control": "max-age=99999999"})
    cdn.get()
    cdn.now += 31_536_000
    cdn.get()
    assert len(cdn.api.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_functions_error_shows_the_generic_picture_with_status_200(
    cdn: CdnHarness, status: int
) -> None:
    cdn.api.respond = lambda _: Response(status, {"cache-control": "no-store"}, b"{}")
    response = cdn.get()
    assert response.status == 200
    assert response.body == b"sorry"
    assert response.headers["cache-control"] == "max-age=60"
    assert response.headers["x-cache"] == "Error from cloudfront"


def test_an_error_is_cached_for_five_seconds(cdn: CdnHarness) -> None:
    cdn.api.respond = lambda _: Response(500)
    cdn.get()
    cdn.now += 4.9
    cdn.get()
    assert len(cdn.api.requests) == 1
    cdn.api.respond = lambda _: PICTURE
    cdn.now += 0.2
    assert cdn.get().body == b"picture"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_client_error_is_neither_replaced_nor_cached(cdn: CdnHarness, status: int) -> None:
    cdn.api.respond = lambda _: Response(status, {"cache-control": "no-store"}, b"no")
    assert cdn.get().status == status
    assert cdn.get().body == b"no"
    assert len(cdn.api.requests) == 2


def test_a_missing_error_page_keeps_its_own_status(cdn: CdnHarness) -> None:
    cdn.api.respond = lambda _: Response(500)
    cdn.s3.respond = lambda _: MISSING
    assert cdn.get().status == 403


def test_an_error_serves_the_stale_entry(cdn: CdnHarness) -> None:
    cdn.get()
    cdn.now += 86_401
    cdn.api.respond = lambda _: Response(503)
    assert cdn.get().body == b"picture"


def test_head_has_headers_without_a_body(cdn: CdnHarness) -> None:
    cdn.get()
    response = cdn.cloudfront.handle(Request("HEAD", "/r/a.png"))
    assert response.body == b""
    assert response.headers["content-length"] == "7"
    assert response.headers["x-cache"] == "Hit from cloudfront"


def test_the_response_to_head_is_not_cached(cdn: CdnHarness) -> None:
    cdn.cloudfront.handle(Request("HEAD", "/r/a.png"))
    assert cdn.get().headers["x-cache"] == "Miss from cloudfront"


@pytest.mark.parametrize("if_none_match", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_a_matching_if_none_match_is_304(cdn: CdnHarness, if_none_match: str) -> None:
    for _ in range(2):
        response = cdn.get(if_none_match=if_none_match)
        assert (response.status, response.body) == (304, b"")
        assert response.headers["etag"] == '"abc"'
        assert response.headers["cache-control"] == "public, max-age=86400"


def test_another_if_none_match_gets_the_picture(cdn: CdnHarness) -> None:
    assert cdn.get(if_none_match='"old"').body == b"picture"


def test_a_range_of_a_new_picture_gets_the_whole_picture(cdn: CdnHarness) -> None:
    response = cdn.get(range="bytes=0-2")
    assert (response.status, response.body) == (200, b"picture")
    assert response.headers["x-cache"] == "Miss from cloudfront"


@pytest.mark.parametrize(
    ("asked", "body", "content_range"),
    [
        ("bytes=0-2", b"pic", "bytes 0-2/7"),
        ("bytes=3-", b"ture", "bytes 3-6/7"),
        ("bytes=3-99", b"ture", "bytes 3-6/7"),
        ("bytes=-2", b"re", "bytes 5-6/7"),
        ("bytes=-99", b"picture", "bytes 0-6/7"),
        ("bytes=6-6", b"e", "bytes 6-6/7"),
        ("BYTES = 0-0", b"p", "bytes 0-0/7"),
        ("bytes=2-3,9-", b"ct", "bytes 2-3/7"),
    ],
)
def test_a_range_of_a_cached_picture_is_206(
    cdn: CdnHarness, asked: str, body: bytes, content_range: str
) -> None:
    cdn.get()
    response = cdn.get(range=asked)
    assert (response.status, response.body) == (206, body)
    assert response.headers["content-range"] == content_range
    assert response.headers["content-type"] == "image/png"
    assert response.headers["etag"] == '"abc"'
    assert response.headers["x-cache"] == "Hit from cloudfront"
    assert cdn.get().body == b"picture"


@pytest.mark.parametrize("asked", ["bytes=7-", "bytes=7-9", "bytes=-0", "bytes=99-100,200-"])
def test_a_range_past_the_end_of_a_cached_picture_is_416(cdn: CdnHarness, asked: str) -> None:
    cdn.get()
    response = cdn.get(range=asked)
    assert (response.status, response.body) == (416, b"")
    assert response.headers["content-range"] == "bytes */7"


@pytest.mark.parametrize(
    "asked",
    [
        *("items=0-2", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=0x1-2"),
        *("bytes=1_0-", "bytes=+1-2", "bytes=٠-٢", "bytes=0-2,", "bytes=0-" + "9" * 5_000),
        *("bytes=3-4,0-1", "bytes=0-3,2-4"),
    ],
)
def test_a_malformed_or_unordered_range_is_ignored(cdn: CdnHarness, asked: str) -> None:
    cdn.get()
    response = cdn.get(range=asked)
    assert (response.status, response.body) == (200, b"picture")


def test_ascending_ranges_are_sent_as_parts(cdn: CdnHarness) -> None:
    cdn.get()
    response = cdn.get(range="bytes=0-1, 5-")
    boundary = response.headers["content-type"].partition('boundary="')[2].rstrip('"')
    first, second = response.body.decode().split(f"--{boundary}")[1:3]
    assert response.status == 206
    assert "Content-Range: bytes 0-1/7" in first and first.endswith("\r\n\r\npi\r\n")
    assert "Content-Range: bytes 5-6/7" in second and second.endswith("\r\n\r\nre\r\n")


def test_if_range_gets_the_range_of_the_same_picture_only(cdn: CdnHarness) -> None:
    cdn.get()
    assert cdn.get(range="bytes=0-2", if_range='"abc"').status == 206
    for other in ('"old"', 'W/"abc"', "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert cdn.get(range="bytes=0-2", if_range=other).status == 200


def test_a_range_has_no_effect_on_head_304_and_errors(cdn: CdnHarness) -> None:
    cdn.get()
    head = cdn.cloudfront.handle(Request("HEAD", "/r/a.png", "", {"range": "bytes=0-2"}))
    assert (head.status, head.headers["content-length"]) == (200, "7")
    assert cdn.get(range="bytes=0-2", if_none_match='"abc"').status == 304
    assert cdn.get(query="forged", range="bytes=0-2").status == 403


def test_a_range_of_an_object_in_s3_is_206_at_once(cdn: CdnHarness) -> None:
    cdn.s3.respond = lambda _: PICTURE.with_headers({"accept-ranges": "bytes"})
    response = cdn.get(range="bytes=0-2")
    assert (response.status, response.body) == (206, b"pic")
    assert response.headers["x-cache"] == "Miss from cloudfront"
    assert cdn.get().body == b"picture"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(cdn: CdnHarness, method: str) -> None:
    response = cdn.cloudfront.handle(Request(method, "/r/a.png"))
    assert response.status == 405
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/r/a.png", "/errors/fallback.png", "/nowhere"])
def test_every_response_has_the_policys_headers(cdn: CdnHarness, path: str) -> None:
    headers = cdn.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_the_error_page_comes_from_the_bucket_without_the_function(cdn: CdnHarness) -> None:
    assert cdn.get("/errors/fallback.png").body == b"sorry"
    assert cdn.api.requests == []


def test_other_paths_are_404_at_the_edge(cdn: CdnHarness) -> None:
    assert cdn.get("/").status == 404
    assert cdn.s3.requests == cdn.api.requests == []


def test_a_path_can_be_invalidated(cdn: CdnHarness) -> None:
    cdn.get()
    cdn.get("/r/b.png")
    cdn.cloudfront.invalidate(["/renders/1/a.png"])
    assert cdn.get().headers["x-cache"] == "Miss from cloudfront"
    assert cdn.get("/r/b.png").headers["x-cache"] == "Hit from cloudfront"


def test_a_folder_of_paths_can_be_invalidated(cdn: CdnHarness) -> None:
    cdn.get()
    cdn.get("/r/b.png")
    cdn.cloudfront.invalidate(["/renders/1/*"])
    assert cdn.get("/r/b.png").headers["x-cache"] == "Miss from cloudfront"


def test_concurrent_requests_of_one_picture_share_a_fetch(cdn: CdnHarness) -> None:
    started = threading.Event()
    may_finish = threading.Event()

    def respond_slowly(_: Request) -> Response:
        started.set()
        may_finish.wait(300)
        return PICTURE

    cdn.api.respond = respond_slowly
    threads = [threading.Thread(target=cdn.get) for _ in range(5)]
    for thread in threads:
        thread.start()
    started.wait(300)
    may_finish.set()
    for thread in threads:
        thread.join()
    assert len(cdn.api.requests) == 1
    assert cdn.counters["cdn.hit"] == 4


@pytest.mark.parametrize(
    ("path", "normalized"),
    [
        ("/r/a.png", "/r/a.png"),
        ("/%72/a.png", "/r/a.png"),
        ("/x/../r/./a.png", "/r/a.png"),
        ("/r/..", "/"),
        ("/../../r/a%2fb", "/r/a%2Fb"),
        ("/r//a.png", "/r//a.png"),
        ("/", "/"),
    ],
)
def test_behaviors_are_matched_on_the_normalized_path(path: str, normalized: str) -> None:
    assert normalize_path(path) == normalized


def test_the_edge_function_gets_the_path_as_it_was_sent(cdn: CdnHarness) -> None:
    assert cdn.get("/%72/a.png").status == 404
