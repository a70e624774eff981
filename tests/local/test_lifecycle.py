"""Starting and stopping the local service: its output, its files, kills and restarts."""

import json
import signal
import socket
import stat
from pathlib import Path

import pytest
import requests

from tests.local.conftest import FirstStart, Run, ServerProcess, link_in, wait_until


def read_local_json(server: ServerProcess) -> dict[str, str]:
    local_json: dict[str, str] = json.loads((server.folder / "local.json").read_text())
    return local_json


def create_image(server: ServerProcess, name: str) -> str:
    """The URL of a new image."""
    body = {
        "template_id": "tmpl_a1b2c3d4e5",
        "modifications": [{"name": "user_name", "text": name}],
        "format": "png",
    }
    local_json = read_local_json(server)
    headers = {"Authorization": f"Bearer {local_json['api_key']}"}
    response = requests.post(
        f"{local_json['base_url']}/v1/images", json=body, headers=headers, timeout=60
    )
    assert response.status_code == 200, response.text
    return str(response.json()["url"])


def url_at(server: ServerProcess, url: str) -> str:
    """The same URL on the port of another start."""
    return read_local_json(server)["base_url"] + "/" + url.split("/", 3)[3]


def test_a_first_start_creates_keys_and_files_and_prints_examples(first_start: FirstStart) -> None:
    first = first_start.server
    local_json = read_local_json(first)
    assert set(local_json) == {
        *("base_url", "api_key", "signing_key_id"),
        *("signing_key_hex", "address_key_hex", "epoch"),
    }
    for name in ("local.json", "env", "state.sqlite"):
        assert stat.S_IMODE((first.folder / name).stat().st_mode) == 0o600
    assert local_json["base_url"] == first.url
    assert local_json["api_key"] in first.output
    assert f"curl -s {local_json['base_url']}/v1/images" in first.output
    assert f"{local_json['base_url']}/docs" in first.output
    assert first_start.content_types[first_start.link] == "image/png"
    assert first_start.content_types[f"{local_json['base_url']}/docs"].startswith("text/html")


def test_the_printed_curl_makes_a_picture(first_start: FirstStart) -> None:
    assert first_start.made["status"] == "ready"
    assert first_start.made_type == "image/png"


@pytest.mark.usefixtures("started_before")
def test_keys_and_pictures_survive_a_clean_stop_and_a_kill(run: Run) -> None:
    first = run().wait_until_ready()
    local_json = read_local_json(first)
    link = link_in(first.output)
    image = create_image(first, "Ann")
    picture = requests.get(image, timeout=60).content
    assert first.stop(signal.SIGINT) == 0
    assert "Traceback" not in first.output

    second = run().wait_until_ready()
    again = read_local_json(second)
    for name in ("api_key", "signing_key_id", "signing_key_hex", "address_key_hex", "epoch"):
        assert again[name] == local_json[name]
    assert requests.get(url_at(second, image), timeout=60).content == picture
    late = create_image(second, "Ben")

    second.stop(signal.SIGKILL)
    third = run().wait_until_ready()
    assert requests.get(url_at(third, late), timeout=60).headers["Content-Type"] == "image/png"
    assert requests.get(url_at(third, link), timeout=60).status_code == 200
    assert third.stop(signal.SIGTERM) == 0


@pytest.mark.usefixtures("started_before")
def test_a_deleted_sample_template_stays_deleted_after_a_restart(run: Run) -> None:
    first = run().wait_until_ready()
    headers = {"Authorization": f"Bearer {read_local_json(first)['api_key']}"}
    path = "/v1/templates/tmpl_a1b2c3d4e5"
    assert requests.delete(first.url + path, headers=headers, timeout=60).status_code == 204
    first.stop(signal.SIGINT)
    second = run().wait_until_ready()
    assert "/r/" not in second.output
    assert requests.get(second.url + path, headers=headers, timeout=60).status_code in (404, 410)


def test_a_port_in_use_is_reported_in_a_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = run(port)
        server.output += server.process.communicate(timeout=60)[0]
    assert server.process.returncode == 1
    assert server.output == (
        f"Port {port} is in use. Stop the program that uses it, or choose another port:"
        " make serve PORT=8081.\n"
    )


def test_two_servers_cannot_share_a_state_folder(run: Run) -> None:
    first = run()
    assert wait_until(lambda: (first.folder / "state.sqlite").exists())
    second = run()
    second.output += second.process.communicate(timeout=60)[0]
    assert second.process.returncode == 1
    assert "already running" in second.output


def test_ctrl_c_during_the_start_stops_it(run: Run) -> None:
    server = run()
    assert wait_until(lambda: (server.folder / "state.sqlite").exists())
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.output


def test_an_emptied_or_damaged_state_file_stops_the_start_in_a_sentence(
    run: Run, started_before: Path
) -> None:
    local_json = (started_before / "local.json").read_text()
    for content, message in ((b"", "the signing keys that it had"), (b"garbled" * 99, "damaged")):
        for leftover in started_before.glob("state.sqlite*"):
            leftover.unlink()
        (started_before / "state.sqlite").write_bytes(content)
        second = run()
        second.output += second.process.communicate(timeout=60)[0]
        assert second.process.returncode == 1
        assert message in second.output and "delete the folder to begin again" in second.output
        assert "Traceback" not in second.output
    assert (started_before / "local.json").read_text() == local_json
