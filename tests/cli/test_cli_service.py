"""Tests of `postcard` against a running service: `postcard serve` in its own process."""

import html
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
    """The state folder of a running server to which the template `merge` was pushed."""
    state = tmp_path_factory.mktemp("service") / "state"
    state.mkdir(mode=0o700)
    with closing(sqlite3.connect(state / "state.sqlite")) as database:
        database.execute("PRAGMA user_version = 1")  # as if the samples were uploaded already
    command: list[str | Path]
    command = [Path(sys.executable).with_name("postcard"), "serve", "--port", "0", "--json"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("POSTCARD_", "AWS_"))}
    with subprocess.Popen(
        [*command, "--state", state], stdout=subprocess.PIPE, text=True, env=clean
    ) as server:
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        keys = local_json(state)
        studio_url = started.pop("studio_url")
        assert started == {"success": True, "url": keys["base_url"], "api_key": keys["api_key"]}
        assert studio_url.startswith(f"{keys['base_url']}/studio#code=")
        folder = template_folder(state.parent / "templates", merge=MERGE)
        Image.new("RGB", (60, 30), (0, 90, 160)).save(folder / "assets" / "wave.png")
        (folder / "assets" / "Kite Bold.ttf").write_bytes(upside_down_font("Kite", 700))
        pushed = run_postcard("templates", "push", "--folder", folder, "--state", state)
        assert pushed.exit_code == 0, pushed.stderr
        yield state
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=600) == 0
        assert server.stdout.read() == "", "one line of JSON and no more"


def local_json(state: Path) -> Any:
    return json.loads((state / "local.json").read_text())


def test_push_uploads_the_documents_fonts(state: Path) -> None:
    keys = local_json(state)
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    fonts = requests.get(f"{keys['base_url']}/v1/fonts", headers=key, timeout=600).json()
    [kite] = [font for font in fonts if font["family"] == "Kite"]
    assert kite["weights"] == [700]
    listed = requests.get(f"{keys['base_url']}/v1/assets", headers=key, timeout=600).json()
    [asset] = [item for item in listed["items"] if item["id"] == "kite-bold"]
    assert (asset["status"], asset["family"]) == ("ready", "Kite")
    picture = requests.get(link(state, "--set", "name=Ann"), timeout=600)
    assert (picture.status_code, picture.headers["X-Postcard-Render"]) == (200, "drawn")
    assert "X-Postcard-Fallback" not in picture.headers


PEOPLE = "name,E-Mail,code\n" + "".join(
    f"{name},{number}@x.test,CODE\n"
    for number, name in enumerate(("Ann", "Zoë", "O'Brien", "<b>Bob", "李小龍", "", "A&B"), 1)
)
MAIL = "<title>For {{ name }}</title><p>Hi {{ name | default: 'you' }}</p>{{ picture }}"


def merge(state: Path, folder: Path, people: str, *options: str) -> CommandOutput:
    (folder / "people.csv").write_text(people, encoding="utf-8")
    (folder / "mail.html").write_text(MAIL, encoding="utf-8")
    files = (folder / "people.csv", folder / "mail.html")
    output = ("-o", folder / "out", "--state", state, "--json")
    return run_postcard("merge", *files, "-t", "merge", *output, *options)


def test_each_person_gets_a_mail_whose_picture_loads(state: Path, tmp_path: Path) -> None:
    result = merge(state, tmp_path, PEOPLE)
    assert result.exit_code == 0 and result.json_output["mails"] == 7
    assert result.json_output["unmapped"] == []
    assert result.json_output["rows_with_warnings"] == [6]
    mails = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "out").iterdir())]
    assert "<p>Hi &lt;b&gt;Bob</p>" in mails[3] and "<p>Hi you</p>" in mails[5]
    for mail in mails:
        [source] = re.findall(r'<img src="([^"]*)"', mail)
        picture = requests.get(html.unescape(source), timeout=30)
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
        assert "X-Postcard-Fallback" not in picture.headers


def test_messages_have_the_person_and_the_title_in_their_head(state: Path, tmp_path: Path) -> None:
    people = "name,E-Mail,code\nAnn,ann@x.test,CODE\n"
    (tmp_path / "out").mkdir()  # an empty folder is filled
    assert merge(state, tmp_path, people, "--eml").exit_code == 0
    message = (tmp_path / "out" / "1-ann-x-test.eml").read_bytes()
    assert b"To: ann@x.test\r\n" in message and b"Subject: For Ann\r\n" in message


