"""Credentials from the endpoint that Lambda gives a function with SnapStart.

Such a function has no AWS_ACCESS_KEY_ID: keys in a snapshot would be old when it is restored. The
protocol: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import json
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.adapters.aws.sigv4 import CONTAINER_CREDENTIALS, Credentials
from postcard.adapters.http.deadline_socket import DeadlineSocket
from postcard.adapters.http.exchange import BodyTooLarge, read_body, send_request

TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")
RENEWED_BEFORE_EXPIRY = 300.0  # seconds
RETRIED_AFTER = 10.0  # seconds, when the old credentials are still valid and no later ones came
TIMEOUT_SECONDS = 2.0
MAX_BYTES = 65_536
FETCH_ERRORS = (OSError, HTTPException, BodyTooLarge, ValueError, KeyError, TypeError)


class ContainerCredentials:
    """Credentials from the endpoint, kept until five minutes before they expire. Thread-safe."""

    def __init__(self, environ: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._environ = environ
        self._now = now
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._expires_at = 0.0
        self._renew_at = 0.0

    def get(self, deadline: float = math.inf) -> Credentials:
        """Valid credentials; `AwsCallFailed` if there are none.

        The endpoint is asked until the `time.monotonic()` instant `deadline`, at most two seconds.
        """
        with self._lock:
            now = self._now()
            if self._credentials is not None and now < self._renew_at:
                return self._credentials
            try:
                latest = time.monotonic() + TIMEOUT_SECONDS
                self._credentials, self._expires_at = self._fetch(min(deadline, latest))
                self._renew_at = max(self._expires_at - RENEWED_BEFORE_EXPIRY, now + RETRIED_AFTER)
            except FETCH_ERRORS as error:
                if self._credentials is None or now >= self._expires_at:
                    raise AwsCallFailed("GetCredentials", UNREACHABLE) from error
                self._renew_at = now + RETRIED_AFTER
            return self._credentials

    def _fetch(self, deadline: float) -> tuple[Credentials, float]:
        """New credentials, and when they expire in seconds since 1970."""
        url = urlsplit(self._environ[CONTAINER_CREDENTIALS])
        host = url.hostname or ""
        if url.scheme != "http" or host not in LOCAL_HOSTS:
            raise ValueError("the endpoint of credentials is not on this machine")
        path = f"{url.path}?{url.query}" if url.query else url.path
        timeout = deadline - time.monotonic()
        if timeout <= 0:
            raise TimeoutError("time is up")
        sock = socket.create_connection((host, url.port or 80), timeout=timeout)
        with closing(DeadlineSocket(sock, deadline)) as connection:
            headers = {"Host": url.netloc, "Connection": "close", **self._headers()}
            response = send_request(connection, "GET", path, headers)
            body = read_body(response, MAX_BYTES)
        if response.status != 200:
            raise ValueError(f"the endpoint of credentials answered {response.status}")
        answer = json.loads(body)
        expires_at = datetime.fromisoformat(answer["Expiration"]).timestamp()
        keys = answer["AccessKeyId"], answer["SecretAccessKey"], answer["Token"]
        return Credentials(*keys), expires_at

    def _headers(self) -> Mapping[str, str]:
        """The header with the token, which is read each time: the file's content changes."""
        if file := self._environ.get(TOKEN_FILE):
            with Path(file).open(encoding="utf-8") as text:
                return {"Authorization": text.read(MAX_BYTES).strip()}
        token = self._environ.get(TOKEN)
        return {"Authorization": token} if token else {}
