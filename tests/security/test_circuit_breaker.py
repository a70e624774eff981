"""A host that fails is left alone for a while; nobody waits for it twice."""

from collections.abc import Sequence
from typing import Any

import pytest

from postcard.adapters.http.circuit_breaker import MOST_KEPT, Breaker
from postcard.ports import Fetched, FetchError, HostDown
from tests.security.loopback_internet import PUBLIC_ADDRESS, SILENT_ADDRESS, LoopbackInternet


class Host:
    """One fetcher's answers by address; what it is not told of is not there."""

    def __init__(self) -> None:
        self.answers: dict[str, Exception | bytes] = {}
        self.asked: list[str] = []
        self.now = 0.0

    def fetch(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> Fetched:
        self.asked.append(url)
        answer = self.answers.get(url, FetchError("answered 404."))
        if isinstance(answer, Exception):
            raise answer
        return Fetched(answer, url)


@pytest.fixture
def host() -> Host:
    return Host()


def attempt(breaker: Breaker, url: str) -> bytes | str:
    try:
        return breaker.fetch(url, allowed_hosts=None, deadline=10.0).body
    except FetchError as error:
        return str(error)


def down(host: Host, name: str, times: int, breaker: Breaker) -> None:
    for number in range(times):
        url = f"https://{name}/{number}.png"
        host.answers[url] = HostDown("took too long.")
        assert attempt(breaker, url) == "took too long."


def test_what_failed_is_not_asked_again_for_five_seconds(host: Host) -> None:
    breaker = Breaker(host, clock=lambda: host.now)
    for now, asked in ((0.0, 1), (4.9, 1), (5.1, 2)):
        host.now = now
        assert attempt(breaker, "https://a.example/x.png") == "answered 404."
        assert len(host.asked) == asked


def test_a_picture_that_is_missing_says_nothing_about_its_host(host: Host) -> None:
    breaker = Breaker(host, clock=lambda: host.now)
    for number in range(20):
        attempt(breaker, f"https://a.example/{number}.png")
    assert len(host.asked) == 20


def test_a_host_that_does_not_answer_rests_and_is_then_tried_by_one(host: Host) -> None:
    breaker = Breaker(host, clock=lambda: host.now)
    down(host, "a.example", 3, breaker)
    assert "left alone" in str(attempt(breaker, "https://A.example/new.png"))
    assert attempt(breaker, "https://b.example/new.png") == "answered 404."
    assert len(host.asked) == 4
    host.now = 31.0
    host.answers["https://a.example/up.png"] = HostDown("took too long.")
    assert attempt(breaker, "https://a.example/up.png") == "took too long."
    assert "left alone" in str(attempt(breaker, "https://a.example/other.png"))
    host.now = 62.0
    host.answers["https://a.example/up.png"] = b"picture"
    assert attempt(breaker, "https://a.example/up.png") == b"picture"
    host.answers["https://a.example/other.png"] = b"another"
    assert attempt(breaker, "https://a.example/other.png") == b"another"


def test_while_one_tries_a_resting_host_the_others_do_not(host: Host) -> None:
    breaker = Breaker(host, clock=lambda: host.now)
    down(host, "a.example", 3, breaker)
    host.now = 31.0
    seen: list[Any] = []

    def ask_meanwhile(url: str, **rest: Any) -> Fetched:
        seen.append(attempt(breaker, "https://a.example/meanwhile.png"))
        return Fetched(b"picture", url)

    host.fetch = ask_meanwhile  # type: ignore[method-assign]
    assert attempt(breaker, "https://a.example/first.png") == b"picture"
    assert seen == ["a.example has not answered of late: it is left alone for a while."]


def test_what_is_kept_is_bounded(host: Host) -> None:
    breaker = Breaker(host, clock=lambda: host.now)
    for number in range(MOST_KEPT + 50):
        host.answers[f"https://h{number}.example/"] = HostDown("took too long.")
        attempt(breaker, f"https://h{number}.example/")
    assert len(breaker._failed) == len(breaker._hosts) == MOST_KEPT


def test_a_silent_host_is_waited_for_three_times_at_most(
    make_fetcher: Any, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [SILENT_ADDRESS], "other.example.test": [PUBLIC_ADDRESS]}
    breaker = Breaker(make_fetcher(seconds=0.2))
    for number in range(10):
        with pytest.raises(FetchError):
            breaker.fetch(f"https://public.test/{number}", allowed_hosts=None, deadline=1e9)
    assert len(internet.connections) == 3
    assert breaker.fetch("https://other.example.test/x.png", allowed_hosts=None, deadline=1e9).body
