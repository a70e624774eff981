"""A receiver of webhooks on this machine, which verifies each delivery, for `webhooks listen`."""

import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from postcard.cli.output import CommandError
from postcard.events.event_body import MAX_BODY_BYTES
from postcard.runtime.lazy_dataclass import dataclass
from postcard.webhooks.delivery_verification import VerificationError, verify_delivery

REQUEST_SECONDS = 15.0  # for one request to arrive
MAX_KNOWN_IDS = 10_000
POLL_SECONDS = 0.05  # that ending takes at most
MAX_WAITING = 10_000  # deliveries that were not printed yet
SECRET_SECONDS = 10.0  # that a delivery waits for the secret, which comes after the webhook


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """A request to the receiver. `fault` says why it was refused; "" if it was verified.

    `is_repeated`: a delivery with its id came before. `body` is the parsed JSON.
    """

    received_at: float
    event_id: str
    fault: str
    is_repeated: bool
    body: Any


class WebhookReceiver:
    """Listens on 127.0.0.1 while it is entered, and answers verified deliveries with `answer`.

    Unverified requests get a 401. `deliveries` holds all of them in order.
    """

    def __init__(self, port: int, *, answer: int = 204, secret: str = "") -> None:
        self.answer = answer
        self._secret = secret
        self._has_secret = threading.Event()
        if secret:
            self._has_secret.set()
        self.deliveries: queue.Queue[ReceivedDelivery] = queue.Queue(MAX_WAITING)
        self._known_ids: dict[str, None] = {}
        self._lock = threading.Lock()
        receiver = self

        class Handler(_Handler):
            """Hands requests to this receiver."""

            def receive(self, body: bytes) -> int:
                return receiver.receive({k.lower(): v for k, v in self.headers.items()}, body)

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be listened on ({error.strerror}): choose another with --port."
            ) from error
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def use_secret(self, secret: str) -> None:
        """Verify with this secret. A delivery that came before waits for it."""
        self._secret = secret
        self._has_secret.set()

    def __enter__(self) -> "WebhookReceiver":
        threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Verify a delivery and keep it for printing; the status to answer with."""
        try:
            delivery = self._verified(headers, body)
        except VerificationError as error:
            claimed = headers.get("webhook-id", "")[:64]
            delivery = ReceivedDelivery(time.time(), claimed, str(error), False, None)
        try:
            self.deliveries.put_nowait(delivery)
        except queue.Full:
            return 503
        return 401 if delivery.fault else self.answer

    def _verified(self, headers: dict[str, str], body: bytes) -> ReceivedDelivery:
        if not self._has_secret.wait(SECRET_SECONDS):
            raise VerificationError("The receiver has no secret yet.")
        now = time.time()
        event_id = verify_delivery(self._secret, headers, body, now=now)
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise VerificationError("The body is not a JSON object.")
        return ReceivedDelivery(now, event_id, "", self._is_known(event_id), parsed)

    def _is_known(self, event_id: str) -> bool:
        with self._lock:
            is_known = event_id in self._known_ids
            self._known_ids[event_id] = None
            if len(self._known_ids) > MAX_KNOWN_IDS:
                del self._known_ids[next(iter(self._known_ids))]
            return is_known


class _Handler(BaseHTTPRequestHandler):
    """Reads a bounded request. Only POST is answered with what the receiver says."""

    timeout = REQUEST_SECONDS

    def receive(self, body: bytes) -> int:
        """The status for a body."""
        raise NotImplementedError

    def do_POST(self) -> None:
        """Receive a delivery."""
        length = self.headers.get("Content-Length", "")
        is_number = length.isascii() and length.isdecimal() and len(length) < 10
        if not is_number or int(length) > MAX_BODY_BYTES:
            self._reply(413)
            return
        self._reply(self.receive(self.rfile.read(int(length))))

    def _reply(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the command prints what came."""
