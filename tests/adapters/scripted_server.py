"""A loopback HTTP server with scripted responses, which records the requests."""

import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class ReceivedRequest:
    """A received request; header names are in lower case."""

    request_line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedResponse:
    """Bytes to send piece by piece, with `pause` seconds in between; then `close`, or not."""

    pieces: Iterable[bytes]
    pause: float = 0.0
    close: bool = False


def http_response(
    body: bytes = b"{}", status: int = 200, headers: Iterable[str] = (), close: bool = False
) -> ScriptedResponse:
    head = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *headers]
    return ScriptedResponse(["\r\n".join([*head, "", ""]).encode() + body], close=close)


CLOSE_CONNECTION = ScriptedResponse([], close=True)


@dataclass
class ScriptedServer:
    """Responds with `respond(request, number of earlier requests)`."""

    respond: Callable[[ReceivedRequest, int], ScriptedResponse]
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        for sock in (self._listener, *self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline():
                    if not self._serve_one(connection, line, stream):
                        return
        except OSError:
            return

    def _serve_one(self, connection: socket.socket, line: bytes, stream: object) -> bool:
        lines = list(iter(stream.readline, b"\r\n"))  # type: ignore[attr-defined]
        pairs = (each.decode().strip().partition(": ") for each in lines)
        headers = {name.lower(): text for name, _, text in pairs}
        body = stream.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
        with self._lock:
            before = len(self.requests)
            self.requests.append(ReceivedRequest(line.decode().strip(), headers, body))
        response = self.respond(self.requests[-1], before)
        for piece in response.pieces:
            connection.sendall(piece)
            if response.pause and self._closing.wait(response.pause):
                return False
        return not response.close
