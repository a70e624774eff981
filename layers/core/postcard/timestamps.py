"""RFC 3339 timestamps (UTC, whole seconds) and days (UTC) as the API writes and reads them."""

import re
from datetime import UTC, date, datetime

from postcard.runtime.lazy_regex import lazy_regex

DAY_SECONDS = 86_400
_RFC3339 = lazy_regex(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def format_rfc3339(seconds: float) -> str:
    """Format a Unix time.

    >>> format_rfc3339(1_795_341_600)
    '2026-11-22T10:00:00Z'
    """
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_optional_rfc3339(seconds: float | None) -> str | None:
    """Format a Unix time; None stays None."""
    return None if seconds is None else format_rfc3339(seconds)


def utc_day(seconds: float) -> date:
    """The day of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC).date()


def format_day(seconds: float) -> str:
    """The day of a Unix time as text.

    >>> format_day(1_795_341_600)
    '2026-11-22'
    """
    return utc_day(seconds).isoformat()


def start_of_day(day: str) -> int:
    """The Unix time at which a day begins.

    >>> start_of_day("2026-11-22")
    1795305600
    """
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def parse_rfc3339(text: str) -> int:
    """The Unix time of a timestamp with a UTC offset; ValueError says what to write.

    >>> parse_rfc3339("2026-11-22T11:00:00.5+01:00")
    1795341600
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError("Write a time such as 2026-11-22T10:00:00Z.")
    normalized = re.sub(r"\.\d+", "", text.upper()).replace("Z", "+00:00")
    try:
        return int(datetime.fromisoformat(normalized).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("There is no such date or time.") from None