def test_a_merge_says_how_the_file_was_read_and_what_no_column_gives(
    state: Path, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text("code;E-Mail\nCODE;a@x.test\n")
    (tmp_path / "mail.html").write_text("{{ picture }}")
    files = (tmp_path / "people.csv", tmp_path / "mail.html")
    result = run_postcard("merge", *files, "-t", "merge", "-o", tmp_path / "o", "--state", state)
    assert "people.csv · UTF-8 · semicolon · code\n" in result.stdout
    assert "o: 1 mail.\nNo column gives name: every picture shows the default." in result.stdout
    (tmp_path / "people.csv").write_text("code;E-Mail\n")
    result = run_postcard("merge", *files, "-t", "merge", "-o", tmp_path / "p", "--state", state)
    assert (result.exit_code, (tmp_path / "p").exists()) == (3, False)


def test_no_mail_is_written_if_one_row_has_none_unless_it_may_be_skipped(
    state: Path, tmp_path: Path
) -> None:
    people = "name,E-Mail,code\nAnn,ann@x.test,CODE\nBob,bob@x.test,\nCid,nobody,CODE\n"
    result = merge(state, tmp_path, people, "--eml")
    assert result.exit_code == 2 and not (tmp_path / "out").exists()
    assert "row 2 (line 3): code is required" in result.stderr
    assert "row 3 (line 4): The e-mail address" in result.stderr
    skipped = merge(state, tmp_path, people, "--eml", "--skip-bad")
    assert skipped.exit_code == 1 and skipped.json_output["mails"] == 1
    assert [row["row"] for row in skipped.json_output["bad_rows"]] == [2, 3]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["1-ann-x-test.eml"]


def test_a_published_template_is_checked_and_drawn_without_a_file_of_it(
    state: Path, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    options = ("-t", "merge", "--state", state, "--sheet", tmp_path / "worst.png", "--json")
    result = run_postcard("preflight", tmp_path / "people.csv", *options)
    assert result.json_output["rows"] == 7 and result.json_output["findings"]["default"] == 1
    assert result.json_output["picture_bytes"]["sampled"] == 7
    with Image.open(tmp_path / "worst.png") as sheet:
        assert sheet.format == "PNG"


def test_push_names_a_picture_that_was_refused_and_leaves_the_old_one(
    state: Path, tmp_path: Path
) -> None:
    folder = template_folder(tmp_path / "templates", merge=MERGE)
    broken = folder / "assets" / "wave.png"
    broken.write_bytes(b"no picture")
    (folder / "assets" / "Kite Bold.ttf").write_bytes(upside_down_font("Kite", 700))
    for _ in range(2):
        pushed = run_postcard("templates", "push", "--folder", folder, "--state", state)
        assert pushed.exit_code != 0
        assert f"{broken}: " in pushed.stderr and "not a usable picture" in pushed.stderr
    keys = local_json(state)
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    wave = requests.get(f"{keys['base_url']}/v1/assets/wave", headers=key, timeout=600).json()
    assert (wave["status"], wave["replacement"], wave["width"]) == ("ready", "refused", 60)


def link(state: Path, *arguments: object) -> str:
    output = run_postcard("link", "merge", "--set", "code=ABCD", *arguments, "--state", state)
    assert output.exit_code == 0, output.stderr
    return output.stdout.strip()


def verify_link(state: Path, url: str) -> CommandOutput:
    return run_postcard("verify", url, "--state", state)


def test_erase_deletes_the_images_with_a_value(state: Path) -> None:
    keys = local_json(state)
    fields = {"email": {"default": "", "erase_by": True}}
    document = {"width": 30, "height": 20, "fields": fields, "layers": []}
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    template_url = f"{keys['base_url']}/v1/templates/people"
    assert requests.put(template_url, json=document, headers=key, timeout=600).status_code == 200
    modifications = [{"name": "email", "value": "Ada@example.com"}]
    request = {"template_id": "people", "modifications": modifications}
    created = requests.post(f"{keys['base_url']}/v1/images", json=request, headers=key, timeout=600)
    url = created.json()["url"]
    assert "x-postcard-fallback" not in requests.get(url, timeout=600).headers
    command = ("erase", "--field", "email=ada@EXAMPLE.com ", "--yes", "--state", state)
    assert run_postcard(*command).stdout == "1 image erased.\n"
    assert requests.get(url, timeout=600).headers["x-postcard-fallback"] == "erased"
    assert "No image was found" in run_postcard(*command).stderr
    assert run_postcard("erase", "--field", "email=", "--state", state).exit_code == 2


def test_a_file_of_people_becomes_a_file_with_their_pictures(state: Path, tmp_path: Path) -> None:
    people, out, bad = (tmp_path / name for name in ("people.csv", "out.csv", "bad.csv"))
    people.write_bytes("E-mail;Name;code\r\na@x.dk;Zo\xeb;ABCD\r\nb@x.dk;Bo;\r\n".encode("cp1252"))
    sent = run_postcard(
        *("batch", people, "-t", "merge", "-o", out, "--report", bad),
        *("--encoding", "cp1252", "--state", state),
    )
    assert sent.exit_code == 1, sent.stderr
    assert sent.stdout == (
        f"{out}   2 rows: 1 right, 0 with a default, 1 without a picture. {bad} says which.\n"
    )
    assert "2 rows · " in sent.stderr and "semicolon · name = Name, code" in sent.stderr
    text = out.read_bytes().decode("cp1252")
    header, first, second = text.split("\r\n")[:3]
    assert header == "E-mail;Name;code;personalized_image_url;alt;status;error"
    assert requests.get(first.split(";")[3], timeout=30).headers["content-type"] == "image/png"
    assert first.startswith("a@x.dk;Zo\xeb;ABCD;http") and second.startswith("b@x.dk;Bo;;;;failed;")
    assert bad.read_text().splitlines()[1].startswith("2,3,code,missing_value,")
    log = (state / "log.jsonl").read_text()
    assert '"service":"batch"' in log and "Zo\xeb" not in log and "x.dk" not in log


def test_a_signed_link_shows_a_picture(state: Path) -> None:
    response = requests.get(link(state, "--set", "name=Zoë & co", "--dpr", 2), timeout=600)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")


def test_a_signed_link_matches_the_key_in_local_json(state: Path) -> None:
    keys = local_json(state)
    path, _, query = link(state).removeprefix(keys["base_url"]).partition("?")
    signing = {keys["signing_key_id"]: keys["signing_key_hex"]}
    parsed = parse_link(path, query)
    known = LinkKeys(keys["epoch"], signing, "", keys["address_key_hex"], "", "")
    if parsed.kid in signing:  # another test may have rotated the keys before
        verify_signature(known, parsed)
    assert parsed.version == 1


def test_link_checks_the_values_against_the_template(state: Path) -> None:
    output = run_postcard("link", "merge", "--set", "cod=ABCD", "--state", state, "--json")
    assert output.exit_code == 1
    assert [fault["code"] for fault in output.json_output["errors"]] == ["unknown_name"]


def test_an_unchecked_link_is_signed_without_its_template(state: Path) -> None:
    call = ("link", "no-such-template", "--unchecked", "--set", "a=b", "--state", state)
    url = run_postcard(*call).stdout.strip()
    assert "_v=" not in url
    output = verify_link(state, url)
    assert output.exit_code == 1
    assert "no-such-template does not exist" in output.stdout


def test_a_merge_link_ends_with_the_platforms_merge_tag(state: Path) -> None:
    url = link(state, "--esp", "mailchimp", "--open", "name=FNAME")
    assert re.search(r"&_sig=[\w-]{43}&name=\*\|.*FNAME.*\|\*&_end=\($", url)
    assert "&name={{ contact.NAME }}&" in link(state, "--esp", "sendinblue", "--open", "name=NAME")
    filled = url.partition("&name=")[0] + "&name=AT&T&_end=("
    assert verify_link(state, filled).exit_code == 0
    assert requests.get(filled, timeout=600).status_code == 200


def snippet(state: Path, *arguments: object) -> CommandOutput:
    call = ("snippet", "merge", "--set", "code=ABCD", *arguments, "--state", state)
    output = run_postcard(*call)
    assert output.exit_code == 0, output.stderr
    return output


def test_a_snippet_opens_every_open_field_and_says_what_to_mind(state: Path) -> None:
    output = snippet(state, "--esp", "ConvertKit")
    tag = "&amp;name={{ subscriber.first_name | url_encode }}&amp;_end=("
    assert re.fullmatch(rf'<img src="[^"]*_d=2[^"]*{re.escape(tag)}" [^<>]*>\n', output.stdout)
    assert "Paste it into" in output.stderr
    assert "How sure this is: described by others" in output.stderr
    described = snippet(
        state, "--esp", "mailchimp", "--open", "name=NICKNAMEPLUS", "--json"
    ).json_output
    assert described["open"] == {"name": "NICKNAMEPLUS"}
    assert "*|URL:NICKNAMEPLUS|*" in described["img"]
    (warning,) = described["warnings"]
    assert (warning["code"], warning["option"]) == ("long_attribute", "--open name")
    filled = output.stdout.replace("{{ subscriber.first_name | url_encode }}", "Zo%C3%AB")
    assert verify_link(state, filled).exit_code == 0


def test_a_snippet_of_stored_addresses_shows_the_default_picture_for_an_empty_one(
    state: Path,
) -> None:
    one = snippet(state, "--esp", "brevo", "--if-empty", "--dpr", 1)
    default = link(state)
    source = f"{{% if contact.X %}}{{{{ contact.X }}}}{{% else %}}{default}{{% endif %}}"
    named = snippet(state, "--esp", "brevo", "--if-empty", "--dpr", 1, "--attribute", "X")
    assert unescape(named.stdout).startswith(f'<img src="{source}" ')
    assert "contact.PERSONALIZED_IMAGE_URL" in one.stdout
    assert "personalized_image_url" in one.stderr and "warning" not in one.stderr
    two = snippet(state, "--esp", "mailchimp", "--if-empty", "--json").json_output
    parts = re.fullmatch(
        r"\*\|IF:IMAGEURL\|\*(<.*?>)\*\|ELSE:\|\*(<.*?>)\*\|END:IF\|\*", two["img"]
    )
    assert parts is not None
    assert parts[1].startswith('<img src="*|IMAGEURL|*" ')
    assert requests.get(two["url"], timeout=30).status_code == 200
    refused = ("snippet", "merge", "--set", "code=ABCD", "--esp", "brevo", "--if-empty")
    bad = run_postcard(*refused, "--attribute", 'a"b', "--state", state)
    assert (bad.exit_code, "such as FIRSTNAME" in bad.stderr) == (2, True)


def test_the_default_of_a_required_open_field_is_the_fallback_picture(state: Path) -> None:
    keys = local_json(state)
    fields = {"name": {"required": True, "open": True, "max_length": 9}}
    document = {"width": 30, "height": 20, "fields": fields, "layers": [], "alt": "{{ name }}"}
    key = {"Authorization": f"Bearer {keys['api_key']}"}
    template_url = f"{keys['base_url']}/v1/templates/required"
    assert requests.put(template_url, json=document, headers=key, timeout=30).status_code == 200
    call = ("snippet", "required", "--esp", "postmark", "--if-empty", "--json", "--state", state)
    default = run_postcard(*call).json_output["url"]
    response = requests.get(default, timeout=30)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")


def test_a_snippet_needs_an_open_field(state: Path) -> None:
    call = ("snippet", "merge", "--set", "code=ABCD", "--closed", "name", "--state", state)
    output = run_postcard(*call, "--esp", "klaviyo")
    assert output.exit_code == 2
    assert '"open": true' in output.stderr and "--if-empty" in output.stderr
    assert "--open FIELD=" in run_postcard(*call, "--esp", "custom").stderr
    missing = run_postcard("snippet", "merge", "--esp", "klaviyo", "--state", state)
    assert (missing.exit_code, "code is required" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--esp", "klaviyo", "--closed", "nmae"),
            "there is no field 'nmae'; there are name, code",
        ),
        (("--esp", "custom", "--closed", "nmae"), "there is no field 'nmae'; there are name, code"),
        (("--esp", "klaviyo", "--open", "name=x", "--closed", "name"), "--open opens it"),
        (("--esp", "klaviyo", "--closed", "name"), "No field of merge but code, name may be open"),
        (("--esp", "custom", "--if-empty"), "give the whole tag"),
        (("--esp", "custom", "--if-empty", "--attribute", "image url"), "give the whole tag"),
        (("--esp", "custom", "--if-empty", "--attribute", '[["x"]]'), 'A " in the tag'),
        (("--esp", "brevo", "--if-empty", "--attribute", ""), "such as FIRSTNAME"),
    ],
)
def test_a_snippet_that_would_not_work_is_refused(
    state: Path, options: tuple[str, ...], message: str
) -> None:
    output = run_postcard("snippet", "merge", "--set", "code=ABCD", *options, "--state", state)
    assert (output.exit_code, output.stdout) == (2, "")
    assert message in output.stderr


