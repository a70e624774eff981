"""AWS Signature Version 4, for requests without a query and with the whole body at hand."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import field

from postcard.runtime.lazy_dataclass import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"
# The variable that has the address of credentials in a function with SnapStart.
CONTAINER_CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@dataclass(frozen=True, slots=True)
class Credentials:
    """AWS credentials; Lambda has them in its environment."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Credentials":
        """Read for each request: Lambda may replace them between two invocations."""
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
    """`headers` with the signature's headers added.

    `headers` must have Host. `path` is percent-encoded once, as it is sent; services other than S3
    sign it encoded twice, so for them it must be `/`.
    """
    timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    body_digest = hashlib.sha256(body).hexdigest()
    headers = {
        **headers,
        "X-Amz-Date": timestamp,
        **_service_headers(service, body_digest, credentials.token),
    }
    canonical_headers = sorted(
        (name.lower(), " ".join(text.split())) for name, text in headers.items()
    )
    signed_names = ";".join(name for name, _ in canonical_headers)
    lines = [f"{name}:{text}" for name, text in canonical_headers]
    canonical_request = "\n".join([method, path, "", *lines, "", signed_names, body_digest])
    request_digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    string_to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{request_digest}"
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={signed_names}, Signature={_signature(credentials, scope, string_to_sign)}"
    )
    return headers


def _service_headers(service: str, body_digest: str, token: str) -> Mapping[str, str]:
    headers = {"X-Amz-Content-SHA256": body_digest} if service == "s3" else {}
    return {**headers, "X-Amz-Security-Token": token} if token else headers


def _signature(credentials: Credentials, scope: str, string_to_sign: str) -> str:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac_sha256(key, part)
    return _hmac_sha256(key, string_to_sign).hex()


def _hmac_sha256(key: bytes, message: str) -> bytes:
    return hmac.digest(key, message.encode(), "sha256")
