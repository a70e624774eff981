"""A host that fails is not contacted for a while."""

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from postcard.adapters.http.circuit_breaker import MAX_ENTRIES, CircuitBreaker
from postcard.ports import FetchedImage, FetchError, HostUnavailable
from tests.clocks import PATIENCE_SECONDS
from tests.security.loopback_internet import PUBLIC_ADDRESS, SILENT_ADDRESS, LoopbackInternet


class FakeFetcher:
    """Results by URL; other URLs are a 404."""

    def __init__(self) -> None:
        self.results: dict[str, Exception | bytes] = {}
        self.requests: list[str] = []
        self.now = 0.0

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        self.requests.append(url)
        result = self.results.get(url, FetchError("answered 404."))
        if isinstance(result, Exception):
            raise result
        return FetchedImage(result, url)


@pytest.fixture
def fetcher() -> FakeFetcher:
    return FakeFetcher()


def attempt(breaker: CircuitBreaker, url: str) -> bytes | str:
    try:
        return breaker.fetch(url, allowed_hosts=None, deadline=10.0).body
    except FetchError as error:
        return str(error)


def fail_times(count: int, host: str, fetcher: FakeFetcher, breaker: CircuitBreaker) -> None:
    for number in range(count):
        url = f"https://{host}/{number}.png"
        fetcher.results[url] = HostUnavailable("took too long.")
        assert attempt(breaker, url) == "took too long."


def test_a_url_that_failed_is_not_fetched_again_for_five_seconds(fetcher: FakeFetcher) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    for now, count in ((0.0, 1), (4.9, 1), (5.1, 2)):
        fetcher.now = now
        assert attempt(breaker, "https://a.example/x.png") == "answered 404."
        assert len(fetcher.requests) == count


def test_missing_images_do_not_open_the_circuit_of_their_host(fetcher: FakeFetcher) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    for number in range(20):
        attempt(breaker, f"https://a.example/{number}.png")
    assert len(fetcher.requests) == 20


def test_a_host_that_failed_three_times_is_tried_again_after_thirty_seconds(
    fetcher: FakeFetcher,
) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    fail_times(3, "a.example", fetcher, breaker)
    assert "not contacted" in str(attempt(breaker, "https://A.example/new.png"))
    assert attempt(breaker, "https://b.example/new.png") == "answered 404."
    assert len(fetcher.requests) == 4
    fetcher.now = 31.0
    fetcher.results["https://a.example/up.png"] = HostUnavailable("took too long.")
    assert attempt(breaker, "https://a.example/up.png") == "took too long."
    assert "not contacted" in str(attempt(breaker, "https://a.example/other.png"))
    fetcher.now = 62.0
    fetcher.results["https://a.example/up.png"] = b"picture"
    assert attempt(breaker, "https://a.example/up.png") == b"picture"
    fetcher.results["https://a.example/other.png"] = b"another"
    assert attempt(breaker, "https://a.example/other.png") == b"another"


def test_one_request_tries_an_open_host_while_the_others_fail_at_once(fetcher: FakeFetcher) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    fail_times(3, "a.example", fetcher, breaker)
    fetcher.now = 31.0
    results: list[Any] = []

    def fetch_meanwhile(url: str, **_: Any) -> FetchedImage:
        results.append(attempt(breaker, "https://a.example/meanwhile.png"))
        return FetchedImage(b"picture", url)

    fetcher.fetch = fetch_meanwhile  # type: ignore[method-assign]
    assert attempt(breaker, "https://a.example/first.png") == b"picture"
    assert results == ["a.example failed several times in a row: it is not contacted now."]


def test_the_number_of_urls_and_hosts_is_bounded(fetcher: FakeFetcher) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    for number in range(MAX_ENTRIES + 50):
        fetcher.results[f"https://h{number}.example/"] = HostUnavailable("took too long.")
        attempt(breaker, f"https://h{number}.example/")
    assert len(breaker._failed_urls) == len(breaker._hosts) == MAX_ENTRIES


def test_a_slow_host_is_not_contacted_once_its_time_is_spent(fetcher: FakeFetcher) -> None:
    breaker = CircuitBreaker(fetcher, clock=lambda: fetcher.now)
    slow_fetches: list[str] = []

    def fetch_slowly(url: str, **_: Any) -> FetchedImage:
        slow_fetches.append(url)
        if len(slow_fetches) < 20:  # all of these are under way at the same time
            attempt(breaker, f"https://slow.example/{len(slow_fetches)}.png")
        else:
            fetcher.now += 2.9
        return FetchedImage(b"picture", url)

    quick, fetcher.fetch = fetcher.fetch, fetch_slowly  # type: ignore[method-assign]
    assert attempt(breaker, "https://slow.example/0.png") == b"picture"
    assert len(slow_fetches) == 20
    fetcher.fetch = quick  # type: ignore[method-assign]
    assert "too slow" in str(attempt(breaker, "https://slow.example/more.png"))
    assert fetcher.requests == []
    fetcher.results["https://quick.example/a.png"] = b"quick"
    assert attempt(breaker, "https://quick.example/a.png") == b"quick"
    fetcher.now += 40
    fetcher.results["https://slow.example/more.png"] = b"again"
    assert attempt(breaker, "https://slow.example/more.png") == b"again"


def test_a_silent_host_is_contacted_three_times_at_most(
    make_fetcher: Any, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [SILENT_ADDRESS], "other.example.test": [PUBLIC_ADDRESS]}
    now = 0.0

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        nonlocal now
        if address == SILENT_ADDRESS:
            now += seconds - 0.1  # left of the time limit
        return internet.connect(address, port, seconds)

    fetcher = make_fetcher(seconds=PATIENCE_SECONDS, connect=connect, clock=lambda: now)
    breaker = CircuitBreaker(fetcher)
    for number in range(10):
        with pytest.raises(FetchError):
            breaker.fetch(f"https://public.test/{number}", allowed_hosts=None, deadline=1e9)
    assert len(internet.connections) == 3
    assert breaker.fetch("https://other.example.test/x.png", allowed_hosts=None, deadline=1e9).body
