"""The backends in `examples/`, with their web page: the picture, or the default picture."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.local.chromium import CHROMIUM, RETRIED, opened_page
from tests.local.conftest import RunningService
from tests.local.node_packages import NODE, node_package

EXAMPLE = Path(__file__).parents[2] / "examples/backend"
TEMPLATE_ID = "tmpl_a1b2c3d4e5"
DOCUMENT = {
    "width": 60,
    "height": 30,
    "format": "png",
    "fields": {"user_name": {"default": "there", "max_length": 40}},
    "layers": [{"type": "text", "width": 60, "text": "Hi {{ user_name }}", "size": 10}],
    "alt": "Hi {{ user_name }}",
}
FASTAPI: Sequence[str] = (
    sys.executable,
    "-m",
    "uvicorn",
    "backend:app",
    "--port",
    "0",
    "--log-level",
    "info",
)
EXPRESS: Sequence[str] = ("node", "backend.mjs")
NOBODY = "http://127.0.0.1:9"  # the port "discard"
StartBackend = Callable[[str, str], str]


@pytest.fixture(scope="module", autouse=True)
def template(service: RunningService) -> None:
    service.call("PUT", f"/v1/templates/{TEMPLATE_ID}", DOCUMENT).raise_for_status()


@contextmanager
def running(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a backend, which it prints when it is ready."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        output = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+", output)):
            line = process.stdout.readline()
            assert line, output
            output += line
        yield address[0]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module", params=["FastAPI", "Express"])
def start_backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartBackend]:
    """Starts a backend with the API's address and a key, once for each pair."""
    folder, command = EXAMPLE, FASTAPI
    if request.param == "Express":
        node_package("express")
        folder, command = tmp_path_factory.mktemp("express"), EXPRESS
        (folder / "backend.mjs").write_bytes((EXAMPLE / "backend.mjs").read_bytes())
        (folder / "public").symlink_to(EXAMPLE / "public")
        (folder / "node_modules").symlink_to(NODE / "node_modules")
    started: dict[tuple[str, str], str] = {}
    with ExitStack() as stack:

        def start(api: str, key: str) -> str:
            if (api, key) not in started:
                environment = {"POSTCARD_API_URL": api, "POSTCARD_API_KEY": key}
                started[api, key] = stack.enter_context(running(command, folder, environment))
            return started[api, key]

        yield start


@pytest.mark.parametrize("name", ["backend.py", "backend.mjs"])
def test_a_backend_has_fifteen_lines(name: str) -> None:
    lines = (EXAMPLE / name).read_text().splitlines()
    assert (
        len([line for line in lines if line and not line.strip().startswith(("//", '"""'))]) <= 15
    )


def picture(backend: str, name: str) -> requests.Response:
    return requests.get(f"{backend}/picture", params={"name": name}, timeout=600)


def test_the_backend_gives_the_address_of_the_picture_and_nothing_else(
    service: RunningService, start_backend: StartBackend
) -> None:
    key = service.server.keys.api_key
    answer = picture(start_backend(service.url, key), "Zoë & Ann")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    assert content.keys() == {"url", "alt"} and content["alt"] == "Hi Zoë & Ann"
    assert content["url"].startswith(f"{service.url}/i/img_") and "Ann" not in content["url"]
    assert requests.get(content["url"], timeout=600).headers["Content-Type"] == "image/png"
    assert key not in answer.text + str(answer.headers)


def test_a_name_that_does_not_fit_is_no_error(
    service: RunningService, start_backend: StartBackend
) -> None:
    backend = start_backend(service.url, service.server.keys.api_key)
    for name in ("", "x" * 500):
        assert picture(backend, name).status_code == 200


@pytest.mark.parametrize("fault", ["a wrong key", "no service"])
def test_without_a_picture_the_backend_says_so_and_shows_no_key(
    service: RunningService, start_backend: StartBackend, fault: str
) -> None:
    backend = start_backend(*faulty(service, fault))
    answer = picture(backend, "Ann")
    assert answer.status_code == 502
    assert answer.json() == {"detail": "There is no picture now."}
    assert requests.get(f"{backend}/", timeout=600).status_code == 200


def faulty(service: RunningService, fault: str) -> tuple[str, str]:
    """An API's address and a key with which no call succeeds."""
    if fault == "no service":
        return NOBODY, service.server.keys.api_key
    return service.url, "postcard_wrong"


@RETRIED
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_the_page_shows_the_picture_and_else_the_default_picture(
    service: RunningService, start_backend: StartBackend
) -> None:
    good = start_backend(service.url, service.server.keys.api_key)
    bad = start_backend(*faulty(service, "a wrong key"))
    with opened_page() as page:
        page.open(f"{good}/?name=Zo%C3%AB")
        page.wait_for("document.querySelector('#picture')?.alt === 'Hi Zoë'")
        assert page.evaluate("document.querySelector('#picture').naturalWidth") == 60
        page.open(f"{bad}/?name=Ann")
        page.wait_for(
            f"location.origin === '{bad}'"
            " && performance.getEntriesByName(`${location.origin}/picture?name=Ann`).length"
        )
        state = "(i => [i.alt, i.getAttribute('src'), i.naturalWidth])(document.images[0])"
        assert page.evaluate(state) == ["Welcome", "default.svg", 600]
