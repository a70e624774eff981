"""For how long a response may be kept, from its own headers and a cache policy."""

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
    """Seconds, between the policy's minimum and maximum."""
    said = explicit_lifetime(headers, now=now)
    wanted = policy.default_ttl if said is None else said
    return max(policy.min_ttl, min(wanted, policy.max_ttl))


def explicit_lifetime(headers: Mapping[str, str], *, now: float) -> float | None:
    """What the headers say, in seconds: `s-maxage` before `max-age` before `Expires`."""
    directives = headers.get("cache-control", "").split(",")
    if _UNCACHEABLE & {directive.strip().lower() for directive in directives}:
        return 0
    found = {
        match[1].lower(): int(match[2]) for match in map(_MAX_AGE.fullmatch, directives) if match
    }
    for name in ("s-maxage", "max-age"):
        if name in found:
            return found[name]
    return _seconds_until(headers["expires"], now) if "expires" in headers else None


def _seconds_until(expires: str, now: float) -> float:
    try:
        return max(0.0, parsedate_to_datetime(expires).timestamp() - now)
    except ValueError:
        return 0  # RFC 9111: an Expires that cannot be read is in the past


def http_date(instant: float) -> str:
    """An instant as HTTP writes it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(instant))
