"""`postcard` at work on a whole service: `postcard serve` in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from postcard.links.parse import parse_link
from postcard.links.signing import LINK_PURPOSE, LinkKeys, base64url, hmac_sha256, signing_input
from postcard.links.verify import verify_signature
from tests.cli.runner import CommandOutput, clean_environment, run_postcard, template_folder
from tests.fonts import upside_down_font

__all__ = ["clean_environment"]

MERGE = {
    "width": 60,
    "height": 30,
    "fields": {
        "name": {"default": "there", "max_length": 10, "open": True},
        "code": {"required": True, "pattern": "[A-Z]{4}"},
    },
    "layers": [
        {"type": "image", "width": 60, "height": 30, "source": "asset:wave"},
        {"type": "text", "name": "title", "text": "{{ name }} {{ code }}", "font": "Kite"},
    ],
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state of a server that is up, with the template `merge` pushed to it."""
    state = tmp_path_factory.mktemp("service") / "state"
    command: list[str | Path] = [Path(sys.executable).with_name("postcard"), "serve", "--port", "0"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("POSTCARD_", "AWS_"))}
    with subprocess.Popen(
        [*command, "--state", state], stdout=subprocess.PIPE, text=True, env=kept
    ) as server:
        assert server.stdout is not None
        assert any("Your key" in line for line in server.stdout)
        folder = template_folder(state.parent / "templates", merge=MERGE)
        Image.new("RGB", (60, 30), (0, 90, 160)).save(folder / "assets" / "wave.png")
        (folder / "assets" / "Kite Bold.ttf").write_bytes(upside_down_font("Kite", 700))
        pushed = run_postcard("templates", "push", "--folder", folder, "--state", state)
        assert pushed.exit_code == 0, pushed.stderr
        yield state
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0


def told(state: Path) -> Any:
    return json.loads((state / "local.json").read_text())


def test_a_pushed_document_brings_its_fonts(state: Path) -> None:
    keys = told(state)
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    fonts = requests.get(f"{keys['base_url']}/v1/fonts", headers=key, timeout=30).json()
    [kites] = [font for font in fonts if font["family"] == "Kite"]
    assert kites["weights"] == [700]
    listed = requests.get(f"{keys['base_url']}/v1/assets", headers=key, timeout=30).json()
    [line] = [line for line in listed["items"] if line["id"] == "kite-bold"]
    assert (line["status"], line["family"]) == ("ready", "Kite")
    picture = requests.get(link(state, "--set", "name=Ann"), timeout=30)
    assert (picture.status_code, picture.headers["X-Postcard-Render"]) == (200, "drawn")
    assert "X-Postcard-Fallback" not in picture.headers


def link(state: Path, *words: object) -> str:
    said = run_postcard("link", "merge", "--set", "code=ABCD", *words, "--state", state)
    assert said.exit_code == 0, said.stderr
    return said.stdout.strip()


def verified(state: Path, address: str) -> CommandOutput:
    return run_postcard("verify", address, "--state", state)


def test_a_person_s_images_are_found_and_forgotten(state: Path) -> None:
    keys = told(state)
    fields = {"email": {"default": "", "erase_by": True}}
    document = {"width": 30, "height": 20, "fields": fields, "layers": []}
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    place = f"{keys['base_url']}/v1/templates/people"
    assert requests.put(place, json=document, headers=key, timeout=30).status_code == 200
    given = [{"name": "email", "value": "Ada@example.com"}]
    asked = {"template_id": "people", "modifications": given}
    made = requests.post(f"{keys['base_url']}/v1/images", json=asked, headers=key, timeout=30)
    url = made.json()["url"]
    assert "x-postcard-fallback" not in requests.get(url, timeout=30).headers
    words = ("erase", "--field", "email=ada@EXAMPLE.com ", "--yes", "--state", state)
    assert run_postcard(*words).stdout == "1 images are forgotten.\n"
    assert requests.get(url, timeout=30).headers["x-postcard-fallback"] == "erased"
    assert "No image bears it" in run_postcard(*words).stderr
    assert run_postcard("erase", "--field", "email=", "--state", state).exit_code == 2


