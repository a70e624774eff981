"""`postcard rehearse`: a file of people in, a prediction of the send out."""

from pathlib import Path

import pytest

from tests.cli.runner import clean_environment, run_postcard, template_folder
from tests.cli.test_cli_preflight import DOCUMENT

__all__ = ["clean_environment"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    template_folder(tmp_path / "templates", card=DOCUMENT)
    rows = "".join(f"x{number},Name {number % 40}\n" for number in range(200))
    (tmp_path / "people.csv").write_text(f"id,first_name\n{rows}", encoding="utf-8")
    monkeypatch.setenv("POSTCARD_FONTS", str(Path("layers/fonts").absolute()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_row_is_a_picture_unless_a_template_says_which_are_equal(folder: Path) -> None:
    options = ("people.csv", "--opens-per-hour", "6000", "--json")
    plain = run_postcard("rehearse", *options)
    assert plain.exit_code == 0 and plain.json_output["mails"] == 200
    assert 100 < plain.json_output["first_opens"] < 200
    with_template = run_postcard("rehearse", *options, "-t", "card", "--measure").json_output
    assert with_template["mails"] == 200 and 30 < with_template["first_opens"] <= 40
    assert 100 < with_template["picture_bytes"] < 10_000


def test_the_text_has_the_rates_beside_their_limits(folder: Path) -> None:
    text = run_postcard("rehearse", "people.csv", "--minutes", "1").stdout
    assert "200 mails, sent within 60 seconds" in text
    assert "S3 PUT in the prefix" in text and "3,500" in text
    assert "p50" in text and "The pictures cost $0.00 in us-east-1" in text


@pytest.mark.parametrize(
    "options",
    [
        ("--minutes", "1", "--opens-per-hour", "5"),
        ("--measure",),
        ("--opened", "101"),
        ("--opened", "nan"),
        ("--minutes", "0"),
    ],
)
def test_options_that_exclude_each_other_are_refused(
    folder: Path, options: tuple[str, ...]
) -> None:
    assert run_postcard("rehearse", "people.csv", *options).exit_code == 2


def test_too_little_concurrency_is_exit_code_1(folder: Path) -> None:
    rows = "id\n" + "x\n" * 3000
    (folder / "people.csv").write_text(rows, encoding="utf-8")
    options = ("people.csv", "--opens-per-hour", "200000000", "--concurrency", "1")
    assert run_postcard("rehearse", *options).exit_code == 1
