"""Sends signed HTTP requests to AWS: pooled connections, one retry, a deadline for every call."""

import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException, IncompleteRead
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from postcard.adapters.aws.call_failed import CORRUPT_BODY, UNREACHABLE, AwsCallFailed
from postcard.adapters.aws.sigv4 import CONTAINER_CREDENTIALS, Credentials, signed_headers
from postcard.adapters.http.deadline_socket import DeadlineSocket, default_tls_context, wrap_tls
from postcard.adapters.http.exchange import BodyTooLarge, read_body, send_request
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

if TYPE_CHECKING:
    from postcard.adapters.aws.container_credentials import ContainerCredentials

MAX_BODY_BYTES = 64 * 1024 * 1024
CONNECT_SECONDS = 1.0
IDLE_SECONDS = 15.0  # then AWS has probably closed the connection
MAX_ATTEMPTS = 2
RETRY_DELAY_SECONDS = 0.05
THROTTLING_CODE = lazy_regex(
    rb"Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|SlowDown"
)


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request before signing. `path` is percent-encoded; `operation` names it in the log."""

    operation: str
    service: str
    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class AwsResponse:
    """A response with its whole body."""

    status: int
    headers: Message
    body: bytes


class Transport:
    """Sends signed requests. Safe in several threads: each has its own connections.

    A call ends within `seconds`, or at the `time.monotonic()` instant `deadline` if that is sooner.
    A failed connection, a throttled call and a 5xx are retried once within that time.
    """

    def __init__(
        self,
        *,
        region: str,
        endpoint_url: str | None,
        environ: Mapping[str, str],
        now: Callable[[], float] = time.time,
        seconds: float = 3.0,
    ) -> None:
        self._region = region
        self._endpoint = urlsplit(endpoint_url) if endpoint_url else None
        self._environ = environ
        self._now = now
        self._seconds = seconds
        self.overall_deadline = math.inf  # a `time.monotonic()` instant at which every call ends
        self._thread_local = threading.local()
        self._container_credentials: ContainerCredentials | None = None

    @property
    def endpoint(self) -> str | None:
        """Host and port of `endpoint_url`, which replaces all of AWS."""
        return self._endpoint.netloc if self._endpoint else None

    def send(self, request: AwsRequest, deadline: float | None = None) -> AwsResponse:
        """The response of any status below 500; `AwsCallFailed` if there is none."""
        latest = min(time.monotonic() + self._seconds, self.overall_deadline)
        deadline = latest if deadline is None else min(deadline, latest)
        attempt = 1
        while True:
            try:
                response = self._attempt(request, deadline)
                if response.status < 500 and not _is_throttled(response):
                    return response
                if attempt == MAX_ATTEMPTS:
                    raise AwsCallFailed(request.operation, "Busy", response.status)
                time.sleep(max(0.0, min(RETRY_DELAY_SECONDS, deadline - time.monotonic())))
            except ConnectionError as error:  # a pooled connection was closed: retry at once
                if attempt == MAX_ATTEMPTS:
                    raise AwsCallFailed(request.operation, UNREACHABLE) from error
            attempt += 1

    def _credentials(self, deadline: float) -> Credentials:
        """From the environment, or from Lambda's endpoint in a function with SnapStart."""
        if "AWS_ACCESS_KEY_ID" in self._environ or CONTAINER_CREDENTIALS not in self._environ:
            return Credentials.from_environ(self._environ)
        if self._container_credentials is None:
            from postcard.adapters.aws.container_credentials import ContainerCredentials

            self._container_credentials = ContainerCredentials(self._environ, self._now)
        return self._container_credentials.get(deadline)

    def _attempt(self, request: AwsRequest, deadline: float) -> AwsResponse:
        """`ConnectionError` where a retry may help, `AwsCallFailed` where it will not."""
        headers = signed_headers(
            request.method,
            request.path,
            {"Host": request.host, **request.headers},
            request.body,
            service=request.service,
            region=self._region,
            credentials=self._credentials(deadline),
            now=self._now(),
        )
        headers |= {"Content-Length": str(len(request.body)), "Accept-Encoding": "identity"}
        connection = self._connection(request, deadline)
        try:
            return self._exchange(connection, request, headers)
        except BaseException:
            connection.close()
            raise

    def _exchange(
        self, connection: DeadlineSocket, request: AwsRequest, headers: Mapping[str, str]
    ) -> AwsResponse:
        try:
            response = send_request(connection, request.method, request.path, headers, request.body)
        except TimeoutError as error:
            raise AwsCallFailed(request.operation, UNREACHABLE) from error
        except (OSError, HTTPException) as error:
            raise ConnectionError(str(error)) from error
        try:
            body = read_body(response, MAX_BODY_BYTES)
        except (OSError, IncompleteRead, BodyTooLarge) as error:
            raise AwsCallFailed(request.operation, CORRUPT_BODY, response.status) from error
        if response.will_close:
            connection.close()
        else:
            self._pool()[request.host] = (connection, time.monotonic())
        return AwsResponse(response.status, response.headers, body)

    def _pool(self) -> dict[str, tuple[DeadlineSocket, float]]:
        pool: dict[str, tuple[DeadlineSocket, float]] = self._thread_local.__dict__.setdefault(
            "connections", {}
        )
        return pool

    def _connection(self, request: AwsRequest, deadline: float) -> DeadlineSocket:
        connection, used_at = self._pool().pop(request.host, (None, 0.0))
        if connection is not None and time.monotonic() - used_at < IDLE_SECONDS:
            connection.deadline = deadline
            return connection
        if connection is not None:
            connection.close()
        try:
            return DeadlineSocket(self._connect(request.host, deadline), deadline)
        except OSError as error:
            raise ConnectionError(str(error)) from error

    def _connect(self, host: str, deadline: float) -> socket.socket:
        plain = self._endpoint is not None and self._endpoint.scheme == "http"
        name, _, port = host.partition(":")
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("time is up")
        address = (name, int(port or (80 if plain else 443)))
        sock = socket.create_connection(address, timeout=min(CONNECT_SECONDS, remaining))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock if plain else wrap_tls(sock, name, default_tls_context(), remaining)


def _is_throttled(response: AwsResponse) -> bool:
    return response.status in (400, 429) and bool(THROTTLING_CODE.search(response.body[:2000]))
