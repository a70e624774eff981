"""A corpus of SSRF attacks, each with the expected result. Connections are recorded."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from postcard.adapters.http.fetcher import HttpFetcher
from postcard.adapters.http.public_addresses import is_public
from postcard.ports import FetchError
from tests.clocks import PATIENCE_SECONDS
from tests.corpus import files
from tests.security.loopback_internet import (
    PNG,
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
)

CASES = files.ssrf_cases()
SECONDS = 0.4
# The image format is checked by the decoder, so the fetcher returns these.
ACCEPTED_BY_FETCHER = ("/html-200", "/svg-as-png", "/png-as-text", "/setcookie")


def cases_of(cls: str, *others: str) -> pytest.MarkDecorator:
    cases = [case for case in CASES if case["cls"] in (cls, *others)]
    return pytest.mark.parametrize("case", cases, ids=[case["id"] for case in cases])


def dns_answers(dns: str) -> Sequence[str] | Callable[[], Sequence[str]]:
    """The addresses that the resolver gives for a case of the corpus."""
    if dns == "never answers":
        return _hang
    found = [word.strip(",") for word in dns.split() if word.count(".") == 3 or "::" in word]
    return found[:1]


def _hang() -> Sequence[str]:
    time.sleep(SECONDS * 2)
    return []


def attempt(fetcher: HttpFetcher, url: str) -> bytes | None:
    try:
        return fetcher.fetch(
            url, allowed_hosts=None, deadline=time.monotonic() + PATIENCE_SECONDS
        ).body
    except FetchError:
        return None


@cases_of("v4-literal", "v4-obfuscated", "v6-literal", "metadata", "name", "authority", "scheme")
@pytest.mark.parametrize("allow_http", [False, True])
def test_a_private_address_is_never_connected_to(
    make_fetcher: Any, internet: LoopbackInternet, case: dict[str, str], allow_http: bool
) -> None:
    host = case["url"].partition("://")[2].partition("/")[0]
    internet.names = {"example.test": [PUBLIC_ADDRESS]}
    if case["dns"]:
        internet.names = {host: dns_answers(case["dns"]), "localhost": ["127.0.0.1"]}
    if case["url"] == "http://rebind.test/x.png":
        internet.names = {host: ["127.0.0.1"]}  # as if the second DNS answer came first
    fetcher = make_fetcher(allow_http=allow_http, seconds=SECONDS)
    for url in (case["url"], case["url"].replace("http://", "https://", 1)):
        attempt(fetcher, url)
    addresses = {connected.rpartition(":")[0] for connected in internet.connections}
    assert all(is_public(address) for address in addresses)
    if case["expect"] == "block":
        assert not addresses


@cases_of("redirect")
def test_a_redirect_is_checked_like_the_first_url(
    make_fetcher: Any, internet: LoopbackInternet, case: dict[str, str]
) -> None:
    assert attempt(make_fetcher(seconds=PATIENCE_SECONDS), case["url"]) is None
    assert {connected.rpartition(":")[0] for connected in internet.connections} == {PUBLIC_ADDRESS}
    assert len(internet.connections) <= 4


@cases_of("hostile-host")
def test_a_hostile_host_is_refused_before_the_deadline(
    make_fetcher: Any, internet: LoopbackInternet, case: dict[str, str]
) -> None:
    path = case["url"].removeprefix("https://public.test")
    tls = {"/tls-self-signed": SELF_SIGNED_ADDRESS, "/tls-hang": SILENT_ADDRESS}
    internet.names = {"public.test": [tls.get(path, PUBLIC_ADDRESS)]}
    accepted = path in ACCEPTED_BY_FETCHER
    seconds = PATIENCE_SECONDS if accepted else SECONDS
    fetched = attempt(make_fetcher(seconds=seconds), case["url"])
    assert fetched == (PNG if accepted else None)
    assert len(internet.connections) <= 2


@cases_of("control")
def test_an_ordinary_url_is_fetched(
    make_fetcher: Any, internet: LoopbackInternet, case: dict[str, str]
) -> None:
    host = case["url"].partition("://")[2].partition("/")[0].lower()
    if host[0].isdigit():  # there is no certificate for a numeric host
        attempt(make_fetcher(seconds=PATIENCE_SECONDS), case["url"])
        assert internet.connections[0] == f"{host}:443"
    else:
        assert attempt(make_fetcher(seconds=PATIENCE_SECONDS), case["url"]) == PNG
