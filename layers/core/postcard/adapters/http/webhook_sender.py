"""Sends POSTs to the endpoints of webhooks, with the fetcher's checks of where they lead.

A redirect is no success and is not followed. A POST has no cookies and no credentials, and uses no
proxy. The response is read to its end or to 64 KB, and the first 512 characters are kept.
"""

from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse

from postcard.adapters.http.deadline_socket import DeadlineSocket
from postcard.adapters.http.exchange import BodyTooLarge, read_body, send_request
from postcard.adapters.http.fetcher import HttpFetcher, RemoteUrl
from postcard.ports import FetchError, HostUnavailable, WebhookResponse
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_RESPONSE_BYTES = 65_536
KEPT_CHARACTERS = 512
REQUEST_HEADERS = {
    "User-Agent": "Postcard-Webhooks",
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
# The receiver of `postcard webhooks listen`, on the machine of a developer.
LOOPBACK_URL = lazy_regex(r"http://(?:127\.0\.0\.1|localhost):([1-9]\d{1,4})(/[!-~]*)?")
URL_NAME = "webhook URL"


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Where a POST goes: a host with its path, and a connection to it."""

    authority: str
    path: str
    connection: DeadlineSocket


class HttpWebhookSender(HttpFetcher):
    """Sends to https URLs with the default port, whose host has public addresses only.

    `allow_loopback` allows `http://127.0.0.1:PORT` besides; no stack in AWS sets it. Tests pass the
    other arguments of `HttpFetcher`.
    """

    def __init__(self, *, allow_loopback: bool = False, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # those of HttpFetcher
        self._allow_loopback = allow_loopback

    def check(self, url: str) -> None:
        """`FetchError`, whose text is for the caller, unless the URL may be sent to."""
        if self._loopback_port(url) is None:
            self._resolve_public(self._parse(url), self._clock() + self._seconds)

    def post(
        self, url: str, body: str, headers: Mapping[str, str], *, seconds: float
    ) -> WebhookResponse:
        """Send a body of JSON and read the response within `seconds`."""
        deadline = self._clock() + seconds
        try:
            endpoint = self._open(url, deadline)
        except FetchError as error:
            return WebhookResponse(None, str(error))
        try:
            return _exchange(endpoint, body.encode(), headers)
        except TimeoutError:
            return WebhookResponse(None, f"There was no response within {seconds:.0f} s.")
        except (OSError, HTTPException) as error:
            detail = f"The response was incomplete or malformed ({type(error).__name__})."
            return WebhookResponse(None, detail)
        finally:
            endpoint.connection.close()

    def _open(self, url: str, deadline: float) -> _Endpoint:
        port = self._loopback_port(url)
        if port is not None:
            return self._open_loopback(url, port, deadline)
        target = self._parse(url)
        return _Endpoint(target.authority, target.path, self._open_connection(target, deadline))

    def _parse(self, url: str) -> RemoteUrl:
        target = RemoteUrl.parse(url, name=URL_NAME)
        if target.scheme != "https" and not self._allow_http:
            local = ", or http://127.0.0.1:PORT/ on this machine" if self._allow_loopback else ""
            raise FetchError(f"The {URL_NAME} must begin with https://{local}.")
        return target

    def _loopback_port(self, url: str) -> int | None:
        match = LOOPBACK_URL.fullmatch(url) if self._allow_loopback else None
        return int(match[1]) if match and int(match[1]) < 65_536 else None

    def _open_loopback(self, url: str, port: int, deadline: float) -> _Endpoint:
        match = LOOPBACK_URL.fullmatch(url)
        path = match[2] if match else None
        try:
            sock = self._connect("127.0.0.1", port, max(0.001, deadline - self._clock()))
        except OSError:
            raise HostUnavailable(f"Nothing listens on port {port} of this machine.") from None
        connection = DeadlineSocket(sock, deadline, self._clock)
        return _Endpoint(f"127.0.0.1:{port}", path or "/", connection)


def _exchange(endpoint: _Endpoint, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
    all_headers = {
        "Host": endpoint.authority,
        **REQUEST_HEADERS,
        "Content-Length": str(len(body)),
        **headers,
    }
    response = send_request(endpoint.connection, "POST", endpoint.path, all_headers, body)
    text = _read_beginning(response)
    return WebhookResponse(
        response.status, body=text, retry_after=response.getheader("Retry-After")
    )


def _read_beginning(response: HTTPResponse) -> str:
    """The first characters of a response that ends in time or is longer than is read."""
    try:
        body = read_body(response, MAX_RESPONSE_BYTES)
    except BodyTooLarge:
        return "(a response of more than 64 KB)"
    return body[: 4 * KEPT_CHARACTERS].decode("utf-8", "replace")[:KEPT_CHARACTERS]
