"""A loopback internet for fetchers."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from postcard.adapters.http.fetcher import HttpFetcher
from tests.security.loopback_internet import (
    PNG,
    PUBLIC,
    SELF_SIGNED,
    SILENT,
    Internet,
    Send,
    Server,
    answer,
    certificate,
    drip,
    redirect,
)

NAMES = (
    "public.test",
    "example.test",
    "images.example.test",
    "other.example.test",
    "xn--bcher-kva.test",
    "rebind.test",
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "/content-length-lies-long": answer(b"0123456789", length=1_000_000),
    "/content-length-huge": answer(b"0123456789", length=1_000_000_000),
    "/gzip-bomb": answer(b"\x1f\x8b" + b"\0" * 99, headers=["Content-Encoding: gzip"]),
    "/gzip-bomb-nested": answer(b"\x1f\x8b\0\0", headers=["Content-Encoding: gzip, gzip"]),
    "/br-garbage": answer(b"garbage", headers=["Content-Encoding: br"]),
    "/http09": PNG,
    "/empty-200": answer(b""),
    "/206": answer(PNG, "206 Partial Content"),
    "/1xx-flood": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10_000 + answer(PNG),
    "/100-flood": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + b"HTTP/1.1 100 Continue\r\n",
    "/location-twice": answer(b"", "302 Found", ["Location: /x.png", "Location: /y.png"]),
    "/location-crlf": answer(b"", "302 Found", ["Location: /x.png%0d%0aX: y\r\n  folded"]),
    "/location-none": answer(b"", "302 Found"),
    "/downgrade-to-http": redirect("http://public.test/x.png"),
    "/redirect-relative": redirect("../b/x.png?y=1"),
    "/setcookie": answer(b"", "302 Found", ["Set-Cookie: a=b", "Location: /x.png"]),
    "/headers-for-ever": b"HTTP/1.1 200 OK\r\n" + b"X-Header: value\r\n" * 5000,
    "/line-for-ever": b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 200_000,
    "/chunked-cut": CHUNKED + b"ff\r\nabc",
    "/chunked": CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
}


class Behaviour:
    """What the public server does with each path."""

    server: Server

    def __call__(self, path: str, send: Send) -> None:
        parts = urlsplit(path)
        asked = {name: unquote(found[0]) for name, found in parse_qs(parts.query).items()}
        if "to" in asked:
            send(redirect(asked["to"], int(asked.get("status", "302"))))
        elif parts.path == "/redirect-chain":
            left = int(asked["n"]) - 1
            send(redirect(f"/redirect-chain?n={left}") if left else answer(PNG))
        elif parts.path in ANSWERS:
            send(ANSWERS[parts.path])
        elif parts.path.strip("/").isdigit():
            send(answer(b"no picture", f"{parts.path.strip('/')} Status"))
        else:
            self._slow(parts.path, send)

    def _slow(self, path: str, send: Send) -> None:
        head = b"HTTP/1.1 200 OK\r\n"
        if path == "/hang-before-headers":
            self.server.waits(20)
        elif path == "/drip":
            pieces = (head + b"Content-Length: 900\r\n\r\n", *repeat(b"x", 900))
            drip(send, pieces, 0.02, self.server.waits)
        elif path == "/rst-mid-body":
            send(head + b"Content-Length: 900\r\n\r\nx")
        elif path == "/drip-headers":
            drip(send, (head, *repeat(b"X", 900)), 0.02, self.server.waits)
        elif path == "/no-content-length-endless":
            chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            begin = head + b"Transfer-Encoding: chunked\r\n\r\n"
            drip(send, (begin, *repeat(chunk, 400)), 0, self.server.waits)
        else:
            send(answer(PNG))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one authority that the fetcher under test trusts."""
    return certificate(NAMES, tmp_path_factory.mktemp("tls"))


@pytest.fixture
def internet(certificates: Path, tmp_path: Path) -> Iterator[Internet]:
    """Servers at public addresses, and the names that lead there."""
    good, bad = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    good.load_cert_chain(certificates)
    bad.load_cert_chain(certificate(["public.test"], tmp_path))
    behaviour = Behaviour()
    with ExitStack() as ends:
        public = ends.enter_context(closing(Server(behaviour, good)))
        behaviour.server = public
        servers = {
            PUBLIC: public,
            SELF_SIGNED: ends.enter_context(closing(Server(behaviour, bad))),
            SILENT: ends.enter_context(closing(Server(behaviour, None, silent=True))),
        }
        yield Internet(servers, {name: [PUBLIC] for name in NAMES})


@pytest.fixture
def make_fetcher(internet: Internet, certificates: Path) -> Any:
    """A fetcher on that internet; arguments are those of `HttpFetcher`."""
    trusted = ssl.create_default_context(cafile=str(certificates))

    def make(**given: Any) -> HttpFetcher:
        own = {"resolve": internet.resolve, "connect": internet.connect, "tls": lambda: trusted}
        return HttpFetcher(**(own | given))

    return make


@pytest.fixture
def fetcher(make_fetcher: Any) -> HttpFetcher:
    """With production's settings, but less patience."""
    made: HttpFetcher = make_fetcher(seconds=1.0)
    return made
