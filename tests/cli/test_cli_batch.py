"""`postcard batch`: what it sends, shows and writes, and its exit codes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from postcard.cli.batch_run import BatchOutput, BatchRun, ProgressLine
from postcard.cli.output import CommandError, CommandResult
from postcard.errors import Problem
from postcard.ports import JsonObject
from tests.cli.runner import clean_environment, run_postcard
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

__all__ = ["clean_environment"]

PEOPLE = b"email,First Name\r\np0@example.com,Zo\xc3\xab\r\np1@example.com,Bo\r\n"
FACTS = {
    "encoding": "utf-8",
    "encoding_by": "content",
    "dialect": {"delimiter": ",", "header": True},
    "mapping": {"first_name": 2},
}
SETTINGS = {"template_id": "welcome", "mode": "links"}


class Api:
    """The API in memory. Before each GET of a batch the next of `events` happens."""

    base_url = "http://127.0.0.1:8080"

    def __init__(self, service: InMemoryService) -> None:
        self.service = service
        self.events: list[Callable[[], None]] = []
        self.calls: list[str] = []
        self.batch_id = ""

    def call(self, method: str, path: str, body: str | None = None) -> JsonObject:
        self.calls.append(f"{method} {path}".replace(self.batch_id or "?", "ID"))
        is_poll = method == "GET" and path.count("/") == 3
        if is_poll and self.events:
            self.events.pop(0)()
        reply = self.service.call(method, path, body)
        answer: JsonObject = reply.json
        if reply.status >= 400:
            raise Problem(answer["detail"], answer["code"])
        self.batch_id = self.batch_id or answer["id"]
        return answer

    def upload_file(
        self, target: Mapping[str, Any], path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        self.service.files.write(target["fields"]["key"], path.read_bytes(), "text/csv")
        on_bytes(path.stat().st_size)

    def download(self, url: str, path: Path) -> None:
        key = url.removeprefix("memory:///").partition("?")[0]
        path.write_bytes(self.service.files.read(key, 0, 10**6))

    def change(self, **changes: Any) -> None:
        statuses = ("waiting", "running", "failed", "completed")
        assert self.service.batches.update(self.batch_id, changes, status_is=statuses)

    def complete(self, *, ok: int = 2, defaults: int = 0, failed: int = 0, cost: int = 0) -> None:
        files = {"result": "result-1.csv", "report": "report.csv"}
        summary: JsonObject = dict(FACTS)
        for name, file in files.items():
            key = f"batches/{self.batch_id}/{file}"
            self.service.files.write(key, f"the {name}".encode(), "text/csv")
            summary[name] = {"key": key, "rows": 2}
        counts = {"ok": ok, "defaults": defaults, "failed": failed, "cost": cost}
        self.change(status="completed", total=2, summary=summary, **counts)


class Run:
    """One run of the command in a folder with `people.csv`."""

    def __init__(self, api: Api, tmp_path: Path, *, is_terminal: bool = True) -> None:
        self.api = api
        self.people = tmp_path / "people.csv"
        if not self.people.exists():
            self.people.write_bytes(PEOPLE)
        self.result, self.report = tmp_path / "out.csv", tmp_path / "bad.csv"
        self.shown: list[str] = []
        self.slept: list[float] = []
        self.is_terminal = is_terminal
        self.now = 0.0

    def send(
        self, settings: JsonObject = SETTINGS, *, strict: bool = False, report: bool = True
    ) -> CommandResult:
        return self._run(strict=strict, report=report).send(self.people, settings)

    def resume(self, batch_id: str) -> CommandResult:
        return self._run(strict=False, report=True).resume(batch_id)

    def _run(self, *, strict: bool, report: bool) -> BatchRun:
        line = ProgressLine(
            is_terminal=self.is_terminal, clock=lambda: self.now, write=self.shown.append
        )
        output = BatchOutput(self.result, self.report if report else None, strict)
        return BatchRun(self.api, output, line, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def text(self) -> str:
        return "".join(self.shown).replace(self.api.batch_id, "bat_ID")


@pytest.fixture
def api() -> Api:
    service = InMemoryService()
    service.publish(document())
    return Api(service)


def test_a_file_is_sent_watched_and_its_result_written(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path)

    def half() -> None:
        api.service.now += 20
        api.change(total=2, ok=1, summary=FACTS)

    api.events = [lambda: None, half, api.complete]
    result = run.send()
    assert (result.exit_code, result.messages) == (0, ())
    assert (run.result.read_text(), run.report.read_text()) == ("the result", "the report")
    assert api.calls == [
        "POST /v1/batches",
        "POST /v1/batches/ID/start",
        *["GET /v1/batches/ID"] * 3,
        "GET /v1/batches/ID/results",
    ]
    assert "people.csv   58 B · 2 rows · UTF-8 · comma · first_name = First Name\n" in run.text
    half_way = "links  ██████████░░░░░░░░░░   50 %   1 rows   0/s   20 s left   "
    assert half_way + "(Ctrl-C leaves it running: postcard batch --resume bat_ID)" in run.text
    assert result.text == (
        f"{run.result}   2 rows: 2 right, 0 with a default, 0 without a picture."
    )
    assert result.json_fields and result.json_fields["success"]
    assert list(tmp_path.glob("*.postcard")) == []


def test_what_the_batch_costs_is_told_where_it_has_a_limit(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path)
    api.events = [lambda: api.complete(cost=1_234_567_890)]
    result = run.send({**SETTINGS, "max_usd": 2, "on_budget": "stop"})
    assert result.text.endswith(" That costs $1.23 if each picture is opened once.")
    record = api.service.batches.get(api.batch_id)
    assert record is not None
    assert (record.settings["max_usd"], record.settings["on_budget"]) == (2, "stop")


def test_the_columns_are_shown_by_the_header_behind_a_line_of_excel(
    api: Api, tmp_path: Path
) -> None:
    run = Run(api, tmp_path)
    run.people.write_bytes(b"sep=;\r\n'e;mail';'First Name'\r\n'a;b';'Bo'\r\n")
    facts = {**FACTS, "dialect": {"delimiter": ";", "quote": "'", "header": True}}
    api.events = [lambda: api.change(total=2, summary=facts), api.complete]
    run.send()
    assert "UTF-8 · semicolon · first_name = First Name\n" in run.text


def test_without_a_terminal_there_is_a_line_each_ten_seconds(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path, is_terminal=False)
    api.events = [*[lambda: api.change(total=2)] * 12, api.complete]
    run.send()
    progress = [line for line in run.shown if line.startswith(("upload", "links"))]
    assert sum(run.slept) > 30 and len(progress) == 3  # polls are up to five seconds apart
    assert "\r" not in run.text and max(run.slept) <= 5


@pytest.mark.parametrize(
    ("counts", "strict", "exit_code"),
    [
        ({"ok": 1, "failed": 1}, False, 1),
        ({"ok": 1, "defaults": 1}, False, 0),
        ({"ok": 1, "defaults": 1}, True, 1),
    ],
)
def test_the_exit_code_says_whether_rows_are_without_their_picture(
    api: Api, tmp_path: Path, counts: dict[str, int], strict: bool, exit_code: int
) -> None:
    run = Run(api, tmp_path)
    api.events = [lambda: api.complete(**counts)]
    result = run.send(strict=strict, report=False)
    assert result.exit_code == exit_code
    assert result.text.endswith("--report PATH says which.")
    assert not run.report.exists()


def test_a_refused_file_is_named_with_its_line(api: Api, tmp_path: Path) -> None:
    error = {"code": "open_quote", "detail": "A quote is never closed.", "line": 7}
    run = Run(api, tmp_path)
    api.events = [lambda: api.change(status="failed", error=error)]
    result = run.send()
    assert result.exit_code == 3
    assert result.messages == [f"{run.people}: A quote is never closed. (line 7)"]
    assert not run.result.exists() and list(tmp_path.glob("*.postcard")) == []


def test_a_batch_over_its_budget_has_failed_and_is_not_to_be_resumed(
    api: Api, tmp_path: Path
) -> None:
    error = {"code": "over_budget", "detail": "max_usd is too low.", "line": None}
    run = Run(api, tmp_path)
    api.events = [lambda: api.change(status="failed", error=error)]
    result = run.send()
    assert result.exit_code == 4
    assert result.messages == [f"{run.people}: max_usd is too low."]


def test_an_empty_file_is_not_sent(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path)
    run.people.write_bytes(b"")
    assert run.send().exit_code == 3
    assert api.calls == []


def interrupt() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_leaves_the_batch_running_and_the_same_command_goes_on(
    api: Api, tmp_path: Path
) -> None:
    run = Run(api, tmp_path)
    api.events = [lambda: api.change(total=2, ok=1), interrupt]
    result = run.send()
    assert result.exit_code == 130
    assert result.messages == [
        f"The batch goes on without this command: postcard batch --resume {api.batch_id}"
    ]
    api.events, api.calls = [api.complete], []
    again = Run(api, tmp_path)
    assert again.send().exit_code == 0
    assert "POST /v1/batches" not in api.calls
    assert again.result.read_text() == "the result"


def test_a_folder_that_cannot_be_written_to_does_not_stop_the_batch(
    api: Api, tmp_path: Path
) -> None:
    (tmp_path / "people.csv.postcard").mkdir()  # where the id would be kept
    run = Run(api, tmp_path)
    api.events = [api.complete]
    assert run.send().exit_code == 0
    assert "go on with postcard batch --resume bat_ID" in run.text
    assert run.result.read_text() == "the result"


def test_another_file_or_other_settings_are_another_batch(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path)
    api.events = [interrupt]
    run.send()
    first, api.batch_id = api.batch_id, ""
    run.people.write_bytes(PEOPLE + b"p2@example.com,Al\r\n")
    api.events = [api.complete]
    assert Run(api, tmp_path).send().exit_code == 0
    assert api.batch_id != first


def test_a_batch_is_resumed_by_its_id(api: Api, tmp_path: Path) -> None:
    run = Run(api, tmp_path)
    api.events = [interrupt]
    run.send()
    api.events = [lambda: None, api.complete]
    assert Run(api, tmp_path).resume(api.batch_id).exit_code == 0
    with_wrong_id = Run(api, tmp_path).resume("bat_" + "a" * 20)
    assert with_wrong_id.exit_code == 2


def test_a_batch_that_failed_by_itself_says_how_to_go_on(api: Api, tmp_path: Path) -> None:
    error = {"code": "incomplete", "detail": "Some rows could not be worked on.", "line": None}
    run = Run(api, tmp_path)
    api.events = [lambda: api.change(status="failed", error=error)]
    result = run.send()
    assert result.exit_code == 4
    assert result.messages[1] == f"Try again: postcard batch --resume {api.batch_id}"
    api.events = [lambda: None, api.complete]
    assert Run(api, tmp_path).resume(api.batch_id).exit_code == 0


def test_a_cancelled_batch_is_said_to_be(api: Api, tmp_path: Path) -> None:
    api.events = [lambda: api.change(status="cancelled")]
    assert Run(api, tmp_path).send().exit_code == 4


def test_a_service_that_is_away_for_a_while_is_waited_for(api: Api, tmp_path: Path) -> None:
    def away() -> None:
        raise CommandError("http://127.0.0.1:8080 does not answer.")

    run = Run(api, tmp_path)
    api.events = [away, away, away, api.complete]
    assert run.send().exit_code == 0


def test_a_key_without_the_scope_is_refused(api: Api, tmp_path: Path) -> None:
    api.service.key = api.service.new_api_key(scopes=("images",))
    result = Run(api, tmp_path).send()
    assert result.exit_code == 3
    assert result.json_fields and result.json_fields["code"] == "missing_scope"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name the file of people"),
        (["people.csv"], "Name the template"),
        (["people.csv", "-t", "welcome", "-o", "people.csv"], "is the file of people"),
        (["people.csv", "-t", "welcome", "-o", "no/out.csv"], "does not exist"),
        (["people.csv", "-t", "welcome", "-o", "a.csv", "--report", "./a.csv"], "cannot be both"),
        (["people.csv", "-t", "welcome", "--report", "people.postcard.csv"], "cannot be both"),
        (["people.csv", "-t", "welcome", "-o", "/proc/a.csv"], "cannot be written to"),
        (["nothing.csv", "-t", "welcome"], "nothing.csv"),
        (["people.csv", "-t", "welcome", "--columns", "x"], "NAME=VALUE"),
        (["people.csv", "-t", "welcome", "--rate", "0"], "0"),
        (["people.csv", "-t", "welcome", "--max-usd", "0"], "0"),
        (["people.csv", "-t", "welcome", "--max-usd", "1e3"], "1e3"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_bytes(PEOPLE)
    output = run_postcard("batch", *arguments)
    assert (output.exit_code, output.stdout) == (2, "")
    assert message in output.stderr


def test_the_help_names_the_exit_codes() -> None:
    text = run_postcard("batch", "--help").stdout
    assert "130 Ctrl-C" in text and "postcard batch people.csv -t welcome" in text
