"""The HTTP request and response that the imitated services pass to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

REASON_PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent: `path` and `query` are raw, header names lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client_address: str = "127.0.0.1"

    @property
    def decoded_path(self) -> str:
        """The path with its percent-encoding decoded, as API Gateway passes it on."""
        return unquote(self.path)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()

    def with_headers(self, headers: Mapping[str, str]) -> "Response":
        """The same response with `headers` added or replaced."""
        return Response(self.status, {**self.headers, **headers}, self.body, self.cookies)

    def without_body(self) -> "Response":
        """The response to a HEAD: the same headers with the body's length, without the body."""
        length = self.headers.get("content-length", str(len(self.body)))
        return Response(self.status, {**self.headers, "content-length": length}, b"", self.cookies)


def plain_response(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An uncached text response that an imitated service itself sends, such as `404 Not Found`."""
    text = f"{status} {REASON_PHRASES.get(status, '')}\n".encode()
    return Response(
        status,
        {"content-type": "text/plain", "cache-control": "no-store", **(headers or {})},
        text,
    )
