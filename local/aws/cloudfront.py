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

from local.aws.activity_counters import Counters
from local.aws.distribution_config import Behaviour, Distribution, ErrorRule, Origin
from local.aws.edge_function import EdgeError
from local.aws.freshness import http_date, lifetime, stated
from local.aws.http_messages import Request, Response, plain

Fetch = Callable[[Request], Response]
_MOST_KEPT = 2_000  # pictures; the oldest go first
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_NOT_MODIFIED = ("cache-control", "content-location", "etag", "expires", "vary", "last-modified")


class Edge(Protocol):
    """The viewer-request function: an event in, a request or a response out."""

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer in the cache, from when to when (Unix seconds)."""

    response: Response
    since: float
    until: float


class Cdn:
    """Answers viewers. `origins` fetches by the logical id of a bucket or an HTTP API.

    Counts `cdn.hit`, `cdn.miss`, `cdn.refresh`, `cdn.error`, `cdn.edge` (answered by the
    function).
    """

    def __init__(
        self,
        distribution: Distribution,
        edge: Edge,
        origins: Mapping[str, Fetch],
        counters: Counters,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._distribution = distribution
        self._edge = edge
        self._origins = origins
        self._counters = counters
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._flights: dict[str, tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer a viewer's request."""
        behaviour = self._distribution.behaviour(normalised(request.path))
        if request.method not in behaviour.methods:
            return plain(405, {"allow": ", ".join(sorted(behaviour.methods))})
        passed = self._ask_edge(request) if behaviour.has_function else request
        if isinstance(passed, Response):
            self._counters.add("cdn.edge")
            answer = passed.with_headers({"x-cache": "FunctionGeneratedResponse from cloudfront"})
        else:
            answer = self._serve(behaviour, passed)
        answer = replace(answer, headers=behaviour.headers.apply(answer.headers))
        return _conditional(request, answer)

    def forget(self, patterns: Sequence[str]) -> None:
        """Invalidate paths (as rewritten by the function); `*` at the end stands for any rest."""
        with self._lock:
            for path in list(self._kept):
                if any(fnmatchcase(path, pattern.replace("[", "[[]")) for pattern in patterns):
                    del self._kept[path]

    def clear(self) -> None:
        """Forget everything."""
        self.forget(["*"])

    def _ask_edge(self, request: Request) -> Request | Response:
        try:
            answered = self._edge.handle(_event(request), query=request.query or None)
        except EdgeError:
            return plain(503)  # what CloudFront answers for a function that throws
        headers = {name: str(of["value"]) for name, of in answered.get("headers", {}).items()}
        if "statusCode" in answered:
            body = answered.get("body", "")
            text = body.get("data", "") if isinstance(body, dict) else body
            return Response(int(answered["statusCode"]), headers, str(text).encode())
        return replace(request, path=str(answered["uri"]), query="", headers=headers)

    def _serve(self, behaviour: Behaviour, request: Request) -> Response:
        """From the cache, else from the origins; requests for one path wait for the first."""
        if behaviour.cache.maximum == 0 or request.method != "GET":
            kept = self._fresh(request.path)
            return self._hit(kept) if kept else self._miss(behaviour, request, None)
        with self._one_flight(request.path):
            kept = self._fresh(request.path)
            if kept is not None:
                return self._hit(kept)
            with self._lock:
                stale = self._kept.get(request.path)
            return self._miss(behaviour, request, stale)

    def _fresh(self, path: str) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(path)
        return kept if kept is not None and self._clock() < kept.until else None

    def _hit(self, kept: _Kept) -> Response:
        failed = kept.response.headers.get("x-cache", "").startswith("Error")
        self._counters.add("cdn.error" if failed else "cdn.hit")
        age = str(max(0, int(self._clock() - kept.since)))
        told = {} if failed else {"x-cache": "Hit from cloudfront"}
        return kept.response.with_headers({**told, "age": age})

    def _miss(self, behaviour: Behaviour, request: Request, stale: _Kept | None) -> Response:
        response = self._fetch(behaviour, request, stale)
        now = self._clock()
        if response.status == 304 and stale is not None:
            self._counters.add("cdn.refresh")
            whole = stale.response.with_headers(response.headers)
            answer = whole.with_headers({"x-cache": "RefreshHit from cloudfront"})
            return self._keep(request, answer, lifetime(whole.headers, behaviour.cache, now=now))
        if response.status >= 400:
            return self._fail(request, response, stale)
        self._counters.add("cdn.miss")
        answer = response.with_headers({"x-cache": "Miss from cloudfront"})
        return self._keep(request, answer, lifetime(answer.headers, behaviour.cache, now=now))

    def _fail(self, request: Request, response: Response, stale: _Kept | None) -> Response:
        """An origin's error: what is still there, else the error page, else the error itself."""
        self._counters.add("cdn.error")
        rule = self._distribution.errors.get(response.status, ErrorRule())
        seconds = max(rule.seconds, stated(response.headers, now=self._clock()) or 0)
        if response.status >= 500 and stale is not None and stale.response.status < 400:
            answer = stale.response
        elif rule.page is not None:
            page = self._serve(self._distribution.behaviour(rule.page), Request("GET", rule.page))
            answer = (
                replace(page, status=rule.answer or page.status) if page.status == 200 else page
            )
        else:
            answer = response
        return self._keep(
            request, answer.with_headers({"x-cache": "Error from cloudfront"}), seconds
        )

    def _keep(self, request: Request, answer: Response, seconds: float) -> Response:
        now = self._clock()
        if seconds > 0 and request.method == "GET":
            kept = _Kept(answer, now, now + seconds)
            with self._lock:
                self._kept.pop(request.path, None)
                self._kept[request.path] = kept
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return answer

    def _fetch(self, behaviour: Behaviour, request: Request, stale: _Kept | None) -> Response:
        """Ask the origins in turn until one answers with none of the codes that fail over."""
        response = plain(502)
        for origin in behaviour.origins:
            response = self._origins[origin.target](_to_origin(behaviour, origin, request, stale))
            if response.status not in behaviour.failover:
                break
        return response

    @contextmanager
    def _one_flight(self, path: str) -> Iterator[None]:
        with self._lock:
            flight, waiting = self._flights.get(path, (threading.Lock(), 0))
            self._flights[path] = flight, waiting + 1
        try:
            with flight:
                yield
        finally:
            with self._lock:
                flight, waiting = self._flights[path]
                self._flights[path] = flight, waiting - 1
                if waiting == 1:
                    del self._flights[path]


