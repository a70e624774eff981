"""The smoke test of a deployment, tried out on the service of one machine."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

import pytest
import urllib3

from deploy.smoke_test import HttpResponse, SmokeTest, SmokeTestFailed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The service in a process of its own, and what it says of itself."""
    state = tmp_path_factory.mktemp("state")
    server = subprocess.Popen([sys.executable, "-m", "local", "0", str(state)], stdout=PIPE)
    assert server.stdout is not None
    for line in server.stdout:  # it prints how to try it once it is ready
        if b"curl" in line:
            break
    yield json.loads((state / "local.json").read_text(encoding="utf-8"))
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=30)


def smoke(local: dict[str, str], *, key: str = "") -> SmokeTest:
    return SmokeTest(local["base_url"], key or local["api_key"], sleep=lambda _: None)


def test_a_service_that_works_passes_every_step_twice(local: dict[str, str]) -> None:
    for stamp in ("at 1", "at 2"):
        sentences = list(smoke(local).run(stamp))
        assert len(sentences) == 6
        assert sentences[-1] == "image erased again"


def test_a_wrong_key_stops_it_with_what_was_said(local: dict[str, str]) -> None:
    steps = smoke(local, key="postcard_wrong").run("at 3")
    assert next(steps).startswith("health")
    with pytest.raises(SmokeTestFailed, match="template: 401 instead of 200"):
        next(steps)


def test_no_answer_at_all_is_told() -> None:
    steps = SmokeTest("http://127.0.0.1:9", "key", sleep=lambda _: None).run("at 4")
    with pytest.raises(SmokeTestFailed, match="no answer"):
        next(steps)


class Answers(urllib3.PoolManager):
    """Answers every call alike."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self._answer = HttpResponse(status, headers, body)

    def request(self, *_: object, **__: object) -> urllib3.HTTPResponse:
        answer = self._answer
        return urllib3.HTTPResponse(answer.body, headers=answer.headers, status=answer.status)


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"X-Postcard-Fallback": "dependency"}, b"\x89PNG\r\n\x1a\n", "dependency"),
        ({}, b"<html>", "of the error page"),
    ],
)
def test_a_fallback_picture_does_not_pass(headers: dict[str, str], body: bytes, said: str) -> None:
    checked = SmokeTest("http://a", "key", http=Answers(200, headers, body), sleep=lambda _: None)
    with pytest.raises(SmokeTestFailed, match=said):
        checked.expect_picture("http://a/i/x.png", "the image")
