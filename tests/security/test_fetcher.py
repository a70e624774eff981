"""Which image URLs are fetched, and which are refused before a connection."""

import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.adapters.http.fetcher import MAX_IMAGE_BYTES, HttpFetcher, RemoteUrl
from postcard.adapters.http.public_addresses import is_public, normalize_host
from postcard.ports import FetchError, HostUnavailable
from tests.clocks import PATIENCE_SECONDS
from tests.security.loopback_internet import (
    PNG,
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
)

Make = Callable[..., HttpFetcher]


def fetch(fetcher: HttpFetcher, url: str, allowed: Sequence[str] | None = None) -> bytes:
    return fetcher.fetch(
        url, allowed_hosts=allowed, deadline=time.monotonic() + PATIENCE_SECONDS
    ).body


def refused(fetcher: HttpFetcher, url: str, allowed: Sequence[str] | None = None) -> str:
    with pytest.raises(FetchError) as error:
        fetch(fetcher, url, allowed)
    return str(error.value)


def test_a_public_picture_is_fetched(fetcher: HttpFetcher) -> None:
    assert fetch(fetcher, "https://public.test/x.png") == PNG


def test_a_chunked_body_is_read_whole(fetcher: HttpFetcher) -> None:
    assert fetch(fetcher, "https://public.test/chunked") == b"abcde"


