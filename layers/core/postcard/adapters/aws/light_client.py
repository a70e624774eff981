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

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.adapters.aws.transport import AwsRequest, AwsResponse, Transport

METADATA_PREFIX = "x-amz-meta-"
PUT_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentMD5": "Content-MD5",
    "IfNoneMatch": "If-None-Match",
}


class LightClient:
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

    def set_overall_deadline(self, instant: float) -> None:
        """From now on no call lasts longer than to this `time.monotonic()` instant."""
        self._transport.overall_deadline = instant

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        """DynamoDB's GetItem."""
        return self._call_json("dynamodb", "DynamoDB_20120810.GetItem", arguments)

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
        """S3's GetObject; `Body` is bytes, read until the monotonic instant `deadline`."""
        answer = self._call_s3("GET", location, {}, b"", deadline)
        headers = answer.headers
        return {
            "Body": answer.body,
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
        return {
            "ETag": self._call_s3("PUT", arguments, headers, Body, None).headers.get("ETag", "")
        }

    def delete_object(self, **location: Any) -> dict[str, Any]:
        """S3's DeleteObject; an object that is not there is no fault."""
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
        answer = self._transport.send(request, deadline)
        if answer.status >= 300:
            code = re.search(rb"<Code>(\w+)</Code>", answer.body)
            name = code[1].decode() if code else str(answer.status)
            raise AwsCallFailed(operation, name, answer.status)
        return answer

    def _call_json(self, service: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        version = "1.0" if service == "dynamodb" else "1.1"
        headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target}
        body = json.dumps(arguments, default=_encode_base64).encode()
        operation = target.partition(".")[2]
        request = AwsRequest(operation, service, "POST", self._host(service), "/", headers, body)
        answer = self._transport.send(request)
        crc = answer.headers.get("x-amz-crc32")
        if crc is not None and crc != str(zlib.crc32(answer.body)):
            raise AwsCallFailed(operation, CORRUPT_BODY, answer.status)
        content = _parse_object(answer.body)
        if answer.status >= 300:
            code = str((content or {}).get("__type", answer.status)).rpartition("#")[2]
            raise AwsCallFailed(operation, code, answer.status, content)
        if content is None:
            raise AwsCallFailed(operation, CORRUPT_BODY, answer.status)
        return content

    def _host(self, service: str) -> str:
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        return self._transport.endpoint or f"{service}.{self._region}.{suffix}"


def _parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer; None where something on the way put its own page there."""
    try:
        content = json.loads(body or b"{}", object_hook=_decode_binary)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _encode_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decode_binary(value: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's `{"B": base64}` as bytes, as boto3 gives it."""
    if value.keys() == {"B"} and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    return value
