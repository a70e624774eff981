"""One HTTP/1.1 request and its response over a connected socket."""

from collections.abc import Mapping
from http.client import HTTPResponse

from postcard.adapters.http.deadline_socket import CHUNK_BYTES, DeadlineSocket


class BodyTooLarge(Exception):
    """The body is longer than the limit."""


def send_request(
    connection: DeadlineSocket,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> HTTPResponse:
    """Send a request and read the response's head. `target` must be percent-encoded."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header holds a line break")
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    response = HTTPResponse(connection, method=method)  # type: ignore[arg-type]  # uses makefile only
    response.begin()
    return response


def read_body(response: HTTPResponse, limit: int) -> bytes:
    """The whole body; `BodyTooLarge` over `limit` bytes, `ConnectionError` if it is incomplete."""
    if response.length is not None and response.length > limit:
        raise BodyTooLarge
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    if response.length:
        raise ConnectionError("the body was cut short")
    return bytes(body)