def normalised(path: str) -> str:
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


def _event(request: Request) -> dict[str, Any]:
    """The event of CloudFront Functions, runtime 2.0."""
    return {
        "version": "1.0",
        "context": {
            "distributionDomainName": "local.cloudfront.net",
            "distributionId": "LOCAL",
            "eventType": "viewer-request",
            "requestId": uuid.uuid4().hex,
        },
        "viewer": {"ip": request.address},
        "request": {
            "method": request.method,
            "uri": request.path,
            "querystring": {},
            "headers": {name: {"value": value} for name, value in request.headers.items()},
            "cookies": {},
        },
    }


def _to_origin(
    behaviour: Behaviour, origin: Origin, request: Request, stale: _Kept | None
) -> Request:
    headers = {
        "host": origin.target,
        "user-agent": "Amazon CloudFront",
        "x-forwarded-for": request.address,
        **{name: request.headers[name] for name in behaviour.forwarded if name in request.headers},
        **origin.headers,
    }
    etag = stale.response.headers.get("etag") if stale and stale.response.status == 200 else None
    if etag and origin.is_bucket:
        headers["if-none-match"] = etag
    path = unquote(request.path) if origin.is_bucket else request.path
    return Request(request.method, path, "", headers, b"", request.address)


def _conditional(request: Request, answer: Response) -> Response:
    """A 304 if the viewer has just this; the headers alone for a HEAD."""
    answer = answer.with_headers({"date": http_date(time.time()), "via": "1.1 local (CloudFront)"})
    wanted = request.headers.get("if-none-match")
    etag = answer.headers.get("etag")
    if wanted and etag and answer.status == 200 and _matches(wanted, etag):
        told = (*_NOT_MODIFIED, "date", "via", "x-cache", "age", "access-control-allow-origin")
        kept = {name: value for name, value in answer.headers.items() if name in told}
        return Response(304, kept)
    return answer.bodiless() if request.method == "HEAD" else answer


def _matches(wanted: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
