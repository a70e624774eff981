"""Fetches strangers' pictures, from the open internet only, within bounds of time and size.

A name is resolved once, every answer must be public, and the connection goes to such an answer,
with the name only in TLS and in Host: what was checked is what is connected to. Every redirect
begins anew. Nothing is sent that says who asks for whom: no cookies, credentials, referrer, proxy.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse
from urllib.parse import quote, urljoin, urlsplit

from postcard.adapters.http.deadline_socket import (
    TooLong,
    Wire,
    exchange,
    read_body,
    secure,
    trusted,
)
from postcard.adapters.http.public_addresses import allows, host_of, is_public
from postcard.ports import Fetched, FetchError, HostDown
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import pattern

LONGEST_URL = 2048
MOST_BYTES = 10_000_000
MOST_REDIRECTS = 3
MOST_CONNECTS = 2  # of the addresses that a name has
SECONDS = 3.0
PORTS = {"https": 443, "http": 80}
REDIRECTS = (301, 302, 303, 307, 308)
UNREADABLE = pattern(r"[\x00-\x20\x7f\\]")
HEADERS = {
    "User-Agent": "Postcard",
    "Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, IPv4 first, since Lambda has no way out by IPv6."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found.sort(key=lambda answer: answer[0] != socket.AF_INET)
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connected socket; `address` is numeric, so nothing is resolved here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes. `path` is percent-encoded and holds the query."""

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The address again, in its one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """The host as URLs and Host spell it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @classmethod
    def parse(cls, url: str) -> "Target":
        """`FetchError` for whatever a browser and we might read differently."""
        if len(url) > LONGEST_URL or UNREADABLE.search(url):
            raise FetchError("The address of the picture is too long or holds odd characters.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise FetchError("The address of the picture cannot be read.") from None
        if parts.scheme not in PORTS or not parts.netloc or "@" in parts.netloc:
            raise FetchError("A picture's address begins with https:// and names no user.")
        if port not in (None, PORTS[parts.scheme]) or parts.netloc.endswith(":"):
            raise FetchError("A picture's address names no port of its own.")
        host = host_of(parts.netloc.removesuffix(f":{port}"))
        if host is None:
            raise FetchError("The host of the picture's address is not a public name.")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return cls(parts.scheme, host, f"{path}?{query}" if query else path)


class HttpFetcher:
    """Fetches over real sockets. `resolve`, `connect`, `clock` and `tls` come in for tests."""

    def __init__(
        self,
        *,
        allow_http: bool = False,
        resolve: Resolve = resolve,
        connect: Connect = connect,
        clock: Callable[[], float] = time.monotonic,
        tls: Callable[[], ssl.SSLContext] = trusted,
        seconds: float = SECONDS,
    ) -> None:
        self._allow_http = allow_http
        self._resolve = resolve
        self._connect = connect
        self._clock = clock
        self._tls = tls
        self._seconds = seconds

    def fetch(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> Fetched:
        """The body of a 200, by the `clock` instant `deadline` or `seconds` from now."""
        deadline = min(deadline, self._clock() + self._seconds)
        for _ in range(MOST_REDIRECTS + 1):
            target = self._checked(url, allowed_hosts)
            wire = self._open(target, deadline)
            try:
                answer = self._ask(wire, target)
            except TimeoutError:
                raise HostDown(f"{target.host} took too long.") from None
            except TooLong:
                raise FetchError(f"{target.host} sent more than 10 MB.") from None
            except (OSError, HTTPException) as error:
                raise HostDown(f"{target.host} broke off the answer.") from error
            finally:
                wire.close()
            if isinstance(answer, bytes):
                return Fetched(answer, target.url)
            url = answer
        raise FetchError("The picture's address redirects more than three times.")

    def _checked(self, url: str, allowed_hosts: Sequence[str] | None) -> Target:
        target = Target.parse(url)
        if target.scheme == "http" and not self._allow_http:
            raise FetchError("Pictures are fetched by https only.")
        if not allows(allowed_hosts, target.host):
            raise FetchError(f"{target.host} is not among the allowed hosts.")
        return target

    def _open(self, target: Target, deadline: float) -> Wire:
        addresses = self._addresses(target, deadline)
        for address in addresses[:MOST_CONNECTS]:
            left = deadline - self._clock()
            if left <= 0:
                break
            try:
                sock = self._connect(address, PORTS[target.scheme], left)
                if target.scheme == "https":
                    left = max(0.001, deadline - self._clock())
                    sock = secure(sock, target.host, self._tls(), left)
                return Wire(sock, deadline, self._clock)
            except ssl.SSLCertVerificationError:
                raise FetchError(f"{target.host} has no certificate that we trust.") from None
            except OSError:
                continue
        raise HostDown(f"{target.host} cannot be reached.")

    def _addresses(self, target: Target, deadline: float) -> Sequence[str]:
        """Every answer of one resolution, all of them public."""
        addresses = self._answers(target, deadline)
        if not addresses:
            raise HostDown(f"{target.host} has no address.")
        if not all(is_public(address) for address in addresses):
            raise FetchError(f"{target.host} is not on the open internet.")
        return addresses

    def _answers(self, target: Target, deadline: float) -> Sequence[str]:
        """In a thread of its own: the system's resolver knows no deadline."""
        answers: list[str] = []

        def ask() -> None:
            try:
                answers.extend(self._resolve(target.host, PORTS[target.scheme]))
            except (OSError, UnicodeError):
                return

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(max(0.0, deadline - self._clock()))
        return [] if asking.is_alive() else answers

    def _ask(self, wire: Wire, target: Target) -> bytes | str:
        """The body, or the address to go on to."""
        response = exchange(wire, "GET", target.path, {"Host": target.authority, **HEADERS})
        if response.status in REDIRECTS:
            return _location(response, target)
        if response.status != 200:
            failure = HostDown if response.status >= 500 else FetchError
            raise failure(f"{target.host} answered {response.status}.")
        if response.getheader("Content-Encoding", "identity").strip().lower() != "identity":
            raise FetchError(f"{target.host} packed the picture, which was not asked for.")
        body = read_body(response, MOST_BYTES)
        if not body:
            raise FetchError(f"{target.host} sent an empty picture.")
        return body


def _location(response: HTTPResponse, target: Target) -> str:
    locations = response.headers.get_all("Location") or []
    if len(locations) != 1:
        raise FetchError(f"{target.host} redirects without saying where.")
    # http.client reads headers as Latin-1; a path in UTF-8 is what is meant.
    return urljoin(target.url, locations[0].encode("latin-1").decode("utf-8", "replace"))
