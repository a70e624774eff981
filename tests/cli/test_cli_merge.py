"""`postcard merge` refuses what cannot become a mail before it asks a service for links."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postcard.campaigns.mail_merge.mail_template import MailTemplate
from postcard.campaigns.tables.row_reader import TableRow
from postcard.cli.api_client import problem_from_response, repeated
from postcard.cli.merge import _complete_folder, _Mail, _Work
from postcard.cli.output import CommandError
from postcard.errors import Problem
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


def answers(*statuses: int) -> Callable[[], str]:
    """A call of the API that gets these error statuses first."""
    left = list(statuses)

    def call() -> str:
        if left:
            raise problem_from_response(left.pop(0), b'{"code": "x", "detail": "no"}')
        return "link"

    return call


def test_a_link_is_asked_for_again_where_that_may_help() -> None:
    waits: list[float] = []
    assert repeated(answers(429, 503), waits.append) == "link"
    assert waits == [0.5, 1.0]
    for status in (400, 403, 404, 500):
        with pytest.raises(Problem):
            repeated(answers(status), waits.append)
    with pytest.raises(Problem):
        repeated(answers(*[429] * 6), waits.append)
    assert waits[2:] == [0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_service_that_only_starts_is_asked_again_and_not_called_another_server(
    status: int,
) -> None:
    problem = problem_from_response(status, b"Service Unavailable")
    assert problem.status == status and "try again" in problem.detail
    with pytest.raises(CommandError, match="not Postcard's API"):
        problem_from_response(404, b"Not Found")


def test_what_concerns_every_row_is_no_fault_of_one(tmp_path: Path) -> None:
    rows = [TableRow(1, 2, ["Ann"], None, "Ann"), TableRow(2, 3, ["Bob"], None, "Bob")]
    mail = _Mail(MailTemplate("{{ picture }}", ["name"]), None, None, None, is_message=False)
    refused = _Work(mail, lambda _: answers(400)())  # type: ignore[arg-type, return-value]
    refused.write(rows, tmp_path)
    assert [bad.number for bad in refused.bad] == [1, 2]
    for status in (403, 429, 500):
        work = _Work(mail, lambda _, status=status: answers(status)())  # type: ignore
        with pytest.raises(Problem):
            work.write(rows, tmp_path)
