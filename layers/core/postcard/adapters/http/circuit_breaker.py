"""Gives a host that fails a rest, so that pictures do not wait for it one after the other.

What failed is not asked for again for some seconds; a host that failed to answer several times
running is left alone, then tried by one request before the others go there again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from postcard.ports import Fetched, Fetcher, FetchError, HostDown
from postcard.runtime.lazy_dataclass import dataclass

FAILED_SECONDS = 5.0  # an address that failed is not asked again
RESTING_SECONDS = 30.0
MOST_FAILURES = 3  # running, then the host rests
MOST_KEPT = 1_000  # addresses and hosts


@dataclass(slots=True)
class _Host:
    failures: int = 0
    rests_until: float = 0.0


class Breaker:
    """A fetcher round another one. `clock` is `time.monotonic`."""

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def fetch(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> Fetched:
        """As the fetcher inside does it; at once if that is known to fail."""
        host = _host_of(url)
        with self._lock:
            self._refuse(url, host)
        try:
            found = self._fetcher.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)
        except FetchError as error:
            with self._lock:
                self._failed_now(url, host, error)
            raise
        with self._lock:
            self._hosts.pop(host, None)
        return found

    def _refuse(self, url: str, host: str) -> None:
        now = self._clock()
        until, told = self._failed.get(url, (0.0, ""))
        if now < until:
            raise FetchError(told)
        state = self._hosts.get(host)
        if state is None or state.failures < MOST_FAILURES:
            return
        if now < state.rests_until:
            raise FetchError(f"{host} has not answered of late: it is left alone for a while.")
        state.rests_until = now + RESTING_SECONDS  # this one tries; the others wait for it

    def _failed_now(self, url: str, host: str, error: FetchError) -> None:
        now = self._clock()
        self._failed[url] = (now + FAILED_SECONDS, str(error))
        if isinstance(error, HostDown):
            state = self._hosts.setdefault(host, _Host())
            state.failures += 1
            state.rests_until = now + RESTING_SECONDS
        for kept in (self._failed, self._hosts):
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
