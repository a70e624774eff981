"""Fetchers on a simulated internet."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from postcard.adapters.http.fetcher import HttpFetcher
from tests.clocks import PATIENCE_SECONDS
from tests.security.loopback_internet import (
    PNG,
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
    LoopbackServer,
    Send,
    http_response,
    redirect_response,
    self_signed_certificate,
    send_slowly,
)

HOST_NAMES = (
    "public.test",
    "example.test",
    "images.example.test",
    "other.example.test",
    "xn--bcher-kva.test",
    "rebind.test",
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RESPONSES = {
    "/content-length-lies-long": http_response(b"0123456789", length=1_000_000),
    "/content-length-huge": http_response(b"0123456789", length=1_000_000_000),
    "/gzip-bomb": http_response(b"\x1f\x8b" + b"\0" * 99, headers=["Content-Encoding: gzip"]),
    "/gzip-bomb-nested": http_response(b"\x1f\x8b\0\0", headers=["Content-Encoding: gzip, gzip"]),
    "/br-garbage": http_response(b"garbage", headers=["Content-Encoding: br"]),
    "/http09": PNG,
    "/empty-200": http_response(b""),
    "/206": http_response(PNG, "206 Partial Content"),
    "/1xx-flood": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10_000 + http_response(PNG),
    "/100-flood": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + b"HTTP/1.1 100 Continue\r\n",
    "/location-twice": http_response(b"", "302 Found", ["Location: /x.png", "Location: /y.png"]),
    "/location-crlf": http_response(b"", "302 Found", ["Location: /x.png%0d%0aX: y\r\n  folded"]),
    "/location-none": http_response(b"", "302 Found"),
    "/downgrade-to-http": redirect_response("http://public.test/x.png"),
    "/redirect-relative": redirect_response("../b/x.png?y=1"),
    "/setcookie": http_response(b"", "302 Found", ["Set-Cookie: a=b", "Location: /x.png"]),
    "/headers-for-ever": b"HTTP/1.1 200 OK\r\n" + b"X-Header: value\r\n" * 5000,
    "/line-for-ever": b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 200_000,
    "/chunked-cut": CHUNKED + b"ff\r\nabc",
    "/chunked": CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
}


class PublicServerHandler:
    """The responses of the public server, by path."""

    server: LoopbackServer

    def __call__(self, path: str, send: Send) -> None:
        parts = urlsplit(path)
        query = {name: unquote(values[0]) for name, values in parse_qs(parts.query).items()}
        if "to" in query:
            send(redirect_response(query["to"], int(query.get("status", "302"))))
        elif parts.path == "/redirect-chain":
            remaining = int(query["n"]) - 1
            url = f"/redirect-chain?n={remaining}"
            send(redirect_response(url) if remaining else http_response(PNG))
        elif parts.path in RESPONSES:
            send(RESPONSES[parts.path])
        elif parts.path.strip("/").isdigit():
            send(http_response(b"no picture", f"{parts.path.strip('/')} Status"))
        else:
            self._respond_slowly(parts.path, send)

    def _respond_slowly(self, path: str, send: Send) -> None:
        head = b"HTTP/1.1 200 OK\r\n"
        if path == "/hang-before-headers":
            self.server.wait(PATIENCE_SECONDS)
        elif path == "/drip":
            pieces = (head + b"Content-Length: 900\r\n\r\n", *repeat(b"x", 900))
            send_slowly(send, pieces, 0.02, self.server.wait)
        elif path == "/rst-mid-body":
            send(head + b"Content-Length: 900\r\n\r\nx")
        elif path == "/drip-headers":
            send_slowly(send, (head, *repeat(b"X", 900)), 0.02, self.server.wait)
        elif path == "/no-content-length-endless":
            chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            begin = head + b"Transfer-Encoding: chunked\r\n\r\n"
            send_slowly(send, (begin, *repeat(chunk, 400)), 0, self.server.wait)
        else:
            send(http_response(PNG))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate that the fetcher under test trusts."""
    return self_signed_certificate(HOST_NAMES, tmp_path_factory.mktemp("tls"))


@pytest.fixture
def internet(certificates: Path, tmp_path: Path) -> Iterator[LoopbackInternet]:
    """Servers at public addresses, and the host names that resolve to them."""
    good, bad = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    good.load_cert_chain(certificates)
    bad.load_cert_chain(self_signed_certificate(["public.test"], tmp_path))
    handler = PublicServerHandler()
    with ExitStack() as stack:
        public = stack.enter_context(closing(LoopbackServer(handler, good)))
        handler.server = public
        servers = {
            PUBLIC_ADDRESS: public,
            SELF_SIGNED_ADDRESS: stack.enter_context(closing(LoopbackServer(handler, bad))),
            SILENT_ADDRESS: stack.enter_context(
                closing(LoopbackServer(handler, None, silent=True))
            ),
        }
        yield LoopbackInternet(servers, {name: [PUBLIC_ADDRESS] for name in HOST_NAMES})


@pytest.fixture
def make_fetcher(internet: LoopbackInternet, certificates: Path) -> Any:
    """Makes a fetcher on that internet with the arguments of `HttpFetcher`."""
    trusted = ssl.create_default_context(cafile=str(certificates))

    def make(**options: Any) -> HttpFetcher:
        defaults = {
            "resolve": internet.resolve,
            "connect": internet.connect,
            "tls": lambda: trusted,
        }
        return HttpFetcher(**(defaults | options))

    return make


@pytest.fixture
def fetcher(make_fetcher: Any) -> HttpFetcher:
    """A fetcher with the settings of production, but a time limit that no machine exceeds."""
    fetcher: HttpFetcher = make_fetcher(seconds=PATIENCE_SECONDS)
    return fetcher
