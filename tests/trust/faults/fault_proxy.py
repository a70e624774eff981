"""A TCP proxy before moto that makes what AWS does on a bad day, aimed at single calls."""

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
LINGER = struct.pack("ii", 1, 0)  # a close that is a reset
SECRETS, TABLE, BUCKET = "secretsmanager", "dynamodb", "s3"
SERVICES = {"DynamoDB": TABLE, "secretsmanager": SECRETS}
HOP_BY_HOP_HEADERS = ("connection", "transfer-encoding", "content-length", "date", "server")


@dataclass(frozen=True)
class AwsCall:
    """One call of AWS: `key` is an object's name, or an item's partition and place."""

    service: str
    operation: str
    key: str


@dataclass(frozen=True)
class InjectedFault:
    """What is to happen to the calls it is aimed at. Empty: to all."""

    kind: str
    service: str = ""
    operation: str = ""
    key: str = ""
    seconds: float = 0.5  # of `slow`, before an answer that is right

    def matches(self, call: AwsCall) -> bool:
        """Whether it is aimed at this call."""
        return (
            self.service in ("", call.service)
            and self.operation in ("", call.operation)
            and call.key.startswith(self.key)
        )


@dataclass(frozen=True)
class ProxiedRequest:
    """A request as it came."""

    request_line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def call(self) -> AwsCall:
        """What it asks of whom."""
        method, target, _ = self.request_line.split(" ", 2)
        name = self.headers.get("x-amz-target", "")
        if not name:
            path = unquote(urlsplit(target).path)
            return AwsCall(BUCKET, method.lower(), path.removeprefix("/").partition("/")[2])
        service = SERVICES[name.partition("_")[0].partition(".")[0]]
        item = json.loads(self.body or b"{}").get("Key") or json.loads(self.body).get("Item") or {}
        place = "/".join(str(item[part]["S"]) for part in ("pk", "sk") if part in item)
        return AwsCall(service, name.rpartition(".")[2], place)


@dataclass(frozen=True)
class ProxiedResponse:
    """What goes back; `told` is the length that is promised, where it is not the body's."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    promised_length: int | None = None

    def head(self, *, bodiless: bool = False) -> bytes:
        """Everything before the body."""
        length = len(self.body) if self.promised_length is None else self.promised_length
        lines = [f"HTTP/1.1 {self.status} Status"]
        lines += [f"{name}: {text}" for name, text in self.headers.items()]
        if not bodiless or "content-length" not in {name.lower() for name in self.headers}:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class FaultProxy:
    """Listens on 127.0.0.1 for `upstream` (host and port). `calls` counts what was asked for."""

    def __init__(self, upstream: str, *, other: bytes = b"") -> None:
        self._upstream = upstream
        self._other = other
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._fault_over = threading.Event()
        self._fault: InjectedFault | None = None
        self._open: set[socket.socket] = set()
        self.calls: Counter[AwsCall] = Counter()
        self.fault_count = 0  # calls that a fault has hit
        self._listening = self._listen(0)
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _listen(self, port: int) -> socket.socket:
        listening = socket.create_server(("127.0.0.1", port), backlog=512)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
        return listening

    def close(self) -> None:
        """Everything ends."""
        self._ended.set()
        self._fault_over.set()
        self._stop_listening()

    def reset_counts(self) -> None:
        """Count anew."""
        with self._lock:
            self.calls.clear()
            self.fault_count = 0

    def count(self, service: str, operation: str = "", key: str = "") -> int:
        """How many such calls came."""
        aim = InjectedFault("", service, operation, key)
        with self._lock:
            return sum(number for call, number in self.calls.items() if aim.matches(call))

    @contextmanager
    def inject(self, fault: InjectedFault) -> Iterator[None]:
        """The fault lasts as long as this."""
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
                self._listening = self._listen(self.port)

    def _stop_listening(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            kept = list(self._open)
        for connection in kept:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream = http.client.HTTPConnection(self._upstream, timeout=60)
        with self._lock:
            self._open.add(connection)
        try:
            with connection.makefile("rb") as stream:
                while asked := _read_request(stream):
                    if not self._handle(connection, upstream, asked):
                        return
        except (OSError, http.client.HTTPException):
            return
        finally:
            with self._lock:
                self._open.discard(connection)
            upstream.close()
            connection.close()

    def _handle(
        self,
        connection: socket.socket,
        upstream: http.client.HTTPConnection,
        request: ProxiedRequest,
    ) -> bool:
        """Whether the connection goes on."""
        call, fault = request.call, self._fault
        struck = fault is not None and fault.matches(call)
        with self._lock:
            self.calls[call] += 1
            self.fault_count += struck

        def pass_on() -> ProxiedResponse:
            return _forward(upstream, request)

        if fault is None or not struck:
            answer = pass_on()
            connection.sendall(
                answer.head(bodiless=request.request_line.startswith("HEAD")) + answer.body
            )
            return True
        return self._apply_fault(connection, fault, call, pass_on)

    def _apply_fault(
        self,
        connection: socket.socket,
        fault: InjectedFault,
        call: AwsCall,
        pass_on: Callable[[], ProxiedResponse],
    ) -> bool:
        if fault.kind == "hang":
            self._fault_over.wait()
            return False
        if fault.kind == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            return False
        if fault.kind == "drip":
            return self._send_slowly(connection, pass_on())
        if fault.kind == "slow":
            self._fault_over.wait(fault.seconds)
        answer = _faulty_response(fault.kind, call, pass_on, self._other)
        connection.sendall(answer.head() + answer.body)
        return answer.promised_length is None

    def _send_slowly(self, connection: socket.socket, answer: ProxiedResponse) -> bool:
        """Its head, then a byte now and then, with no end in sight."""
        connection.sendall(
            ProxiedResponse(answer.status, answer.headers, b"", promised_length=10_000).head()
        )
        for at in range(10_000):
            connection.sendall(answer.body[at : at + 1] or b" ")
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
    sent = {name: text for name, text in request.headers.items() if name != "connection"}
    upstream.request(method, target, request.body, sent)
    response = upstream.getresponse()
    kept = {n: t for n, t in response.getheaders() if n.lower() not in HOP_BY_HOP_HEADERS}
    return ProxiedResponse(response.status, kept, response.read())


def _faulty_response(
    kind: str, call: AwsCall, pass_on: Callable[[], ProxiedResponse], other: bytes
) -> ProxiedResponse:
    """The answer as the fault makes it. What is refused has not been done."""
    if kind.isdigit():
        return _error_response(int(kind), call)
    if kind == "throttled":
        return _throttling_response(call)
    answer = pass_on()
    half = answer.body[: len(answer.body) // 2]
    bare = {n: t for n, t in answer.headers.items() if n.lower() not in ("etag", "x-amz-crc32")}
    if kind == "cut":
        return ProxiedResponse(
            answer.status, answer.headers, half, promised_length=max(1, len(answer.body))
        )
    if kind == "half":
        return ProxiedResponse(answer.status, bare, half)
    if kind == "html":
        return ProxiedResponse(200, {"Content-Type": "text/html"}, HTML)
    if kind == "other":
        return ProxiedResponse(200, {"Content-Type": "image/png"}, other)
    if kind == "flipped" and answer.body:
        at = len(answer.body) // 2
        body = answer.body[:at] + bytes([answer.body[at] ^ 4]) + answer.body[at + 1 :]
        return ProxiedResponse(answer.status, answer.headers, body)
    return answer


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
