"""Dates and times as command line options."""

from datetime import UTC, datetime

import click

DATE_TIME = click.DateTime(
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]
)
DATE_TIME_METAVAR = "YYYY-MM-DD[THH:MM:SS[Z|+HH:MM]]"


def unix_seconds(moment: datetime | None) -> int | None:
    """Unix time in seconds; a time without an offset is in UTC.

    >>> unix_seconds(datetime(2026, 11, 22, 10))
    1795341600
    """
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