def test_img_prints_a_tag_that_verify_accepts(state: Path) -> None:
    tag = link(state, "--img")
    assert tag.startswith("<img src=")
    assert verify_link(state, tag).exit_code == 0


def test_link_is_minted_by_the_api_that_the_environment_names(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTCARD_API_URL", local_json(state)["base_url"])
    nowhere = ("--state", tmp_path)
    call = ("link", "merge", "--set", "code=ABCD", "--width", 30, *nowhere)
    assert "POSTCARD_API_KEY" in run_postcard(*call).stderr
    key = run_postcard("keys", "create", "shop", "--state", state).stdout.strip()
    monkeypatch.setenv("POSTCARD_API_KEY", key)
    url = run_postcard(*call).stdout.strip()
    assert requests.get(url, timeout=600).headers["content-type"] == "image/png"
    assert run_postcard(*call, "--img").stdout.startswith("<img src=")
    merge = (*call, "--esp", "klaviyo", "--open", "name=first_name", "--format", "webp", "--json")
    minted = run_postcard(*merge).json_output
    assert "{{ first_name" in minted["url"]
    (warning,) = minted["warnings"]
    assert (warning["code"], warning["option"]) == ("unsupported_in_outlook", "--format")
    refused = run_postcard("link", "merge", "--set", "cod=ABCD", *nowhere)
    assert refused.exit_code == 1
    assert "--set cod: There is no field or layer 'cod'; did you mean code?" in refused.stderr
    assert run_postcard("link", "none", *nowhere).exit_code == 2
    scopes = ("--scope", "images", "--scope", "templates")
    both = run_postcard("keys", "create", "both", *scopes, "--state", state).stdout.strip()
    monkeypatch.setenv("POSTCARD_API_KEY", both)
    hubspot = ("snippet", "merge", "--set", "code=ABCD", "--esp", "hubspot", *nowhere)
    assert "&amp;name={{ contact.firstname }}&amp;_end=(" in run_postcard(*hubspot).stdout
    assert "personalization_token" in run_postcard(*hubspot, "--if-empty").stdout


def test_verify_reports_every_part_of_a_valid_link(state: Path) -> None:
    output = verify_link(state, link(state, "--expires", "2199-01-01"))
    assert output.exit_code == 0
    assert [line.split()[1] for line in output.stdout.splitlines()] == [
        *("form:", "key:", "signature:", "time:", "template:")
    ]


def test_verify_accepts_and_names_what_mail_tools_add(state: Path) -> None:
    output = verify_link(state, link(state).replace("&", "&amp;") + "&amp;utm_source=news&mc_cid=1")
    assert output.exit_code == 0
    assert "&amp; instead of &" in output.stdout
    assert "mc_cid, utm_source" in output.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("ABCD", "ABCE"), "does not match this path"),
        (lambda url: url.replace("&_sig", "&extra=1&_sig"), "matches without extra"),
        (lambda url: url.replace(".png", ".jpg"), "the format was changed"),
        (lambda url: url.replace("ABCD", "%2541BCD"), "it was encoded twice"),
        (lambda url: url[:-5], "cut short"),
        (lambda url: url + "=", "plain base64"),
        (lambda url: url.partition("&_sig")[0], "is missing"),
        (lambda url: url.replace("_kid=k", "_kid=z"), "does not exist"),
        (lambda url: url.replace("&_sig", "&_zoom=1&_sig"), "an unknown parameter"),
        (lambda url: url.replace(".png", ".bmp"), "FORMAT one of"),
        (lambda url: url + "&code=ABCD", "code occurs twice"),
    ],
)
def test_verify_names_the_wrong_part(state: Path, change: Any, message: str) -> None:
    output = verify_link(state, change(link(state)))
    assert output.exit_code == 1
    assert message in output.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "exit_code", "part", "message"),
    [
        (lambda url: url.replace("&", "&amp%3B"), 0, "form", "&amp%3B instead of &"),
        (lambda url: url.replace("&", "&AMP%3b"), 0, "form", "&amp%3B instead of &"),
        (lambda url: url.replace("=", "=3D"), 0, "form", "quoted-printable"),
        (lambda url: url[:50] + "=\n" + url[50:], 0, "form", "quoted-printable"),
        (
            lambda url: (
                '<img src=3D"'
                + url.replace("=", "=3D")[:60]
                + "=\r\n"
                + url.replace("=", "=3D")[60:]
                + '">'
            ),
            0,
            "form",
            "quoted-printable",
        ),
        (lambda url: url[:50] + "\n  " + url[50:], 0, "form", "line breaks"),
        (lambda url: url + ".", 1, "signature:", "has . behind it"),
        (lambda url: url + ").", 1, "signature:", "has ). behind it"),
        (lambda url: url + "&ck_subscriber_id=1&dm_i=2", 0, "form", "ck_subscriber_id, dm_i"),
        (lambda url: url + "&_w=10", 1, "signature:", "matches without _w"),
        (
            lambda url: url.replace(
                "http://", "https://ci3.googleusercontent.com/meips/ADKq=s0-d#http://"
            ),
            0,
            "form",
            "ci3.googleusercontent.com is an image proxy",
        ),
        (
            lambda url: "https://ecp.yusercontent.com/mail?t=1&url=" + quote(url, safe=""),
            0,
            "form",
            "its parameter url",
        ),
        *(
            (lambda url, form=form: form.format(url, quote(url, safe="")), 0, "form", "image proxy")
            for form in (
                "https://urldefense.com/v3/__{0}__;!!abc$",
                "https://mail.proton.example/api/images?Url={1}&DryRun=0",
                "https://linkprotect.example/url?a={1}&c=E",
                "https://proxy.example/w600/{0}",
            )
        ),
        (
            lambda url: (
                "https://urldefense.proofpoint.com/v2/url?u="
                + quote(url, safe="")
                .replace("-", "%2D")
                .replace("_", "%5F")
                .replace("%2F", "_")
                .replace("%", "-")
            ),
            0,
            "form",
            "image proxy",
        ),
        (lambda url: url + "\u200b", 1, "signature:", "has '\\u200b' behind it"),
        (lambda url: url + "…", 1, "signature:", "has … behind it"),
        (lambda url: url.replace("_sig=", "_sig= "), 1, "signature:", "has a space in it"),
        (lambda url: url.replace("?", "%3F"), 1, "form", "has %3F, where the address has ?"),
        (lambda url: url.replace("/r/", "/R/"), 1, "form", "in small letters"),
        (lambda url: quote(url, safe=""), 0, "form", "percent-encoded"),
        (lambda url: url + "#top", 0, "form", "`#` ends an address"),
        (
            lambda url: re.sub("http://[^/]+", "https://mail.example.com", url),
            1,
            "host",
            "mail.example.com is not this",
        ),
        (lambda url: url.replace("127.0.0.1", "localhost"), 0, "form", "merge.png, version 1"),
        (lambda url: url.replace("/r/", "/c/spring/"), 1, "signature:", "the campaign was added"),
    ],
)
def test_verify_explains_what_happened_to_a_link(
    state: Path, change: Any, exit_code: int, part: str, message: str
) -> None:
    output = verify_link(state, change(sign_elsewhere(state, "_v=1", "code=ABCD")))
    (line,) = [line for line in output.stdout.splitlines() if message in line]
    assert part in line
    assert output.exit_code == exit_code


