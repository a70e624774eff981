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
    BodyTooLarge,
    DeadlineSocket,
    default_tls_context,
    read_body,
    send_request,
    wrap_tls,
)
from postcard.adapters.http.public_addresses import is_host_allowed, is_public, normalize_host
from postcard.ports import FetchedImage, FetchError, HostUnavailable
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_URL_LENGTH = 2048
MAX_IMAGE_BYTES = 10_000_000
MAX_REDIRECTS = 3
MAX_CONNECT_ATTEMPTS = 2  # of the addresses that a name has
MAX_FETCH_SECONDS = 3.0
DEFAULT_PORTS = {"https": 443, "http": 80}
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
FORBIDDEN_CHARACTERS = lazy_regex(r"[\x00-\x20\x7f\\]")
REQUEST_HEADERS = {
    "User-Agent": "Postcard",
    "Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, IPv4 first, since Lambda has no way out by IPv6."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    answers.sort(key=lambda answer: answer[0] != socket.AF_INET)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """A connected socket; `address` is numeric, so nothing is resolved here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(frozen=True, slots=True)
class RemoteUrl:
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
    def parse(cls, url: str) -> "RemoteUrl":
        """`FetchError` for whatever a browser and we might read differently."""
        if len(url) > MAX_URL_LENGTH or FORBIDDEN_CHARACTERS.search(url):
            raise FetchError("The address of the picture is too long or holds odd characters.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise FetchError("The address of the picture cannot be read.") from None
        if parts.scheme not in DEFAULT_PORTS or not parts.netloc or "@" in parts.netloc:
            raise FetchError("A picture's address begins with https:// and names no user.")
        if port not in (None, DEFAULT_PORTS[parts.scheme]) or parts.netloc.endswith(":"):
            raise FetchError("A picture's address names no port of its own.")
        host = normalize_host(parts.netloc.removesuffix(f":{port}"))
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
        tls: Callable[[], ssl.SSLContext] = default_tls_context,
        seconds: float = MAX_FETCH_SECONDS,
    ) -> None:
        self._allow_http = allow_http
        self._resolve = resolve
        self._connect = connect
        self._clock = clock
        self._tls = tls
        self._seconds = seconds

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        """The body of a 200, by the `clock` instant `deadline` or `seconds` from now."""
        deadline = min(deadline, self._clock() + self._seconds)
        for _ in range(MAX_REDIRECTS + 1):
            target = self._parse_allowed(url, allowed_hosts)
            wire = self._open_connection(target, deadline)
            try:
                answer = self._request(wire, target)
            except TimeoutError:
                raise HostUnavailable(f"{target.host} took too long.") from None
            except BodyTooLarge:
                raise FetchError(f"{target.host} sent more than 10 MB.") from None
            except (OSError, HTTPException) as error:
                raise HostUnavailable(f"{target.host} broke off the answer.") from error
            finally:
                wire.close()
            if isinstance(answer, bytes):
                return FetchedImage(answer, target.url)
            url = answer
        raise FetchError("The picture's address redirects more than three times.")

    def _parse_allowed(self, url: str, allowed_hosts: Sequence[str] | None) -> RemoteUrl:
        target = RemoteUrl.parse(url)
        if target.scheme == "http" and not self._allow_http:
            raise FetchError("Pictures are fetched by https only.")
        if not is_host_allowed(allowed_hosts, target.host):
            raise FetchError(f"{target.host} is not among the allowed hosts.")
        return target

    def _open_connection(self, target: RemoteUrl, deadline: float) -> DeadlineSocket:
        addresses = self._resolve_public(target, deadline)
        for address in addresses[:MAX_CONNECT_ATTEMPTS]:
            left = deadline - self._clock()
            if left <= 0:
                break
            try:
                sock = self._connect(address, DEFAULT_PORTS[target.scheme], left)
                if target.scheme == "https":
                    left = max(0.001, deadline - self._clock())
                    sock = wrap_tls(sock, target.host, self._tls(), left)
                return DeadlineSocket(sock, deadline, self._clock)
            except ssl.SSLCertVerificationError:
                raise FetchError(f"{target.host} has no certificate that we trust.") from None
            except OSError:
                continue
        raise HostUnavailable(f"{target.host} cannot be reached.")

    def _resolve_public(self, target: RemoteUrl, deadline: float) -> Sequence[str]:
        """Every answer of one resolution, all of them public."""
        addresses = self._resolve_in_thread(target, deadline)
        if not addresses:
            raise HostUnavailable(f"{target.host} has no address.")
        if not all(is_public(address) for address in addresses):
            raise FetchError(f"{target.host} is not on the open internet.")
        return addresses

    def _resolve_in_thread(self, target: RemoteUrl, deadline: float) -> Sequence[str]:
        """In a thread of its own: the system's resolver knows no deadline."""
        answers: list[str] = []

        def ask() -> None:
            try:
                answers.extend(self._resolve(target.host, DEFAULT_PORTS[target.scheme]))
            except (OSError, UnicodeError):
                return

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(max(0.0, deadline - self._clock()))
        return [] if asking.is_alive() else answers

    def _request(self, connection: DeadlineSocket, target: RemoteUrl) -> bytes | str:
        """The body, or the address to go on to."""
        response = send_request(
            connection, "GET", target.path, {"Host": target.authority, **REQUEST_HEADERS}
        )
        if response.status in REDIRECT_STATUSES:
            return _redirect_url(response, target)
        if response.status != 200:
            failure = HostUnavailable if response.status >= 500 else FetchError
            raise failure(f"{target.host} answered {response.status}.")
        if response.getheader("Content-Encoding", "identity").strip().lower() != "identity":
            raise FetchError(f"{target.host} packed the picture, which was not asked for.")
        body = read_body(response, MAX_IMAGE_BYTES)
        if not body:
            raise FetchError(f"{target.host} sent an empty picture.")
        return body


def _redirect_url(response: HTTPResponse, target: RemoteUrl) -> str:
    locations = response.headers.get_all("Location") or []
    if len(locations) != 1:
        raise FetchError(f"{target.host} redirects without saying where.")
    # http.client reads headers as Latin-1; a path in UTF-8 is what is meant.
    return urljoin(target.url, locations[0].encode("latin-1").decode("utf-8", "replace"))