def test_a_request_has_only_the_headers_it_needs_and_uses_no_proxy(
    fetcher: HttpFetcher, internet: LoopbackInternet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetch(fetcher, "https://Public.test/a%20b/ü.png?x=1&y=%2F#fragment")
    (request,) = internet.servers[PUBLIC_ADDRESS].requests
    line, *headers = request.strip().split("\r\n")
    assert line == "GET /a%20b/%C3%BC.png?x=1&y=%2F HTTP/1.1"
    assert sorted(header.partition(":")[0] for header in headers) == [
        "Accept",
        "Accept-Encoding",
        "Connection",
        "Host",
        "User-Agent",
    ]
    assert "Host: public.test" in headers
    assert "Accept-Encoding: identity" in headers


def test_the_connection_goes_to_the_address_that_was_checked(
    make_fetcher: Make, internet: LoopbackInternet
) -> None:
    answers = iter([[PUBLIC_ADDRESS], ["127.0.0.1"]])
    internet.names = {"rebind.test": lambda: next(answers)}
    assert fetch(make_fetcher(), "https://rebind.test/x.png") == PNG
    assert (internet.resolved_hosts, internet.connections) == (
        ["rebind.test"],
        [f"{PUBLIC_ADDRESS}:443"],
    )


@pytest.mark.parametrize("private", ["10.0.0.1", "::1", "169.254.169.254", "fd00::1", "nonsense"])
def test_one_private_address_among_public_ones_refuses_the_host(
    fetcher: HttpFetcher, internet: LoopbackInternet, private: str
) -> None:
    internet.names = {"public.test": [PUBLIC_ADDRESS, private]}
    assert "public internet" in refused(fetcher, "https://public.test/x.png")
    assert internet.connections == []


def test_the_next_address_of_a_name_is_tried_when_the_first_refuses_the_connection(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": ["93.184.216.99", PUBLIC_ADDRESS]}
    assert fetch(fetcher, "https://public.test/x.png") == PNG


def test_at_most_two_addresses_of_a_name_are_tried(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [f"93.184.216.{n}" for n in range(90, 99)]}
    refused(fetcher, "https://public.test/x.png")
    assert len(internet.connections) == 2


def test_a_resolver_that_hangs_is_not_waited_for(
    make_fetcher: Make, internet: LoopbackInternet
) -> None:
    refusal = threading.Event()

    def hang() -> Sequence[str]:
        refusal.wait(PATIENCE_SECONDS)
        return [PUBLIC_ADDRESS]

    internet.names = {"public.test": hang}
    assert "no address" in refused(make_fetcher(seconds=0.2), "https://public.test/x.png")
    refusal.set()


def test_http_is_refused_unless_it_is_allowed(
    make_fetcher: Make, internet: LoopbackInternet
) -> None:
    refused(make_fetcher(), "http://public.test/x.png")
    assert internet.resolved_hosts == []
    refused(make_fetcher(allow_http=True), "http://public.test/x.png")
    assert internet.connections == [f"{PUBLIC_ADDRESS}:80"]


def test_a_relative_redirect_is_followed(fetcher: HttpFetcher, internet: LoopbackInternet) -> None:
    fetched = fetcher.fetch(
        "https://public.test/a/redirect-relative?to=../b/x.png%3Fy=1",
        allowed_hosts=None,
        deadline=time.monotonic() + 9,
    )
    assert (fetched.url, fetched.body) == ("https://public.test/b/x.png?y=1", PNG)


@pytest.mark.parametrize(("redirects", "followed"), [(3, True), (4, False)])
def test_three_redirects_are_followed_and_no_more(
    fetcher: HttpFetcher, internet: LoopbackInternet, redirects: int, followed: bool
) -> None:
    url = f"https://public.test/redirect-chain?n={redirects + 1}"
    if followed:
        assert fetch(fetcher, url) == PNG
    else:
        assert "more than three" in refused(fetcher, url)
    assert len(internet.connections) == 4


def test_a_redirect_must_stay_among_the_allowed_hosts(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    url = "https://images.example.test/redirect?to=https://public.test/x.png"
    assert "allowed hosts" in refused(fetcher, url, ["*.example.test"])
    assert len(internet.connections) == 1
    inside = "https://images.example.test/redirect?to=https://other.example.test/x.png"
    assert fetch(fetcher, inside, ["*.example.test"]) == PNG


def test_cookies_are_not_sent_to_redirects(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    assert fetch(fetcher, "https://public.test/setcookie") == PNG
    assert all(
        "\r\ncookie:" not in request.lower()
        for request in internet.servers[PUBLIC_ADDRESS].requests
    )


def test_a_self_signed_certificate_is_refused(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [SELF_SIGNED_ADDRESS]}
    assert "certificate" in refused(fetcher, "https://public.test/x.png")
    assert internet.servers[SELF_SIGNED_ADDRESS].requests == []


def test_a_certificate_for_another_name_is_refused(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    internet.names = {"elsewhere.test": [PUBLIC_ADDRESS]}
    assert "certificate" in refused(fetcher, "https://elsewhere.test/x.png")


def test_a_tls_handshake_that_hangs_ends_at_the_deadline(
    make_fetcher: Make, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [SILENT_ADDRESS]}
    with pytest.raises(HostUnavailable):
        fetch(make_fetcher(seconds=0.3), "https://public.test/x.png")


@pytest.mark.parametrize("path", ["drip", "drip-headers", "hang-before-headers"])
def test_a_slow_response_ends_at_the_deadline(make_fetcher: Make, path: str) -> None:
    with pytest.raises(HostUnavailable):
        fetch(make_fetcher(seconds=0.4), f"https://public.test/{path}")


def test_the_deadline_of_the_caller_applies_if_it_is_sooner(make_fetcher: Make) -> None:
    fetcher = make_fetcher(seconds=PATIENCE_SECONDS)
    with pytest.raises(HostUnavailable):
        fetcher.fetch(
            "https://public.test/drip", allowed_hosts=None, deadline=time.monotonic() + 0.3
        )


def test_after_the_deadline_no_connection_is_opened(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    with pytest.raises(FetchError):
        fetcher.fetch("https://public.test/x.png", allowed_hosts=None, deadline=0)
    assert internet.connections == []


@pytest.mark.parametrize("path", ["no-content-length-endless", "content-length-huge"])
def test_more_than_ten_megabytes_are_refused(make_fetcher: Make, path: str) -> None:
    assert "10 MB" in refused(make_fetcher(seconds=PATIENCE_SECONDS), f"https://public.test/{path}")
    assert MAX_IMAGE_BYTES == 10_000_000


@pytest.mark.parametrize(
    "path", ["chunked-cut", "content-length-lies-long", "http09", "headers-for-ever", "100-flood"]
)
def test_a_malformed_response_is_an_error_that_names_the_host(
    fetcher: HttpFetcher, path: str
) -> None:
    assert "public.test" in refused(fetcher, f"https://public.test/{path}")


@pytest.mark.parametrize(
    "url",
    [
        "https://user@public.test/x.png",
        "https://user:word@public.test/x.png",
        "https://public.test:8443/x.png",
        "https://public.test:/x.png",
        "https://public.test:99999/x.png",
        "https://public.test\\@10.0.0.1/x.png",
        "https://public.test/a b.png",
        "https://public.test/x.png\r\nX: y",
        "https:///x.png",
        "https:x.png",
        "https://single/x.png",
        "https://2130706433/x.png",
        "https://0x7f.1/x.png",
        "https://127.1/x.png",
        "https://[::1%25lo]/x.png",
        "https://[::1/x.png",
        "https://a..test/x.png",
        f"https://{'a' * 64}.test/x.png",
        f"https://public.test/{'x' * 2048}",
        "data:image/png;base64,AAAA",
        "",
    ],
)
def test_an_ambiguous_or_forbidden_url_is_not_resolved(
    fetcher: HttpFetcher, internet: LoopbackInternet, url: str
) -> None:
    refused(fetcher, url)
    assert internet.resolved_hosts == []


@given(st.text(max_size=80), st.sampled_from(["https://", "https://public.test", ""]))
def test_any_text_parses_to_a_canonical_url_or_a_fetch_error(text: str, prefix: str) -> None:
    try:
        target = RemoteUrl.parse(prefix + text)
    except FetchError:
        return
    assert RemoteUrl.parse(target.url) == target
    assert target.url.isascii()
    assert not set(target.path) & set(' \r\n\t#"<>\\')


def test_addresses_next_to_special_ranges_are_public() -> None:
    for address in ("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "2606:4700::1"):
        assert is_public(address)
    for address in ("168.63.129.16", "64:ff9b::808:808", "2002:808:808::", "::ffff:8.8.8.8"):
        assert not is_public(address)
    assert normalize_host("Example.TEST.") == "example.test"


# The IANA special-purpose address registries, RFC 6890 and later.
REGISTERED_IPV4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/31 192.0.2.0/24 192.31.196.0/24
192.52.193.0/24 192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
224.0.0.0/4
"""
REGISTERED_IPV6 = """
::1/128 ::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23
2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48
2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
5f00::/16 fc00::/7 fe80::/10
::/96 ::ffff:0:0:0/96 fec0::/10 ff00::/8
"""


@pytest.mark.parametrize("block", [*REGISTERED_IPV4.split(), *REGISTERED_IPV6.split()])
def test_no_address_of_a_special_purpose_block_is_public(block: str) -> None:
    network = ip_network(block)
    for offset in {0, network.num_addresses // 2, network.num_addresses - 1}:
        assert not is_public(str(network[offset]))


@pytest.mark.parametrize("prefix", ["2606:4700::", "2001:4860:0:1::", "2a00:1450::"])
@pytest.mark.parametrize("interface", [0x0000, 0x0100, 0x0200, 0x0300])
@pytest.mark.parametrize("embedded", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "8.8.8.8"])
def test_an_isatap_address_is_not_public_under_any_prefix(
    prefix: str, interface: int, embedded: str
) -> None:
    low = interface << 48 | 0x5EFE << 32 | int(IPv4Address(embedded))
    assert not is_public(str(IPv6Address(int(IPv6Address(prefix)) | low)))


def test_an_address_that_only_resembles_isatap_is_public() -> None:
    for address in ("2606:4700::1:5efe:a00:1", "2606:4700::5efe:a00:1:1", "2606:4700::5eff:a00:1"):
        assert is_public(address)


def test_an_address_with_a_zone_is_not_public() -> None:
    assert is_public("2606:4700::1")
    assert not is_public("2606:4700::1%eth0")


def test_a_host_that_resolves_to_an_isatap_address_is_not_connected_to(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    internet.names = {"tunnel.test": ["2606:4700::5efe:10.0.0.1"]}
    for host in ("tunnel.test", "[2606:4700::200:5efe:a9fe:a9fe]"):
        assert "not on the public internet" in refused(fetcher, f"https://{host}/x.png")
    assert internet.connections == []


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_that_python_calls_private_is_never_public(address: Any) -> None:
    assert not (is_public(str(address)) and not address.is_global)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_that_python_calls_private_is_never_public(address: Any) -> None:
    assert not (is_public(str(address)) and not address.is_global)


def probe(fetcher: HttpFetcher, url: str) -> None:
    fetcher.probe(url, allowed_hosts=None, deadline=time.monotonic() + PATIENCE_SECONDS)


def test_a_probe_asks_for_the_head_alone_and_follows_redirects(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    probe(fetcher, "https://public.test/?to=/x.png")
    lines = [head.split(" HTTP")[0] for head in internet.servers[PUBLIC_ADDRESS].requests]
    assert lines == ["HEAD /?to=/x.png", "HEAD /x.png"]


def test_a_probe_asks_for_one_byte_where_the_head_is_refused(
    fetcher: HttpFetcher, internet: LoopbackInternet
) -> None:
    with pytest.raises(FetchError, match=r"public\.test answered 405"):
        probe(fetcher, "https://public.test/405")
    head, get = internet.servers[PUBLIC_ADDRESS].requests
    assert head.startswith("HEAD /405 ") and "Range" not in head
    assert get.startswith("GET /405 ") and "Range: bytes=0-0" in get


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/x.png", "https://public.test/?to=https://10.0.0.1/", "http://public.test/"],
)
def test_a_probe_goes_only_where_a_picture_may_be_fetched(
    fetcher: HttpFetcher, internet: LoopbackInternet, url: str
) -> None:
    with pytest.raises(FetchError):
        probe(fetcher, url)
    assert {address.partition(":")[0] for address in internet.connections} <= {PUBLIC_ADDRESS}
