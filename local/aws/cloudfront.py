"""A small CloudFront: behaviours, the edge function, a cache on the path, two origins, error pages.

Left out, since pictures ask for none of it: ranges (a whole 200 is an answer to them, too),
compression, cookies, POST. A method that no behaviour allows is a 405 here and a 403 there.
"""

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Protocol
from urllib.parse import unquote

from local.aws.activity_counters import ActivityCounters
from local.aws.distribution_config import CacheBehavior, CustomErrorResponse, Distribution, Origin
from local.aws.edge_function import EdgeFunctionError
from local.aws.freshness import explicit_lifetime, freshness_lifetime, http_date
from local.aws.http_messages import Request, Response, plain_response

FetchOrigin = Callable[[Request], Response]
_MAX_CACHED_RESPONSES = 2_000  # pictures; the oldest go first
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_NOT_MODIFIED_HEADERS = (
    "cache-control",
    "content-location",
    "etag",
    "expires",
    "vary",
    "last-modified",
)


class ViewerRequestFunction(Protocol):
    """The viewer-request function: an event in, a request or a response out."""

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _CacheEntry:
    """An answer in the cache, from when to when (Unix seconds)."""

    response: Response
    stored_at: float
    expires_at: float


class CloudFront:
    """Answers viewers. `origins` fetches by the logical id of a bucket or an HTTP API.

    Counts `cdn.hit`, `cdn.miss`, `cdn.refresh`, `cdn.error`, `cdn.edge` (answered by the
    function).
    """

    def __init__(
        self,
        distribution: Distribution,
        edge: ViewerRequestFunction,
        origins: Mapping[str, FetchOrigin],
        counters: ActivityCounters,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._distribution = distribution
        self._edge = edge
        self._origins = origins
        self._counters = counters
        self._clock = clock
        self._cache: dict[str, _CacheEntry] = {}
        self._inflight: dict[str, tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer a viewer's request."""
        behaviour = self._distribution.behavior_for(normalize_path(request.path))
        if request.method not in behaviour.allowed_methods:
            return plain_response(405, {"allow": ", ".join(sorted(behaviour.allowed_methods))})
        passed = self._run_edge_function(request) if behaviour.has_edge_function else request
        if isinstance(passed, Response):
            self._counters.add("cdn.edge")
            answer = passed.with_headers({"x-cache": "FunctionGeneratedResponse from cloudfront"})
        else:
            answer = self._from_cache_or_origin(behaviour, passed)
        answer = replace(answer, headers=behaviour.response_headers.apply(answer.headers))
        return _conditional_response(request, answer)

    def invalidate(self, patterns: Sequence[str]) -> None:
        """Invalidate paths (as rewritten by the function); `*` at the end stands for any rest."""
        with self._lock:
            for path in list(self._cache):
                if any(fnmatchcase(path, pattern.replace("[", "[[]")) for pattern in patterns):
                    del self._cache[path]

    def invalidate_all(self) -> None:
        """Forget everything."""
        self.invalidate(["*"])

    def _run_edge_function(self, request: Request) -> Request | Response:
        try:
            answered = self._edge.handle(
                _viewer_request_event(request), query=request.query or None
            )
        except EdgeFunctionError:
            return plain_response(503)  # what CloudFront answers for a function that throws
        headers = {name: str(of["value"]) for name, of in answered.get("headers", {}).items()}
        if "statusCode" in answered:
            body = answered.get("body", "")
            text = body.get("data", "") if isinstance(body, dict) else body
            return Response(int(answered["statusCode"]), headers, str(text).encode())
        return replace(request, path=str(answered["uri"]), query="", headers=headers)

    def _from_cache_or_origin(self, behavior: CacheBehavior, request: Request) -> Response:
        """From the cache, else from the origins; requests for one path wait for the first."""
        if behavior.cache_policy.max_ttl == 0 or request.method != "GET":
            kept = self._fresh_entry(request.path)
            return (
                self._cached_response(kept)
                if kept
                else self._fetch_and_store(behavior, request, None)
            )
        with self._collapse_requests(request.path):
            kept = self._fresh_entry(request.path)
            if kept is not None:
                return self._cached_response(kept)
            with self._lock:
                stale = self._cache.get(request.path)
            return self._fetch_and_store(behavior, request, stale)

    def _fresh_entry(self, path: str) -> _CacheEntry | None:
        with self._lock:
            kept = self._cache.get(path)
        return kept if kept is not None and self._clock() < kept.expires_at else None

    def _cached_response(self, entry: _CacheEntry) -> Response:
        failed = entry.response.headers.get("x-cache", "").startswith("Error")
        self._counters.add("cdn.error" if failed else "cdn.hit")
        age = str(max(0, int(self._clock() - entry.stored_at)))
        told = {} if failed else {"x-cache": "Hit from cloudfront"}
        return entry.response.with_headers({**told, "age": age})

    def _fetch_and_store(
        self, behavior: CacheBehavior, request: Request, stale_entry: _CacheEntry | None
    ) -> Response:
        response = self._fetch_from_origins(behavior, request, stale_entry)
        now = self._clock()
        if response.status == 304 and stale_entry is not None:
            self._counters.add("cdn.refresh")
            whole = stale_entry.response.with_headers(response.headers)
            answer = whole.with_headers({"x-cache": "RefreshHit from cloudfront"})
            return self._store(
                request, answer, freshness_lifetime(whole.headers, behavior.cache_policy, now=now)
            )
        if response.status >= 400:
            return self._origin_error_response(request, response, stale_entry)
        self._counters.add("cdn.miss")
        answer = response.with_headers({"x-cache": "Miss from cloudfront"})
        return self._store(
            request, answer, freshness_lifetime(answer.headers, behavior.cache_policy, now=now)
        )

    def _origin_error_response(
        self, request: Request, response: Response, stale_entry: _CacheEntry | None
    ) -> Response:
        """An origin's error: what is still there, else the error page, else the error itself."""
        self._counters.add("cdn.error")
        rule = self._distribution.error_responses.get(response.status, CustomErrorResponse())
        seconds = max(
            rule.caching_min_ttl, explicit_lifetime(response.headers, now=self._clock()) or 0
        )
        if response.status >= 500 and stale_entry is not None and stale_entry.response.status < 400:
            answer = stale_entry.response
        elif rule.page_path is not None:
            page = self._from_cache_or_origin(
                self._distribution.behavior_for(rule.page_path), Request("GET", rule.page_path)
            )
            answer = (
                replace(page, status=rule.response_code or page.status)
                if page.status == 200
                else page
            )
        else:
            answer = response
        return self._store(
            request, answer.with_headers({"x-cache": "Error from cloudfront"}), seconds
        )

    def _store(self, request: Request, response: Response, seconds: float) -> Response:
        now = self._clock()
        if seconds > 0 and request.method == "GET":
            kept = _CacheEntry(response, now, now + seconds)
            with self._lock:
                self._cache.pop(request.path, None)
                self._cache[request.path] = kept
                while len(self._cache) > _MAX_CACHED_RESPONSES:
                    del self._cache[next(iter(self._cache))]
        return response

    def _fetch_from_origins(
        self, behavior: CacheBehavior, request: Request, stale_entry: _CacheEntry | None
    ) -> Response:
        """Ask the origins in turn until one answers with none of the codes that fail over."""
        response = plain_response(502)
        for origin in behavior.origins:
            response = self._origins[origin.target](
                _origin_request(behavior, origin, request, stale_entry)
            )
            if response.status not in behavior.failover_statuses:
                break
        return response

    @contextmanager
    def _collapse_requests(self, path: str) -> Iterator[None]:
        with self._lock:
            flight, waiting = self._inflight.get(path, (threading.Lock(), 0))
            self._inflight[path] = flight, waiting + 1
        try:
            with flight:
                yield
        finally:
            with self._lock:
                flight, waiting = self._inflight[path]
                self._inflight[path] = flight, waiting - 1
                if waiting == 1:
                    del self._inflight[path]


def normalize_path(path: str) -> str:
    """The path as behaviours are matched on: RFC 3986's dot segments and unreserved escapes."""

    def undo(match: re.Match[str]) -> str:
        letter = chr(int(match[1], 16))
        return letter if _UNRESERVED.fullmatch(letter) else match[0].upper()

    kept: list[str] = []
    segments = _ESCAPE.sub(undo, path).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", "..") and kept and kept[-1]:
        kept.append("")
    return "/" + "/".join(kept)


def _viewer_request_event(request: Request) -> dict[str, Any]:
    """The event of CloudFront Functions, runtime 2.0."""
    return {
        "version": "1.0",
        "context": {
            "distributionDomainName": "local.cloudfront.net",
            "distributionId": "LOCAL",
            "eventType": "viewer-request",
            "requestId": uuid.uuid4().hex,
        },
        "viewer": {"ip": request.client_address},
        "request": {
            "method": request.method,
            "uri": request.path,
            "querystring": {},
            "headers": {name: {"value": value} for name, value in request.headers.items()},
            "cookies": {},
        },
    }


def _origin_request(
    behavior: CacheBehavior, origin: Origin, request: Request, stale_entry: _CacheEntry | None
) -> Request:
    headers = {
        "host": origin.target,
        "user-agent": "Amazon CloudFront",
        "x-forwarded-for": request.client_address,
        **{
            name: request.headers[name]
            for name in behavior.forwarded_headers
            if name in request.headers
        },
        **origin.headers,
    }
    etag = (
        stale_entry.response.headers.get("etag")
        if stale_entry and stale_entry.response.status == 200
        else None
    )
    if etag and origin.is_bucket:
        headers["if-none-match"] = etag
    path = unquote(request.path) if origin.is_bucket else request.path
    return Request(request.method, path, "", headers, b"", request.client_address)


def _conditional_response(request: Request, response: Response) -> Response:
    """A 304 if the viewer has just this; the headers alone for a HEAD."""
    response = response.with_headers(
        {"date": http_date(time.time()), "via": "1.1 local (CloudFront)"}
    )
    wanted = request.headers.get("if-none-match")
    etag = response.headers.get("etag")
    if wanted and etag and response.status == 200 and _etag_matches(wanted, etag):
        told = (
            *_NOT_MODIFIED_HEADERS,
            "date",
            "via",
            "x-cache",
            "age",
            "access-control-allow-origin",
        )
        kept = {name: value for name, value in response.headers.items() if name in told}
        return Response(304, kept)
    return response.without_body() if request.method == "HEAD" else response


def _etag_matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
