"""AWS Signature Version 4, for requests with a query of no parameters and a known body."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import field

from postcard.runtime.lazy_dataclass import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls. Lambda's environment holds them under the names of `from_environ`."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Credentials":
        """Read when a request is signed: a thawed Lambda may have been given new ones."""
        return cls(
            environ.get("AWS_ACCESS_KEY_ID", ""),
            environ.get("AWS_SECRET_ACCESS_KEY", ""),
            environ.get("AWS_SESSION_TOKEN", ""),
        )


def signed_headers(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """`headers` and those that prove who sends them.

    `headers` must hold Host. `path` is as sent, percent-encoded once: S3's rule, for others `/`.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    payload = hashlib.sha256(body).hexdigest()
    headers = {
        **headers,
        "X-Amz-Date": stamp,
        **_service_headers(service, payload, credentials.token),
    }
    lines = {name.lower(): " ".join(text.split()) for name, text in headers.items()}
    names = ";".join(sorted(lines))
    canonical = "\n".join(
        [method, path, "", *(f"{name}:{lines[name]}" for name in sorted(lines)), "", names, payload]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    message = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={_signature(credentials, scope, message)}"
    )
    return headers


def _service_headers(service: str, payload: str, token: str) -> Mapping[str, str]:
    more = {"X-Amz-Content-SHA256": payload} if service == "s3" else {}
    return {**more, "X-Amz-Security-Token": token} if token else more


def _signature(credentials: Credentials, scope: str, message: str) -> str:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac_sha256(key, part)
    return _hmac_sha256(key, message).hex()


def _hmac_sha256(key: bytes, message: str) -> bytes:
    return hmac.digest(key, message.encode(), "sha256")
