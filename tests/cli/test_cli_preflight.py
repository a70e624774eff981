"""`postcard preflight`: a file of people and a template in, findings and an exit code out."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from PIL import Image

from postcard.cli.base_command import Command
from postcard.cli.output import CommandResult
from tests.cli.runner import clean_environment, run_postcard, template_folder

__all__ = ["clean_environment"]

DOCUMENT: dict[str, Any] = {
    "width": 120,
    "height": 40,
    "fields": {"first_name": {"default": "you", "max_length": 30}, "points": {"type": "number"}},
    "layers": [
        {"type": "text", "name": "title", "text": "Hi {{ first_name }}", "width": 100,
         "max_lines": 1, "size": 16},
    ],
}  # fmt: skip
PEOPLE = "E-Mail;First Name\na@x.test;Ann\nb@x.test;Wilhelmina Hammersmith\nc@x.test;\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    template_folder(tmp_path / "templates", card=DOCUMENT)
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("POSTCARD_FONTS", str(Path("layers/fonts").absolute()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_summary_says_what_is_wrong_and_a_finding_fails(folder: Path) -> None:
    result = run_postcard("preflight", "people.csv", "-t", "card", "--sheet", "worst.png")
    assert result.exit_code == 1
    assert "people.csv · 3 rows · UTF-8 · semicolon · first_name = First Name" in result.stdout
    assert "1 of 3 rows is right." in result.stdout
    assert "text cut" in result.stdout and "no value, default shown" in result.stdout
    assert "A picture has about" in result.stdout
    with Image.open(folder / "worst.png") as sheet:
        assert sheet.width == 1308


def test_a_finding_that_is_not_asked_for_does_not_fail(folder: Path) -> None:
    options = ("people.csv", "-t", "templates/card.json", "--no-draw", "--json")
    result = run_postcard("preflight", *options, "--fail-on", "glyph,failed")
    assert (result.exit_code, result.json_output["failed"]) == (0, False)
    assert (
        result.json_output["findings"] | {"cut": 1, "default": 1} == result.json_output["findings"]
    )
    assert result.json_output["unmapped"] == ["points"]
    assert run_postcard("preflight", *options, "--fail-on", "none").exit_code == 0
    assert run_postcard("preflight", *options, "--fail-on", "default").exit_code == 1


def test_many_rows_are_checked_in_processes_with_the_same_result(folder: Path) -> None:
    rows = "".join(f"x{n},{'' if n == 4320 else f'Name {n % 50}'}\n" for n in range(4500))
    (folder / "people.csv").write_text(f"id,first_name\n{rows}", encoding="utf-8")
    options = ("people.csv", "-t", "card", "--no-draw", "--json", "--report", "bad.csv")
    results = []
    for count in (1, 2):
        result = run_postcard("preflight", *options, "--processes", count)
        results.append((result.json_output, (folder / "bad.csv").read_text(encoding="utf-8")))
    assert results[0] == results[1]
    found, report = results[0]
    assert found["rows"] == 4500 and found["links"]["distinct"] == 51
    assert report == (
        "row,line,code,place,detail\n4321,4322,default,first_name,"
        "first_name has no value; its default is shown.\n"
    )


def test_a_column_is_chosen_by_header_or_number(folder: Path) -> None:
    for column in ("E-Mail", "1"):
        result = run_postcard(
            *("preflight", "people.csv", "-t", "card", "--no-draw", "--json"),
            *("--columns", f"first_name={column}"),
        )
        assert result.json_output["findings"]["default"] == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("nobody.csv", "-t", "card"), 2, "nobody.csv: no such file"),
        (("people.csv", "-t", "card", "--fail-on", "typo"), 2, "There are failed, cut, glyph"),
        (("people.csv", "-t", "card", "--columns", "first_name=Nom"), 2, "has no such column"),
        (("other.csv", "-t", "card"), 2, "No column is like a field of card (first_name, points)"),
        (("empty.csv", "-t", "card"), 3, "empty.csv: The file is empty"),
        (
            ("people.csv", "-t", "card", "--sheet", "none/worst.png"),
            2,
            "folder none does not exist",
        ),
    ],
)
def test_what_cannot_be_checked_has_its_own_exit_code(
    folder: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    (folder / "empty.csv").write_bytes(b"")
    (folder / "other.csv").write_text("id,street\n1,Elm Street\n", encoding="utf-8")
    result = run_postcard("preflight", *arguments)
    assert result.exit_code == exit_code
    assert message in result.stderr


def test_rows_of_json_lines_are_checked_too(folder: Path) -> None:
    people = [{"first_name": "Ann", "points": 3}, {"first_name": None}, {"points": "many"}]
    lines = "\n".join(map(json.dumps, people))
    (folder / "people.jsonl").write_text(lines, encoding="utf-8")
    result = run_postcard("preflight", "people.jsonl", "-t", "card", "--no-draw", "--json")
    assert result.json_output["rows"] == 3
    assert result.json_output["findings"]["bad_value"] == 1


def test_an_interrupted_command_has_the_exit_code_of_shells() -> None:
    @click.command(cls=Command)
    def interrupted() -> CommandResult:
        raise KeyboardInterrupt

    result = CliRunner().invoke(interrupted, ["--json"])
    assert result.exit_code == 130 and json.loads(result.stdout)["code"] == "interrupted"


@pytest.mark.parametrize(
    "options",
    [
        ("--sheet", "sheets"),
        ("--sheet", "worst.jpg"),
        ("--sheet", ""),
        ("--sheet", "folder.png"),
        ("--report", "folder.png"),
        ("--report", ""),
        ("--report", "templates/../people.csv"),
        ("--report", "link.csv"),
        ("--sheet", "same.png", "--report", "./same.png"),
        ("--fail-on", ""),
        ("--fail-on", ","),
    ],
)
def test_outputs_that_cannot_be_or_would_destroy_a_file_are_refused_at_once(
    folder: Path, options: tuple[str, ...]
) -> None:
    (folder / "folder.png").mkdir()
    (folder / "link.csv").symlink_to("people.csv")
    before = sorted(folder.iterdir())
    result = run_postcard("preflight", "people.csv", "-t", "no-such-template", *options)
    assert result.exit_code == 2 and f"Error: {options[-2]}: " in result.stderr
    assert sorted(folder.iterdir()) == before
    assert (folder / "people.csv").read_text(encoding="utf-8") == PEOPLE
