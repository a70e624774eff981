"""Who calls, whether they may, and how much they have left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.http_event import ApiRequest
from postcard.errors import Forbidden, TooManyRequests
from postcard.ports import ApiKeyRecord, RateLimitResult
from postcard.services.assembly import ApiService

DEFAULT_RATE = 100
DAY_SECONDS = 86_400


@dataclass
class AuthResult:
    """What an entrance left behind: the key, and what every answer says of its rate."""

    key: ApiKeyRecord | None = None
    headers: dict[str, str] = field(default_factory=lambda: rate_limit_headers(DEFAULT_RATE, None))


def rate_limit_headers(rate: int, allowance: RateLimitResult | None) -> dict[str, str]:
    """As draft-ietf-httpapi-ratelimit-headers writes them; without a key the usual policy."""
    left = allowance.remaining if allowance else rate
    reset = allowance.reset if allowance else 1
    return {
        "RateLimit-Policy": f'"key";q={rate};w=1',
        "RateLimit": f'"key";r={left};t={reset}',
    }


def authorize(
    request: ApiRequest,
    scopes: Sequence[str],
    service: ApiService,
    result: AuthResult,
    *,
    now: float,
) -> None:
    """Fill `entry`, step by step, so that a refusal can say what it knows too.

    `Unauthorized`, `RateLimited`, `Forbidden`; `Unavailable` if the limiter cannot be asked.
    """
    if not scopes:
        return
    headers = request.headers
    key = service.keys.authenticate(headers.get("authorization"), headers.get("x-api-key"), now=now)
    result.key = key
    allowance = service.limiter.take(f"key#{key.key_id}", rate=key.rate, now=now)
    result.headers = rate_limit_headers(key.rate, allowance)
    if not allowance.allowed:
        wait = {"Retry-After": str(allowance.reset)}
        raise TooManyRequests(f"This key may call {key.rate} times a second: wait.", headers=wait)
    if not set(scopes) & set(key.scopes):
        needed = " or ".join(f'"{scope}"' for scope in scopes)
        raise Forbidden(f"This key lacks the scope {needed}: use one that has it.")
    _count_against_quota(key, service, now)
    service.keys.record_use(key, now=now)


def _count_against_quota(key: ApiKeyRecord, service: ApiService, now: float) -> None:
    """One call of this month's quota."""
    if key.monthly_quota is None:
        return
    today = datetime.fromtimestamp(now, UTC)
    month = f"{today:%Y-%m}"
    end = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=UTC).timestamp()
    count = service.counters.increment(
        f"calls#{key.key_id}#{month}", expires_at=int(end) + DAY_SECONDS
    )
    if count > key.monthly_quota:
        wait = {"Retry-After": str(int(end - now) + 1)}
        raise TooManyRequests(
            f"This key's {key.monthly_quota} calls of {month} are spent: wait for the next month.",
            code="quota_exceeded",
            headers=wait,
        )


def cors_headers(origins: Sequence[str], request: ApiRequest) -> Mapping[str, str]:
    """What a browser on another site needs; nothing unless its origin was set."""
    origin = request.headers.get("origin")
    if origin is None or not {origin, "*"} & set(origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "ETag, RateLimit, RateLimit-Policy, Retry-After",
        "Vary": "Origin",
    }


def preflight_response(origins: Sequence[str], request: ApiRequest) -> dict[str, Any] | None:
    """The answer to a browser that asks before it calls; None if this is no such question."""
    allowed = cors_headers(origins, request)
    if request.method != "OPTIONS" or not allowed or not request.path.startswith("/v1/"):
        return None
    return {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": "Authorization, X-API-Key, Content-Type, "
            "Idempotency-Key, If-Match",
            "Access-Control-Max-Age": "600",
        },
        "body": "",
    }
