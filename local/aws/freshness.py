"""Computes how long a response may stay in the cache, from its headers and a cache policy."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from local.aws.distribution_config import CloudFrontCachePolicy

_MAX_AGE = re.compile(r"\s*(s-maxage|max-age)\s*=\s*\"?(\d{1,10})\"?\s*", re.IGNORECASE)
_UNCACHEABLE = {"no-store", "no-cache", "private"}


def freshness_lifetime(
    headers: Mapping[str, str], policy: CloudFrontCachePolicy, *, now: float
) -> float:
    """Seconds in the cache: the headers' lifetime or the policy's default, within its bounds."""
    explicit = explicit_lifetime(headers, now=now)
    lifetime = policy.default_ttl if explicit is None else explicit
    return max(policy.min_ttl, min(lifetime, policy.max_ttl))


def explicit_lifetime(headers: Mapping[str, str], *, now: float) -> float | None:
    """The headers' lifetime in seconds: `s-maxage`, else `max-age`, else `Expires`, else None."""
    directives = headers.get("cache-control", "").split(",")
    if _UNCACHEABLE & {directive.strip().lower() for directive in directives}:
        return 0
    lifetimes = {
        match[1].lower(): int(match[2]) for match in map(_MAX_AGE.fullmatch, directives) if match
    }
    for name in ("s-maxage", "max-age"):
        if name in lifetimes:
            return lifetimes[name]
    return _seconds_until(headers["expires"], now) if "expires" in headers else None


def _seconds_until(expires: str, now: float) -> float:
    try:
        return max(0.0, parsedate_to_datetime(expires).timestamp() - now)
    except ValueError:
        return 0  # RFC 9111, section 5.3: an invalid Expires is in the past


def http_date(instant: float) -> str:
    """Unix seconds in the format of HTTP headers."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(instant))
