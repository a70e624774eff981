"""API keys, scopes, rate limits, quotas and CORS of a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.http_event import ApiRequest
from postcard.api_assembly import ApiService
from postcard.errors import TooManyRequests
from postcard.keys.api_keys import require_scope
from postcard.keys.sessions import PICTURES_A_SECOND
from postcard.ports import ApiKeyRecord, RateLimitResult
from postcard.timestamps import DAY_SECONDS

DEFAULT_RATE = 100


@dataclass
class AuthResult:
    """The API key of a call, once it is known, and the rate limit headers of its response."""

    key: ApiKeyRecord | None = None
    headers: dict[str, str] = field(default_factory=lambda: rate_limit_headers(DEFAULT_RATE, None))


def rate_limit_headers(rate: int, limit: RateLimitResult | None) -> dict[str, str]:
    """The headers of draft-ietf-httpapi-ratelimit-headers; `limit` is None without a key."""
    remaining = limit.remaining if limit else rate
    reset = limit.reset if limit else 1
    return {
        "RateLimit-Policy": f'"key";q={rate};w=1',
        "RateLimit": f'"key";r={remaining};t={reset}',
    }


def authorize(
    request: ApiRequest,
    scopes: Sequence[str],
    service: ApiService,
    result: AuthResult,
    *,
    now: float,
) -> None:
    """Check the API key, its rate, scopes and quota; `result` is filled step by step.

    So the response to a refused call has the key's rate limit headers too. `Unauthorized`,
    `TooManyRequests`, `Forbidden`; `ServiceUnavailable` if the rate limiter cannot be reached.
    """
    if not scopes:
        return
    headers = request.headers
    key = service.keys.authenticate(headers.get("authorization"), headers.get("x-api-key"), now=now)
    result.key = key
    limit = service.limiter.take(f"key#{key.key_id}", rate=key.rate, now=now)
    result.headers = rate_limit_headers(key.rate, limit)
    if not limit.allowed:
        retry_after = {"Retry-After": str(limit.reset)}
        raise TooManyRequests(
            f"This key may call {key.rate} times a second: wait.", headers=retry_after
        )
    require_scope(key, *scopes)
    _count_against_quota(key, service, now)
    service.keys.record_use(key, now=now)


def charge_pictures(
    key: ApiKeyRecord | None, pictures: int, service: ApiService, *, now: float
) -> None:
    """Take a session's pictures from its own bucket; `TooManyRequests`. Other keys have none."""
    if key is None or not key.is_session:
        return
    limit = service.limiter.take(
        f"pictures#{key.key_id}",
        rate=PICTURES_A_SECOND,
        now=now,
        tokens=min(max(1, pictures), PICTURES_A_SECOND),
    )
    if not limit.allowed:
        raise TooManyRequests(
            f"A session draws at most {PICTURES_A_SECOND} pictures a second: wait.",
            headers={"Retry-After": str(limit.reset)},
        )


def _count_against_quota(key: ApiKeyRecord, service: ApiService, now: float) -> None:
    """Count one call in the month of `now` (UTC); `TooManyRequests` over the quota."""
    if key.monthly_quota is None:
        return
    today = datetime.fromtimestamp(now, UTC)
    month = f"{today:%Y-%m}"
    end = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=UTC).timestamp()
    count = service.counters.increment(
        f"calls#{key.key_id}#{month}", expires_at=int(end) + DAY_SECONDS
    )
    if count > key.monthly_quota:
        retry_after = {"Retry-After": str(int(end - now) + 1)}
        raise TooManyRequests(
            f"This key's {key.monthly_quota} calls of {month} are spent: wait for the next month.",
            code="quota_exceeded",
            headers=retry_after,
        )


def cors_headers(origins: Sequence[str], request: ApiRequest) -> Mapping[str, str]:
    """CORS headers for a browser on another site; none unless its origin is allowed."""
    origin = request.headers.get("origin")
    if origin is None or not {origin, "*"} & set(origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "ETag, Postcard-Base, RateLimit, RateLimit-Policy,"
        " Retry-After",
        "Vary": "Origin",
    }


def preflight_response(origins: Sequence[str], request: ApiRequest) -> dict[str, Any] | None:
    """The response to a CORS preflight request; None if the request is none."""
    allowed = cors_headers(origins, request)
    if request.method != "OPTIONS" or not allowed or not request.path.startswith("/v1/"):
        return None
    return {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": "Authorization, X-API-Key, Content-Type, "
            "Idempotency-Key, If-Match, If-None-Match, Postcard-Draft, Postcard-Note",
            "Access-Control-Max-Age": "600",
        },
        "body": "",
    }