def test_a_minted_link_opens_as_a_picture(state: Path) -> None:
    answer = requests.get(link(state, "--set", "name=Zoë & co", "--dpr", 2), timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_a_minted_link_is_right_by_the_keys_that_were_told(state: Path) -> None:
    keys = told(state)
    path, _, query = link(state).removeprefix(keys["base_url"]).partition("?")
    signing = {keys["signing_key_id"]: keys["signing_key_hex"]}
    read = parse_link(path, query)
    known = LinkKeys(keys["epoch"], signing, "", keys["address_key_hex"], "", "")
    if read.kid in signing:  # another test may have rotated since
        verify_signature(known, read)
    assert read.version == 1


def test_a_link_checks_its_values_against_the_template(state: Path) -> None:
    said = run_postcard("link", "merge", "--set", "cod=ABCD", "--state", state, "--json")
    assert said.exit_code == 1
    assert [fault["code"] for fault in said.json_output["errors"]] == ["unknown_name"]


def test_an_unchecked_link_is_signed_by_the_keys_alone(state: Path) -> None:
    call = ("link", "no-such-template", "--unchecked", "--set", "a=b", "--state", state)
    address = run_postcard(*call).stdout.strip()
    assert "_v=" not in address
    said = verified(state, address)
    assert said.exit_code == 1
    assert "there is no no-such-template" in said.stdout


def test_a_merge_link_ends_in_the_platforms_tag(state: Path) -> None:
    address = link(state, "--esp", "mailchimp", "--open", "name=FNAME")
    assert re.search(r"&_sig=[\w-]{43}&name=\*\|.*FNAME.*\|\*$", address)
    filled = address.partition("&name=")[0] + "&name=AT&T"
    assert verified(state, filled).exit_code == 0
    assert requests.get(filled, timeout=30).status_code == 200


def test_img_prints_the_tag_and_verify_reads_it(state: Path) -> None:
    tag = link(state, "--img")
    assert tag.startswith("<img src=")
    assert verified(state, tag).exit_code == 0


def test_a_good_link_is_good_in_every_part(state: Path) -> None:
    said = verified(state, link(state, "--expires", "2199-01-01"))
    assert said.exit_code == 0
    assert [line.split()[1] for line in said.stdout.splitlines()] == [
        *("form:", "key:", "signature:", "time:", "template:")
    ]


def test_what_mail_tools_add_is_told_and_does_no_harm(state: Path) -> None:
    said = verified(state, link(state).replace("&", "&amp;") + "&amp;utm_source=news&mc_cid=1")
    assert said.exit_code == 0
    assert "&amp; twice" in said.stdout
    assert "mc_cid, utm_source" in said.stdout


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: a.replace("ABCD", "ABCE"), "is not that of this path"),
        (lambda a: a + "&extra=1", "is right without extra"),
        (lambda a: a.replace(".png", ".jpg"), "the format was changed"),
        (lambda a: a.replace("ABCD", "%2541BCD"), "it was encoded twice"),
        (lambda a: a[:-5], "cut short"),
        (lambda a: a + "=", "plain base64"),
        (lambda a: a.partition("&_sig")[0], "is missing"),
        (lambda a: a.replace("_kid=k", "_kid=z"), "is not known"),
        (lambda a: a + "&_zoom=1", "an unknown parameter"),
        (lambda a: a.replace(".png", ".bmp"), "FORMAT one of"),
        (lambda a: a + "&code=ABCD", "code occurs twice"),
    ],
)
def test_the_wrong_part_is_named(state: Path, change: Any, sentence: str) -> None:
    said = verified(state, change(link(state)))
    assert said.exit_code == 1
    assert sentence in said.stdout.splitlines()[-1]


