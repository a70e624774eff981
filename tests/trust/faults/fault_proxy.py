"""A TCP proxy between the functions and moto that injects faults into chosen AWS calls.

Kinds of faults: a status such as `503`; `throttled`; `reset` and `hang` (no response); `slow` (a
correct response after some seconds); `drip` (a byte every 0.1 s); `cut` (the connection ends before
the promised length); `half`, `html`, `other` and `flipped` (a wrong body); `refused` (nobody
listens).
"""

import http.client
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

HTML = b"<!doctype html><title>Bad gateway</title><p>Please try again."
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # for SO_LINGER
SECRETS, TABLE, BUCKET = "secretsmanager", "dynamodb", "s3"
SERVICES = {"DynamoDB": TABLE, "secretsmanager": SECRETS}
HOP_BY_HOP_HEADERS = ("connection", "transfer-encoding", "content-length", "date", "server")


@dataclass(frozen=True)
class AwsCall:
    """One call of AWS: `key` is an object's key, or an item's `partition key/sort key`."""

    service: str
    operation: str
    key: str


@dataclass(frozen=True)
class InjectedFault:
    """A fault of one kind, for the calls that match; an empty field matches all."""

    kind: str
    service: str = ""
    operation: str = ""
    key: str = ""  # a prefix
    seconds: float = 0.5  # delay of `slow`

    def matches(self, call: AwsCall) -> bool:
        """Whether the fault is injected into this call."""
        return (
            self.service in ("", call.service)
            and self.operation in ("", call.operation)
            and call.key.startswith(self.key)
        )


@dataclass(frozen=True)
class ProxiedRequest:
    """A request as it was received; header names are lower-case."""

    request_line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def call(self) -> AwsCall:
        """The AWS call that the request makes."""
        method, target, _ = self.request_line.split(" ", 2)
        name = self.headers.get("x-amz-target", "")
        if not name:
            path = unquote(urlsplit(target).path)
            return AwsCall(BUCKET, method.lower(), path.removeprefix("/").partition("/")[2])
        service = SERVICES[name.partition("_")[0].partition(".")[0]]
        item = json.loads(self.body or b"{}").get("Key") or json.loads(self.body).get("Item") or {}
        key = "/".join(str(item[part]["S"]) for part in ("pk", "sk") if part in item)
        return AwsCall(service, name.rpartition(".")[2], key)


