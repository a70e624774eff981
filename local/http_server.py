"""HTTP/1.1 server on one port, in front of the imitated API Gateway and CloudFront.

It passes on paths and queries as they were sent, and survives clients that send garbage or go away.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote_from_bytes

from local.aws.api_gateway import MAX_BODY_BYTES
from local.aws.freshness import http_date
from local.aws.http_messages import REASON_PHRASES, Request, Response, plain_response

HandleRequest = Callable[[Request], Response]
_IDLE_SECONDS = 75
_MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES
_CLIENT_GONE = (ConnectionError, TimeoutError)


class _RequestRejected(Exception):
    """The request is malformed or too large: send `response` and close the connection."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # buffered; otherwise each header line is a packet of its own
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: "WebServer"

    def handle(self) -> None:
        """Serve all requests of a connection; a client that disconnects is no error."""
        try:
            super().handle()
        except _CLIENT_GONE:
            self.close_connection = True

    def finish(self) -> None:
        """Flush the output, unless the client has disconnected."""
        try:
            super().finish()
        except (*_CLIENT_GONE, ValueError):
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Send `100 Continue` at once: the client waits for it before it sends the body."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def log_message(self, format: str, *args: Any) -> None:
        """Print no access log."""

    def _serve(self) -> None:
        with self.server.active_request():
            try:
                response = self.server.app(self._read_request())
            except _RequestRejected as rejected:
                self.close_connection = True
                response = rejected.response
            self._write_response(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _read_request(self) -> Request:
        target = _decode_utf8(self.requestline.split(" ")[1].encode("latin-1"))
        if not target.startswith("/"):  # a proxy's absolute form
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("#")[0].partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            previous = headers.get(name.lower())
            text = _decode_utf8(value.encode("latin-1", "replace"))
            headers[name.lower()] = text if previous is None else f"{previous},{text}"
        return Request(
            self.command, path, query, headers, self._read_body(), self.client_address[0]
        )

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("content-length", "0")
        if not re.fullmatch("[0-9]{1,15}", length):
            raise _RequestRejected(plain_response(400))
        if int(length) > MAX_BODY_BYTES:
            self._discard(int(length))
            raise _RequestRejected(plain_response(413))
        return self._read_exactly(int(length))

    def _read_exactly(self, length: int) -> bytes:
        body = self.rfile.read(length)
        if len(body) < length:  # the client disconnected
            raise _RequestRejected(plain_response(400))
        return body

    def _discard(self, length: int) -> None:
        """Read the body, up to a limit: many clients read the response only after sending it."""
        remaining = min(length, _MAX_DISCARDED_BYTES)
        while remaining > 0 and (part := self.rfile.read(min(remaining, 65_536))):
            remaining -= len(part)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._read_chunk_size():
            if len(body) + size > MAX_BODY_BYTES:
                raise _RequestRejected(plain_response(413))
            body += self._read_exactly(size)
            self.rfile.readline(3)
        while self.rfile.readline(65_537).strip():
            pass  # trailers are ignored
        return bytes(body)

    def _read_chunk_size(self) -> int:
        size = self.rfile.readline(1_000).split(b";")[0].rstrip(b" \t\r\n")
        if not re.fullmatch(b"[0-9A-Fa-f]{1,15}", size):  # int() reads -5, +5, 0x5 and 1_0 too
            raise _RequestRejected(plain_response(400))
        return int(size, 16)

    def _write_response(self, response: Response) -> None:
        if self.command == "HEAD":
            response = response.without_body()
        self.send_response_only(response.status, REASON_PHRASES.get(response.status))
        for name, value in response.headers.items():
            if name != "content-length":
                self.send_header(name, value.encode().decode("latin-1"))
        for cookie in response.cookies:
            self.send_header("set-cookie", cookie)
        if "date" not in response.headers:
            self.send_header("date", http_date(time.time()))
        if response.status not in (204, 304):
            length = response.headers.get("content-length") if self.command == "HEAD" else None
            self.send_header("content-length", length or str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(response.body)
        self.wfile.flush()


def _decode_utf8(raw: bytes) -> str:
    """`raw` as text; if it is not valid UTF-8, with the bytes above ASCII percent-encoded."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return quote_from_bytes(raw, safe="".join(map(chr, range(0x21, 0x7F))))


class WebServer(ThreadingHTTPServer):
    """Serves `app` on one address. Port 0 takes a free port; `OSError` if the port is in use.

    Until `app` is set, every response is a 503. `on_error` is called, in the except block, for
    every exception in a request.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, on_error: Callable[[], None], *, host: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)
        self.app: HandleRequest = lambda _: plain_response(503, {"retry-after": "1"})
        self._on_error = on_error
        self._active_count = 0
        self._active_changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Start to serve, in a thread."""
        self._thread.start()

    def close(self, *, seconds: float = 5.0) -> None:
        """Stop listening, and wait at most `seconds` for running requests to finish."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._active_changed:
            self._active_changed.wait_for(lambda: self._active_count == 0, seconds)

    def active_request(self) -> "_ActiveRequest":
        """A context manager around the handling of one request; `close` waits for it."""
        return _ActiveRequest(self)

    def change_active_count(self, change: int) -> None:
        """Add `change` to the number of running requests."""
        with self._active_changed:
            self._active_count += change
            self._active_changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an exception in a request; `socketserver` then closes the connection."""
        self._on_error()

    def server_bind(self) -> None:
        """Bind without a reverse DNS look-up of the address, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.port


class _ActiveRequest:
    def __init__(self, server: WebServer) -> None:
        self._server = server

    def __enter__(self) -> None:
        self._server.change_active_count(1)

    def __exit__(self, *_: object) -> None:
        self._server.change_active_count(-1)
