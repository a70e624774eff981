"""Tests of credentials in a function with SnapStart, where the environment has none."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.adapters.aws.container_credentials import ContainerCredentials
from postcard.adapters.aws.light_client import LightClient

NOW = 1_790_000_000.0


class Endpoint:
    """Lambda's endpoint of credentials: new ones for each request, valid for an hour."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []
        self.status = 200
        self.now = NOW
        self.lifetime = 3600.0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.tokens.append(self.headers["Authorization"])
                expires = datetime.fromtimestamp(endpoint.now + endpoint.lifetime, UTC)
                answer = {
                    "AccessKeyId": f"AKIA{len(endpoint.tokens)}",
                    "SecretAccessKey": "secret",
                    "Token": "session",
                    "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
                self.send_response(endpoint.status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": (
                f"http://127.0.0.1:{self.server.server_port}/2021-04-23/credentials"
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the token",
        }

    def credentials(self) -> ContainerCredentials:
        return ContainerCredentials(self.environ, lambda: self.now)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


def test_a_function_without_keys_in_its_environment_calls_aws(endpoint: Endpoint) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = LightClient(
        region="us-east-1", endpoint_url=f"http://{host}:{port}", environ=endpoint.environ
    )
    with pytest.raises(AwsCallFailed, match="NoSuchBucket"):
        client.get_object(Bucket="nothing-here", Key="a")
    server.stop()
    assert endpoint.tokens == ["the token"]


def test_keys_in_the_environment_come_first(endpoint: Endpoint) -> None:
    environ = {**endpoint.environ, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
    client = LightClient(region="us-east-1", endpoint_url="http://127.0.0.1:9", environ=environ)
    with pytest.raises(AwsCallFailed):
        client.get_object(Bucket="b", Key="a")
    assert endpoint.tokens == []


def test_credentials_are_kept_until_five_minutes_before_they_expire(endpoint: Endpoint) -> None:
    credentials = endpoint.credentials()
    assert credentials.get().access_key == "AKIA1"
    endpoint.now = NOW + 3299
    assert credentials.get().access_key == "AKIA1"
    endpoint.now = NOW + 3301
    assert credentials.get().access_key == "AKIA2"
    assert credentials.get().token == "session"


def test_while_the_endpoint_fails_the_old_credentials_are_used_until_they_expire(
    endpoint: Endpoint,
) -> None:
    credentials = endpoint.credentials()
    credentials.get()
    endpoint.status, endpoint.now = 500, NOW + 3301
    assert credentials.get().access_key == "AKIA1"
    assert credentials.get().access_key == "AKIA1"
    assert len(endpoint.tokens) == 2, "the endpoint is left alone for some seconds"
    endpoint.now = NOW + 3601
    with pytest.raises(AwsCallFailed, match="GetCredentials"):
        credentials.get()


def test_credentials_that_expire_soon_are_not_asked_for_by_every_call(endpoint: Endpoint) -> None:
    credentials, endpoint.lifetime = endpoint.credentials(), 120.0
    for _ in range(3):
        assert credentials.get().access_key == "AKIA1"
    assert len(endpoint.tokens) == 1


def test_the_endpoint_is_not_asked_after_the_deadline_of_a_call(endpoint: Endpoint) -> None:
    credentials, past = endpoint.credentials(), time.monotonic()
    with pytest.raises(AwsCallFailed, match="GetCredentials"):
        credentials.get(past)
    assert endpoint.tokens == []
    credentials.get()
    endpoint.now = NOW + 3301
    assert credentials.get(past).access_key == "AKIA1", "the old ones are still valid"


def test_the_token_is_read_from_its_file_each_time(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "token"
    environ = {**endpoint.environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file)}
    credentials = ContainerCredentials(environ, lambda: endpoint.now)
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        credentials.get()
        endpoint.now += 3600
    assert endpoint.tokens == ["first", "second"]


@pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "http://[::2]/"])
def test_an_endpoint_elsewhere_is_not_asked(url: str) -> None:
    with pytest.raises(AwsCallFailed, match="GetCredentials"):
        ContainerCredentials({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}).get()
