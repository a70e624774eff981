"""Limits the CPU time that slow images of one host, and of one address, take together."""

from collections.abc import Callable
from urllib.parse import urlsplit

from postcard.runtime.lru_cache import SizedLruCache

MAX_SLOW_SECONDS = 4.0  # of each host and each address; refilled by a second each second
MAX_SOURCES = 2_000  # hosts and addresses that are remembered


class SlowImageBudget:
    """A budget of CPU seconds for each source. `clock` is in seconds.

    A source is a URL or another name: a URL shares the budget of its host, and has one of its own.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent: SizedLruCache[str, tuple[float, float]] = SizedLruCache(MAX_SOURCES)

    def seconds_left(self, source: str) -> float:
        """The CPU seconds that an image of this source may take."""
        return MAX_SLOW_SECONDS - max(self._spent_seconds(key) for key in _keys(source))

    def charge(self, source: str, seconds: float) -> None:
        """Take CPU seconds from the budgets of a source."""
        for key in _keys(source):
            self._spent.put(key, (self._spent_seconds(key) + seconds, self._clock()))

    def _spent_seconds(self, key: str) -> float:
        seconds, at = self._spent.get(key) or (0.0, 0.0)
        return max(0.0, seconds - (self._clock() - at))


def _keys(source: str) -> tuple[str, ...]:
    try:
        host = urlsplit(source).hostname
    except ValueError:
        host = None
    return (source, f"//{host}") if host else (source,)
