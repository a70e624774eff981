"""boto3's clients with short waits, their faults turned into `CallFailed`."""

import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from postcard.adapters.aws.calls import CUT, UNREACHABLE, CallFailed

if TYPE_CHECKING:
    from postcard.settings import Settings

CHUNK = 65_536
BODY_SECONDS = 10.0


def boto_client(service: str, settings: "Settings", **given: Any) -> "BotoClient":
    """A client of `service`, in the settings' region or at their endpoint."""
    local = settings.endpoint_url is not None
    config = Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 3},
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path" if local else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    make: Any = boto3.session.Session().client
    return BotoClient(
        make(
            service,
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            config=config,
            **given,
        )
    )


class BotoClient:
    """The client's own methods; what they raise is `CallFailed`. Safe in several threads."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*given: Any, **arguments: Any) -> Any:
            try:
                return method(*given, **arguments)
            except ClientError as error:
                raise _failed(name, error) from error
            except (BotoCoreError, HTTPError) as error:
                raise CallFailed(name, UNREACHABLE) from error

        return call

    def get_object(self, *, deadline: float | None = None, **where: Any) -> dict[str, Any]:
        """S3's GetObject; `Body` is bytes, read until the monotonic instant `deadline`."""
        answer: dict[str, Any] = dict(self.__getattr__("get_object")(**where))
        if deadline is None:
            deadline = time.monotonic() + BODY_SECONDS
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


def _failed(name: str, error: ClientError) -> CallFailed:
    answer: Any = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallFailed(name, answer.get("Error", {}).get("Code", "Unknown"), status, answer)
