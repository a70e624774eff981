"""`postcard merge` refuses what cannot become a mail before it asks a service for links."""

from pathlib import Path

import pytest

from tests.cli.runner import clean_environment, run_postcard

__all__ = ["clean_environment"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "people.csv").write_text("first_name,email\nAnn,a@x.test\n", encoding="utf-8")
    (tmp_path / "mail.html").write_text("<p>{{ first_name }}{{ picture }}</p>", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("mail", "options", "message"),
    [
        ("<p>\n{{ nobody }}{{ picture }}", (), "mail.html: line 2, column 4: no column is called"),
        ("<p>{{ first_name }}</p>", (), "mail.html shows no picture"),
        ("{{ picture }}\n\xff", (), "mail.html: line 2 is not UTF-8"),
        ("{{ picture }}", ("--subject", "{{ x"), "--subject: line 1, column"),
        ("{{ picture }}", ("--to", "Nom"), "--to: the table has no column 'Nom'"),
        ("{{ picture }}", ("--from", "us@x.test"), "--from needs --eml"),
        ("{{ picture }}", ("--eml", "--from", "us"), "--from: The e-mail address"),
        ("{{ picture }}", (), "No Postcard service was found"),
    ],
)
def test_a_wrong_mail_or_option_is_told_and_nothing_is_written(
    folder: Path, mail: str, options: tuple[str, ...], message: str
) -> None:
    (folder / "mail.html").write_bytes(mail.encode("latin-1"))
    result = run_postcard("merge", "people.csv", "mail.html", "-t", "x", "-o", "out", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["mail.html", "people.csv"]


def test_a_folder_with_files_is_left_alone(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("mine")
    result = run_postcard("merge", "people.csv", "mail.html", "-t", "x", "-o", "out")
    assert result.exit_code == 2 and "out is not empty" in result.stderr
    assert [path.name for path in (folder / "out").iterdir()] == ["mine.txt"]
