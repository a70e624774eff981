"""Times as a command line writes them."""

from datetime import UTC, datetime

import click

DATE_TIME = click.DateTime(
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]
)


def unix_seconds(moment: datetime | None) -> int | None:
    """The Unix second; a time without an offset is in UTC.

    >>> unix(datetime(2026, 11, 22, 10))
    1795341600
    """
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