@dataclass(frozen=True)
class ProxiedResponse:
    """A response; `promised_length` is its Content-Length, if that is not the body's length."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    promised_length: int | None = None

    def head(self, *, bodiless: bool = False) -> bytes:
        """The status line and headers. `bodiless`: keep the Content-Length of a HEAD's headers."""
        length = len(self.body) if self.promised_length is None else self.promised_length
        lines = [f"HTTP/1.1 {self.status} Status"]
        lines += [f"{name}: {text}" for name, text in self.headers.items()]
        if not bodiless or "content-length" not in {name.lower() for name in self.headers}:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class FaultProxy:
    """Listens on 127.0.0.1 and forwards to `upstream` (host:port); counts the calls.

    `other_image` is the body of the fault `other`.
    """

    def __init__(self, upstream: str, *, other_image: bytes = b"") -> None:
        self._upstream = upstream
        self._other_image = other_image
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._fault_over = threading.Event()
        self._fault: InjectedFault | None = None
        self._connections: set[socket.socket] = set()
        self.calls: Counter[AwsCall] = Counter()
        self.fault_count = 0  # calls into which a fault was injected
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=512)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def close(self) -> None:
        """Stop listening, end all connections and faults."""
        self._ended.set()
        self._fault_over.set()
        self._stop_listening()

    def reset_counts(self) -> None:
        """Set all counters to zero."""
        with self._lock:
            self.calls.clear()
            self.fault_count = 0

    def count(self, service: str, operation: str = "", key: str = "") -> int:
        """The number of matching calls; `key` is a prefix."""
        pattern = InjectedFault("", service, operation, key)
        with self._lock:
            return sum(number for call, number in self.calls.items() if pattern.matches(call))

    @contextmanager
    def inject(self, fault: InjectedFault) -> Iterator[None]:
        """A context manager that injects the fault for as long as it is open."""
        if fault.kind == "refused":
            self._stop_listening()
        else:
            self._fault_over.clear()
            self._fault = fault
        try:
            yield
        finally:
            self._fault = None
            self._fault_over.set()
            if fault.kind == "refused":
                self._listener = self._listen(self.port)

    def _stop_listening(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream = http.client.HTTPConnection(self._upstream, timeout=60)
        with self._lock:
            self._connections.add(connection)
        try:
            with connection.makefile("rb") as stream:
                while request := _read_request(stream):
                    if not self._handle(connection, upstream, request):
                        return
        except (OSError, http.client.HTTPException):
            return
        finally:
            with self._lock:
                self._connections.discard(connection)
            upstream.close()
            connection.close()

    def _handle(
        self,
        connection: socket.socket,
        upstream: http.client.HTTPConnection,
        request: ProxiedRequest,
    ) -> bool:
        """Handle one request; returns whether the connection stays open."""
        call, fault = request.call, self._fault
        matches = fault is not None and fault.matches(call)
        with self._lock:
            self.calls[call] += 1
            self.fault_count += matches

        def forward() -> ProxiedResponse:
            return _forward(upstream, request)

        if fault is None or not matches:
            response = forward()
            head = response.head(bodiless=request.request_line.startswith("HEAD"))
            connection.sendall(head + response.body)
            return True
        return self._apply_fault(connection, fault, call, forward)

    def _apply_fault(
        self,
        connection: socket.socket,
        fault: InjectedFault,
        call: AwsCall,
        forward: Callable[[], ProxiedResponse],
    ) -> bool:
        if fault.kind == "hang":
            self._fault_over.wait()
            return False
        if fault.kind == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            return False
        if fault.kind == "drip":
            return self._send_slowly(connection, forward())
        if fault.kind == "slow":
            self._fault_over.wait(fault.seconds)
        response = _faulty_response(fault.kind, call, forward, self._other_image)
        connection.sendall(response.head() + response.body)
        return response.promised_length is None

    def _send_slowly(self, connection: socket.socket, response: ProxiedResponse) -> bool:
        """Send the headers, then a byte every 0.1 s, of 10,000 promised ones."""
        connection.sendall(
            ProxiedResponse(response.status, response.headers, b"", promised_length=10_000).head()
        )
        for at in range(10_000):
            connection.sendall(response.body[at : at + 1] or b" ")
            if self._fault_over.wait(0.1):
                return False
        return False


def _read_request(stream: object) -> ProxiedRequest | None:
    line = stream.readline()  # type: ignore[attr-defined]
    if not line:
        return None
    lines = list(iter(stream.readline, b"\r\n"))  # type: ignore[attr-defined]
    pairs = (each.decode("latin-1").strip().partition(":") for each in lines)
    headers = {name.lower(): text.strip() for name, _, text in pairs}
    body = stream.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
    return ProxiedRequest(line.decode("latin-1").strip(), headers, body)


def _forward(upstream: http.client.HTTPConnection, request: ProxiedRequest) -> ProxiedResponse:
    method, target, _ = request.request_line.split(" ", 2)
    headers = {name: text for name, text in request.headers.items() if name != "connection"}
    upstream.request(method, target, request.body, headers)
    response = upstream.getresponse()
    headers = {n: t for n, t in response.getheaders() if n.lower() not in HOP_BY_HOP_HEADERS}
    return ProxiedResponse(response.status, headers, response.read())


def _faulty_response(
    kind: str, call: AwsCall, forward: Callable[[], ProxiedResponse], other_image: bytes
) -> ProxiedResponse:
    """The response as the fault makes it. What is refused has not been done."""
    if kind.isdigit():
        return _error_response(int(kind), call)
    if kind == "throttled":
        return _throttling_response(call)
    response = forward()
    half = response.body[: len(response.body) // 2]
    unchecked = {
        n: t for n, t in response.headers.items() if n.lower() not in ("etag", "x-amz-crc32")
    }
    if kind == "cut":
        return ProxiedResponse(
            response.status, response.headers, half, promised_length=max(1, len(response.body))
        )
    if kind == "half":
        return ProxiedResponse(response.status, unchecked, half)
    if kind == "html":
        return ProxiedResponse(200, {"Content-Type": "text/html"}, HTML)
    if kind == "other":
        return ProxiedResponse(200, {"Content-Type": "image/png"}, other_image)
    if kind == "flipped" and response.body:
        at = len(response.body) // 2
        body = response.body[:at] + bytes([response.body[at] ^ 4]) + response.body[at + 1 :]
        return ProxiedResponse(response.status, response.headers, body)
    return response


def _error_response(status: int, call: AwsCall) -> ProxiedResponse:
    names = {403: "AccessDenied", 404: "NoSuchKey", 500: "InternalError", 503: "SlowDown"}
    if call.service == BUCKET:
        body = f"<Error><Code>{names[status]}</Code></Error>".encode()
        return ProxiedResponse(status, {"Content-Type": "application/xml"}, body)
    named = {403: "AccessDeniedException", 404: "ResourceNotFoundException"}
    body = json.dumps({"__type": named.get(status, "InternalServerError")}).encode()
    return ProxiedResponse(400 if status in named else status, {}, body)


def _throttling_response(call: AwsCall) -> ProxiedResponse:
    if call.service == BUCKET:
        return _error_response(503, call)
    name = "ProvisionedThroughputExceeded" if call.service == TABLE else "Throttling"
    return ProxiedResponse(400, {}, json.dumps({"__type": f"{name}Exception"}).encode())
