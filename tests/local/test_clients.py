"""Clients as senders write them (curl, Node, Python, a browser), against the running service."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.local.conftest import RunningService
from tests.local.node_packages import NODE, node_package

PNG = b"\x89PNG\r\n\x1a\n"
INSTALLED = {name: shutil.which(name) for name in ("curl", "node", "npm", "chromium")}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.skipif(not INSTALLED["curl"], reason="curl is not installed")
def test_curl(service: RunningService) -> None:
    result = run(
        *("curl", "-sS", "-X", "POST", f"{service.url}/v1/images"),
        *("-H", f"Authorization: Bearer {service.server.keys.api_key}"),
        *("-H", "Content-Type: application/json"),
        *("-d", json.dumps(service.payload)),
    )
    image = json.loads(result.stdout)
    assert image["success"] is True
    assert image["id"].startswith("img_")
    assert image["created_at"].endswith("Z")
    assert requests.get(image["url"], timeout=600).content.startswith(PNG)


@pytest.fixture(scope="module")
def axios() -> None:
    node_package("axios")


@pytest.mark.usefixtures("axios")
def test_node_with_axios(service: RunningService) -> None:
    result = run("node", str(NODE / "client.js"), service.url, service.server.keys.api_key)
    assert result.stderr == ""
    url = result.stdout.strip()
    assert url.startswith(f"{service.url}/i/img_")
    assert requests.get(url, timeout=600).content.startswith(PNG)


@pytest.mark.usefixtures("axios")
def test_node_with_axios_gets_the_problem_of_a_wrong_key(service: RunningService) -> None:
    result = run("node", str(NODE / "client.js"), service.url, "postcard_wrong")
    problem = json.loads(result.stderr)
    assert (problem["status"], problem["code"]) == (401, "invalid_key")
    assert problem["success"] is False


def test_python_with_requests(service: RunningService) -> None:
    headers = {
        "Authorization": f"Bearer {service.server.keys.api_key}",
        "Content-Type": "application/json",
    }
    response = requests.post(
        f"{service.url}/v1/images", json=service.payload, headers=headers, timeout=60
    )
    response.raise_for_status()
    url = response.json().get("url")
    assert requests.get(url, timeout=600).content.startswith(PNG)


def test_python_with_requests_raises_for_a_wrong_template(service: RunningService) -> None:
    response = service.call("POST", "/v1/images", {**service.payload, "template_id": "nowhere"})
    with pytest.raises(requests.HTTPError, match="404"):
        response.raise_for_status()
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.skipif(not INSTALLED["chromium"], reason="Chromium is not installed")
def test_a_page_in_chromium_shows_a_signed_link(service: RunningService, tmp_path: Path) -> None:
    path = service.link("Zoë Łukasz")
    page = tmp_path / "mail.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><body><img src="{service.url}{path}"></body>'
        "<script>const i = document.images[0]; const report = () => "
        'document.body.setAttribute("data-size", i.naturalWidth + "x" + i.naturalHeight);'
        "i.complete ? report() : (i.onload = i.onerror = report)</script>"
    )
    result = run(
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000"),
        *("--dump-dom", page.as_uri()),
    )
    assert 'data-size="300x150"' in result.stdout
