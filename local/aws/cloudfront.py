"""Imitates CloudFront: cache behaviors, the edge function, the cache, origin failover, error pages.

The cache key is the path, as in `template.yaml`. A range request gets its range from the cache and
from S3; what the image function has just drawn is sent whole. Not imitated, because pictures need
none of it: compression, cookies and POST. A method that no behavior allows is a 405 here and a 403
at AWS.
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

from local.aws.access_log import Exchange
from local.aws.activity_counters import ActivityCounters
from local.aws.distribution_config import CacheBehavior, CustomErrorResponse, Distribution, Origin
from local.aws.edge_function import EdgeFunctionError
from local.aws.freshness import explicit_lifetime, freshness_lifetime, http_date
from local.aws.http_messages import Request, Response, plain_response
from local.aws.range_requests import partial_response

FetchOrigin = Callable[[Request], Response]
_MAX_CACHED_RESPONSES = 2_000  # then the oldest are dropped
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_NOT_MODIFIED_HEADERS = {  # those of a response that its 304 repeats
    *("cache-control", "content-location", "etag", "expires", "last-modified", "vary"),
    *("access-control-allow-origin", "age", "date", "via", "x-cache"),
}


class ViewerRequestFunction(Protocol):
    """The viewer-request function: takes an event, returns a request or a response."""

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _CacheEntry:
    """A response in the cache; times are Unix seconds."""

    response: Response
    stored_at: float
    expires_at: float


class CloudFront:
    """A distribution with its cache, for one process.

    `origins` maps the logical id of a bucket or an HTTP API to a function that fetches from it.
    Counters: `cdn.hit`, `cdn.miss`, `cdn.refresh` (an origin's 304), `cdn.error`, `cdn.edge` (a
    response of the edge function). `log` gets each exchange.
    """

    def __init__(
        self,
        distribution: Distribution,
        edge: ViewerRequestFunction,
        origins: Mapping[str, FetchOrigin],
        counters: ActivityCounters,
        *,
        clock: Callable[[], float] = time.time,
        log: Callable[[Exchange], object] = lambda exchange: None,
    ) -> None:
        self._distribution = distribution
        self._edge = edge
        self._origins = origins
        self._counters = counters
        self._clock = clock
        self._log = log
        self._cache: dict[str, _CacheEntry] = {}
        self._inflight: dict[str, tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Respond to a viewer's request, and log it."""
        started_at = time.monotonic()
        response = self._respond(request)
        seconds = time.monotonic() - started_at
        self._log(Exchange(request, response, self._clock(), seconds))
        return response

    def _respond(self, request: Request) -> Response:
        behavior = self._distribution.behavior_for(normalize_path(request.path))
        if request.method not in behavior.allowed_methods:
            allow = ", ".join(sorted(behavior.allowed_methods))
            return plain_response(405, {"allow": allow, "x-cache": "Error from cloudfront"})
        result = self._run_edge_function(request) if behavior.has_edge_function else request
        if isinstance(result, Response):
            self._counters.add("cdn.edge")
            response = result.with_headers({"x-cache": "FunctionGeneratedResponse from cloudfront"})
        else:
            response = self._from_cache_or_origin(behavior, result)
        response = replace(response, headers=behavior.response_headers.apply(response.headers))
        return _conditional_response(request, response)

    def invalidate(self, patterns: Sequence[str]) -> None:
        """Invalidate paths, as rewritten by the edge function; a final `*` matches any suffix."""
        with self._lock:
            for path in list(self._cache):
                if any(fnmatchcase(path, pattern.replace("[", "[[]")) for pattern in patterns):
                    del self._cache[path]

    def invalidate_all(self) -> None:
        """Empty the cache."""
        self.invalidate(["*"])

    def _run_edge_function(self, request: Request) -> Request | Response:
        try:
            result = self._edge.handle(_viewer_request_event(request), query=request.query or None)
        except EdgeFunctionError:
            return plain_response(503)  # CloudFront's status for a function that throws
        headers = {name: str(item["value"]) for name, item in result.get("headers", {}).items()}
        if "statusCode" in result:
            body = result.get("body", "")
            text = body.get("data", "") if isinstance(body, dict) else body
            return Response(int(result["statusCode"]), headers, str(text).encode())
        return replace(request, path=str(result["uri"]), query="", headers=headers)

    def _from_cache_or_origin(self, behavior: CacheBehavior, request: Request) -> Response:
        """From the cache, else from the origins; concurrent requests of one path share a fetch."""
        if behavior.cache_policy.max_ttl == 0 or request.method != "GET":
            entry = self._fresh_entry(request.path)
            if entry is not None:
                return self._cached_response(entry)
            return self._fetch_and_store(behavior, request, None)
        with self._collapse_requests(request.path):
            entry = self._fresh_entry(request.path)
            if entry is not None:
                return self._cached_response(entry)
            with self._lock:
                stale = self._cache.get(request.path)
            return self._fetch_and_store(behavior, request, stale)

    def _fresh_entry(self, path: str) -> _CacheEntry | None:
        with self._lock:
            entry = self._cache.get(path)
        return entry if entry is not None and self._clock() < entry.expires_at else None

    def _cached_response(self, entry: _CacheEntry) -> Response:
        failed = entry.response.headers.get("x-cache", "").startswith("Error")
        self._counters.add("cdn.error" if failed else "cdn.hit")
        age = str(max(0, int(self._clock() - entry.stored_at)))
        x_cache = {} if failed else {"x-cache": "Hit from cloudfront"}
        return entry.response.with_headers({**x_cache, "age": age})

    def _fetch_and_store(
        self, behavior: CacheBehavior, request: Request, stale_entry: _CacheEntry | None
    ) -> Response:
        response = self._fetch_from_origins(behavior, request, stale_entry)
        now = self._clock()
        if response.status == 304 and stale_entry is not None:
            self._counters.add("cdn.refresh")
            response = stale_entry.response.with_headers(response.headers)
            x_cache = "RefreshHit from cloudfront"
        elif response.status >= 400:
            return self._origin_error_response(request, response, stale_entry)
        else:
            self._counters.add("cdn.miss")
            x_cache = "Miss from cloudfront"
        seconds = freshness_lifetime(response.headers, behavior.cache_policy, now=now)
        return self._store(request, response.with_headers({"x-cache": x_cache}), seconds)

    def _origin_error_response(
        self, request: Request, response: Response, stale_entry: _CacheEntry | None
    ) -> Response:
        """Respond to an origin's error: the stale entry, else the error page, else the error."""
        self._counters.add("cdn.error")
        rule = self._distribution.error_responses.get(response.status, CustomErrorResponse())
        seconds = max(
            rule.caching_min_ttl, explicit_lifetime(response.headers, now=self._clock()) or 0
        )
        if response.status >= 500 and stale_entry is not None and stale_entry.response.status < 400:
            response = stale_entry.response
        elif rule.page_path is not None:
            response = self._from_cache_or_origin(
                self._distribution.behavior_for(rule.page_path), Request("GET", rule.page_path)
            )
            if response.status == 200 and rule.response_code:
                response = replace(response, status=rule.response_code)
        response = response.with_headers({"x-cache": "Error from cloudfront"})
        return self._store(request, response, seconds)

    def _store(self, request: Request, response: Response, seconds: float) -> Response:
        now = self._clock()
        if seconds > 0 and request.method == "GET":
            entry = _CacheEntry(response, now, now + seconds)
            with self._lock:
                self._cache.pop(request.path, None)
                self._cache[request.path] = entry
                while len(self._cache) > _MAX_CACHED_RESPONSES:
                    del self._cache[next(iter(self._cache))]
        return response

    def _fetch_from_origins(
        self, behavior: CacheBehavior, request: Request, stale_entry: _CacheEntry | None
    ) -> Response:
        """The first origin's response, or the next one's while the status asks for failover."""
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
    """Normalize a path by RFC 3986 (dot segments, unreserved escapes), to match behaviors."""

    def decode_unreserved(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if _UNRESERVED.fullmatch(character) else match[0].upper()

    normalized: list[str] = []
    segments = _ESCAPE.sub(decode_unreserved, path).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del normalized[-1:]
        elif segment != ".":
            normalized.append(segment)
    if segments and segments[-1] in (".", "..") and normalized and normalized[-1]:
        normalized.append("")
    return "/" + "/".join(normalized)


def _viewer_request_event(request: Request) -> dict[str, Any]:
    """The event that CloudFront Functions passes to a viewer-request function."""
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
    """304 if `If-None-Match` names this picture; without a body for a HEAD; else it or a range."""
    response = response.with_headers(
        {"date": http_date(time.time()), "via": "1.1 local (CloudFront)"}
    )
    if_none_match = request.headers.get("if-none-match")
    etag = response.headers.get("etag")
    if if_none_match and etag and response.status == 200 and _etag_matches(if_none_match, etag):
        headers = {n: v for n, v in response.headers.items() if n in _NOT_MODIFIED_HEADERS}
        return Response(304, headers)
    if request.method == "HEAD":
        return response.without_body()
    return partial_response(request.headers, response) if _has_ranges(response) else response


def _has_ranges(response: Response) -> bool:
    """Whether ranges of it are sent: it comes from the cache, or from an origin that has ranges."""
    from_cache = "Hit from" in response.headers.get("x-cache", "")
    return response.status == 200 and (from_cache or "accept-ranges" in response.headers)


def _etag_matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
