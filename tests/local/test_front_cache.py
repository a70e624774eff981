"""Another CDN in front: a cache that plays by the rules of docs/another-cdn.md, and by wrong ones.

The rules are read from the configurations on that page.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from local.aws.http_messages import Request, Response
from postcard.timestamps import format_rfc3339
from tests.local.conftest import RunningService

PAGE = Path("docs/another-cdn.md").read_text(encoding="utf-8")
Key = tuple[str, str]


@dataclass(frozen=True)
class Rules:
    """What a CDN caches. `key` names an address; `uncacheable` are words in Cache-Control."""

    is_cached: Callable[[int], bool]
    uncacheable: tuple[str, ...]
    key: Callable[[Request], Key] = lambda request: (request.path, request.query)


def cloudflare() -> Rules:
    """Cloudflare obeys no-store, no-cache and private with `respect_origin`."""
    rule = next(rule for rule in json_samples() if rule["action"] == "set_cache_settings")
    settings = rule["action_parameters"]
    modes = {settings["edge_ttl"]["mode"], settings["browser_ttl"]["mode"]}
    assert (settings["cache"], modes) == (True, {"respect_origin"})
    assert settings["cache_key"] == {"ignore_query_strings_order": False}  # the default: all of it
    never = [
        (each["status_code_range"]["from"], each["status_code_range"]["to"])
        for each in settings["edge_ttl"]["status_code_ttl"]
        if each["value"] == -1
    ]
    return Rules(
        lambda status: not any(least <= status <= most for least, most in never),
        ("no-store", "no-cache", "private"),
    )


def fastly() -> Rules:
    """Fastly obeys what the VCL says; its own key is the address with the query."""
    (vcl,) = re.findall(r"```text\n(sub vcl_recv.*?)```", PAGE, re.DOTALL)
    status, words = re.search(
        r'beresp\.status != (\d+) \|\| beresp\.http\.Cache-Control ~ "\(\?i\)\((.*?)\)"', vcl
    ).groups()  # type: ignore[union-attr]
    assert "vcl_hash" not in vcl
    return Rules(lambda other: other == int(status), tuple(words.split("|")))


def json_samples() -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@dataclass
class FrontCache:
    """A shared cache (RFC 9111) in front of `origin`. `now` moves only when a test moves it."""

    origin: Callable[[Request], Response]
    rules: Rules
    now: float = field(default_factory=time.time)
    entries: dict[Key, tuple[Response, float]] = field(default_factory=dict)
    passed_on: int = 0

    def send(self, path: str, method: str = "GET", **headers: str) -> Response:
        """The response to a reader's request."""
        address, _, query = path.partition("?")
        request = Request(method, address, query, headers)
        key = self.rules.key(request)
        cached, until = self.entries.get(key, (None, 0.0))
        if cached is None or until <= self.now:
            self.passed_on += 1
            cached = self.origin(request)
            if method == "GET" and not {"range", "if-none-match"} & headers.keys():
                self._keep(key, cached)
        return cached.without_body() if method == "HEAD" else cached

    def _keep(self, key: Key, response: Response) -> None:
        control = response.headers.get("cache-control", "").lower()
        if not self.rules.is_cached(response.status):
            return
        if any(word in control for word in self.rules.uncacheable):
            return
        if seconds := self._lifetime(response, control):
            self.entries[key] = (response, self.now + seconds)

    def _lifetime(self, response: Response, control: str) -> float:
        age = int(response.headers.get("age", "0"))
        if found := re.search(r"max-age=(\d+)", control):
            return max(0, int(found[1]) - age)
        if expires := response.headers.get("expires"):
            return max(0.0, parsedate_to_datetime(expires).timestamp() - self.now)
        return 0


@pytest.fixture(params=[cloudflare, fastly], ids=["cloudflare", "fastly"])
def front(request: pytest.FixtureRequest, service: RunningService) -> FrontCache:
    rules: Rules = request.param()
    return FrontCache(service.server.handle, rules)


