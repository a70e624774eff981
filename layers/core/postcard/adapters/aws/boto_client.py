"""boto3 clients with short timeouts, which raise `AwsCallFailed`."""

import json
import math
import time
import zlib
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from postcard.adapters.aws.call_failed import CORRUPT_BODY, UNREACHABLE, AwsCallFailed
from postcard.runtime.lazy_regex import lazy_regex

if TYPE_CHECKING:
    from postcard.settings import Settings

READ_CHUNK_BYTES = 65_536
MAX_BODY_SECONDS = 10.0
CONNECT_SECONDS, READ_SECONDS = 1.0, 3.0
SLOW_SERVICE_READ_SECONDS = {
    "athena": 8.0,
    "cloudfront": 8.0,
    "cloudfront-keyvaluestore": 8.0,
    "stepfunctions": 8.0,  # on a laptop its first call imports an interpreter
}
MAX_ATTEMPTS = 2
RETRY_DELAY_SECONDS = 0.1
THROTTLING_CODE = lazy_regex(r".*(?:Throttl|Throughput|SlowDown|RequestLimit|TooManyRequests).*")


def configured_region() -> str | None:
    """The region of AWS_DEFAULT_REGION or of the AWS profile; None if neither names one."""
    return boto3.Session().region_name


def boto_client(
    service: str, settings: "Settings", *, seconds: float | None = None, **client_options: Any
) -> "BotoClient":
    """A client of `service` in the region, or at the endpoint, of `settings`.

    `seconds` replaces the limits for connecting and for reading.
    """
    local = settings.endpoint_url is not None
    connect_seconds = seconds or CONNECT_SECONDS
    read_seconds = seconds or SLOW_SERVICE_READ_SECONDS.get(service, READ_SECONDS)
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": 1},  # `BotoClient` retries
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path" if local else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    core_session = botocore.session.get_session()
    new_client: Any = boto3.session.Session(botocore_session=core_session).client
    # After boto3's session is made, which adds a search path to the loader that it finds.
    core_session.register_component("data_loader", _model_loader())
    client = new_client(
        service,
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        config=config,
        **client_options,
    )
    client.meta.events.register("before-parse", _check_response)
    return BotoClient(client, max_attempt_seconds=connect_seconds + read_seconds)


@cache
def _model_loader() -> Loader:
    """Reads the descriptions of AWS's services and endpoints, each once for all clients."""
    return create_loader()


class BotoClient:
    """Wraps a boto3 client: its methods raise `AwsCallFailed`. Safe in several threads.

    A call without response, a throttled call and a 5xx are retried once. An attempt takes up to
    `max_attempt_seconds`; one that could exceed the `time.monotonic()` instant `overall_deadline`
    is not started.
    """

    def __init__(
        self, client: Any, *, max_attempt_seconds: float = CONNECT_SECONDS + READ_SECONDS
    ) -> None:
        self._client = client
        self._max_attempt_seconds = max_attempt_seconds
        self.overall_deadline = math.inf

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            for _ in range(MAX_ATTEMPTS - 1):
                try:
                    return self._attempt(name, method, args, kwargs)
                except AwsCallFailed as failure:
                    if not _is_retryable(failure):
                        raise
                time.sleep(RETRY_DELAY_SECONDS)
            return self._attempt(name, method, args, kwargs)

        return call

    def _attempt(self, name: str, method: Any, args: Any, kwargs: Any) -> Any:
        if time.monotonic() > self.overall_deadline - self._max_attempt_seconds:
            raise AwsCallFailed(name, UNREACHABLE)
        try:
            return method(*args, **kwargs)
        except ClientError as error:
            raise _call_failed(name, error) from error
        except ResponseParserError as error:
            raise AwsCallFailed(name, CORRUPT_BODY) from error
        except (BotoCoreError, HTTPError) as error:
            raise AwsCallFailed(name, UNREACHABLE) from error

    def get_object(self, *, deadline: float | None = None, **location: Any) -> dict[str, Any]:
        """S3's GetObject; `Body` is bytes, read before the monotonic instant `deadline`."""
        response: dict[str, Any] = dict(self.__getattr__("get_object")(**location))
        latest = min(time.monotonic() + MAX_BODY_SECONDS, self.overall_deadline)
        deadline = latest if deadline is None else min(deadline, latest)
        response["Body"] = _read_body(response["Body"], response["ContentLength"], deadline)
        return response


class LazyBotoClient:
    """A `BotoClient` that is made at its first call: making one takes up to 150 ms."""

    def __init__(self, make: Callable[[], BotoClient]) -> None:
        self._make = make
        self.overall_deadline = math.inf

    @cached_property
    def _client(self) -> BotoClient:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        self._client.overall_deadline = self.overall_deadline
        return getattr(self._client, name)


def _read_body(stream: Any, length: int, deadline: float) -> bytes:
    """The whole body. `StreamingBody.read` has no limit on the total time."""
    body = bytearray()
    try:
        with stream as raw:  # urllib3's response, whose read1 returns what has arrived
            while len(body) < length:
                if (remaining := deadline - time.monotonic()) <= 0:
                    raise TimeoutError("time is up")
                stream.set_socket_timeout(remaining)
                if not (chunk := raw.read1(READ_CHUNK_BYTES)):
                    raise ConnectionError("the body was cut short")
                body += chunk
    except (HTTPError, BotoCoreError, OSError) as error:
        raise AwsCallFailed("get_object", CORRUPT_BODY) from error
    return bytes(body)


def _is_retryable(failure: AwsCallFailed) -> bool:
    """Whether the failure may be temporary."""
    status = failure.aws_status
    return status in (0, 429) or status >= 500 or bool(THROTTLING_CODE.fullmatch(failure.aws_code))


def _check_response(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Check what botocore does not: that JSON is an object, and DynamoDB's checksum."""
    if not operation_model.service_model.protocol.startswith("json"):
        return
    body, crc = response_dict["body"], response_dict["headers"].get("x-amz-crc32")
    if crc is not None and crc != str(zlib.crc32(body)):
        raise ResponseParserError("the response does not match its checksum")
    if response_dict["status_code"] < 300 and not isinstance(_parse_json(body), dict):
        raise ResponseParserError("the response is not a JSON object")


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None


def _call_failed(name: str, error: ClientError) -> AwsCallFailed:
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return AwsCallFailed(name, response.get("Error", {}).get("Code", "Unknown"), status, response)
