"""Runs the smoke test of a deployment against the local service."""

import json
import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

import pytest
import urllib3

from deploy.smoke_test import HttpResponse, SmokeTest, SmokeTestFailed, sandbox_sentence

pytestmark = pytest.mark.slow
SERVE = """
import sys
from pathlib import Path
from local.server import LocalServer

if __name__ == "__main__":
    state, seed = map(Path, sys.argv[1:])
    with LocalServer(0, state, seed=seed, schedule_clock=lambda: 0.0):
        print("ready", flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The contents of `local.json` of a local service in its own process."""
    state, seed = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("no-samples")
    command = [sys.executable, "-c", SERVE, str(state), str(seed)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield json.loads((state / "local.json").read_text(encoding="utf-8"))
        server.communicate(timeout=300)  # ends its input


def smoke(local: dict[str, str], *, key: str = "") -> SmokeTest:
    return SmokeTest(local["base_url"], key or local["api_key"])


def test_a_working_service_passes_every_step_twice(local: dict[str, str]) -> None:
    for unique_text in ("at 1", "at 2"):
        sentences = list(smoke(local).run(unique_text))
        assert len(sentences) == 7
        assert sentences[0].endswith("sandbox of untrusted files: sealed")
        assert sentences[-1] == "image erased"


def test_a_wrong_key_fails_with_the_step_and_status(local: dict[str, str]) -> None:
    steps = smoke(local, key="postcard_wrong").run("at 3")
    assert next(steps).startswith("health")
    with pytest.raises(SmokeTestFailed, match="template: status 401 instead of 200"):
        next(steps)


def test_a_missing_response_fails() -> None:
    steps = SmokeTest("http://127.0.0.1:9", "key", sleep=lambda _: None).run("at 4")
    with pytest.raises(SmokeTestFailed, match="no response"):
        next(steps)


def test_a_sandbox_that_does_not_start_or_holds_nothing_fails() -> None:
    assert "memory is not protected" in sandbox_sentence("memory_not_protected")
    for decoder in ("unavailable", "not_sealed"):
        with pytest.raises(SmokeTestFailed, match=decoder):
            sandbox_sentence(decoder)


class FixedResponse(urllib3.PoolManager):
    """Gives every request the same response."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self._response = HttpResponse(status, headers, body)

    def request(self, *_: object, **__: object) -> urllib3.HTTPResponse:
        response = self._response
        return urllib3.HTTPResponse(response.body, headers=response.headers, status=response.status)


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({"X-Postcard-Fallback": "dependency"}, b"\x89PNG\r\n\x1a\n", "dependency"),
        ({}, b"<html>", "not a PNG"),
    ],
)
def test_a_fallback_picture_does_not_pass(
    headers: dict[str, str], body: bytes, message: str
) -> None:
    http = FixedResponse(200, headers, body)
    smoke_test = SmokeTest("http://a", "key", http=http, sleep=lambda _: None)
    with pytest.raises(SmokeTestFailed, match=message):
        smoke_test.expect_picture("http://a/i/x.png", "the image")