def test_verify_explains_a_merge_link_that_was_cut(state: Path) -> None:
    url = link(state, "--esp", "mailchimp", "--open", "name=FNAME")
    output = verify_link(state, url.partition("*|")[0] + "Dwayne")
    assert output.exit_code == 0
    assert "does not end with &_end=(" in output.stdout


def test_a_campaign_is_in_the_path_of_a_link_and_its_picture_is_the_same(state: Path) -> None:
    plain, campaign = link(state), link(state, "--campaign", "spring")
    assert "/c/spring/merge.png?" in campaign
    assert verify_link(state, campaign).exit_code == 0
    bodies = [requests.get(url, timeout=600) for url in (plain, campaign)]
    assert bodies[0].content == bodies[1].content
    assert [reply.status_code for reply in bodies] == [200, 200]


def sign_elsewhere(state: Path, *parameters: str, key: bytes | None = None) -> str:
    """A link as another program would sign it."""
    keys = local_json(state)
    signed = sorted([*parameters, f"_kid={keys['signing_key_id']}"])
    text = signing_input(LINK_PURPOSE, "/r/merge.png", signed)
    digest = hmac_sha256(keys["signing_key_hex"], text)
    if key is not None:
        import hmac

        digest = hmac.digest(key, text.encode(), "sha256")
    return f"{keys['base_url']}/r/merge.png?{'&'.join(signed)}&_sig={base64url(digest)}"


