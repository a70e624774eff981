"""`postcard render` and `postcard templates check`: without a server, without AWS."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.cli.runner import clean_environment, run_postcard, template_folder
from tests.fonts import upside_down_font, woff2

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


def drawn(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_a_document_on_disk_becomes_a_picture(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.png"
    said = run_postcard("render", folder / "card.json", "--set", "shade=#0000ff", "-o", out)
    assert said.exit_code == 0, said.stderr
    assert drawn(out).size == (200, 100)
    assert drawn(out).getpixel((50, 50)) == (0, 0, 255)
    assert "200 × 100" in said.stdout


def test_the_installed_command_draws_in_a_process_of_its_own(folder: Path, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("postcard")
    call: list[str | Path] = [
        command,
        "render",
        folder / "card.json",
        "-o",
        tmp_path / "a.jpg",
        "--json",
    ]
    ended = subprocess.run(call, capture_output=True, text=True, check=True)
    facts = json.loads(ended.stdout)
    assert facts["format"] == "jpg"
    assert facts["bytes"] == (tmp_path / "a.jpg").stat().st_size


def test_width_and_dpr_draw_at_that_size(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.webp"
    run_postcard("render", folder / "card.json", "-o", out, "--width", 100, "--dpr", "1.5")
    assert drawn(out).size == (150, 75)


def test_a_picture_goes_to_standard_output(folder: Path) -> None:
    command = Path(sys.executable).with_name("postcard")
    call: list[str | Path] = [command, "render", folder / "card.json", "-o", "-", "--format", "png"]
    body = subprocess.run(call, capture_output=True, check=True).stdout
    with Image.open(BytesIO(body)) as picture:
        assert picture.size == (200, 100)


def test_an_asset_is_the_file_beside_the_document(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (0, 128, 0)).save(folder / "assets" / "hero.png")
    said = run_postcard("render", folder / "picture.json", "-o", tmp_path / "p.png")
    assert (said.exit_code, said.stderr) == (0, "")
    assert drawn(tmp_path / "p.png").getpixel((20, 10)) == (0, 128, 0)


@pytest.mark.parametrize("font", ["asset:kite", "Kite"])
def test_a_font_is_a_file_beside_the_document(font: str, tmp_path: Path) -> None:
    layer = {"type": "text", "text": "Kite", "size": 40}
    own, plain = (
        {"width": 120, "height": 60, "layers": [{**layer, "font": f}]} for f in (font, "Inter")
    )
    folder = template_folder(tmp_path / "templates", own=own, plain=plain)
    (folder / "assets" / "kite.woff2").write_bytes(woff2(upside_down_font()))
    for name in ("own", "plain"):
        said = run_postcard("render", folder / f"{name}.json", "-o", tmp_path / f"{name}.png")
        assert (said.exit_code, said.stderr) == (0, "")
    pictures = [drawn(tmp_path / f"{name}.png") for name in ("own", "plain")]
    assert ImageChops.difference(*pictures).getbbox() is not None
    assert run_postcard("templates", "check", "--folder", folder).exit_code == 0


def test_a_font_that_cannot_be_used_is_a_warning_with_what_to_do(tmp_path: Path) -> None:
    layers = [{"type": "text", "text": "Kite", "font": ["asset:old", "asset:none"]}]
    folder = template_folder(tmp_path / "t", own={"width": 120, "height": 60, "layers": layers})
    (folder / "assets" / "old.ttf").write_bytes(b"wOFF" + bytes(60))
    said = run_postcard("render", folder / "own.json", "-o", tmp_path / "p.png", "--json")
    told = [(w["code"], w["pointer"]) for w in said.json_output["warnings"]]
    assert told == [("invalid_value", "/layers/0/font")] * 2
    assert "save it as WOFF2, TTF or OTF" in said.stderr and "assets/none.*" in said.stderr


def test_an_asset_without_a_file_is_a_warning_that_names_the_file(
    folder: Path, tmp_path: Path
) -> None:
    said = run_postcard("render", folder / "picture.json", "-o", tmp_path / "p.png", "--json")
    (warning,) = said.json_output["warnings"]
    assert warning["code"] == "image_unavailable"
    assert "assets/hero.*" in said.stderr


def test_a_value_out_of_bounds_is_told_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "no.png"
    said = run_postcard("render", folder / "card.json", "--set", f"name={'x' * 11}", "-o", out)
    assert said.exit_code == 1
    assert "name" in said.stderr
    assert not out.exists()


def test_lenient_takes_the_default_and_warns(folder: Path, tmp_path: Path) -> None:
    long = f"name={'x' * 11}"
    out = tmp_path / "a.png"
    said = run_postcard("render", folder / "card.json", "--set", long, "-o", out, "--lenient")
    assert said.exit_code == 0
    assert said.stderr.startswith("warning: ")


def test_examples_stand_in_for_what_is_not_set(folder: Path, tmp_path: Path) -> None:
    pictures = []
    for more in ([], ["--example"], ["--set", "name=Alex"]):
        out = tmp_path / "a.png"
        run_postcard("render", folder / "card.json", "-o", out, *more)
        pictures.append(out.read_bytes())
    assert pictures[0] != pictures[1] == pictures[2]


def test_a_value_comes_from_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "name.txt").write_text("Zoë\n", encoding="utf-8")
    call = ["render", folder / "card.json", "-o", tmp_path / "a.png"]
    run_postcard(*call, "--set-file", f"name={tmp_path / 'name.txt'}")
    first = (tmp_path / "a.png").read_bytes()
    run_postcard(*call, "--set", "name=Zoë")
    assert (tmp_path / "a.png").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "name"], "--set takes NAME=VALUE"),
        (["--set", "Name=x"], "is no name of a field or layer"),
        (["--set", "name=a", "--set", "name=b"], "name is set twice"),
        (["--set-file", "name=/nowhere/x"], "no such file"),
        (["-o", "/nowhere/x.png"], "there is no such folder"),
        (["-o", "-"], "needs --format"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(folder: Path, words: list[str], sentence: str) -> None:
    said = run_postcard("render", folder / "card.json", *words)
    assert said.exit_code == 2
    assert sentence in said.stderr


def test_a_document_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = run_postcard("render", tmp_path / "none.json", "--json")
    assert said.exit_code == 2
    assert said.json_output["success"] is False


def test_a_document_with_faults_tells_all_of_them_with_their_pointers(tmp_path: Path) -> None:
    broken = {**CARD, "colour": "red", "layers": [{"type": "text", "sise": 3, "text": "a"}]}
    folder = template_folder(tmp_path / "t", broken=broken)
    said = run_postcard("render", folder / "broken.json")
    assert said.exit_code == 1
    assert "/colour: " in said.stderr
    assert "/layers/0/sise: " in said.stderr


def test_check_says_good_for_good_documents(folder: Path) -> None:
    Image.new("RGB", (4, 2)).save(folder / "assets" / "hero.png")
    said = run_postcard("templates", "check", "--folder", folder)
    assert (said.exit_code, said.stdout.splitlines()[-1]) == (0, "2 good")


def test_check_tells_faults_by_file_and_pointer(tmp_path: Path) -> None:
    broken = {**CARD, "layers": [{"type": "text", "text": "{{ nobody }}"}]}
    folder = template_folder(tmp_path / "t", broken=broken, card=CARD, torn="{")
    said = run_postcard("templates", "check", "--folder", folder)
    assert said.exit_code == 1
    assert "broken.json/layers/0/text: " in said.stdout
    assert "torn.json: " in said.stdout
    assert said.stdout.endswith("1 good, 2 with faults\n")


def test_check_misses_a_picture_that_is_not_beside_the_document(folder: Path) -> None:
    said = run_postcard("templates", "check", "picture", "--folder", folder, "--json")
    assert said.exit_code == 1
    assert said.json_output["items"][0]["errors"][0]["code"] == "image_unavailable"


def test_a_finding_fails_a_strict_check_alone(tmp_path: Path) -> None:
    fields = {**CARD["fields"], "unseen": {"default": "a"}}  # type: ignore[dict-item]
    folder = template_folder(tmp_path / "t", card={**CARD, "fields": fields})
    assert run_postcard("templates", "check", "--folder", folder).exit_code == 0
    said = run_postcard("templates", "check", "--folder", folder, "--strict")
    assert said.exit_code == 1
    assert "Nothing shows unseen." in said.stdout


COMMANDS = [
    *(["serve"], ["render"], ["link"], ["verify"]),
    *(["keys", name] for name in ("create", "list", "revoke")),
    *(["signing-keys", name] for name in ("create", "rotate", "retire", "revoke", "sync", "list")),
    *(["templates", name] for name in ("check", "push", "pull")),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_shows_an_example_and_the_exit_codes(words: list[str]) -> None:
    said = run_postcard(*words, "--help")
    assert f"postcard {' '.join(words)}" in said.stdout.partition("Example:")[2]
    assert "--json" in said.stdout
    assert "Exit codes:" in said.stdout


@pytest.mark.parametrize("words", [["keys", "list"], ["link", "a"], ["templates", "pull"]])
def test_without_a_place_to_work_on_the_way_out_is_told(words: list[str], tmp_path: Path) -> None:
    said = run_postcard(*words, "--state", tmp_path)
    assert said.exit_code == 2
    assert "make serve" in said.stderr
