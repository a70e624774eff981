"""The receivers of docs/webhooks.md, run as they are written, get signed events."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.events.event_body import event_body
from postcard.ports import WebhookRecord
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.signing import derive_secret
from tests.local.node_packages import NODE, node_package

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
KEY, OTHER_KEY = "d" * 64, "e" * 64
HOOK = "wh_a2b3c4d5e6"


def sample(language: str) -> str:
    [code] = re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S
    )
    return str(code)


@pytest.fixture(params=["python", "js"])
def receiver(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL and the process of a receiver with the secret of HOOK."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = sample(request.param)
    if request.param == "js":
        node_package("standardwebhooks")
        (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
        (tmp_path / "receiver.cjs").write_text(code)
        command = ["node", "receiver.cjs"]
    else:
        command = [sys.executable, "-c", code]
    environment = {
        **os.environ,
        "PORT": str(port),
        "POSTCARD_WEBHOOK_SECRET": derive_secret(KEY, HOOK, 1),
    }
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}/", process
        finally:
            process.kill()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(1000):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    pytest.fail("the receiver does not listen")


def test_a_documented_receiver_verifies_and_drops_what_came_before(
    receiver: tuple[str, subprocess.Popen[str]],
) -> None:
    url, process = receiver
    sender = HttpWebhookSender(allow_loopback=True)
    webhook = WebhookRecord(HOOK, url, ("batch.completed",), "", 0)
    body = event_body("batch.completed", {"id": "bat_Zoë\u2028😀"}, at=time.time())

    def status(key: str, event_id: str) -> int | None:
        return Attempts(sender, lambda: key).send(webhook, event_id, body).response.status

    sent = [(KEY, "evt_1"), (KEY, "evt_1"), (OTHER_KEY, "evt_2"), (KEY, "evt_3")]
    assert [status(*each) for each in sent] == [204, 204, 401, 204]
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    assert all(line.startswith("batch.completed ") and "bat_Zoë" in line for line in lines)
    process.kill()
    assert process.stdout.read() == ""
