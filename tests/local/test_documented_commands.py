"""Commands of the documentation, run against the local service."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.seed import SEED_FOLDER
from tests.fonts import upside_down_font, woff2
from tests.local.conftest import RunningService, wait_until

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = {"width": 60, "height": 30, "layers": [{"type": "text", "text": "Hi", "size": 10}]}


def upload_commands(page: Path, service: RunningService) -> str:
    """The page's commands that upload an asset, for the service under test."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    (commands,) = [block for block in blocks if "/v1/assets" in block]
    return str(commands).replace("http://127.0.0.1:8080", service.url)


@pytest.mark.parametrize(
    ("page", "asset_id"), [(DOCS / "fonts.md", "kite"), (DOCS / "contract/api.md", "hero")]
)
def test_the_documented_upload_of_an_asset_works(
    service: RunningService, tmp_path: Path, page: Path, asset_id: str
) -> None:
    (tmp_path / "Kite.woff2").write_bytes(woff2(upside_down_font()))
    shutil.copy(SEED_FOLDER / "assets/mug.jpg", tmp_path / "hero.jpg")
    key = service.server.keys.api_key
    subprocess.run(
        ["bash", "-euc", upload_commands(page, service)],
        cwd=tmp_path,
        env={**os.environ, "POSTCARD_KEY": key},
        timeout=600,
        check=True,
    )
    response = service.call("GET", f"/v1/assets/{asset_id}")
    assert json.loads(response.content)["status"] == "ready"


@contextmanager
def listening(service: RunningService, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, after its first ping arrived."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("POSTCARD_")},
        "POSTCARD_API_URL": service.url,
        "POSTCARD_API_KEY": service.server.keys.api_key,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "postcard.cli.main", "webhooks", "listen", "--json", *options]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert line(process)["event"]["type"] == "ping"
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> Any:
    """The next line that the command prints."""
    assert process.stdout is not None and process.stderr is not None
    text = process.stdout.readline()
    assert text, process.stderr.read()
    return json.loads(text)


def publish(service: RunningService, template_id: str, name: str) -> None:
    reply = service.call("PUT", f"/v1/templates/{template_id}", {**DOCUMENT, "name": name})
    assert reply.status_code == 200, reply.text


def webhooks(service: RunningService) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.call("GET", "/v1/webhooks").json()["items"]
    return items


def test_a_publication_arrives_verified_and_the_webhook_is_deleted_at_the_end(
    service: RunningService,
) -> None:
    with listening(service, "--event", "template.published", "--count", "1") as process:
        [webhook] = webhooks(service)
        assert webhook["events"] == ["template.published"]
        publish(service, "heard", "First")
        delivered = line(process)
        assert (delivered["verified"], delivered["repeated"]) == (True, False)
        assert delivered["event"]["type"] == "template.published"
        assert "heard" in json.dumps(delivered["event"]["data"])
        assert process.wait(60) == 0
    assert webhooks(service) == []


def test_a_refused_event_waits_to_be_sent_again_and_sigterm_deletes_the_webhook(
    service: RunningService,
) -> None:
    with listening(service, "--event", "template.published", "--answer", "503") as process:
        [webhook] = webhooks(service)
        publish(service, "heard", "Second")
        event_id = line(process)["id"]
        path = f"/v1/webhooks/{webhook['id']}/deliveries/{event_id}"
        assert wait_until(lambda: len(service.call("GET", path).json()["attempts"]) == 1)
        delivery = service.call("GET", path).json()
        assert (delivery["state"], delivery["attempts"][0]["status"]) == ("waiting", 503)
        assert json.loads(delivery["body"])["type"] == "template.published"
        process.send_signal(signal.SIGTERM)  # becomes what Ctrl-C is
        assert process.wait(60) == 130
    assert webhooks(service) == []
