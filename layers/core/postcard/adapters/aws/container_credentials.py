"""Credentials from the endpoint that Lambda gives a function with SnapStart.

Such a function has no AWS_ACCESS_KEY_ID: keys in a snapshot would be old when it is restored. The
protocol: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.adapters.aws.sigv4 import CONTAINER_CREDENTIALS, Credentials

TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")
RENEWED_BEFORE_EXPIRY = 300.0  # seconds
RETRIED_AFTER = 10.0  # seconds, when a renewal failed and the old credentials are still valid
TIMEOUT_SECONDS = 2.0
MAX_BYTES = 65_536


class ContainerCredentials:
    """Credentials from the endpoint, kept until five minutes before they expire. Thread-safe."""

    def __init__(self, environ: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._environ = environ
        self._now = now
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._expires_at = 0.0
        self._renew_at = 0.0

    def get(self) -> Credentials:
        """Valid credentials; `AwsCallFailed` if there are none."""
        with self._lock:
            now = self._now()
            if self._credentials is not None and now < self._renew_at:
                return self._credentials
            try:
                self._credentials, self._expires_at = self._fetch()
                self._renew_at = self._expires_at - RENEWED_BEFORE_EXPIRY
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
                if self._credentials is None or now >= self._expires_at:
                    raise AwsCallFailed("GetCredentials", UNREACHABLE) from error
                self._renew_at = now + RETRIED_AFTER
            return self._credentials

    def _fetch(self) -> tuple[Credentials, float]:
        """New credentials, and when they expire in seconds since 1970."""
        url = urlsplit(self._environ[CONTAINER_CREDENTIALS])
        host = url.hostname or ""
        if url.scheme != "http" or host not in LOCAL_HOSTS:
            raise ValueError("the endpoint of credentials is not on this machine")
        path = f"{url.path}?{url.query}" if url.query else url.path
        with closing(http.client.HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)) as http_:
            http_.request("GET", path, headers=self._headers())
            response = http_.getresponse()
            body = response.read(MAX_BYTES)
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
