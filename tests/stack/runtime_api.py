"""A minimal Lambda Runtime API: hands events to a runtime and receives its responses.

The runtime (awslambdaric) requests the next event and posts the handler's response. It runs one
invocation at a time, as a Lambda environment does.
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
    """The handler raised an exception, or the function did not start."""


class RuntimeApi:
    """Serves one runtime on a free port of 127.0.0.1. Use it as a context manager."""

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
        self.events.put(None)  # releases a runtime that waits for an event
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Host and port, for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: object) -> Any:
        """Send one event and wait for the handler's response; `InvocationFailed` if it fails."""
        self.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        try:
            outcome, body = self.responses.get(timeout=self._timeout)
        except queue.Empty:
            raise InvocationFailed(f"no response within {self._timeout:g} s") from None
        if outcome != "response":
            raise InvocationFailed(body.decode())
        return json.loads(body)

    def invocation_headers(self, request_id: str) -> dict[str, str]:
        """The headers of an event."""
        deadline = int((time.time() + self._timeout) * 1000)
        return {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        }


class RuntimeApiHandler(BaseHTTPRequestHandler):
    """Handles the requests of a runtime."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # unbuffered, each header is a packet of its own …
    disable_nagle_algorithm = True  # … and each call waits 40 ms for an acknowledgement
    server: "RuntimeApiServer"

    def do_GET(self) -> None:
        """Send the next event, as soon as there is one."""
        if self.path != f"{PREFIX}/invocation/next":
            return self._respond(404, b"{}")
        if (event := self.server.api.events.get()) is None:
            return self._respond(500, b"{}")
        request_id, body = event
        return self._respond(200, body, self.server.api.invocation_headers(request_id))

    def do_POST(self) -> None:
        """Receive a handler's result: …/response or …/error."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._respond(202, b'{"status":"OK"}')
        self.server.api.responses.put((self.path.rpartition("/")[2], body))

    def _respond(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Do not log requests."""


class RuntimeApiServer(ThreadingHTTPServer):
    """The HTTP server of a `RuntimeApi`."""

    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the lost connection of a runtime that was stopped during a request."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