def test_verify_recognises_a_key_that_was_used_as_bytes(state: Path) -> None:
    key_bytes = bytes.fromhex(local_json(state)["signing_key_hex"])
    output = verify_link(state, sign_elsewhere(state, "code=ABCD", key=key_bytes))
    assert "use the 64 characters" in output.stdout


def test_verify_recognises_a_signed_open_field(state: Path) -> None:
    url = sign_elsewhere(state, "_open=name", "code=ABCD", "name=Alex")
    assert "leave open fields out" in verify_link(state, url).stdout


def test_verify_reports_an_expired_link(state: Path) -> None:
    output = verify_link(state, sign_elsewhere(state, "_exp=1000000000", "code=ABCD"))
    assert output.exit_code == 1
    assert "expired at 2001-09-09T01:46:40Z" in output.stdout


def test_verify_reports_an_open_field_that_the_template_does_not_allow(state: Path) -> None:
    output = verify_link(state, sign_elsewhere(state, "_open=code") + "&code=ABCD")
    assert output.exit_code == 1
    assert "does not allow code as an open field" in output.stdout


def test_verify_reports_unknown_and_missing_values(state: Path) -> None:
    output = verify_link(state, sign_elsewhere(state, "code=abcd", f"name={'x' * 11}", "nobody=1"))
    assert output.exit_code == 1
    assert "the template has no field or layer nobody" in output.stdout
    assert "field code is missing: the link shows the fallback picture" in output.stdout


