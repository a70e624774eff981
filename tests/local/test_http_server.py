"""The local HTTP server, by sockets: requests of well-behaved and of broken clients."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from local.aws.http_messages import Request, Response
from local.http_server import WebServer


class ServerHarness:
    """A running server whose application records requests and returns `response`."""

    def __init__(self) -> None:
        self.error_count = 0
        self.requests: list[Request] = []
        self.response = Response(200, {"content-type": "text/plain"}, b"hello")
        self.server = WebServer(0, self.count_error)
        self.server.app = self.app
        self.server.start()

    def count_error(self) -> None:
        self.error_count += 1

    def app(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=300)

    def send(self, raw: bytes) -> bytes:
        """Send raw bytes; returns all that the server sends until it closes the connection."""
        with self.connect() as sock:
            sock.sendall(raw)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65_536), b""))


@pytest.fixture
def harness() -> Iterator[ServerHarness]:
    harness = ServerHarness()
    with closing(harness.server):
        yield harness


def test_a_request_arrives_as_it_was_sent(harness: ServerHarness) -> None:
    harness.send(b"GET /r/a%20b.png?x=%41+&y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    (request,) = harness.requests
    assert request.method == "GET"
    assert request.path == "/r/a%20b.png"
    assert request.query == "x=%41+&y"
    assert request.headers == {"host": "h", "x-a": "1,2"}
    assert request.client_address == "127.0.0.1"


def test_raw_characters_arrive_as_themselves_and_raw_bytes_as_escapes(
    harness: ServerHarness,
) -> None:
    harness.send("GET /r/a.png?n=Zoë HTTP/1.1\r\n\r\n".encode())
    harness.send(b"GET /r/a.png?n=Zo\xeb%41 HTTP/1.1\r\n\r\n")
    assert [request.query for request in harness.requests] == ["n=Zoë", "n=Zo%EB%41"]


def test_a_connection_serves_several_requests(harness: ServerHarness) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", harness.server.port, timeout=300)
    with closing(connection):
        bodies = []
        for _ in range(3):
            connection.request("POST", "/", b"body")
            bodies.append(connection.getresponse().read())
            assert connection.sock is not None
    assert bodies == [b"hello"] * 3


def test_head_sends_the_length_and_no_body(harness: ServerHarness) -> None:
    response = harness.send(b"HEAD / HTTP/1.1\r\n\r\n")
    assert b"content-length: 5\r\n" in response
    assert response.endswith(b"\r\n\r\n")


def test_a_304_has_no_length(harness: ServerHarness) -> None:
    harness.response = Response(304, {"etag": '"a"'})
    response = harness.send(b"GET / HTTP/1.1\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert b"content-length" not in response


def test_expect_100_continue_is_confirmed_before_the_body(harness: ServerHarness) -> None:
    with harness.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert sock.recv(10_000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert harness.requests[0].body == b"ok"


def test_a_chunked_body_is_joined(harness: ServerHarness) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    harness.send(head + b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n")
    assert harness.requests[0].body == b"abcdefg"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"BREW / HTTP/1.1\r\n\r\n", 501),
        (b"\x00\x01\x02\r\n\r\n", 400),
    ],
)
def test_a_malformed_request_is_rejected_and_the_connection_closed(
    harness: ServerHarness, raw: bytes, status: int
) -> None:
    assert str(status).encode() in harness.send(raw)
    assert harness.requests == []
    assert harness.error_count == 0


def test_the_absolute_form_of_a_url_is_accepted(harness: ServerHarness) -> None:
    harness.send(b"GET http://127.0.0.1:8080/r/a.png?x=1#f HTTP/1.1\r\n\r\n")
    assert (harness.requests[0].path, harness.requests[0].query) == ("/r/a.png", "x=1")


def test_header_values_beyond_ascii_are_sent_as_utf8(harness: ServerHarness) -> None:
    harness.response = Response(200, {"x-name": "Zoë"})
    assert "x-name: Zoë\r\n".encode() in harness.send(b"GET / HTTP/1.1\r\n\r\n")


def reset(sock: socket.socket) -> None:
    """Close with a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize(
    "raw",
    [b"", b"GET", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", b"GET / HTTP/1.1\r\n\r\n"],
)
def test_a_client_that_disconnects_is_no_error(harness: ServerHarness, raw: bytes) -> None:
    harness.response = Response(200, {}, b"x" * 10_000_000)
    sock = harness.connect()
    sock.sendall(raw)
    reset(sock)
    harness.response = Response(200, {}, b"next")
    assert harness.send(b"GET / HTTP/1.1\r\n\r\n").endswith(b"next")
    assert harness.error_count == 0


def test_an_exception_closes_the_connection_and_is_reported(harness: ServerHarness) -> None:
    def raises(_: Request) -> Response:
        raise ZeroDivisionError

    harness.server.app = raises
    assert harness.send(b"GET / HTTP/1.1\r\n\r\n") == b""
    assert harness.error_count == 1


def test_a_port_in_use_is_an_error(harness: ServerHarness) -> None:
    with pytest.raises(OSError, match="in use"):
        WebServer(harness.server.port, harness.count_error)


def test_close_waits_for_running_requests(harness: ServerHarness) -> None:
    started, may_finish = threading.Event(), threading.Event()

    def respond_slowly(_: Request) -> Response:
        started.set()
        may_finish.wait(300)
        return Response(200, {}, b"done")

    harness.server.app = respond_slowly
    responses: list[bytes] = []
    client = threading.Thread(
        target=lambda: responses.append(harness.send(b"GET / HTTP/1.1\r\n\r\n"))
    )
    client.start()
    started.wait(300)
    closer = threading.Thread(target=harness.server.close)
    closer.start()
    may_finish.set()
    closer.join()
    client.join()
    assert responses[0].endswith(b"done")


@pytest.mark.parametrize("length", ["1_0", "+5", "-1", "0x5", "٥", "9" * 5_000, "5 5"])
def test_a_malformed_content_length_is_400(harness: ServerHarness, length: str) -> None:
    head = f"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"
    assert harness.send(head.encode() + b"hello world").startswith(b"HTTP/1.1 400")
    assert (harness.requests, harness.error_count) == ([], 0)


@pytest.mark.parametrize("size", ["-5", "+5", "0x5", "0_5", " 5", "", "f" * 500])
def test_a_malformed_chunk_size_is_400(harness: ServerHarness, size: str) -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    response = harness.send(head + size.encode() + b"\r\nhello\r\n0\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 400")
    assert (harness.requests, harness.error_count) == ([], 0)
