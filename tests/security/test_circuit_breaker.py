"""A host that fails is left alone for a while; nobody waits for it twice."""

from collections.abc import Sequence
from typing import Any

import pytest

from postcard.adapters.http.circuit_breaker import MAX_ENTRIES, CircuitBreaker
from postcard.ports import FetchedImage, FetchError, HostUnavailable
from tests.security.loopback_internet import PUBLIC_ADDRESS, SILENT_ADDRESS, LoopbackInternet


class Host:
    """One fetcher's answers by address; what it is not told of is not there."""

    def __init__(self) -> None:
        self.answers: dict[str, Exception | bytes] = {}
        self.asked: list[str] = []
        self.now = 0.0

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        self.asked.append(url)
        answer = self.answers.get(url, FetchError("answered 404."))
        if isinstance(answer, Exception):
            raise answer
        return FetchedImage(answer, url)


@pytest.fixture
def host() -> Host:
    return Host()


def attempt(breaker: CircuitBreaker, url: str) -> bytes | str:
    try:
        return breaker.fetch(url, allowed_hosts=None, deadline=10.0).body
    except FetchError as error:
        return str(error)


def down(host: Host, name: str, times: int, breaker: CircuitBreaker) -> None:
    for number in range(times):
        url = f"https://{name}/{number}.png"
        host.answers[url] = HostUnavailable("took too long.")
        assert attempt(breaker, url) == "took too long."


def test_what_failed_is_not_asked_again_for_five_seconds(host: Host) -> None:
    breaker = CircuitBreaker(host, clock=lambda: host.now)
    for now, asked in ((0.0, 1), (4.9, 1), (5.1, 2)):
        host.now = now
        assert attempt(breaker, "https://a.example/x.png") == "answered 404."
        assert len(host.asked) == asked


def test_a_picture_that_is_missing_says_nothing_about_its_host(host: Host) -> None:
    breaker = CircuitBreaker(host, clock=lambda: host.now)
    for number in range(20):
        attempt(breaker, f"https://a.example/{number}.png")
    assert len(host.asked) == 20


def test_a_host_that_does_not_answer_rests_and_is_then_tried_by_one(host: Host) -> None:
    breaker = CircuitBreaker(host, clock=lambda: host.now)
    down(host, "a.example", 3, breaker)
    assert "left alone" in str(attempt(breaker, "https://A.example/new.png"))
    assert attempt(breaker, "https://b.example/new.png") == "answered 404."
    assert len(host.asked) == 4
    host.now = 31.0
    host.answers["https://a.example/up.png"] = HostUnavailable("took too long.")
    assert attempt(breaker, "https://a.example/up.png") == "took too long."
    assert "left alone" in str(attempt(breaker, "https://a.example/other.png"))
    host.now = 62.0
    host.answers["https://a.example/up.png"] = b"picture"
    assert attempt(breaker, "https://a.example/up.png") == b"picture"
    host.answers["https://a.example/other.png"] = b"another"
    assert attempt(breaker, "https://a.example/other.png") == b"another"


def test_while_one_tries_a_resting_host_the_others_do_not(host: Host) -> None:
    breaker = CircuitBreaker(host, clock=lambda: host.now)
    down(host, "a.example", 3, breaker)
    host.now = 31.0
    seen: list[Any] = []

    def ask_meanwhile(url: str, **rest: Any) -> FetchedImage:
        seen.append(attempt(breaker, "https://a.example/meanwhile.png"))
        return FetchedImage(b"picture", url)

    host.fetch = ask_meanwhile  # type: ignore[method-assign]
    assert attempt(breaker, "https://a.example/first.png") == b"picture"
    assert seen == ["a.example has not answered of late: it is left alone for a while."]


def test_what_is_kept_is_bounded(host: Host) -> None:
    breaker = CircuitBreaker(host, clock=lambda: host.now)
    for number in range(MAX_ENTRIES + 50):
        host.answers[f"https://h{number}.example/"] = HostUnavailable("took too long.")
        attempt(breaker, f"https://h{number}.example/")
    assert len(breaker._failed_urls) == len(breaker._hosts) == MAX_ENTRIES


def test_a_silent_host_is_waited_for_three_times_at_most(
    make_fetcher: Any, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [SILENT_ADDRESS], "other.example.test": [PUBLIC_ADDRESS]}
    breaker = CircuitBreaker(make_fetcher(seconds=0.2))
    for number in range(10):
        with pytest.raises(FetchError):
            breaker.fetch(f"https://public.test/{number}", allowed_hosts=None, deadline=1e9)
    assert len(internet.connections) == 3
    assert breaker.fetch("https://other.example.test/x.png", allowed_hosts=None, deadline=1e9).body
