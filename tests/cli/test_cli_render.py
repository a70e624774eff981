"""Tests of `postcard render` and `postcard templates check`, without a server and without AWS."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from postcard.cli.main import main
from tests.cli.runner import clean_environment, run_postcard, template_folder
from tests.conftest import MORE_FONTS
from tests.fonts import upside_down_font, woff2
from tests.functions.in_memory_service import InMemoryService

__all__ = ["clean_environment"]

CARD = {
    "width": 200,
    "height": 100,
    "background": "#ffffff",
    "fields": {
        "name": {"default": "there", "max_length": 10, "example": "Alex"},
        "shade": {"type": "color", "default": "#ff0000"},
    },
    "layers": [
        {"type": "rectangle", "width": 100, "height": 100, "fill": "{{ shade }}"},
        {"type": "text", "name": "title", "x": 110, "width": 80, "text": "{{ name }}"},
    ],
}
PICTURE = {
    "width": 40,
    "height": 20,
    "layers": [{"type": "image", "width": 40, "height": 20, "source": "asset:hero"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return template_folder(tmp_path / "templates", card=CARD, picture=PICTURE)


def open_rgb(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_render_draws_a_document_on_disk(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.png"
    output = run_postcard("render", folder / "card.json", "--set", "shade=#0000ff", "-o", out)
    assert output.exit_code == 0, output.stderr
    assert open_rgb(out).size == (200, 100)
    assert open_rgb(out).getpixel((50, 50)) == (0, 0, 255)
    assert "200 × 100" in output.stdout


def test_the_installed_command_draws_a_picture(folder: Path, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("postcard")
    call: list[str | Path] = [
        command,
        "render",
        folder / "card.json",
        "-o",
        tmp_path / "a.jpg",
        "--json",
    ]
    completed = subprocess.run(call, capture_output=True, text=True, check=True)
    result = json.loads(completed.stdout)
    assert result["format"] == "jpg"
    assert result["bytes"] == (tmp_path / "a.jpg").stat().st_size


def test_width_and_dpr_set_the_size(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.webp"
    run_postcard("render", folder / "card.json", "-o", out, "--width", 100, "--dpr", "1.5")
    assert open_rgb(out).size == (150, 75)


def test_the_output_dash_writes_to_standard_output(folder: Path) -> None:
    command = Path(sys.executable).with_name("postcard")
    call: list[str | Path] = [command, "render", folder / "card.json", "-o", "-", "--format", "png"]
    body = subprocess.run(call, capture_output=True, check=True).stdout
    with Image.open(BytesIO(body)) as picture:
        assert picture.size == (200, 100)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["-o", name] for name in ("", ".png", "png", "a.png.", "a.bmp", "a.PSD")),
        ["-o", "a.jpg", "--format", "png"],
        *(["--values", path] for path in ("", "nowhere.json")),
        ["--set-file", "name=nowhere.txt"],
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_option(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    output = run_postcard("render", folder / "card.json", *arguments)
    assert output.exit_code == 2 and f"{arguments[0]}" in output.stderr.splitlines()[-1]
    assert set(tmp_path.rglob("*")) == before


def test_a_document_that_is_no_json_is_named(folder: Path) -> None:
    (folder / "broken.json").write_text("{")
    output = run_postcard("render", folder / "broken.json")
    assert output.exit_code == 1 and "broken.json is not valid JSON" in output.stderr


def test_an_asset_is_read_from_the_assets_folder(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (0, 128, 0)).save(folder / "assets" / "hero.png")
    output = run_postcard("render", folder / "picture.json", "-o", tmp_path / "p.png")
    assert output.exit_code == 0
    assert [line.partition(" pictures")[0] for line in output.stderr.splitlines()] == [
        "finding: Gmail changes the colours of"  # the picture is small
    ]
    assert open_rgb(tmp_path / "p.png").getpixel((20, 10)) == (0, 128, 0)


@pytest.mark.parametrize("font", ["asset:kite", "Kite"])
def test_a_custom_font_is_read_from_the_assets_folder(font: str, tmp_path: Path) -> None:
    layer = {"type": "text", "text": "Kite", "size": 40}
    custom, shipped = (
        {"width": 120, "height": 120, "layers": [{**layer, "font": f}]} for f in (font, "Inter")
    )
    folder = template_folder(tmp_path / "templates", custom=custom, shipped=shipped)
    (folder / "assets" / "kite.woff2").write_bytes(woff2(upside_down_font()))
    for name in ("custom", "shipped"):
        output = run_postcard("render", folder / f"{name}.json", "-o", tmp_path / f"{name}.png")
        assert (output.exit_code, output.stderr) == (0, "")
    pictures = [open_rgb(tmp_path / f"{name}.png") for name in ("custom", "shipped")]
    assert ImageChops.difference(*pictures).getbbox() is not None
    assert run_postcard("templates", "check", "--folder", folder).exit_code == 0


def test_an_unusable_font_gives_a_warning_that_says_what_to_do(tmp_path: Path) -> None:
    layers = [{"type": "text", "text": "Kite", "font": ["asset:old", "asset:none"]}]
    folder = template_folder(tmp_path / "t", own={"width": 120, "height": 60, "layers": layers})
    (folder / "assets" / "old.ttf").write_bytes(b"wOFF" + bytes(60))
    output = run_postcard("render", folder / "own.json", "-o", tmp_path / "p.png", "--json")
    warnings = [(w["code"], w["pointer"]) for w in output.json_output["warnings"]]
    assert warnings == [("invalid_value", "/layers/0/font")] * 2
    assert "save it as WOFF2, TTF or OTF" in output.stderr and "assets/none.*" in output.stderr


def test_a_missing_asset_gives_a_warning_that_names_its_file(folder: Path, tmp_path: Path) -> None:
    output = run_postcard("render", folder / "picture.json", "-o", tmp_path / "p.png", "--json")
    (warning,) = output.json_output["warnings"]
    assert warning["code"] == "image_unavailable"
    assert "assets/hero.*" in output.stderr


def test_an_invalid_value_prints_an_error_and_writes_no_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "no.png"
    output = run_postcard("render", folder / "card.json", "--set", f"name={'x' * 11}", "-o", out)
    assert output.exit_code == 1
    assert "name" in output.stderr
    assert not out.exists()


def test_lenient_uses_the_default_and_prints_a_warning(folder: Path, tmp_path: Path) -> None:
    long = f"name={'x' * 11}"
    out = tmp_path / "a.png"
    output = run_postcard("render", folder / "card.json", "--set", long, "-o", out, "--lenient")
    assert output.exit_code == 0
    assert output.stderr.startswith("warning: ")


def test_fields_without_a_value_take_their_examples(folder: Path, tmp_path: Path) -> None:
    pictures = []
    for options in ([], ["--example"], ["--set", "name=Alex"]):
        out = tmp_path / "a.png"
        run_postcard("render", folder / "card.json", "-o", out, *options)
        pictures.append(out.read_bytes())
    assert pictures[0] != pictures[1] == pictures[2]


def test_set_file_reads_a_value_from_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "name.txt").write_text("Zoë\n", encoding="utf-8")
    call = ["render", folder / "card.json", "-o", tmp_path / "a.png"]
    run_postcard(*call, "--set-file", f"name={tmp_path / 'name.txt'}")
    from_file = (tmp_path / "a.png").read_bytes()
    run_postcard(*call, "--set", "name=Zoë")
    assert (tmp_path / "a.png").read_bytes() == from_file


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "name"], "--set takes NAME=VALUE"),
        (["--set", "Name=x"], "is not a name of a field or layer"),
        (["--set", "name=a", "--set", "name=b"], "name is set twice"),
        (["--set-file", "name=/nowhere/x"], "no such file"),
        (["-o", "/nowhere/x.png"], "The folder /nowhere does not exist"),
        (["-o", "-"], "needs --format"),
        (["-o", "card.bmp"], "cannot be written as .bmp. Use .png, .jpg"),
        (["-o", "card.PDF"], "cannot be written as .pdf"),
    ],
)
def test_wrong_arguments_print_a_message(folder: Path, arguments: list[str], message: str) -> None:
    output = run_postcard("render", folder / "card.json", *arguments)
    assert output.exit_code == 2
    assert message in output.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "nmae=x"], "--set nmae: There is no field or layer 'nmae'; did you mean name?"),
        (["--set", f"name={'x' * 11}"], "--set name: name is longer than 10 characters."),
        (["--set", "shade=nothing"], "--set shade: shade is not a colour"),
        (
            ["--set", "title.colour=red"],
            "--set title.colour: Unknown property; did you mean color?",
        ),
        (["--width", "4000", "--dpr", "3"], "--width: The picture would be"),
    ],
)
def test_an_error_names_the_option(folder: Path, arguments: list[str], message: str) -> None:
    output = run_postcard("render", folder / "card.json", *arguments, "--json")
    assert output.exit_code == 1
    assert output.stderr.startswith(message) and output.stderr.count("\n") == 1
    (error,) = output.json_output["errors"]
    assert error["option"] == message.partition(":")[0]


def test_several_errors_name_their_options(folder: Path) -> None:
    values = ("--set", "nobody=x", "--set", "shade=y")
    output = run_postcard("render", folder / "card.json", *values)
    assert output.stderr.startswith("Correct --set nobody, --set shade.\n")


def test_a_warning_names_the_option_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps({"name": "x" * 11}))
    values = ("--values", tmp_path / "values.json", "--lenient")
    output = run_postcard("render", folder / "card.json", *values, "-o", tmp_path / "a.png")
    assert output.stderr.startswith("warning: --values name: ")


@pytest.mark.parametrize("text", ["{", "[]", '{"name": NaN}'])
def test_a_file_of_values_that_is_no_json_is_named(folder: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "values.json").write_text(text)
    output = run_postcard("render", folder / "card.json", "--values", tmp_path / "values.json")
    assert output.exit_code == 2
    assert "values.json" in output.stderr and "The body" not in output.stderr


def test_a_byte_order_mark_in_a_file_is_skipped(folder: Path, tmp_path: Path) -> None:
    for name, text in {"name.txt": "Zoë", "values.json": '{"name": "Zoë"}'}.items():
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
    (folder / "marked.json").write_text(json.dumps(CARD), encoding="utf-8-sig")
    pictures = []
    for values in (
        ["--set", "name=Zoë"],
        ["--set-file", f"name={tmp_path / 'name.txt'}"],
        ["--values", tmp_path / "values.json"],
    ):
        output = run_postcard("render", folder / "marked.json", *values, "-o", tmp_path / "a.png")
        assert output.exit_code == 0, output.stderr
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] == pictures[1] == pictures[2]


def test_a_missing_document_is_an_error(tmp_path: Path) -> None:
    output = run_postcard("render", tmp_path / "none.json", "--json")
    assert output.exit_code == 2
    assert output.json_output["success"] is False


def test_all_faults_of_a_document_are_printed_with_pointers(tmp_path: Path) -> None:
    broken = {**CARD, "colour": "red", "layers": [{"type": "text", "sise": 3, "text": "a"}]}
    folder = template_folder(tmp_path / "t", broken=broken)
    output = run_postcard("render", folder / "broken.json")
    assert output.exit_code == 1
    assert "/colour: " in output.stderr
    assert "/layers/0/sise: " in output.stderr


def test_check_counts_good_documents(folder: Path) -> None:
    Image.new("RGB", (4, 2)).save(folder / "assets" / "hero.png")
    output = run_postcard("templates", "check", "--folder", folder)
    assert (output.exit_code, output.stdout.splitlines()[-1]) == (0, "2 good")


def test_check_prints_faults_with_file_and_pointer(tmp_path: Path) -> None:
    broken = {**CARD, "layers": [{"type": "text", "text": "{{ nobody }}"}]}
    folder = template_folder(tmp_path / "t", broken=broken, card=CARD, torn="{")
    output = run_postcard("templates", "check", "--folder", folder)
    assert output.exit_code == 1
    assert "broken.json/layers/0/text: " in output.stdout
    assert "torn.json: " in output.stdout
    assert output.stdout.endswith("1 good, 2 with faults\n")


def test_check_reports_a_missing_picture(folder: Path) -> None:
    output = run_postcard("templates", "check", "picture", "--folder", folder, "--json")
    assert output.exit_code == 1
    assert output.json_output["items"][0]["errors"][0]["code"] == "image_unavailable"


def test_a_finding_fails_only_a_strict_check(tmp_path: Path) -> None:
    fields = {**CARD["fields"], "unseen": {"default": "a"}}  # type: ignore[dict-item]
    folder = template_folder(tmp_path / "t", card={**CARD, "fields": fields})
    assert run_postcard("templates", "check", "--folder", folder).exit_code == 0
    output = run_postcard("templates", "check", "--folder", folder, "--strict")
    assert output.exit_code == 1
    assert "Nothing shows unseen." in output.stdout


FLAWED = {
    "width": 200,
    "height": 60,
    "background": "#ffffff",
    "font": "Nosuch",
    "fields": {"name": {"default": "there", "max_length": 200, "example": "Ann"}},
    "layers": [
        {"type": "text", "width": 60, "height": 20, "text": "{{ name }}", "color": "#fefefe"}
    ],
}


def test_check_finds_what_publishing_finds(tmp_path: Path) -> None:
    world = InMemoryService()
    published = world.call("PUT", "/v1/templates/card", FLAWED).json["findings"]
    assert {"unknown_font", "text_overflow", "low_contrast"} <= {f["code"] for f in published}
    folder = template_folder(tmp_path / "t", card=FLAWED)
    output = run_postcard("templates", "check", "--folder", folder, "--strict", "--json")
    assert output.exit_code == 1
    assert output.json_output["items"][0]["findings"] == published
    assert run_postcard("templates", "check", "--folder", folder).exit_code == 0


def test_render_prints_what_publishing_finds(tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "t", card=FLAWED)
    call = ("render", folder / "card.json", "--example", "-o", tmp_path / "a.png")
    output = run_postcard(*call, "--json")
    checked = run_postcard("templates", "check", "--folder", folder, "--json").json_output
    assert output.exit_code == 0
    assert output.json_output["findings"] == checked["items"][0]["findings"]
    assert "finding: /font: " in output.stderr


def test_check_draws_with_the_pictures_and_fonts_beside_the_document(tmp_path: Path) -> None:
    layers = [
        {"type": "image", "width": 40, "height": 20, "source": "asset:hero"},
        {"type": "text", "text": "Kite", "font": "Kite", "color": "#000000"},
    ]
    card = {"width": 40, "height": 40, "background": "#ffffff", "layers": layers}
    folder = template_folder(tmp_path / "t", card=card)
    Image.new("RGB", (40, 20), (0, 128, 0)).save(folder / "assets" / "hero.png")
    (folder / "assets" / "kite.woff2").write_bytes(woff2(upside_down_font()))
    output = run_postcard("templates", "check", "--folder", folder, "--json")
    (item,) = output.json_output["items"]
    assert item["errors"] == []
    assert "unknown_font" not in [finding["code"] for finding in item["findings"]]
    (folder / "assets" / "hero.png").write_bytes(b"no picture")
    output = run_postcard("templates", "check", "--folder", folder)
    assert output.exit_code == 1 and "hero.png is not a usable picture" in output.stdout


def test_a_remote_picture_that_cannot_be_fetched_is_a_finding(tmp_path: Path) -> None:
    layers = [{"type": "image", "width": 9, "height": 9, "source": "https://10.0.0.1/a.png"}]
    folder = template_folder(tmp_path / "t", card={"width": 109, "height": 109, "layers": layers})
    output = run_postcard("templates", "check", "--folder", folder, "--json")
    (finding,) = output.json_output["items"][0]["findings"]
    assert (finding["code"], finding["pointer"]) == ("image_unavailable", "/layers/0/source")
    assert output.exit_code == 0
    assert run_postcard("templates", "check", "--folder", folder, "--strict").exit_code == 1


def test_an_unexpected_error_and_an_answer_of_no_have_the_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["postcard", "render", "card.json"])
    monkeypatch.setattr("postcard.cli.render.find_template_file", lambda *_: 1 / 0)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "Unexpected error: ZeroDivisionError" in capsys.readouterr().err
    output = run_postcard("erase", "--field", "email=a", stdin="n\n")
    assert (output.exit_code, "Aborted." in output.stderr) == (2, True)


COMMANDS = [
    *(["serve"], ["render"], ["link"], ["verify"]),
    *(["keys", name] for name in ("create", "list", "revoke")),
    ["studio", "invite"],
    *(["signing-keys", name] for name in ("create", "rotate", "retire", "revoke", "sync", "list")),
    *(["signing-keys", name] for name in ("epoch", "export")),
    *(["templates", name] for name in ("check", "push", "pull")),
]


def test_render_takes_the_optional_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    javanese = {**CARD, "layers": [{"type": "text", "width": 200, "text": "ꦏꦂꦠꦶꦤꦶ {{ name }}"}]}
    document = template_folder(tmp_path / "templates", card=javanese) / "card.json"
    out = tmp_path / "card.png"
    without = run_postcard("render", document, "-o", out)
    assert "Javanese: build, deploy or serve with MORE_FONTS=on" in without.stdout + without.stderr
    monkeypatch.setenv("POSTCARD_MORE_FONTS", str(MORE_FONTS))
    output = run_postcard("render", document, "-o", out)
    assert "Javanese" not in output.stdout + output.stderr
    monkeypatch.setenv("POSTCARD_MORE_FONTS", str(tmp_path))
    refused = run_postcard("render", document, "-o", out)
    assert refused.exit_code != 0 and "make more-fonts" in refused.stderr


def test_check_takes_the_optional_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    javanese = {**CARD, "layers": [{"type": "text", "width": 200, "text": "ꦏꦂꦠꦶꦤꦶ {{ name }}"}]}
    document = template_folder(tmp_path / "templates", card=javanese) / "card.json"
    assert "Javanese" in run_postcard("templates", "check", document).stdout
    monkeypatch.setenv("POSTCARD_MORE_FONTS", str(MORE_FONTS))
    assert "Javanese" not in run_postcard("templates", "check", document).stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example_and_the_exit_codes(command: list[str]) -> None:
    output = run_postcard(*command, "--help")
    assert f"postcard {' '.join(command)}" in output.stdout.partition("Example:")[2]
    assert "--json" in output.stdout
    assert "Exit codes:" in output.stdout


@pytest.mark.parametrize(
    "command",
    [["keys", "list"], ["link", "a"], ["templates", "pull"], ["studio", "invite", "Anna"]],
)
def test_without_a_service_the_error_says_how_to_start_one(
    command: list[str], tmp_path: Path
) -> None:
    output = run_postcard(*command, "--state", tmp_path)
    assert output.exit_code == 2
    assert "make serve" in output.stderr
