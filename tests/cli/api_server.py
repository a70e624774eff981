"""The API of a service in memory over HTTP on this machine, for commands that call it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api import app as api_app
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import api_event


def response_without_log(service: InMemoryService, event: dict[str, Any]) -> HandlerResponse:
    """What the function answers; its log would be among the output of the command."""
    context = FakeLambdaContext(29_000)
    with api_app.resolver_lock:
        call = api_app.middleware.start(event, context, service.api)
        return HandlerResponse.from_lambda(api_app.middleware.handle(call, event, context))


@contextmanager
def served_api(service: InMemoryService) -> Iterator[str]:
    """The address of the API while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        """Answers with the handler's response."""

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            event = api_event(self.command, self.path)
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            event["body"] = self.rfile.read(length).decode()
            reply = response_without_log(service, event)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
