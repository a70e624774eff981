"""The whole service: in this process for tests that count, in its own for those that end it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from local.server import LocalServer

SEED = Path(__file__).with_name("seed")
PAYLOAD = {
    "template_id": "welcome",
    "modifications": [
        {"name": "user_name", "text": "Alex Rivera"},
        {"name": "discount_code", "text": "SAVE25NOW"},
        {"name": "profile_picture", "image_url": "asset:dot"},
    ],
    "format": "png",
}


@dataclass
class RunningService:
    """A server under test, and callers of it."""

    server: LocalServer
    clock_offset: list[float]  # seconds by which the CDN's clock is ahead
    payload: dict[str, Any] = field(default_factory=lambda: PAYLOAD)

    @property
    def url(self) -> str:
        return self.server.base_url

    def call(self, method: str, path: str, body: Any = None, **sent: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.server.keys.api_key}", **sent}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=60)

    def link(self, name: str, **more: Any) -> str:
        """A signed link of its own, without the host."""
        asked = {"template_id": "welcome", **more}
        asked["modifications"] = [{"name": "user_name", "text": name}]
        answer = self.call("POST", "/v1/links", asked)
        answer.raise_for_status()
        return str(answer.json()["url"]).removeprefix(self.url)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=60)

    def counter_changes(self, work: Callable[[], Any]) -> dict[str, int]:
        """What `work` raised the counters by."""
        before = self.server.counters.snapshot()
        work()
        after = self.server.counters.snapshot()
        raised = {name: after[name] - before.get(name, 0) for name in after}
        return {name: by for name, by in raised.items() if by}


@pytest.fixture(scope="module")  # moto keeps one state a process: no two servers at once
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    ahead = [0.0]
    state = tmp_path_factory.mktemp("state")
    with LocalServer(0, state, seed=SEED, clock=lambda: time.time() + ahead[0]) as server:
        yield RunningService(server, ahead)


@dataclass
class ServerProcess:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    output: str = ""

    @property
    def url(self) -> str:
        _, _, rest = self.output.partition("http://127.0.0.1:")
        return "http://127.0.0.1:" + rest[: len(rest) - len(rest.lstrip("0123456789"))]

    def stop(self, signal: int) -> int:
        """Its exit code."""
        self.process.send_signal(signal)
        self.output += self.process.communicate(timeout=30)[0]
        return self.process.returncode

    def wait_until_ready(self) -> "ServerProcess":
        """Until it has said what to try."""
        assert self.process.stdout is not None
        while "Your key" not in self.output:
            line = self.process.stdout.readline()
            assert line, self.output
            self.output += line
        return self


Run = Callable[..., ServerProcess]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[ServerProcess] = []

    def begin(port: int = 0) -> ServerProcess:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", str(port), str(tmp_path / "state")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(ServerProcess(process, tmp_path / "state"))
        return started[-1]

    yield begin
    for running in started:
        running.process.kill()
        running.process.communicate()


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