def signed(state: Path, *lines: str, key: bytes | None = None) -> str:
    """A link that somebody else's program signed."""
    keys = told(state)
    named = sorted([*lines, f"_kid={keys['signing_key_id']}"])
    text = signing_input(LINK_PURPOSE, "/r/merge.png", named)
    digest = hmac_sha256(keys["signing_key_hex"], text)
    if key is not None:
        import hmac

        digest = hmac.digest(key, text.encode(), "sha256")
    return f"{keys['base_url']}/r/merge.png?{'&'.join(named)}&_sig={base64url(digest)}"


def test_a_key_taken_as_bytes_is_recognised(state: Path) -> None:
    octets = bytes.fromhex(told(state)["signing_key_hex"])
    said = verified(state, signed(state, "code=ABCD", key=octets))
    assert "take the 64 characters" in said.stdout


def test_an_open_field_that_was_signed_is_recognised(state: Path) -> None:
    address = signed(state, "_open=name", "code=ABCD", "name=Alex")
    assert "leave open fields out" in verified(state, address).stdout


def test_a_link_past_its_time_shows_the_ended_picture(state: Path) -> None:
    said = verified(state, signed(state, "_exp=1000000000", "code=ABCD"))
    assert said.exit_code == 1
    assert "ended at 2001-09-09T01:46:40Z" in said.stdout


def test_a_link_that_opens_a_closed_field_is_told(state: Path) -> None:
    said = verified(state, signed(state, "_open=code") + "&code=ABCD")
    assert said.exit_code == 1
    assert "keeps code closed" in said.stdout


def test_values_that_will_not_show_are_told(state: Path) -> None:
    said = verified(state, signed(state, "code=abcd", f"name={'x' * 11}", "nobody=1"))
    assert said.exit_code == 1
    assert "nobody is nothing that the template knows" in said.stdout
    assert "code is required and missing: the fallback picture shows" in said.stdout


def test_a_guessed_image_is_no_image_of_ours(state: Path) -> None:
    body = {
        "template_id": "merge",
        "modifications": [{"name": "code", "text": "ABCD"}],
    }
    headers = {"X-API-Key": told(state)["api_key"]}
    base = told(state)["base_url"]
    url = requests.post(f"{base}/v1/images", json=body, headers=headers, timeout=30).json()["url"]
    assert verified(state, url).exit_code == 0
    assert verified(state, url[:-6] + "aa.png").exit_code == 1


def test_a_key_opens_what_its_scope_says_until_it_is_revoked(state: Path) -> None:
    made = run_postcard("keys", "create", "shop", "--json", "--state", state).json_output
    headers, base = {"X-API-Key": made["key"]}, told(state)["base_url"]

    def status() -> int:
        body = {"template_id": "merge", "modifications": [{"name": "code", "text": "ABCD"}]}
        return requests.post(
            f"{base}/v1/images", json=body, headers=headers, timeout=30
        ).status_code

    assert status() == 200
    assert requests.get(f"{base}/v1/templates", headers=headers, timeout=30).status_code == 403
    run_postcard("keys", "revoke", made["id"], "--state", state)
    assert status() == 401
    listed = run_postcard("keys", "list", "--json", "--state", state)
    states = {item["id"]: item["state"] for item in listed.json_output["items"]}
    assert states[made["id"]] == "revoked"
    assert made["key"] not in listed.stdout


def test_revoking_a_key_that_is_not_there_is_told(state: Path) -> None:
    said = run_postcard("keys", "revoke", "key_none", "--state", state)
    assert (said.exit_code, "There is no key" in said.stderr) == (2, True)


def signing_keys(state: Path, *words: str, answer: str | None = None) -> CommandOutput:
    return run_postcard("signing-keys", *words, "--state", state, stdin=answer)


