"""boto3's clients with short waits, their faults turned into `CallFailed`."""

import json
import math
import time
import zlib
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from postcard.adapters.aws.errors import CUT, UNREACHABLE, CallFailed
from postcard.runtime.lazy_regex import pattern

if TYPE_CHECKING:
    from postcard.settings import Settings

CHUNK = 65_536
BODY_SECONDS = 10.0
CONNECT_SECONDS, READ_SECONDS = 1.0, 3.0
SLOWER = {"cloudfront": 8.0, "cloudfront-keyvaluestore": 8.0}  # nobody waits for their data
MOST_TRIES = 2
RETRY_AFTER = 0.1
PASSING = pattern(r".*(?:Throttl|Throughput|SlowDown|RequestLimit|TooManyRequests).*")


def boto_client(service: str, settings: "Settings", **given: Any) -> "BotoClient":
    """A client of `service`, in the settings' region or at their endpoint."""
    local = settings.endpoint_url is not None
    reading = SLOWER.get(service, READ_SECONDS)
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=reading,
        retries={"mode": "standard", "total_max_attempts": 1},  # `BotoClient` tries again
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path" if local else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    make: Any = boto3.session.Session().client
    client = make(
        service,
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        config=config,
        **given,
    )
    client.meta.events.register("before-parse", _check)
    return BotoClient(client, longest=CONNECT_SECONDS + reading)


class BotoClient:
    """The client's own methods; what they raise is `CallFailed`. Safe in several threads.

    No answer, a throttle and a 5xx are tried once more. What could last, at `longest` seconds a
    try, beyond the `time.monotonic()` instant `until`, is not begun.
    """

    def __init__(self, client: Any, *, longest: float = CONNECT_SECONDS + READ_SECONDS) -> None:
        self._client = client
        self._longest = longest
        self.until = math.inf

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*given: Any, **arguments: Any) -> Any:
            for _ in range(MOST_TRIES - 1):
                try:
                    return self._once(name, method, given, arguments)
                except CallFailed as failure:
                    if not _passes(failure):
                        raise
                time.sleep(RETRY_AFTER)
            return self._once(name, method, given, arguments)

        return call

    def _once(self, name: str, method: Any, given: Any, arguments: Any) -> Any:
        if time.monotonic() > self.until - self._longest:
            raise CallFailed(name, UNREACHABLE)
        try:
            return method(*given, **arguments)
        except ClientError as error:
            raise _failed(name, error) from error
        except ResponseParserError as error:
            raise CallFailed(name, CUT) from error
        except (BotoCoreError, HTTPError) as error:
            raise CallFailed(name, UNREACHABLE) from error

    def get_object(self, *, deadline: float | None = None, **where: Any) -> dict[str, Any]:
        """S3's GetObject; `Body` is bytes, read until the monotonic instant `deadline`."""
        answer: dict[str, Any] = dict(self.__getattr__("get_object")(**where))
        latest = min(time.monotonic() + BODY_SECONDS, self.until)
        deadline = latest if deadline is None else min(deadline, latest)
        answer["Body"] = _read(answer["Body"], answer["ContentLength"], deadline)
        return answer


def _read(stream: Any, length: int, deadline: float) -> bytes:
    """All of it. `StreamingBody.read` would wait for ever for a body that drips."""
    body = bytearray()
    try:
        with stream as raw:  # urllib3's response, whose read1 returns what has come
            while len(body) < length:
                if (left := deadline - time.monotonic()) <= 0:
                    raise TimeoutError("time is up")
                stream.set_socket_timeout(left)
                if not (chunk := raw.read1(CHUNK)):
                    raise ConnectionError("the body was cut short")
                body += chunk
    except (HTTPError, BotoCoreError, OSError) as error:
        raise CallFailed("get_object", CUT) from error
    return bytes(body)


def _passes(failure: CallFailed) -> bool:
    """Whether another try may find it over."""
    status = failure.aws_status
    return status in (0, 429) or status >= 500 or bool(PASSING.fullmatch(failure.aws_code))


def _check(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Botocore takes a page for an empty answer, and looks at no checksum of DynamoDB's."""
    if not operation_model.service_model.protocol.startswith("json"):
        return
    body, crc = response_dict["body"], response_dict["headers"].get("x-amz-crc32")
    if crc is not None and crc != str(zlib.crc32(body)):
        raise ResponseParserError("the answer does not match its checksum")
    if response_dict["status_code"] < 300 and not isinstance(_json(body), dict):
        raise ResponseParserError("the answer is no JSON object")


def _json(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None


def _failed(name: str, error: ClientError) -> CallFailed:
    answer: Any = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallFailed(name, answer.get("Error", {}).get("Code", "Unknown"), status, answer)
