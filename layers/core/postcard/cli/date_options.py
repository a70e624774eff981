"""Dates and times as command line options."""

from datetime import UTC, datetime
from typing import Any

import click


class AsciiDateTime(click.DateTime):
    """`click.DateTime`, which alone also reads the digits of other scripts."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The time; a usage error for any other text."""
        try:
            if isinstance(value, str) and not value.isascii():
                raise click.BadParameter(value)
            return super().convert(value, param, ctx)
        except click.BadParameter:
            detail = "is not a time such as 2026-11-22T10:00:00Z, or 2026-11-22."
            self.fail(f"{str(value)[:40]!r} {detail}", param, ctx)


DATE_TIME = AsciiDateTime(
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