def test_signing_keys_live_and_die(state: Path) -> None:
    old = link(state)
    first = parse_link("/r/merge.png", old.partition("?")[2]).kid
    pending = signing_keys(state, "create", "--json").json_output["created"]
    assert f"_kid={first}" in link(state)
    assert signing_keys(state, "rotate", "--json").json_output["minting"] == pending
    assert f"_kid={pending}" in link(state)
    assert requests.get(old, timeout=30).status_code == 200
    assert signing_keys(state, "retire", first).exit_code == 0
    assert "retired" in verified(state, old).stdout
    assert requests.get(old, timeout=30).status_code == 200
    assert signing_keys(state, "revoke", pending, "--yes").exit_code == 2  # it mints
    assert signing_keys(state, "revoke", first, answer="n\n").exit_code == 1
    assert signing_keys(state, "revoke", first, "--yes").exit_code == 0
    assert requests.get(old, timeout=30).status_code == 403
    assert f"{first} was revoked" in verified(state, old).stdout
    assert first not in signing_keys(state, "list").stdout
    assert signing_keys(state, "sync").exit_code == 0
    key_hex = told(state)["signing_key_hex"]
    assert key_hex not in signing_keys(state, "list", "--json").stdout


def test_pulled_documents_are_those_that_were_pushed(state: Path, tmp_path: Path) -> None:
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", state)
    assert run_postcard(*call, "--json").json_output["items"] == [{"id": "merge", "outcome": "new"}]
    assert list(json.loads((tmp_path / "merge.json").read_text())) == list(MERGE)
    assert "same" in run_postcard(*call).stdout


def test_pull_keeps_what_differs_unless_told_to_overwrite(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "merge.json"
    file.write_text("{}")
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", state)
    assert run_postcard(*call).exit_code == 1
    assert file.read_text() == "{}"
    assert run_postcard(*call, "--overwrite").exit_code == 0
    assert json.loads(file.read_text()) == MERGE


def test_push_publishes_a_version_only_for_a_change(state: Path, tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t", small={"width": 10, "height": 10})
    call = ("templates", "push", "--folder", folder, "--state", state, "--json")
    assert [run_postcard(*call).json_output["items"][0]["version"] for _ in "ab"] == [1, 1]
    (folder / "small.json").write_text('{"width": 11, "height": 10}')
    assert run_postcard(*call).json_output["items"][0]["version"] == 2


def test_push_sends_nothing_while_one_document_has_faults(state: Path, tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t", afirst={"width": 9, "height": 9}, bad={"width": 9})
    said = run_postcard("templates", "push", "--folder", folder, "--state", state)
    assert said.exit_code == 1
    assert "bad.json has faults; nothing was sent" in said.stderr
    pulled = run_postcard("templates", "pull", "afirst", "--folder", folder, "--state", state)
    assert pulled.exit_code == 2


def test_the_api_is_found_by_environment_too(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTCARD_API_URL", told(state)["base_url"])
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", tmp_path / "none")
    assert "POSTCARD_API_KEY" in run_postcard(*call).stderr
    monkeypatch.setenv("POSTCARD_API_KEY", told(state)["api_key"])
    assert run_postcard(*call).exit_code == 0
    monkeypatch.setenv("POSTCARD_API_URL", "http://127.0.0.1:9")
    assert "does not answer" in run_postcard(*call).stderr


def test_keys_in_local_json_are_enough_when_the_server_is_down(state: Path, tmp_path: Path) -> None:
    keys = {**told(state), "base_url": "https://p.example"}
    (tmp_path / "local.json").write_text(json.dumps(keys))
    call = ("link", "merge", "--unchecked", "--set", "code=ABCD", "--state", tmp_path)
    address = run_postcard(*call).stdout.strip()
    assert address.startswith("https://p.example/r/merge.png?")
    said = verified(tmp_path, address)
    assert said.exit_code == 0
    assert "could not be asked" in said.stdout
