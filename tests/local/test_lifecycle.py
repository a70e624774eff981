"""A server's life: its first start, what it prints and writes, its ends, its next start."""

import json
import signal
import socket
import stat
import subprocess

import requests

from tests.local.conftest import Run, ServerProcess, wait_until


def local(running: ServerProcess) -> dict[str, str]:
    told: dict[str, str] = json.loads((running.folder / "local.json").read_text())
    return told


def make(running: ServerProcess, name: str) -> str:
    """The address of a new image."""
    asked = {
        "template_id": "tmpl_a1b2c3d4e5",
        "modifications": [{"name": "user_name", "text": name}],
        "format": "png",
    }
    told = local(running)
    headers = {"Authorization": f"Bearer {told['api_key']}"}
    answer = requests.post(f"{told['base_url']}/v1/images", json=asked, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def at(running: ServerProcess, url: str) -> str:
    """The same address on the port of another start."""
    return local(running)["base_url"] + "/" + url.split("/", 3)[3]


def test_a_first_start_makes_all_that_is_needed_and_says_what_to_try(run: Run) -> None:
    first = run().wait_until_ready()
    told = local(first)
    assert set(told) == {
        *("base_url", "api_key", "signing_key_id"),
        *("signing_key_hex", "address_key_hex", "epoch"),
    }
    for name in ("local.json", "env", "state.sqlite"):
        assert stat.S_IMODE((first.folder / name).stat().st_mode) == 0o600
    assert told["base_url"] == first.url
    assert told["api_key"] in first.output
    assert f"curl -s {told['base_url']}/v1/images" in first.output
    assert f"{told['base_url']}/docs" in first.output
    link = next(word for word in first.output.split() if "/r/" in word)
    assert requests.get(link, timeout=60).headers["Content-Type"] == "image/png"
    assert requests.get(f"{told['base_url']}/docs", timeout=60).status_code == 200


def test_the_printed_curl_makes_a_picture(run: Run) -> None:
    first = run().wait_until_ready()
    line = first.output[first.output.index("curl") : first.output.index("API page")]
    made = subprocess.run(line, shell=True, capture_output=True, timeout=60, check=True)
    answer = json.loads(made.stdout)
    assert answer["status"] == "ready"
    assert requests.get(answer["url"], timeout=60).headers["Content-Type"] == "image/png"


def test_what_was_made_is_there_after_a_clean_end_and_after_none(run: Run) -> None:
    first = run().wait_until_ready()
    told = local(first)
    link = next(word for word in first.output.split() if "/r/" in word)
    image = make(first, "Ann")
    picture = requests.get(image, timeout=60).content
    assert first.stop(signal.SIGINT) == 0
    assert "Traceback" not in first.output

    second = run().wait_until_ready()
    again = local(second)
    for name in ("api_key", "signing_key_id", "signing_key_hex", "address_key_hex", "epoch"):
        assert again[name] == told[name]
    assert requests.get(at(second, image), timeout=60).content == picture
    late = make(second, "Ben")

    second.stop(signal.SIGKILL)
    third = run().wait_until_ready()
    assert requests.get(at(third, late), timeout=60).headers["Content-Type"] == "image/png"
    assert requests.get(at(third, link), timeout=60).status_code == 200
    assert third.stop(signal.SIGTERM) == 0


def test_a_start_without_its_first_template_works_and_leaves_it_gone(run: Run) -> None:
    first = run().wait_until_ready()
    headers = {"Authorization": f"Bearer {local(first)['api_key']}"}
    where = "/v1/templates/tmpl_a1b2c3d4e5"
    assert requests.delete(first.url + where, headers=headers, timeout=60).status_code == 204
    first.stop(signal.SIGINT)
    second = run().wait_until_ready()
    assert "/r/" not in second.output
    assert requests.get(second.url + where, headers=headers, timeout=60).status_code in (404, 410)


def test_a_port_that_is_taken_is_said_in_a_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = run(port)
        running.output += running.process.communicate(timeout=60)[0]
    assert running.process.returncode == 1
    assert running.output == (
        f"Port {port} is in use. Stop the program that uses it, or choose another port:"
        " make serve PORT=8081.\n"
    )


def test_two_servers_do_not_share_a_state(run: Run) -> None:
    first = run()
    assert wait_until(lambda: (first.folder / "state.sqlite").exists())
    second = run()
    second.output += second.process.communicate(timeout=60)[0]
    assert second.process.returncode == 1
    assert "already running" in second.output


def test_ctrl_c_before_it_is_ready_ends_it_too(run: Run) -> None:
    running = run()
    assert wait_until(lambda: (running.folder / "state.sqlite").exists())
    assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.output