def test_verify_rejects_a_guessed_image_id(state: Path) -> None:
    body = {
        "template_id": "merge",
        "modifications": [{"name": "code", "text": "ABCD"}],
    }
    headers = {"X-API-Key": local_json(state)["api_key"]}
    base = local_json(state)["base_url"]
    url = requests.post(f"{base}/v1/images", json=body, headers=headers, timeout=600).json()["url"]
    assert verify_link(state, url).exit_code == 0
    assert verify_link(state, url[:-6] + "aa.png").exit_code == 1
    sentence_end = verify_link(state, url + ").")
    assert "ends with )., which belongs to the text" in sentence_end.stdout
    assert sentence_end.exit_code == 1


def test_an_invitation_begins_a_session_that_keys_revoke_ends(state: Path) -> None:
    call = ("studio", "invite", "Anna", "--template", "merge", "--design-only", "--days", "3")
    printed = run_postcard(*call, "--state", state)
    assert "works once" in printed.stderr
    invited = run_postcard(*call, "--json", "--state", state).json_output
    base, _, code = invited["url"].partition("/studio#code=")
    assert base == local_json(state)["base_url"] and code not in printed.stdout
    assert (invited["scopes"], invited["templates"]) == (["drafts"], ["merge"])
    begun = requests.post(f"{base}/v1/sessions", json={"code": code}, timeout=600).json()
    headers = {"Authorization": f"Bearer {begun['key']}"}
    merge = f"{base}/v1/templates/merge"
    assert requests.get(merge, headers=headers, timeout=600).status_code == 200
    assert requests.put(merge, json=MERGE, headers=headers, timeout=600).status_code == 403
    listed = run_postcard("keys", "list", "--json", "--state", state).json_output["items"]
    (session,) = [key for key in listed if key["kind"] == "session"]
    assert (session["name"], session["state"]) == ("Anna", "good")
    table = run_postcard("keys", "list", "--state", state).stdout.splitlines()
    (line,) = [line for line in table if session["id"] in line]
    assert line.split()[1:3] == ["session", "Anna"]
    assert run_postcard("keys", "revoke", session["id"], "--state", state).exit_code == 0
    assert requests.get(merge, headers=headers, timeout=600).status_code == 401


@pytest.mark.parametrize(
    "wrong", [["--days", "31"], ["--days", "0"], ["--template", "No!"]], ids=" ".join
)
def test_an_invitation_out_of_bounds_is_refused(state: Path, wrong: list[str]) -> None:
    output = run_postcard("studio", "invite", "Anna", *wrong, "--state", state)
    assert output.exit_code != 0 and output.stdout == ""


def test_an_api_key_allows_its_scope_until_it_is_revoked(state: Path) -> None:
    created = run_postcard("keys", "create", "shop", "--json", "--state", state).json_output
    headers, base = {"X-API-Key": created["key"]}, local_json(state)["base_url"]

    def status() -> int:
        body = {"template_id": "merge", "modifications": [{"name": "code", "text": "ABCD"}]}
        return requests.post(
            f"{base}/v1/images", json=body, headers=headers, timeout=600
        ).status_code

    assert status() == 200
    assert requests.get(f"{base}/v1/templates", headers=headers, timeout=600).status_code == 403
    run_postcard("keys", "revoke", created["id"], "--state", state)
    assert status() == 401
    listed = run_postcard("keys", "list", "--json", "--state", state)
    states = {item["id"]: item["state"] for item in listed.json_output["items"]}
    assert states[created["id"]] == "revoked"
    assert created["key"] not in listed.stdout


def test_revoking_an_unknown_key_is_an_error(state: Path) -> None:
    output = run_postcard("keys", "revoke", "key_none", "--state", state)
    assert (output.exit_code, "There is no key" in output.stderr) == (2, True)


def signing_keys(state: Path, *arguments: str, stdin: str | None = None) -> CommandOutput:
    return run_postcard("signing-keys", *arguments, "--state", state, stdin=stdin)


def test_signing_keys_are_created_rotated_retired_and_revoked(state: Path) -> None:
    old = link(state)
    first = parse_link("/r/merge.png", old.partition("?")[2]).kid
    pending = signing_keys(state, "create", "--json").json_output["created"]
    assert f"_kid={first}" in link(state)
    assert signing_keys(state, "rotate", "--json").json_output["minting"] == pending
    assert f"_kid={pending}" in link(state)
    assert requests.get(old, timeout=600).status_code == 200
    assert signing_keys(state, "retire", first).exit_code == 0
    assert "does not sign new links any more" in verify_link(state, old).stdout
    assert requests.get(old, timeout=600).status_code == 200
    assert signing_keys(state, "revoke", pending, "--yes").exit_code == 2  # it is the minting key
    assert signing_keys(state, "revoke", first, stdin="n\n").exit_code == 2
    assert signing_keys(state, "revoke", first, "--yes").exit_code == 0
    assert requests.get(old, timeout=600).status_code == 403
    assert f"{first} was revoked" in verify_link(state, old).stdout
    assert first not in signing_keys(state, "list").stdout
    assert signing_keys(state, "sync").exit_code == 0
    key_hex = local_json(state)["signing_key_hex"]
    assert key_hex not in signing_keys(state, "list", "--json").stdout


