"""The one SQL text: what it counts, on lines of a log, and that both engines can read it."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import expressions

from local.aws.athena_service import DuckDbQueries, LogTable
from postcard.ports import LogQueryFailed
from postcard.usage.hits_query import MAX_GROUPS, MAX_ROWS, HitGroup, hits_query, read_group
from tests.usage.simulated_traffic import STACK

DAY = "2026-11-28"
IMAGE = "img_" + "ab" * 13
DIGEST = "0" * 64
Line = dict[str, Any]
Run = Callable[..., list[HitGroup]]
numbers = count()


def line(path: str = "/r/welcome.png", result: str = "Hit", **changes: Any) -> Line:
    """A line of the log."""
    return {
        "date": DAY,
        "time": "10:00:00",
        "x-edge-location": "DUB56-P3",
        "cs-method": "GET",
        "cs-uri-stem": path,
        "sc-status": "200",
        "sc-bytes": "1000",
        "x-edge-result-type": result,
        "x-edge-request-id": f"id{next(numbers)}==",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_query(lines: Sequence[Line | str], **options: Any) -> list[HitGroup]:
        folder = tmp_path / "LOCAL" / options.pop("folder", "2026/11/28")
        folder.mkdir(parents=True, exist_ok=True)
        texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
        with gzip.open(folder / f"{next(numbers)}.gz", "wt") as stream:
            stream.write("".join(f"{text}\n" for text in texts))
        queries = DuckDbQueries(LogTable.read(STACK.template, tmp_path))
        day = date.fromisoformat(DAY)
        rows = queries.rows(queries.start(hits_query(day, day, **options)))
        assert rows is not None
        return [read_group(row) for row in rows]

    return run_query


def counted(group: HitGroup) -> dict[str, int]:
    return {name: number for name, number in group.counts.items() if number}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "hits"),
        ({"result": "RefreshHit"}, "hits"),
        ({"result": "OriginShieldHit"}, "hits"),
        ({"sc_status": "304"}, "hits"),
        ({"sc_status": "206"}, "hits"),
        ({"result": "Miss"}, "misses"),
        ({"result": "Miss", "sc_status": "304"}, "misses"),
        ({"cs_method": "HEAD"}, "heads"),
        ({"cs_method": "HEAD", "result": "Miss"}, "heads"),
        ({"result": "FunctionGeneratedResponse", "sc_status": "403"}, "refusals"),
        ({"result": "Error", "sc_status": "404"}, "refusals"),
        ({"result": "Error", "sc_status": "405", "cs_method": "POST"}, "refusals"),
        ({"result": "Error"}, "failures"),  # the error page, whose status is 200
        ({"result": "LimitExceeded", "sc_status": "503"}, "failures"),
        ({"result": "CapacityExceeded", "sc_status": "503"}, "failures"),
        ({"result": "FunctionExecutionError", "sc_status": "503"}, "failures"),
        ({"sc_status": "000"}, "failures"),  # the reader hung up
        ({"sc_status": "-"}, "failures"),
        ({"sc_status": None}, "failures"),
    ],
    ids=str,
)
def test_a_request_is_of_one_kind(run: Run, changes: Line, kind: str) -> None:
    (group,) = run([line(**changes)])
    assert counted(group) == {kind: 1, "sent_bytes": 1000}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/r/welcome.png", ("welcome", "", "")),
        ("/r/tmpl_a1-b.webp", ("tmpl_a1-b", "", "")),
        ("/c/spring-26/welcome.gif", ("welcome", "spring-26", "")),
        (f"/renders/12/welcome/3/{DIGEST}.png", ("welcome", "", "")),
        (f"/renders/12/welcome/live/{DIGEST}.png", ("welcome", "", "")),
        (f"/renders/0/welcome/unverified/{DIGEST}.png", ("", "", "")),
        (f"/i/{IMAGE}.png", ("", "", IMAGE)),
        (f"/images/{IMAGE}.jpg", ("", "", IMAGE)),
        ("/errors/fallback.png", ("", "", "")),
        ("/r/UPPER.png", ("", "", "")),
        ("/r/a/b.png", ("", "", "")),
        ("/r/welcome.svg", ("", "", "")),
        ("/x/r/welcome.png", ("", "", "")),
        (f"/c/{'a' * 33}/welcome.png", ("", "", "")),
        (f"/r/{'a' * 65}.png", ("", "", "")),
        ("/i/img_short.png", ("", "", "")),
        ("/", ("", "", "")),
        (None, ("", "", "")),
    ],
    ids=str,
)
def test_the_path_tells_template_and_campaign_or_the_image(
    run: Run, path: str, expected: tuple[str, str, str]
) -> None:
    (group,) = run([line(path)])
    assert (group.template_id, group.campaign, group.image_id) == expected


def test_names_in_refused_requests_are_named_only_if_others_were_answered(run: Run) -> None:
    refused = {"result": "FunctionGeneratedResponse", "sc_status": "403"}
    made_up = [line(f"/c/made-up-{n}/welcome.png", **refused) for n in range(30)]
    images = [line(f"/i/img_{n:c}{'a' * 25}.png", **refused) for n in range(97, 107)]
    broken = [line(f"/r/nobody{n}.png", "Error", sc_status="503") for n in range(5)]
    known = [line("/c/spring/welcome.png"), line("/c/spring/welcome.png", **refused)]
    nobody, welcome = run([*made_up, *images, *broken, *known])
    assert (nobody.template_id, nobody.campaign, nobody.image_id) == ("", "", "")
    assert counted(nobody) == {"refusals": 40, "failures": 5, "sent_bytes": 45_000}
    assert (welcome.template_id, welcome.campaign) == ("welcome", "spring")
    assert counted(welcome) == {"hits": 1, "refusals": 1, "sent_bytes": 2000}


def test_only_the_groups_with_most_answers_have_names(run: Run) -> None:
    lines = [line(f"/c/campaign-{n}/welcome.png") for n in range(10) for _ in range(n + 1)]
    groups = run(lines, max_groups=3)
    assert [group.campaign for group in groups] == ["", "campaign-7", "campaign-8", "campaign-9"]
    assert [group.counts["hits"] for group in groups] == [28, 8, 9, 10]


def test_a_count_of_many_days_has_fewer_names_a_day() -> None:
    day = date.fromisoformat(DAY)
    assert f"place <= {MAX_GROUPS} " in hits_query(day, day)
    assert f"place <= {MAX_ROWS // 31} " in hits_query(day - timedelta(30), day)


def test_a_line_that_is_there_twice_is_one_request(run: Run) -> None:
    one, other = line(), line()
    assert run([one, other])[0].counts["hits"] == 2
    assert run([one, one, other])[0].counts["hits"] == 2


def test_lines_are_found_in_the_folders_of_the_day_before_and_after_and_no_others_count(
    run: Run,
) -> None:
    run([line()], folder="2026/11/27")
    run([line()], folder="2026/11/29")
    (group,) = run([line(date="2026-11-27"), line(date="2026-11-29")], folder="2026/11/28")
    assert (group.day, group.counts["hits"]) == (DAY, 2)
    (group,) = run([line()], folder="2026/11/30")
    assert group.counts["hits"] == 2, "no file of that folder can have lines of the day"


def test_lines_that_are_no_requests_are_left_out(run: Run) -> None:
    broken = ['{"date": ', "", "[1]", '{"date": 7}', json.dumps(line(date=f"{DAY}x"))]
    without_time = [line(time="-"), line(time=None)]
    (group,) = run([*broken, *without_time, line(time="23:59:59"), line(sc_bytes="-")])
    assert counted(group) == {"hits": 2, "sent_bytes": 1000}
    assert group.last_at == "23:59:59"


def test_an_empty_log_has_no_groups(tmp_path: Path) -> None:
    queries = DuckDbQueries(LogTable.read(STACK.template, tmp_path))
    day = date.fromisoformat(DAY)
    assert queries.rows(queries.start(hits_query(day, day))) == []


def test_a_query_cannot_read_other_files(tmp_path: Path) -> None:
    queries = DuckDbQueries(LogTable.read(STACK.template, tmp_path / "log"))
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LogQueryFailed, match="disabled by configuration"):
        queries.rows(queries.start(f"SELECT * FROM read_csv('{tmp_path}/secret.csv')"))


@pytest.mark.parametrize("dialect", ["athena", "trino", "duckdb"])
def test_each_engine_can_parse_the_text(dialect: str) -> None:
    day = date.fromisoformat(DAY)
    (parsed,) = sqlglot.parse(hits_query(day, day), read=dialect)
    assert isinstance(parsed, expressions.Select)
    assert len(parsed.selects) == 11
    assert not list(parsed.find_all(expressions.Placeholder))


def test_the_text_uses_columns_that_the_template_describes_and_logs() -> None:
    day = date.fromisoformat(DAY)
    (parsed,) = sqlglot.parse(hits_query(day, day), read="athena")
    assert parsed is not None
    (requests,) = (each for each in parsed.find_all(expressions.CTE) if each.alias == "requests")
    used = {column.name for column in requests.find_all(expressions.Column)}
    (table,) = STACK.template.resources("AWS::Glue::Table").values()
    described = table["TableInput"]
    columns = {column["Name"] for column in described["StorageDescriptor"]["Columns"]}
    assert used == columns | {"folder"}
    (delivery,) = STACK.template.resources("AWS::Logs::Delivery").values()
    assert columns <= set(delivery["RecordFields"])
    assert requests.this.find(expressions.Table).name == described["Name"] == "access_log"
