"""How long a presigned upload is good, and how its end is told."""

from datetime import UTC, datetime

UPLOAD_SECONDS = 900


def rfc3339(seconds: float) -> str:
    """A Unix time as the API writes times.

    >>> rfc3339(1_795_341_600)
    '2026-11-22T10:00:00Z'
    """
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
