"""The light client and boto3's against servers that fail in many ways."""

import base64
import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import repeat
from typing import Any

import pytest

from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.adapters.aws.light_client import LightClient
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.adapters.aws.secrets import SecretsManagerStore
from postcard.adapters.aws.table import Table
from postcard.errors import ServiceUnavailable
from postcard.ports import StoredObject
from postcard.settings import Settings
from tests.adapters.conftest import CREDENTIALS
from tests.adapters.scripted_server import (
    CLOSE_CONNECTION,
    ReceivedRequest,
    ScriptedResponse,
    ScriptedServer,
    http_response,
)
from tests.clocks import PATIENCE_SECONDS

Serve = Callable[..., ScriptedServer]
ITEM = b'{"Item": {"pk": {"S": "a"}, "n": {"N": "5"}, "z": {"B": "AP8="}}}'
PICTURE = StoredObject(b"x" * 1000, "image/png")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers: one response for each request in turn, then the last one again."""
    with ExitStack() as stack:

        def start(*responses: ScriptedResponse) -> ScriptedServer:
            def respond(_: ReceivedRequest, before: int) -> ScriptedResponse:
                return responses[min(before, len(responses) - 1)]

            return stack.enter_context(closing(ScriptedServer(respond)))

        yield start


def light(server: ScriptedServer, **options: Any) -> LightClient:
    defaults: dict[str, Any] = {"environ": CREDENTIALS, "seconds": PATIENCE_SECONDS}
    return LightClient(region="eu-west-3", endpoint_url=server.url, **(defaults | options))


def boto(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, service: str = "s3") -> Any:
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)
    settings = Settings("t", "p", "s", "k", endpoint_url=server.url)
    return boto_client(service, settings, seconds=PATIENCE_SECONDS)


def table(client: Any) -> Table:
    return Table(client, "table")


def test_numbers_and_bytes_of_a_row_are_decoded(serve: Serve) -> None:
    server = serve(http_response(ITEM, headers=[f"x-amz-crc32: {zlib.crc32(ITEM)}"]))
    assert table(light(server)).get("a", "b") == {"pk": "a", "n": 5, "z": b"\x00\xff"}
    (request,) = server.requests
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert json.loads(request.body)["Key"] == {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_bytes_of_a_row_are_sent_as_base64(serve: Serve) -> None:
    server = serve(http_response())
    table(light(server)).put("a", "b", {"z": b"\x00\xff"})
    assert json.loads(server.requests[0].body)["Item"]["z"] == {"B": "AP8="}


def test_a_response_that_does_not_match_its_checksum_is_unavailable(serve: Serve) -> None:
    server = serve(http_response(ITEM, headers=["x-amz-crc32: 12345"]))
    with pytest.raises(ServiceUnavailable):
        table(light(server)).get("a", "b")


def test_a_transaction_whose_response_is_lost_is_repeated_with_the_same_token(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(CLOSE_CONNECTION, http_response(headers=["x-amz-crc32: 2745614147"]))
    rows = table(boto(server, monkeypatch, "dynamodb"))
    for _ in range(2):
        rows.transact_put([("a", "b", {"n": 1}, None)])
    lost, repeated, another = [
        json.loads(request.body)["ClientRequestToken"] for request in server.requests
    ]
    assert lost == repeated != another


def test_a_connection_is_reused(serve: Serve) -> None:
    server = serve(http_response(ITEM))
    rows = table(light(server))
    for _ in range(5):
        rows.get("a", "b")
    assert (server.connections, len(server.requests)) == (1, 5)


def test_a_pooled_connection_that_was_closed_is_replaced(serve: Serve) -> None:
    server = serve(http_response(ITEM), CLOSE_CONNECTION, http_response(ITEM))
    rows = table(light(server))
    assert rows.get("a", "b") == rows.get("a", "b")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "busy",
    [
        http_response(b"{}", 500),
        http_response(b"", 503),
        http_response(b'{"__type": "com.amazonaws#ProvisionedThroughputExceededException"}', 400),
        http_response(b'{"__type": "ThrottlingException"}', 400),
    ],
)
def test_a_busy_service_is_retried_once(serve: Serve, busy: ScriptedResponse) -> None:
    server = serve(busy, http_response(ITEM))
    assert table(light(server)).get("a", "b") is not None
    server = serve(busy)
    with pytest.raises(ServiceUnavailable) as failure:
        table(light(server)).get("a", "b")
    assert len(server.requests) == 2
    assert failure.value.headers["Retry-After"]


def test_another_error_is_not_retried_and_keeps_its_code(serve: Serve) -> None:
    server = serve(http_response(b'{"__type": "com.amazonaws#AccessDeniedException"}', 400))
    with pytest.raises(AwsCallFailed) as failure:
        table(light(server)).get("a", "b")
    assert failure.value.aws_code == "AccessDeniedException"
    assert "GetItem: AccessDeniedException" in str(failure.value)
    assert "Access" not in failure.value.detail
    assert len(server.requests) == 1


def test_a_refused_connection_is_unavailable(serve: Serve) -> None:
    server = serve(http_response())
    server.close()
    with pytest.raises(ServiceUnavailable):
        table(light(server)).get("a", "b")


def test_a_service_that_hangs_is_unavailable_in_time_and_not_retried(serve: Serve) -> None:
    server = serve(ScriptedResponse([b"HTTP/1.1 200 OK\r\n"]))
    with pytest.raises(ServiceUnavailable):
        table(light(server, seconds=0.3)).get("a", "b")
    assert server.connections <= 1


def test_credentials_are_read_for_each_call(serve: Serve) -> None:
    server, environ = serve(http_response()), dict(CREDENTIALS)
    rows = table(light(server, environ=environ))
    rows.get("a", "b")
    environ |= {"AWS_ACCESS_KEY_ID": "renewed", "AWS_SESSION_TOKEN": "token"}
    rows.get("a", "b")
    first, second = (request.headers for request in server.requests)
    assert "Credential=testing/" in first["authorization"]
    assert "x-amz-security-token" not in first
    assert "Credential=renewed/" in second["authorization"]
    assert second["x-amz-security-token"] == "token"


def test_an_object_is_put_with_its_headers_and_checksum(serve: Serve) -> None:
    server = serve(http_response(b""))
    stored = StoredObject(b"body", "image/png", "", "max-age=5", 1_795_341_600, {"alt": "x"})
    S3ObjectStore(light(server), "bucket").put("images/a b.png", stored)
    (request,) = server.requests
    assert request.request_line == "PUT /bucket/images/a%20b.png HTTP/1.1"
    assert request.headers["cache-control"] == "max-age=5"
    assert request.headers["expires"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert request.headers["content-disposition"] == "inline"
    assert request.headers["content-type"] == "image/png"
    assert request.headers["x-amz-meta-alt"] == "x"
    assert (
        request.headers["content-md5"]
        == base64.b64encode(bytes.fromhex("841a2d689ad86bd1611447453c22c6fc")).decode()
    )


def test_without_an_endpoint_services_are_called_in_their_region() -> None:
    client = LightClient(region="eu-west-3", environ=CREDENTIALS)
    assert client._host("dynamodb") == "dynamodb.eu-west-3.amazonaws.com"
    china = LightClient(region="cn-north-1", environ=CREDENTIALS)
    assert china._host("s3") == "s3.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize("kind", ["light", "boto3"])
class TestObjectBodies:
    """Reading an object whose body is slow, cut short, corrupt or refused."""

    def objects(
        self, server: ScriptedServer, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> S3ObjectStore:
        client = light(server) if kind == "light" else boto(server, monkeypatch)
        return S3ObjectStore(client, "bucket")

    def test_a_slow_body_ends_at_the_deadline(
        self, serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
        server = serve(ScriptedResponse((head, *repeat(b"x", 5000)), pause=0.01))
        objects = self.objects(server, kind, monkeypatch)
        with pytest.raises(ServiceUnavailable):
            objects.get("key", deadline=time.monotonic() + 0.4)

    def test_a_body_that_is_cut_short_is_read_once_more(
        self, serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cut = ScriptedResponse([b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nxxx"], close=True)
        server = serve(cut, http_response(b"whole"))
        stored = self.objects(server, kind, monkeypatch).get("key")
        assert stored is not None
        assert stored.body == b"whole"
        server = serve(cut)
        with pytest.raises(ServiceUnavailable):
            self.objects(server, kind, monkeypatch).get("key")
        assert len(server.requests) == 2

    def test_a_body_that_does_not_match_its_etag_is_read_once_more(
        self, serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = http_response(b"whole", headers=[f'ETag: "{"0" * 32}"'])
        right = http_response(b"body", headers=['ETag: "841a2d689ad86bd1611447453c22c6fc"'])
        stored = self.objects(serve(wrong, right), kind, monkeypatch).get("key")
        assert stored is not None
        assert stored.body == b"body"
        with pytest.raises(ServiceUnavailable):
            self.objects(serve(wrong), kind, monkeypatch).get("key")

    def test_access_denied_is_not_a_missing_object(
        self, serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(http_response(b"<Error><Code>AccessDenied</Code></Error>", 403))
        with pytest.raises(AwsCallFailed) as failure:
            self.objects(server, kind, monkeypatch).get("key")
        assert failure.value.aws_code == "AccessDenied"

    def test_a_missing_bucket_is_not_a_missing_object(
        self, serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(http_response(b"<Error><Code>NoSuchBucket</Code></Error>", 404))
        with pytest.raises(ServiceUnavailable):
            self.objects(server, kind, monkeypatch).get("key")


def test_a_secret_without_a_value_is_empty(serve: Serve) -> None:
    server = serve(http_response(b'{"__type": "ResourceNotFoundException"}', 400))
    assert SecretsManagerStore(light(server), "secret").read() == ""
