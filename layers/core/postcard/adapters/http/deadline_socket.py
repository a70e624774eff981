"""A TCP or TLS socket on which all reads and writes end at one instant, however slow the peer."""

import functools
import io
import socket
import ssl
import time
import weakref
from collections.abc import Callable
from typing import Any

CHUNK_BYTES = 65_536


class DeadlineSocket:
    """A connected socket. Reads and writes raise `TimeoutError` at the instant `deadline`."""

    def __init__(
        self, sock: socket.socket, deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sock = sock
        self._clock = clock
        self.deadline = deadline
        weakref.finalize(self, sock.close)  # a pooled connection is closed when its thread ends

    def _apply_deadline(self) -> None:
        remaining = self.deadline - self._clock()
        if remaining <= 0:
            raise TimeoutError("time is up")
        self._sock.settimeout(remaining)

    def sendall(self, content: bytes) -> None:
        """Send everything."""
        view = memoryview(content)
        while view:
            self._apply_deadline()
            view = view[self._sock.send(view[:CHUNK_BYTES]) :]

    def receive_into(self, buffer: Any) -> int:
        """Read at least one byte; 0 at the end of the stream."""
        self._apply_deadline()
        return self._sock.recv_into(buffer)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """The stream that `HTTPResponse` reads; closing it leaves the socket open."""
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
    """A context with the machine's certificate authorities; loading them takes some 10 ms."""
    return ssl.create_default_context()


def wrap_tls(
    sock: socket.socket, host: str, context: ssl.SSLContext, timeout: float
) -> ssl.SSLSocket:
    """Start TLS and verify `host`. No wait exceeds `timeout`; `sock` is closed on failure."""
    try:
        sock.settimeout(timeout)
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