def test_after_the_epoch_is_raised_a_sent_link_is_drawn_again_and_never_refused(
    state: Path,
) -> None:
    sent = link(state)
    for _ in range(2):
        assert requests.get(sent, timeout=600).status_code == 200
    before = signing_keys(state, "list", "--json").json_output["epoch"]
    declined = signing_keys(state, "epoch", stdin="n\n")
    assert declined.exit_code == 2 and "will be drawn again" in declined.stderr
    assert signing_keys(state, "epoch", "--yes", "--json").json_output["epoch"] == before + 1
    first = requests.get(sent, timeout=600)
    assert (first.status_code, first.headers["X-Postcard-Render"]) == (200, "drawn")
    assert "X-Postcard-Render" not in requests.get(sent, timeout=600).headers or (
        requests.get(sent, timeout=600).headers["X-Cache"].startswith("Hit")
    )


def test_pull_downloads_the_pushed_documents(state: Path, tmp_path: Path) -> None:
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", state)
    assert run_postcard(*call, "--json").json_output["items"] == [{"id": "merge", "outcome": "new"}]
    assert list(json.loads((tmp_path / "merge.json").read_text())) == list(MERGE)
    assert "same" in run_postcard(*call).stdout


def test_pull_writes_the_bytes_that_were_published_and_no_drafts(
    state: Path, tmp_path: Path
) -> None:
    written = '{ "width": 10,\n\n  "height":10, "name": "Ünïcode" }\n\n'
    folder = template_folder(tmp_path / "t", spaced={})
    (folder / "spaced.json").write_text(written, encoding="utf-8")
    assert run_postcard("templates", "push", "--folder", folder, "--state", state).exit_code == 0
    local = local_json(state)
    headers = {"Authorization": f"Bearer {local['api_key']}", "If-None-Match": "*"}
    draft = f"{local['base_url']}/v1/templates/only-drafted/draft"
    assert requests.put(draft, json={"a": 1}, headers=headers, timeout=60).status_code == 200
    pulled = run_postcard("templates", "pull", "--folder", tmp_path / "p", "--state", state)
    assert pulled.exit_code == 0, pulled.stderr
    assert (tmp_path / "p" / "spaced.json").read_bytes() == written.encode()
    assert not (tmp_path / "p" / "only-drafted.json").exists()
    assert requests.delete(draft, headers=headers, timeout=60).status_code == 204


