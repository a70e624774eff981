"""The small CloudFront, with the real template's behaviours and origins that are lists."""

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
PAGE = Response(200, {"content-type": "image/png", "cache-control": "max-age=60"}, b"sorry")


class Origin:
    """Answers what `respond` says and remembers what it was asked."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self.respond = respond
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        return self.respond(request)


class Edge:
    """Sends /r/NAME to /renders/1/NAME, answers 403 where the query says `forged`."""

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


class World:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.counters = ActivityCounters()
        self.s3 = Origin(lambda request: PAGE if request.path.startswith("/errors") else MISSING)
        self.api = Origin(lambda _: PICTURE)
        distribution = Distribution.read(STACK.template, lambda text: "the secret")
        origins = {"PicturesBucket": self.s3, "ImageApi": self.api}
        self.cdn = CloudFront(distribution, Edge(), origins, self.counters, clock=lambda: self.now)

    def get(self, path: str = "/r/a.png", query: str = "", **headers: str) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cdn.handle(Request("GET", path, query, sent))


@pytest.fixture
def world() -> Iterator[World]:
    yield World()


def test_a_first_get_asks_the_bucket_and_then_the_function(world: World) -> None:
    answer = world.get()
    assert answer.body == b"picture"
    assert answer.headers["x-cache"] == "Miss from cloudfront"
    assert [len(world.s3.asked), len(world.api.asked)] == [1, 1]


def test_a_second_get_asks_nobody(world: World) -> None:
    world.get()
    world.now += 7
    answer = world.get()
    assert answer.body == b"picture"
    assert answer.headers["x-cache"] == "Hit from cloudfront"
    assert answer.headers["age"] == "7"
    assert [len(world.s3.asked), len(world.api.asked)] == [1, 1]


def test_what_the_bucket_has_asks_no_function(world: World) -> None:
    world.s3.respond = lambda _: PICTURE
    assert world.get().body == b"picture"
    assert world.api.asked == []


def test_the_cache_knows_a_picture_by_the_path_alone(world: World) -> None:
    world.get(query="_kid=k1")
    answer = world.get(query="_kid=k2", cookie="a=b", accept="text/html")
    assert answer.headers["x-cache"] == "Hit from cloudfront"


def test_the_function_is_asked_before_the_cache(world: World) -> None:
    world.get()
    answer = world.get(query="forged")
    assert answer.status == 403
    assert answer.headers["cache-control"] == "no-store"


def test_a_function_that_throws_is_503(world: World) -> None:
    assert world.get(query="fault").status == 503


def test_the_oldest_pictures_leave_a_full_cache(world: World) -> None:
    for number in range(2_001):
        world.get(f"/r/{number}.png")
    assert world.get("/r/1.png").headers["x-cache"] == "Hit from cloudfront"
    assert world.get("/r/0.png").headers["x-cache"] == "Miss from cloudfront"


def test_the_origin_gets_the_link_and_the_secret_and_nothing_of_the_viewer(world: World) -> None:
    world.get(query="q", cookie="a=b", authorization="x", host="pictures.example.com")
    (asked,) = world.api.asked
    assert asked.path == "/renders/1/a.png"
    assert asked.query == ""
    assert asked.headers["x-postcard-link"] == "canonical q"
    assert asked.headers["x-postcard-origin"] == "the secret"
    assert not {"cookie", "authorization"} & set(asked.headers)
    assert asked.headers["host"] != "pictures.example.com"


@pytest.mark.parametrize("status", [403, 404, 500, 502, 503, 504])
def test_these_answers_of_the_bucket_fail_over(world: World, status: int) -> None:
    world.s3.respond = lambda _: replace(MISSING, status=status)
    assert world.get().body == b"picture"


@pytest.mark.parametrize("status", [400, 416])
def test_other_answers_of_the_bucket_do_not(world: World, status: int) -> None:
    world.s3.respond = lambda _: replace(MISSING, status=status)
    assert world.get().status == status
    assert world.api.asked == []


def test_a_day_later_the_bucket_is_asked_whether_it_changed(world: World) -> None:
    world.s3.respond = lambda _: PICTURE
    world.get()
    world.now += 86_400
    world.s3.respond = lambda _: Response(304, {"etag": '"abc"'})
    answer = world.get()
    assert answer.status == 200
    assert answer.body == b"picture"
    assert answer.headers["x-cache"] == "RefreshHit from cloudfront"
    assert world.s3.asked[-1].headers["if-none-match"] == '"abc"'
    assert world.get().headers["x-cache"] == "Hit from cloudfront"
    assert world.api.asked == []


def test_a_live_picture_is_kept_for_five_minutes(world: World) -> None:
    live = PICTURE.with_headers({"cache-control": "public, no-transform, max-age=300"})
    world.api.respond = lambda _: live
    world.get()
    world.now += 299
    world.get()
    assert len(world.api.asked) == 1
    world.now += 1
    world.get()
    assert len(world.api.asked) == 2


def test_a_picture_is_kept_until_it_expires(world: World) -> None:
    headers = {"cache-control": "public, no-transform", "expires": http_date(world.now + 30)}
    world.api.respond = lambda _: PICTURE.with_headers(headers)
    world.get()
    world.now += 29
    world.get()
    assert len(world.api.asked) == 1
    world.now += 2
    world.get()
    assert len(world.api.asked) == 2


@pytest.mark.parametrize("said", ["no-store", "private", "no-cache", "public"])
def test_what_may_not_be_kept_is_not(world: World, said: str) -> None:
    world.api.respond = lambda _: PICTURE.with_headers({"cache-control": said})
    world.get()
    world.get()
    assert len(world.api.asked) == 2


def test_nothing_is_kept_longer_than_a_year(world: World) -> None:
    world.api.respond = lambda _: PICTURE.with_headers({"cache-control": "max-age=99999999"})
    world.get()
    world.now += 31_536_000
    world.get()
    assert len(world.api.asked) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_functions_failure_shows_the_generic_picture_as_a_200(world: World, status: int) -> None:
    world.api.respond = lambda _: Response(status, {"cache-control": "no-store"}, b"{}")
    answer = world.get()
    assert answer.status == 200
    assert answer.body == b"sorry"
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["x-cache"] == "Error from cloudfront"


def test_a_failure_is_kept_for_five_seconds(world: World) -> None:
    world.api.respond = lambda _: Response(500)
    world.get()
    world.now += 4.9
    world.get()
    assert len(world.api.asked) == 1
    world.api.respond = lambda _: PICTURE
    world.now += 0.2
    assert world.get().body == b"picture"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_neither_replaced_nor_kept(world: World, status: int) -> None:
    world.api.respond = lambda _: Response(status, {"cache-control": "no-store"}, b"no")
    assert world.get().status == status
    assert world.get().body == b"no"
    assert len(world.api.asked) == 2


def test_without_an_error_page_its_own_status_is_the_answer(world: World) -> None:
    world.api.respond = lambda _: Response(500)
    world.s3.respond = lambda _: MISSING
    assert world.get().status == 403


def test_a_failure_serves_what_is_still_there(world: World) -> None:
    world.get()
    world.now += 86_401
    world.api.respond = lambda _: Response(503)
    assert world.get().body == b"picture"


def test_head_has_the_headers_alone(world: World) -> None:
    world.get()
    answer = world.cdn.handle(Request("HEAD", "/r/a.png"))
    assert answer.body == b""
    assert answer.headers["content-length"] == "7"
    assert answer.headers["x-cache"] == "Hit from cloudfront"


def test_a_head_leaves_nothing_in_the_cache(world: World) -> None:
    world.cdn.handle(Request("HEAD", "/r/a.png"))
    assert world.get().headers["x-cache"] == "Miss from cloudfront"


@pytest.mark.parametrize("wanted", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_a_viewer_that_has_the_picture_is_told_so(world: World, wanted: str) -> None:
    for _ in range(2):
        answer = world.get(if_none_match=wanted)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == '"abc"'
        assert answer.headers["cache-control"] == "public, max-age=86400"


def test_a_viewer_that_has_another_picture_gets_this_one(world: World) -> None:
    assert world.get(if_none_match='"old"').body == b"picture"


def test_a_range_is_answered_by_the_whole(world: World) -> None:
    answer = world.get(range="bytes=0-2")
    assert (answer.status, answer.body) == (200, b"picture")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(world: World, method: str) -> None:
    answer = world.cdn.handle(Request(method, "/r/a.png"))
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/r/a.png", "/errors/fallback.png", "/nowhere"])
def test_every_answer_has_the_policys_headers(world: World, path: str) -> None:
    headers = world.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_the_error_pictures_come_from_the_bucket_without_the_function(world: World) -> None:
    assert world.get("/errors/fallback.png").body == b"sorry"
    assert world.api.asked == []


def test_elsewhere_the_function_answers_404(world: World) -> None:
    assert world.get("/").status == 404
    assert world.s3.asked == world.api.asked == []


def test_an_address_can_be_forgotten(world: World) -> None:
    world.get()
    world.get("/r/b.png")
    world.cdn.invalidate(["/renders/1/a.png"])
    assert world.get().headers["x-cache"] == "Miss from cloudfront"
    assert world.get("/r/b.png").headers["x-cache"] == "Hit from cloudfront"


def test_a_folder_of_addresses_can_be_forgotten(world: World) -> None:
    world.get()
    world.get("/r/b.png")
    world.cdn.invalidate(["/renders/1/*"])
    assert world.get("/r/b.png").headers["x-cache"] == "Miss from cloudfront"


def test_viewers_of_one_picture_wait_for_the_first(world: World) -> None:
    begun = threading.Event()
    going_on = threading.Event()

    def slowly(_: Request) -> Response:
        begun.set()
        going_on.wait(10)
        return PICTURE

    world.api.respond = slowly
    threads = [threading.Thread(target=world.get) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    going_on.set()
    for thread in threads:
        thread.join()
    assert len(world.api.asked) == 1
    assert world.counters["cdn.hit"] == 4


@pytest.mark.parametrize(
    ("path", "same"),
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
def test_behaviours_are_matched_on_the_normalised_path(path: str, same: str) -> None:
    assert normalize_path(path) == same


def test_the_function_sees_the_path_as_it_was_sent(world: World) -> None:
    assert world.get("/%72/a.png").status == 404
