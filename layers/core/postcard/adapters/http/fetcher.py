"""Fetches untrusted images from the public internet, with limits on time and size.

A name is resolved once, every address of it must be public, and the connection goes to one of
these addresses, so that a second DNS answer cannot lead elsewhere. Every redirect is checked the
same way. A request has no cookies, credentials or referrer, and uses no proxy.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from urllib.parse import quote, urljoin, urlsplit

from postcard.adapters.http.deadline_socket import DeadlineSocket, default_tls_context, wrap_tls
from postcard.adapters.http.exchange import BodyTooLarge, read_body, send_request
from postcard.adapters.http.public_addresses import is_public, normalize_host
from postcard.host_patterns import is_host_allowed
from postcard.ports import FetchedImage, FetchError, HostUnavailable
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_URL_LENGTH = 2048
MAX_IMAGE_BYTES = 10_000_000
MAX_REDIRECTS = 3
MAX_CONNECT_ATTEMPTS = 2  # one for each of a name's first addresses
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
    """All addresses of a name, IPv4 first: Lambda cannot connect to IPv6 by default."""
    results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    results.sort(key=lambda result: result[0] != socket.AF_INET)
    return list(dict.fromkeys(str(result[4][0]) for result in results))


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """A connected socket; `address` is numeric, so nothing is resolved again."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


_Request = Callable[[DeadlineSocket, "RemoteUrl"], "bytes | str"]  # a body, or where to ask next


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """The URL of one request. `path` is percent-encoded and includes the query."""

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The URL in its canonical spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """The host as it is spelled in URLs and in the Host header."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @classmethod
    def parse(cls, url: str, *, name: str = "image URL") -> "RemoteUrl":
        """`FetchError` for a URL that parsers might read differently; its text has the `name`."""
        if len(url) > MAX_URL_LENGTH or FORBIDDEN_CHARACTERS.search(url):
            raise FetchError(f"The {name} is too long or has forbidden characters.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise FetchError(f"The {name} is malformed.") from None
        if parts.scheme not in DEFAULT_PORTS or not parts.netloc or "@" in parts.netloc:
            raise FetchError(f"The {name} must begin with https:// and have no user name.")
        if port not in (None, DEFAULT_PORTS[parts.scheme]) or parts.netloc.endswith(":"):
            raise FetchError(f"The {name} must not name another port than the default.")
        host = normalize_host(parts.netloc.removesuffix(f":{port}"))
        if host is None:
            raise FetchError(f"The host of the {name} is not a public host name.")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return cls(parts.scheme, host, f"{path}?{query}" if query else path)


class HttpFetcher:
    """Fetches over sockets. Tests pass their own `resolve`, `connect`, `clock` and `tls`."""

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
        """The body of a 200, within `seconds` and before the `clock` instant `deadline`."""
        return self._follow(url, allowed_hosts, deadline, self._request)

    def probe(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> None:
        """Ask whether a URL answers, by HEAD or else by GET of one byte; `FetchError` if not."""
        try:
            self._follow(url, allowed_hosts, deadline, _request_head)
        except _BadStatus:  # some hosts know no HEAD
            self._follow(url, allowed_hosts, deadline, _request_byte)

    def _follow(
        self, url: str, allowed_hosts: Sequence[str] | None, deadline: float, request: "_Request"
    ) -> FetchedImage:
        """The body that a request gets, after its redirects."""
        deadline = min(deadline, self._clock() + self._seconds)
        for _ in range(MAX_REDIRECTS + 1):
            target = self._parse_allowed(url, allowed_hosts)
            connection = self._open_connection(target, deadline)
            try:
                result = request(connection, target)
            except TimeoutError:
                raise HostUnavailable(f"{target.host} took too long.") from None
            except BodyTooLarge:
                raise FetchError(f"{target.host} sent more than 10 MB.") from None
            except (OSError, HTTPException) as error:
                raise HostUnavailable(
                    f"{target.host} sent an incomplete or malformed response."
                ) from error
            finally:
                connection.close()
            if isinstance(result, bytes):
                return FetchedImage(result, target.url)
            url = result
        raise FetchError("The image URL redirects more than three times.")

    def _parse_allowed(self, url: str, allowed_hosts: Sequence[str] | None) -> RemoteUrl:
        target = RemoteUrl.parse(url)
        if target.scheme == "http" and not self._allow_http:
            raise FetchError("Images are fetched over https only.")
        if not is_host_allowed(target.host, allowed_hosts):
            raise FetchError(f"{target.host} is not among the allowed hosts.")
        return target

    def _open_connection(self, target: RemoteUrl, deadline: float) -> DeadlineSocket:
        addresses = self._resolve_public(target, deadline)
        for address in addresses[:MAX_CONNECT_ATTEMPTS]:
            remaining = deadline - self._clock()
            if remaining <= 0:
                break
            try:
                sock = self._connect(address, DEFAULT_PORTS[target.scheme], remaining)
                if target.scheme == "https":
                    remaining = max(0.001, deadline - self._clock())
                    sock = wrap_tls(sock, target.host, self._tls(), remaining)
                return DeadlineSocket(sock, deadline, self._clock)
            except ssl.SSLCertVerificationError:
                raise FetchError(f"{target.host} has no trusted certificate.") from None
            except OSError:
                continue
        raise HostUnavailable(f"{target.host} cannot be reached.")

    def _resolve_public(self, target: RemoteUrl, deadline: float) -> Sequence[str]:
        """The addresses of the host; `FetchError` unless all of them are public."""
        addresses = self._resolve_in_thread(target, deadline)
        if not addresses:
            raise HostUnavailable(f"{target.host} has no address.")
        if not all(is_public(address) for address in addresses):
            raise FetchError(f"{target.host} is not on the public internet.")
        return addresses

    def _resolve_in_thread(self, target: RemoteUrl, deadline: float) -> Sequence[str]:
        """Resolve in another thread, since the system's resolver has no timeout."""
        addresses: list[str] = []

        def run() -> None:
            try:
                addresses.extend(self._resolve(target.host, DEFAULT_PORTS[target.scheme]))
            except (OSError, UnicodeError):
                return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, deadline - self._clock()))
        return [] if thread.is_alive() else addresses

    def _request(self, connection: DeadlineSocket, target: RemoteUrl) -> bytes | str:
        """The body, or the URL of a redirect."""
        response = send_request(
            connection, "GET", target.path, {"Host": target.authority, **REQUEST_HEADERS}
        )
        if response.status in REDIRECT_STATUSES:
            return _redirect_url(response, target)
        if response.status != 200:
            failure = HostUnavailable if response.status >= 500 else FetchError
            raise failure(f"{target.host} answered {response.status}.")
        if response.getheader("Content-Encoding", "identity").strip().lower() != "identity":
            raise FetchError(f"{target.host} compressed the response, which was not requested.")
        body = read_body(response, MAX_IMAGE_BYTES)
        if not body:
            raise FetchError(f"{target.host} sent an empty response.")
        return body


