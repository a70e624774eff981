"""Times as the API writes and reads them: RFC 3339, in UTC, whole seconds."""

import re
from datetime import UTC, datetime

from postcard.runtime.lazy_regex import lazy_regex

_RFC3339 = lazy_regex(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def format_rfc3339(seconds: float) -> str:
    """A Unix time.

    >>> format_rfc3339(1_795_341_600)
    '2026-11-22T10:00:00Z'
    """
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> int:
    """The Unix second of a time with its offset; ValueError with a sentence.

    >>> parse_rfc3339("2026-11-22T11:00:00.5+01:00")
    1795341600
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError("Write a time such as 2026-11-22T10:00:00Z.")
    moment = re.sub(r"\.\d+", "", text.upper()).replace("Z", "+00:00")
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("This is no time of the calendar.") from None
