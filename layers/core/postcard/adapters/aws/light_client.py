"""A client for the eight AWS calls that a render needs, with boto3's method names, without boto3.

It shortens cold starts: docs/decisions/aws-client.md has the figures.
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

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.adapters.aws.retrying_transport import AwsRequest, AwsResponse, Transport

METADATA_PREFIX = "x-amz-meta-"
PUT_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentMD5": "Content-MD5",
    "IfNoneMatch": "If-None-Match",
}


class LightClient:
    """Calls S3, DynamoDB and Secrets Manager; raises `AwsCallFailed` with AWS's error codes."""

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

    def set_overall_deadline(self, instant: float) -> None:
        """Let every call end at this `time.monotonic()` instant."""
        self._transport.overall_deadline = instant

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's GetItem."""
        return self._call_json("dynamodb", "DynamoDB_20120810.GetItem", arguments)

    def batch_get_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's BatchGetItem."""
        return self._call_json("dynamodb", "DynamoDB_20120810.BatchGetItem", arguments)

    def put_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's PutItem."""
        return self._call_json("dynamodb", "DynamoDB_20120810.PutItem", arguments)

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's UpdateItem."""
        return self._call_json("dynamodb", "DynamoDB_20120810.UpdateItem", arguments)

    def get_secret_value(self, **arguments: Any) -> dict[str, Any]:
        """Secrets Manager's GetSecretValue."""
        return self._call_json("secretsmanager", "secretsmanager.GetSecretValue", arguments)

    def get_object(self, *, deadline: float | None = None, **location: Any) -> dict[str, Any]:
        """S3's GetObject; `Body` is bytes, read before the monotonic instant `deadline`."""
        response = self._call_s3("GET", location, {}, b"", deadline)
        headers = response.headers
        return {
            "Body": response.body,
            "ETag": headers.get("ETag", ""),
            "ContentType": headers.get("Content-Type", ""),
            "CacheControl": headers.get("Cache-Control", ""),
            "ExpiresString": headers.get("Expires", ""),
            "Metadata": {
                name.lower().removeprefix(METADATA_PREFIX): text
                for name, text in headers.items()
                if name.lower().startswith(METADATA_PREFIX)
            },
        }

    def put_object(self, *, Body: bytes, **arguments: Any) -> dict[str, Any]:
        """S3's PutObject."""
        headers = {
            header: arguments[name] for name, header in PUT_HEADERS.items() if arguments.get(name)
        }
        if arguments.get("Expires"):
            headers["Expires"] = format_datetime(arguments["Expires"], usegmt=True)
        headers |= {
            METADATA_PREFIX + name: text for name, text in arguments.get("Metadata", {}).items()
        }
        response = self._call_s3("PUT", arguments, headers, Body, None)
        return {"ETag": response.headers.get("ETag", "")}

    def delete_object(self, **location: Any) -> dict[str, Any]:
        """S3's DeleteObject, of an object that may not exist."""
        self._call_s3("DELETE", location, {}, b"", None)
        return {}

    def _call_s3(
        self,
        method: str,
        location: Mapping[str, Any],
        headers: Mapping[str, str],
        body: bytes,
        deadline: float | None,
    ) -> AwsResponse:
        bucket, path = location["Bucket"], "/" + quote(location["Key"], safe="/-._~")
        host = self._host("s3")
        if self._transport.endpoint or "." in bucket:
            path = f"/{bucket}{path}"
        else:
            host = f"{bucket}.{host}"
        operation = f"{method.title()}Object"
        request = AwsRequest(operation, "s3", method, host, path, headers, body)
        response = self._transport.send(request, deadline)
        if response.status >= 300:
            match = re.search(rb"<Code>(\w+)</Code>", response.body)
            code = match[1].decode() if match else str(response.status)
            raise AwsCallFailed(operation, code, response.status)
        return response

    def _call_json(self, service: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        version = "1.0" if service == "dynamodb" else "1.1"
        headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target}
        body = json.dumps(arguments, default=_encode_base64).encode()
        operation = target.partition(".")[2]
        request = AwsRequest(operation, service, "POST", self._host(service), "/", headers, body)
        response = self._transport.send(request)
        crc = response.headers.get("x-amz-crc32")
        if crc is not None and crc != str(zlib.crc32(response.body)):
            raise AwsCallFailed(operation, CORRUPT_BODY, response.status)
        content = _parse_object(response.body)
        if response.status >= 300:
            code = str((content or {}).get("__type", response.status)).rpartition("#")[2]
            raise AwsCallFailed(operation, code, response.status, content)
        if content is None:
            raise AwsCallFailed(operation, CORRUPT_BODY, response.status)
        return content

    def _host(self, service: str) -> str:
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        return self._transport.endpoint or f"{service}.{self._region}.{suffix}"


def _parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a response; None for anything else, such as a proxy's error page."""
    try:
        content = json.loads(body or b"{}", object_hook=_decode_binary)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _encode_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decode_binary(value: dict[str, Any]) -> dict[str, Any]:
    """Decode DynamoDB's `{"B": base64}` to bytes, as boto3 does."""
    if value.keys() == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    return value
