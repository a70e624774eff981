"""The whole local service: in this process to count its calls, or in one that a test may kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from local.server import LocalServer
from tests.folder_fixtures import FolderFixtures

SEED = Path(__file__).with_name("seed")
SHARED = FolderFixtures(Path(__file__).parent)
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
    """A server under test, and clients of it."""

    server: LocalServer
    clock_offset: list[float]  # seconds by which the CDN's clock is ahead
    payload: dict[str, Any] = field(default_factory=lambda: PAYLOAD)
    schedule_time: float = 0.0  # of the schedules, which run only when a test says so

    @property
    def url(self) -> str:
        return self.server.base_url

    def call(self, method: str, path: str, body: Any = None, **headers: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.server.keys.api_key}", **headers}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=60)

    def link(self, name: str, **more: Any) -> str:
        """A signed link with this user name, without the host."""
        modifications = [{"name": "user_name", "text": name}]
        body = {"template_id": "welcome", **more, "modifications": modifications}
        response = self.call("POST", "/v1/links", body)
        response.raise_for_status()
        return str(response.json()["url"]).removeprefix(self.url)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=60)

    def run_schedules(self, *, minutes: int = 1) -> int:
        """Let so many minutes pass for the schedules; returns how many were due."""
        self.schedule_time += 60 * minutes
        return self.server.schedules.run_due(self.schedule_time)

    def counter_changes(self, work: Callable[[], Any]) -> dict[str, int]:
        """The increments of the counters while `work` ran, without zeros."""
        before = self.server.counters.snapshot()
        work()
        after = self.server.counters.snapshot()
        increments = {name: after[name] - before.get(name, 0) for name in after}
        return {name: increment for name, increment in increments.items() if increment}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    """End the shared service when the next test is of another folder."""
    yield
    SHARED.close_after_folder(nextitem)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """One service for the folder: a module finds what others published and opened.

    moto has one state for a process: who uses moto otherwise ends this one with `SHARED.close()`.
    """
    return SHARED.get("service", lambda: _started(tmp_path_factory.mktemp("state")))


@contextmanager
def _started(state: Path) -> Iterator[RunningService]:
    offset = [0.0]
    with LocalServer(
        0,
        state,
        seed=SEED,
        clock=lambda: time.time() + offset[0],
        schedule_clock=lambda: 0.0,
    ) as server:
        yield RunningService(server, offset)


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

    def stop(self, signal_number: int) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(signal_number)
        self.output += self.process.communicate(timeout=300)[0]
        return self.process.returncode

    def wait_until_ready(self) -> "ServerProcess":
        """Read the output up to the last line of the banner."""
        assert self.process.stdout is not None
        while "Your key" not in self.output:
            line = self.process.stdout.readline()
            assert line, self.output
            self.output += line
        return self


Run = Callable[..., ServerProcess]


def start_server(folder: Path, port: int = 0) -> ServerProcess:
    process = subprocess.Popen(
        [sys.executable, "-m", "local", str(port), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    return ServerProcess(process, folder)


@dataclass
class FirstStart:
    """What a first start printed and answered, and the folder that it and a clean stop left."""

    server: ServerProcess  # which has ended
    content_types: dict[str, str]  # of the link in its output, and of the docs
    made: dict[str, Any]  # the answer to the printed curl, of which `made_type` is the picture's
    made_type: str

    @property
    def link(self) -> str:
        return link_in(self.server.output)


def link_in(output: str) -> str:
    """The signed link that the service prints."""
    return next(word for word in output.split() if "/r/" in word)


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    """A start takes seconds: this one's output is tried, and its folder is copied."""
    server = start_server(tmp_path_factory.mktemp("first") / "state").wait_until_ready()
    addresses = (link_in(server.output), f"{server.url}/docs")
    answers = {address: requests.get(address, timeout=60) for address in addresses}
    command = server.output[server.output.index("curl") : server.output.index("API page")]
    printed = subprocess.run(command, shell=True, capture_output=True, timeout=60, check=True)
    made = json.loads(printed.stdout)
    picture = requests.get(made["url"], timeout=60)
    assert server.stop(signal.SIGINT) == 0
    assert {each.status_code for each in (*answers.values(), picture)} == {200}
    types = {address: each.headers["Content-Type"] for address, each in answers.items()}
    return FirstStart(server, types, made, picture.headers["Content-Type"])


@pytest.fixture
def started_before(first_start: FirstStart, tmp_path: Path) -> Path:
    """The state folder of `run`, with what a first start leaves in it."""
    return Path(shutil.copytree(first_start.server.folder, tmp_path / "state"))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[ServerProcess] = []

    def start(port: int = 0) -> ServerProcess:
        started.append(start_server(tmp_path / "state", port))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.communicate()


def wait_until(condition: Callable[[], bool], *, seconds: float = 300) -> bool:
    """Whether `condition` becomes true; `seconds` only ends a test that fails."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
