"""HTTP/1.1 over a socket on which every wait ends at one instant, however slowly bytes drip."""

import functools
import io
import socket
import ssl
import time
import weakref
from collections.abc import Callable, Mapping
from http.client import HTTPResponse
from typing import Any

CHUNK_BYTES = 65_536


class BodyTooLarge(Exception):
    """The body is longer than was allowed."""


class DeadlineSocket:
    """A connected socket. Reads and writes raise `TimeoutError` at the instant `deadline`."""

    def __init__(
        self, sock: socket.socket, deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sock = sock
        self._clock = clock
        self.deadline = deadline
        weakref.finalize(self, sock.close)  # a kept connection ends with the thread that kept it

    def _apply_deadline(self) -> None:
        left = self.deadline - self._clock()
        if left <= 0:
            raise TimeoutError("time is up")
        self._sock.settimeout(left)

    def sendall(self, content: bytes) -> None:
        """Send everything."""
        view = memoryview(content)
        while view:
            self._apply_deadline()
            view = view[self._sock.send(view[:CHUNK_BYTES]) :]

    def receive_into(self, buffer: Any) -> int:
        """Read what is there, at least one byte unless the stream has ended."""
        self._apply_deadline()
        return self._sock.recv_into(buffer)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """What `HTTPResponse` reads from; closing it leaves the socket open."""
        return io.BufferedReader(_RawReader(self), CHUNK_BYTES)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class _RawReader(io.RawIOBase):
    def __init__(self, connection: DeadlineSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)


@functools.cache
def default_tls_context() -> ssl.SSLContext:
    """The machine's certificate authorities; reading them takes some ten milliseconds."""
    return ssl.create_default_context()


def wrap_tls(
    sock: socket.socket, host: str, context: ssl.SSLContext, timeout: float
) -> ssl.SSLSocket:
    """TLS with `host` as the name asked for and checked, in `left` seconds; else it is closed."""
    try:
        sock.settimeout(timeout)
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def send_request(
    connection: DeadlineSocket,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> HTTPResponse:
    """Send a request and read the answer's head. `target` and `headers` are ready to send."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header holds a line break")
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    response = HTTPResponse(connection, method=method)  # type: ignore[arg-type]  # makefile is all it asks
    response.begin()
    return response


def read_body(response: HTTPResponse, limit: int) -> bytes:
    """The whole body; `TooLong` over `limit` bytes, `ConnectionError` if it was cut short."""
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
