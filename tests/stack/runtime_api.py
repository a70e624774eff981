"""Lambda's Runtime API, small: hands events to a runtime and takes back its answers.

The runtime (awslambdaric) asks for the next event and posts what the handler returned. It runs one
call at a time, as a Lambda environment does.
"""

import json
import queue
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/2018-06-01/runtime"


class InvocationFailed(Exception):
    """The handler raised, or the function could not even start."""


class RuntimeApi:
    """Serves one runtime on a port of 127.0.0.1. Use as a context manager."""

    def __init__(self, *, function: str = "function", timeout: float = 30.0) -> None:
        self._arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
        self._timeout = timeout
        self.events: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self.responses: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._server = RuntimeApiServer(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "RuntimeApi":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.events.put(None)  # a runtime that waits for an event is let go
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """For AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: object) -> Any:
        """Hand over one event and wait for what the handler returns; `InvocationFailed`."""
        self.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        try:
            outcome, body = self.responses.get(timeout=self._timeout)
        except queue.Empty:
            raise InvocationFailed(f"no answer within {self._timeout:g} s") from None
        if outcome != "response":
            raise InvocationFailed(body.decode())
        return json.loads(body)

    def invocation_headers(self, request_id: str) -> dict[str, str]:
        """What comes with an event."""
        deadline = int((time.time() + self._timeout) * 1000)
        return {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        }


class RuntimeApiHandler(BaseHTTPRequestHandler):
    """What a runtime asks for and posts."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # unbuffered, each header is a packet of its own …
    disable_nagle_algorithm = True  # … and each call waits 40 ms for an acknowledgement
    server: "RuntimeApiServer"

    def do_GET(self) -> None:
        """The next event, as soon as there is one."""
        if self.path != f"{PREFIX}/invocation/next":
            return self._answer(404, b"{}")
        if (event := self.server.api.events.get()) is None:
            return self._answer(500, b"{}")
        request_id, body = event
        return self._answer(200, body, self.server.api.invocation_headers(request_id))

    def do_POST(self) -> None:
        """What came of it: …/response or …/error."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, b'{"status":"OK"}')
        self.server.api.responses.put((self.path.rpartition("/")[2], body))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class RuntimeApiServer(ThreadingHTTPServer):
    """A server that knows its Runtime API."""

    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runtime that was ended in the middle of a call is no fault."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