class _BadStatus(FetchError):
    """The host answered, but not with a success."""


def _request_head(connection: DeadlineSocket, target: RemoteUrl) -> bytes | str:
    return _probe(connection, target, "HEAD", {})


def _request_byte(connection: DeadlineSocket, target: RemoteUrl) -> bytes | str:
    return _probe(connection, target, "GET", {"Range": "bytes=0-0"})


def _probe(
    connection: DeadlineSocket, target: RemoteUrl, method: str, headers: Mapping[str, str]
) -> bytes | str:
    """Empty if the host answers with a success, or the URL of a redirect; the body is not read."""
    all_headers = {"Host": target.authority, **REQUEST_HEADERS, **headers}
    response = send_request(connection, method, target.path, all_headers)
    if response.status in REDIRECT_STATUSES:
        return _redirect_url(response, target)
    if response.status not in (200, 206):
        raise _BadStatus(f"{target.host} answered {response.status}.")
    return b""


def _redirect_url(response: HTTPResponse, target: RemoteUrl) -> str:
    locations = response.headers.get_all("Location") or []
    if len(locations) != 1:
        raise FetchError(f"{target.host} redirects without exactly one Location header.")
    # http.client decodes headers as Latin-1, but servers send paths in UTF-8.
    return urljoin(target.url, locations[0].encode("latin-1").decode("utf-8", "replace"))