def test_a_picture_is_served_by_the_front_cache_with_the_bytes_of_the_first_time(
    service: RunningService, front: FrontCache
) -> None:
    link = service.link("Ada")
    first, second = front.send(link), front.send(link)
    assert (first.status, second.status, front.passed_on) == (200, 200, 1)
    assert first.body == second.body == service.get(link).content


def test_readers_get_their_own_pictures(service: RunningService, front: FrontCache) -> None:
    ada, ben = service.link("Ada"), service.link("Ben")
    assert front.send(ada).body != front.send(ben).body
    assert front.send(ben).body == service.get(ben).content


def test_a_cache_without_the_query_in_its_key_shows_one_reader_the_picture_of_another(
    service: RunningService,
) -> None:
    """Why the page says so."""
    rules = replace(cloudflare(), key=lambda request: (request.path, ""))
    front = FrontCache(service.server.handle, rules)
    assert front.send(service.link("Ada")).body == front.send(service.link("Ben")).body


def test_a_query_that_is_sorted_on_its_way_breaks_a_merge_link(
    service: RunningService, front: FrontCache
) -> None:
    body = {"template_id": "welcome", "esp": "mailchimp", "open": {"user_name": "FNAME"}}
    reply = service.call("POST", "/v1/links", body)
    reply.raise_for_status()
    link = str(reply.json()["url"]).removeprefix(service.url)
    address, _, query = link.partition("?")
    filled = query.replace("*|URL:FNAME|*", "Ada")
    assert front.send(f"{address}?{filled}").status == 200
    ordered = urlencode(sorted(parse_qsl(filled, keep_blank_values=True)))
    assert front.send(f"{address}?{ordered}").status == 400


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda link: link[:-4] + "AAAA", 403),
        (lambda link: link.partition("?")[0], 400),
        (lambda link: "/i/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", 404),
        (lambda link: "/elsewhere.png", 404),
    ],
)
def test_a_refused_request_is_not_cached(
    spoil: Callable[[str], str], status: int, service: RunningService, front: FrontCache
) -> None:
    address = spoil(service.link("Ada"))
    assert [front.send(address).status for _ in range(2)] == [status, status]
    assert (front.passed_on, front.entries) == (2, {})


def test_head_range_and_revalidation_pass(service: RunningService, front: FrontCache) -> None:
    link = service.link("Cem")
    assert front.send(link, "HEAD").status == 200
    whole = front.send(link)
    head = front.send(link, "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole.body)))
    uncached = FrontCache(front.origin, front.rules)
    part = uncached.send(link, range="bytes=0-99")
    assert (part.status, part.body) == (206, whole.body[:100])
    revalidated = uncached.send(link, **{"if-none-match": whole.headers["etag"]})
    assert revalidated.status == 304
    assert uncached.entries == {}


def test_a_picture_forbids_changes_and_brings_no_cookie_and_no_other_key(
    service: RunningService, front: FrontCache
) -> None:
    response = front.send(service.link("Dora"), cookie="session=1", accept="image/avif,image/webp")
    assert "no-transform" in response.headers["cache-control"]
    assert response.cookies == ()
    assert not {"set-cookie", "vary"} & response.headers.keys()
    assert response.headers["content-type"] == "image/png"


def test_the_time_in_cloudfront_counts(service: RunningService, front: FrontCache) -> None:
    """Together the caches keep a picture for the day that Cache-Control allows."""
    link = service.link(f"Eve {service.clock_offset[0]}")
    service.get(link)
    service.clock_offset[0] += 80_000
    assert int(front.send(link).headers["age"]) >= 80_000
    front.now += 6_000
    assert front.send(link).status == 200
    assert front.passed_on == 1
    front.now += 500
    front.send(link)
    assert front.passed_on == 2


def test_a_link_with_an_expiry_is_cached_until_then(
    service: RunningService, front: FrontCache
) -> None:
    service.clock_offset[0] = 0
    expires = int(time.time()) + 600
    front.send(service.link("Fay", expires_at=format_rfc3339(expires)))
    ((_, until),) = front.entries.values()
    assert until <= expires + 1
