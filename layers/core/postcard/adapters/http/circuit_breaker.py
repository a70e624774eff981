"""Gives a host that fails a rest, so that pictures do not wait for it one after the other.

What failed is not asked for again for some seconds; a host that failed to answer several times
running is left alone, then tried by one request before the others go there again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from postcard.ports import FetchedImage, Fetcher, FetchError, HostUnavailable
from postcard.runtime.lazy_dataclass import dataclass

FAILED_URL_SECONDS = 5.0  # an address that failed is not asked again
OPEN_SECONDS = 30.0
FAILURE_THRESHOLD = 3  # running, then the host rests
MAX_ENTRIES = 1_000  # addresses and hosts


@dataclass(slots=True)
class _HostState:
    failures: int = 0
    open_until: float = 0.0


class CircuitBreaker:
    """A fetcher round another one. `clock` is `time.monotonic`."""

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._failed_urls: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._hosts: OrderedDict[str, _HostState] = OrderedDict()

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        """As the fetcher inside does it; at once if that is known to fail."""
        host = _host_name(url)
        with self._lock:
            self._raise_if_open(url, host)
        try:
            found = self._fetcher.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)
        except FetchError as error:
            with self._lock:
                self._record_failure(url, host, error)
            raise
        with self._lock:
            self._hosts.pop(host, None)
        return found

    def _raise_if_open(self, url: str, host: str) -> None:
        now = self._clock()
        until, told = self._failed_urls.get(url, (0.0, ""))
        if now < until:
            raise FetchError(told)
        state = self._hosts.get(host)
        if state is None or state.failures < FAILURE_THRESHOLD:
            return
        if now < state.open_until:
            raise FetchError(f"{host} has not answered of late: it is left alone for a while.")
        state.open_until = now + OPEN_SECONDS  # this one tries; the others wait for it

    def _record_failure(self, url: str, host: str, error: FetchError) -> None:
        now = self._clock()
        self._failed_urls[url] = (now + FAILED_URL_SECONDS, str(error))
        if isinstance(error, HostUnavailable):
            state = self._hosts.setdefault(host, _HostState())
            state.failures += 1
            state.open_until = now + OPEN_SECONDS
        for kept in (self._failed_urls, self._hosts):
            while len(kept) > MAX_ENTRIES:
                kept.popitem(last=False)


def _host_name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
