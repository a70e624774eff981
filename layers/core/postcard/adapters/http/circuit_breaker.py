"""Stops fetching from hosts that fail, so that pictures do not wait for them again and again.

A URL that failed is not fetched again for some seconds. A host that failed to respond several
times in a row is not contacted for a while; then one request tries it before the others do. A host
whose pictures together take long has a budget of time, so that it does not keep the threads that
fetch the pictures of other hosts.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from postcard.host_patterns import host_of
from postcard.ports import FetchedImage, Fetcher, FetchError, HostUnavailable
from postcard.runtime.cooldown import Cooldown
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.time_budgets import TimeBudgets

FAILED_URL_SECONDS = 5.0
OPEN_SECONDS = 30.0
FAILURE_THRESHOLD = 3  # failures in a row that open a host's circuit
MAX_SLOW_SECONDS = 12.0  # budget of a host's slow images; refilled by a second each second
FREE_SECONDS = 1.0  # of each image, not charged to the budget
MAX_ENTRIES = 1_000  # of URLs, and of hosts


@dataclass(slots=True)
class _HostState:
    cooldown: Cooldown
    failures: int = 0


class CircuitBreaker:
    """Wraps a fetcher. `clock` is `time.monotonic`."""

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._failed_urls: OrderedDict[str, tuple[Cooldown, str]] = OrderedDict()
        self._hosts: OrderedDict[str, _HostState] = OrderedDict()
        self._time_budgets = TimeBudgets(MAX_SLOW_SECONDS, clock)

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        """The wrapped fetcher's image; `FetchError` at once for a URL or host in its cooldown
        and for a host whose time is spent.
        """
        host = host_of(url)
        with self._lock:
            self._raise_if_open(url, host)
        started_at = self._clock()
        try:
            image = self._fetcher.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)
        except FetchError as error:
            with self._lock:
                self._record_failure(url, host, error)
            raise
        finally:
            self._time_budgets.charge(host, self._clock() - started_at - FREE_SECONDS)
        with self._lock:
            self._hosts.pop(host, None)
        return image

    def _raise_if_open(self, url: str, host: str) -> None:
        if (failed := self._failed_urls.get(url)) is not None:
            cooldown, detail = failed
            if cooldown.is_active():
                raise FetchError(detail)
        if self._time_budgets.left(host) <= 0:
            raise FetchError(f"{host} is too slow: it is not contacted for some seconds.")
        state = self._hosts.get(host)
        if state is None or state.failures < FAILURE_THRESHOLD:
            return
        if state.cooldown.is_active():
            raise FetchError(f"{host} failed several times in a row: it is not contacted now.")
        state.cooldown.start()  # this request tries the host; the others wait for its result

    def _record_failure(self, url: str, host: str, error: FetchError) -> None:
        cooldown = Cooldown(FAILED_URL_SECONDS, self._clock)
        cooldown.start()
        self._failed_urls[url] = (cooldown, str(error))
        if isinstance(error, HostUnavailable):
            state = self._hosts.get(host)
            if state is None:
                state = _HostState(Cooldown(OPEN_SECONDS, self._clock))
                self._hosts[host] = state
            state.failures += 1
            state.cooldown.start()
        for entries in (self._failed_urls, self._hosts):
            while len(entries) > MAX_ENTRIES:
                entries.popitem(last=False)