def test_pull_replaces_a_different_file_only_with_overwrite(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "merge.json"
    file.write_text("{}")
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", state)
    assert run_postcard(*call).exit_code == 1
    assert file.read_text() == "{}"
    assert run_postcard(*call, "--overwrite").exit_code == 0
    assert json.loads(file.read_text()) == MERGE


def test_a_design_becomes_documents_and_pictures_that_push_publishes(
    state: Path, tmp_path: Path
) -> None:
    options = ("--folder", tmp_path, "--state", state)
    for name, design in (("talk", "webinar"), ("host", "speaker-card")):
        made = run_postcard("templates", "new", name, "--design", design, *options)
        assert made.exit_code == 0, made.stderr
    pictures = {path.name for path in (tmp_path / "assets").iterdir()}
    assert pictures == {"webinar-speaker.jpg", "speaker-card-speaker.jpg"}
    assert '"asset:webinar-speaker"' in (tmp_path / "talk.json").read_text()
    checked = run_postcard("templates", "check", "--strict", "--folder", tmp_path)
    assert checked.exit_code == 0, checked.stdout
    pushed = run_postcard("templates", "push", *options, "--json")
    assert [(one["id"], one["findings"]) for one in pushed.json_output["items"]] == [
        ("host", []),
        ("talk", []),
    ]


def test_a_design_replaces_files_that_differ_only_with_overwrite(
    state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "sale.json"
    file.write_text('{"mine": 1}')
    call = ("templates", "new", "sale", "--design", "price-drop", "--folder", tmp_path)
    refused = run_postcard(*call, "--state", state)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"{file} is there with other content.\nNothing was written.")
    assert [path.name for path in tmp_path.iterdir()] == ["sale.json"]
    assert file.read_text() == '{"mine": 1}'
    for outcomes in ({"replaced", "new"}, {"same"}):
        made = run_postcard(*call, "--state", state, "--overwrite", "--json").json_output
        assert {one["outcome"] for one in made["items"]} == outcomes
    assert json.loads(file.read_text())["name"] == "Price drop"


def test_an_unknown_design_is_refused_with_the_known_ones(state: Path, tmp_path: Path) -> None:
    call = ("templates", "new", "sale", "--folder", tmp_path, "--state", state, "--design")
    for wrong in ("prize-drop", "../price-drop", "é?"):
        refused = run_postcard(*call, wrong)
        assert refused.exit_code == 2
        assert "The designs are: " in refused.stderr and ", price-drop, " in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_recalled_version_is_drawn_as_another(state: Path, tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t")
    for width in (10, 20):
        (folder / "recalled.json").write_text(f'{{"width": {width}, "height": 10}}')
        pushed = run_postcard("templates", "push", "--folder", folder, "--state", state)
        assert pushed.exit_code == 0, pushed.stderr
    sent = run_postcard("link", "recalled", "--version", 1, "--state", state).stdout.strip()
    call = ("templates", "recall", "recalled", "1", "--state", state, "--replaced-by")
    refused = run_postcard(*call, "2")
    assert refused.exit_code != 0, "nobody agreed"
    missing = run_postcard(*call, "3", "--yes")
    assert missing.exit_code != 0 and "version 3" in missing.stderr.lower()
    versions = api_json(state, "/v1/templates/recalled/versions")["items"]
    assert [version["replaced_by"] for version in versions] == [None, None]
    recalled = run_postcard(*call, "2", stdin="y\n")
    assert recalled.exit_code == 0, recalled.stderr
    assert recalled.stdout.startswith("Version 1 of recalled is drawn as version 2.")
    again = run_postcard(*call, "2", "--yes", "--json").json_output
    assert (again["version"], again["replaced_by"]) == (1, 2)
    assert again["deletion"]["state"] in ("running", "done")
    response = requests.get(sent, timeout=60)
    assert response.status_code == 200, response.text
    assert Image.open(io.BytesIO(response.content)).width == 20


def api_json(state: Path, path: str) -> Any:
    local = local_json(state)
    headers = {"Authorization": f"Bearer {local['api_key']}"}
    return requests.get(local["base_url"] + path, headers=headers, timeout=60).json()


def test_push_prints_the_findings(state: Path, tmp_path: Path) -> None:
    flawed = {"width": 90, "height": 30, "fields": {"unseen": {"default": "a"}}, "layers": []}
    folder = template_folder(tmp_path / "t", flawed=flawed)
    output = run_postcard("templates", "push", "--folder", folder, "--state", state)
    assert output.exit_code == 0
    assert f"{folder / 'flawed.json'}/fields/unseen: Nothing shows unseen. (finding)" in (
        output.stderr.splitlines()
    )


def test_push_publishes_a_new_version_only_for_a_change(state: Path, tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t", small={"width": 10, "height": 10})
    call = ("templates", "push", "--folder", folder, "--state", state, "--json")
    assert [run_postcard(*call).json_output["items"][0]["version"] for _ in "ab"] == [1, 1]
    (folder / "small.json").write_text('{"width": 11, "height": 10}')
    assert run_postcard(*call).json_output["items"][0]["version"] == 2


def test_push_sends_nothing_while_one_document_has_faults(state: Path, tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t", afirst={"width": 9, "height": 9}, bad={"width": 9})
    output = run_postcard("templates", "push", "--folder", folder, "--state", state)
    assert output.exit_code == 1
    assert "bad.json has faults, so nothing was sent" in output.stderr
    pulled = run_postcard("templates", "pull", "afirst", "--folder", folder, "--state", state)
    assert pulled.exit_code == 2


def test_environment_variables_can_name_the_api(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTCARD_API_URL", local_json(state)["base_url"])
    call = ("templates", "pull", "merge", "--folder", tmp_path, "--state", tmp_path / "none")
    assert "POSTCARD_API_KEY" in run_postcard(*call).stderr
    monkeypatch.setenv("POSTCARD_API_KEY", local_json(state)["api_key"])
    assert run_postcard(*call).exit_code == 0
    monkeypatch.setenv("POSTCARD_API_URL", "http://127.0.0.1:9")
    assert "does not answer" in run_postcard(*call).stderr


def test_an_exported_key_signs_links(state: Path) -> None:
    exported = signing_keys(state, "export", "--yes")
    keys = signing_keys(state, "list", "--json").json_output["items"]
    (minting,) = [key["id"] for key in keys if key["state"] == "minting"]
    assert re.fullmatch("[0-9a-f]{64}\n", exported.stdout)
    assert f"This is {minting}" in exported.stderr and "local.json" in exported.stderr
    text = signing_input(LINK_PURPOSE, "/r/merge.png", [f"_kid={minting}", "code=ABCD"])
    signature = base64url(hmac_sha256(exported.stdout.strip(), text))
    query = f"_kid={minting}&code=ABCD&_sig={signature}"
    url = f"{local_json(state)['base_url']}/r/merge.png?{query}"
    assert requests.get(url, timeout=600).status_code == 200
    declined = signing_keys(state, "export", stdin="n\n")
    assert (declined.exit_code, declined.stdout) == (2, "")
    assert f"Whoever has {minting} can sign links with any values" in declined.stderr
    unknown = signing_keys(state, "export", "k99", "--yes")
    assert (unknown.exit_code, unknown.stdout) == (2, "")


def test_serve_refuses_an_address_that_is_not_this_machines(tmp_path: Path) -> None:
    command: list[str | Path] = [Path(sys.executable).with_name("postcard"), "serve", "--json"]
    served = subprocess.run(
        [*command, "--host", "192.0.2.1", "--port", "0", "--state", tmp_path],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert served.returncode == 2
    assert "cannot listen on 192.0.2.1" in json.loads(served.stdout)["detail"]


def test_links_are_signed_and_verified_with_local_json_while_the_server_is_down(
    state: Path, tmp_path: Path
) -> None:
    keys = {**local_json(state), "base_url": "https://p.example"}
    (tmp_path / "local.json").write_text(json.dumps(keys))
    call = ("link", "merge", "--unchecked", "--set", "code=ABCD", "--state", tmp_path)
    url = run_postcard(*call).stdout.strip()
    assert url.startswith("https://p.example/r/merge.png?")
    output = verify_link(tmp_path, url)
    assert output.exit_code == 0
    assert "could not be loaded" in output.stdout


def test_opened_links_are_counted_in_their_campaign(state: Path) -> None:
    for name in ("Ann", "Bob"):
        options = ("--set", f"name={name}", "--set", "code=ABCD", "--campaign", "counted")
        link = run_postcard("link", "merge", *options, "--state", state).stdout.strip()
        for _ in range(2):  # the second is the CDN's own answer
            assert requests.get(link, timeout=60).status_code == 200
    found = run_postcard("usage", "--campaign", "counted", "--json", "--state", state).json_output
    (item,) = found["items"]
    assert (item["template_id"], item["first_opens"], item["redraws"]) == ("merge", 2, 0)
    assert found["totals"]["first_opens"] == 2 and item["bytes"] > 0 and item["usd"] > 0
