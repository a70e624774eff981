"""The seven AWS calls that drawing a picture needs, under boto3's names, without importing boto3.

Why, with figures: docs/decisions/aws-client.md.
"""

import base64
import json
import os
import re
import time
import zlib
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from postcard.adapters.aws.errors import CUT, CallFailed
from postcard.adapters.aws.transport import Answer, Request, Transport

META = "x-amz-meta-"
SENT_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentMD5": "Content-MD5",
    "IfNoneMatch": "If-None-Match",
}


class LeanClient:
    """S3, DynamoDB and Secrets Manager. Faults are `CallFailed`, with AWS's name for them."""

    def __init__(
        self,
        *,
        region: str,
        endpoint_url: str | None = None,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], float] = time.time,
        seconds: float = 3.0,
    ) -> None:
        self._region = region
        self._transport = Transport(
            region=region, endpoint_url=endpoint_url, environ=environ, now=now, seconds=seconds
        )

    def until(self, instant: float) -> None:
        """From now on no call lasts longer than to this `time.monotonic()` instant."""
        self._transport.until = instant

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's GetItem."""
        return self._json("dynamodb", "DynamoDB_20120810.GetItem", arguments)

    def put_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's PutItem."""
        return self._json("dynamodb", "DynamoDB_20120810.PutItem", arguments)

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's UpdateItem."""
        return self._json("dynamodb", "DynamoDB_20120810.UpdateItem", arguments)

    def get_secret_value(self, **arguments: Any) -> dict[str, Any]:
        """Secrets Manager's GetSecretValue."""
        return self._json("secretsmanager", "secretsmanager.GetSecretValue", arguments)

    def get_object(self, *, deadline: float | None = None, **where: Any) -> dict[str, Any]:
        """S3's GetObject; `Body` is bytes, read until the monotonic instant `deadline`."""
        answer = self._s3("GET", where, {}, b"", deadline)
        headers = answer.headers
        return {
            "Body": answer.body,
            "ETag": headers.get("ETag", ""),
            "ContentType": headers.get("Content-Type", ""),
            "CacheControl": headers.get("Cache-Control", ""),
            "ExpiresString": headers.get("Expires", ""),
            "Metadata": {
                name.lower().removeprefix(META): text
                for name, text in headers.items()
                if name.lower().startswith(META)
            },
        }

    def put_object(self, *, Body: bytes, **given: Any) -> dict[str, Any]:
        """S3's PutObject."""
        headers = {header: given[name] for name, header in SENT_HEADERS.items() if given.get(name)}
        if given.get("Expires"):
            headers["Expires"] = format_datetime(given["Expires"], usegmt=True)
        headers |= {META + name: text for name, text in given.get("Metadata", {}).items()}
        return {"ETag": self._s3("PUT", given, headers, Body, None).headers.get("ETag", "")}

    def delete_object(self, **where: Any) -> dict[str, Any]:
        """S3's DeleteObject; an object that is not there is no fault."""
        self._s3("DELETE", where, {}, b"", None)
        return {}

    def _s3(
        self,
        method: str,
        where: Mapping[str, Any],
        headers: Mapping[str, str],
        body: bytes,
        deadline: float | None,
    ) -> Answer:
        bucket, path = where["Bucket"], "/" + quote(where["Key"], safe="/-._~")
        host = self._host("s3")
        if self._transport.endpoint or "." in bucket:
            path = f"/{bucket}{path}"
        else:
            host = f"{bucket}.{host}"
        operation = f"{method.title()}Object"
        request = Request(operation, "s3", method, host, path, headers, body)
        answer = self._transport.send(request, deadline)
        if answer.status >= 300:
            code = re.search(rb"<Code>(\w+)</Code>", answer.body)
            name = code[1].decode() if code else str(answer.status)
            raise CallFailed(operation, name, answer.status)
        return answer

    def _json(self, service: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        version = "1.0" if service == "dynamodb" else "1.1"
        headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target}
        body = json.dumps(arguments, default=_base64).encode()
        operation = target.partition(".")[2]
        request = Request(operation, service, "POST", self._host(service), "/", headers, body)
        answer = self._transport.send(request)
        crc = answer.headers.get("x-amz-crc32")
        if crc is not None and crc != str(zlib.crc32(answer.body)):
            raise CallFailed(operation, CUT, answer.status)
        content = _object(answer.body)
        if answer.status >= 300:
            code = str((content or {}).get("__type", answer.status)).rpartition("#")[2]
            raise CallFailed(operation, code, answer.status, content)
        if content is None:
            raise CallFailed(operation, CUT, answer.status)
        return content

    def _host(self, service: str) -> str:
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        return self._transport.endpoint or f"{service}.{self._region}.{suffix}"


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer; None where something on the way put its own page there."""
    try:
        content = json.loads(body or b"{}", object_hook=_unwrap)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _unwrap(value: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's `{"B": base64}` as bytes, as boto3 gives it."""
    if value.keys() == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    return value
