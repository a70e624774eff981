"""The HTTP server, by sockets: what real clients and bad ones send."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from local.aws.http_messages import Request, Response
from local.http_server import WebServer


class Served:
    def __init__(self) -> None:
        self.faults = 0
        self.seen: list[Request] = []
        self.answer = Response(200, {"content-type": "text/plain"}, b"hello")
        self.server = WebServer(0, self.fail)
        self.server.app = self.app
        self.server.start()

    def fail(self) -> None:
        self.faults += 1

    def app(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answer

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=10)

    def say(self, text: bytes) -> bytes:
        """Send, and read until the server closes."""
        with self.connect() as sock:
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65_536), b""))


@pytest.fixture
def served() -> Iterator[Served]:
    with closing((made := Served()).server):
        yield made


def test_a_request_arrives_as_it_was_sent(served: Served) -> None:
    served.say(b"GET /r/a%20b.png?x=%41+&y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    (request,) = served.seen
    assert request.method == "GET"
    assert request.path == "/r/a%20b.png"
    assert request.query == "x=%41+&y"
    assert request.headers == {"host": "h", "x-a": "1,2"}
    assert request.client_address == "127.0.0.1"


def test_raw_characters_arrive_as_themselves_and_raw_bytes_as_escapes(served: Served) -> None:
    served.say("GET /r/a.png?n=Zoë HTTP/1.1\r\n\r\n".encode())
    served.say(b"GET /r/a.png?n=Zo\xeb%41 HTTP/1.1\r\n\r\n")
    assert [request.query for request in served.seen] == ["n=Zoë", "n=Zo%EB%41"]


def test_a_connection_serves_one_request_after_the_other(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=10)
    with closing(connection):
        bodies = []
        for _ in range(3):
            connection.request("POST", "/", b"body")
            bodies.append(connection.getresponse().read())
            assert connection.sock is not None
    assert bodies == [b"hello"] * 3


def test_head_tells_the_length_and_sends_no_body(served: Served) -> None:
    answer = served.say(b"HEAD / HTTP/1.1\r\n\r\n")
    assert b"content-length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_304_has_no_length(served: Served) -> None:
    served.answer = Response(304, {"etag": '"a"'})
    answer = served.say(b"GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert b"content-length" not in answer


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert sock.recv(10_000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.seen[0].body == b"ok"


def test_a_body_in_chunks_is_put_together(served: Served) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    served.say(head + b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n")
    assert served.seen[0].body == b"abcdefg"


@pytest.mark.parametrize(
    ("request_", "status"),
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
def test_what_cannot_be_read_is_refused_and_the_connection_closed(
    served: Served, request_: bytes, status: int
) -> None:
    assert str(status).encode() in served.say(request_)
    assert served.seen == []
    assert served.faults == 0


def test_the_absolute_form_of_proxies_is_read(served: Served) -> None:
    served.say(b"GET http://127.0.0.1:8080/r/a.png?x=1#f HTTP/1.1\r\n\r\n")
    assert (served.seen[0].path, served.seen[0].query) == ("/r/a.png", "x=1")


def test_header_values_beyond_ascii_are_sent_as_utf8(served: Served) -> None:
    served.answer = Response(200, {"x-name": "Zoë"})
    assert "x-name: Zoë\r\n".encode() in served.say(b"GET / HTTP/1.1\r\n\r\n")


def reset(sock: socket.socket) -> None:
    """Close so that the other side gets a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize(
    "said",
    [b"", b"GET", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", b"GET / HTTP/1.1\r\n\r\n"],
)
def test_a_client_that_goes_away_is_no_fault(served: Served, said: bytes) -> None:
    served.answer = Response(200, {}, b"x" * 10_000_000)
    sock = served.connect()
    sock.sendall(said)
    reset(sock)
    served.answer = Response(200, {}, b"next")
    assert served.say(b"GET / HTTP/1.1\r\n\r\n").endswith(b"next")
    assert served.faults == 0


def test_a_fault_of_ours_closes_the_connection_and_is_reported(served: Served) -> None:
    def raises(_: Request) -> Response:
        raise ZeroDivisionError

    served.server.app = raises
    assert served.say(b"GET / HTTP/1.1\r\n\r\n") == b""
    assert served.faults == 1


def test_a_port_that_is_taken_is_an_error(served: Served) -> None:
    with pytest.raises(OSError, match="in use"):
        WebServer(served.server.port, served.fail)


def test_closing_lets_what_is_under_way_end(served: Served) -> None:
    begun, going_on = threading.Event(), threading.Event()

    def slowly(_: Request) -> Response:
        begun.set()
        going_on.wait(10)
        return Response(200, {}, b"done")

    served.server.app = slowly
    answers: list[bytes] = []
    client = threading.Thread(target=lambda: answers.append(served.say(b"GET / HTTP/1.1\r\n\r\n")))
    client.start()
    begun.wait(10)
    closer = threading.Thread(target=served.server.close)
    closer.start()
    going_on.set()
    closer.join()
    client.join()
    assert answers[0].endswith(b"done")
