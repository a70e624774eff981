"""`postcard merge` refuses what cannot become a mail before it asks a service for links."""

from pathlib import Path

import pytest

from postcard.cli.merge import _complete_folder
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
        ("{{ picture }}", ("--eml", "--from", "Us <us>"), "--from: The e-mail address"),
        ("{{ picture }}{{ first_name | raw }}", (), "line 1, column 30: unknown filter 'raw'"),
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


def test_a_file_a_dangling_link_and_no_name_are_no_folders(folder: Path) -> None:
    (folder / "file").write_text("mine")
    (folder / "link").symlink_to(folder / "nowhere")
    for output, message in (("file", "is a file"), ("link", "does not exist"), ("", "--output")):
        result = run_postcard("merge", "people.csv", "mail.html", "-t", "x", "-o", output)
        assert result.exit_code == 2 and message in result.stderr


@pytest.mark.parametrize("output", [".", "link", "new"])
def test_an_empty_folder_is_filled_whatever_it_is_and_left_empty_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    (tmp_path / "here").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here" if output == "." else tmp_path)
    folder = Path(output)
    with pytest.raises(KeyboardInterrupt), _complete_folder(folder) as part:
        (part / "1.html").write_text("one")
        raise KeyboardInterrupt
    assert not folder.exists() if output == "new" else not list(folder.iterdir())
    with _complete_folder(folder) as part:
        (part / "1.html").write_text("one")
        assert not folder.exists() or len(list(folder.iterdir())) == 1
    assert [path.name for path in folder.iterdir()] == ["1.html"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name[0] == ".") == []
    assert (tmp_path / "here").stat().st_mode & 0o777 == 0o700
