"""Queries of the access log through boto3, and in DuckDB without it: one behaviour."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from local.aws.athena_service import AthenaMiddleware, DuckDbQueries, LogTable
from local.aws.moto_server import MotoHttpServer
from postcard.adapters.aws.athena import AthenaQueries
from postcard.adapters.aws.boto_client import boto_client
from postcard.ports import LogQueries, LogQueryFailed
from postcard.settings import Settings

TABLE = LogTable(Path("no-such-folder"), "access_log", ["date", "cs-method"])
Answer = dict[str, Any]


def serve(app: Any) -> Iterator[str]:
    server = MotoHttpServer(app)
    yield server.url
    server.close()


def athena(url: str, settings: Settings) -> AthenaQueries:
    client = boto_client("athena", replace(settings, endpoint_url=url))
    return AthenaQueries(client, database="postcard_dev", workgroup="postcard-dev-access-log")


@pytest.fixture(params=["duckdb", "athena"])
def queries(request: pytest.FixtureRequest) -> Iterator[LogQueries]:
    """Each adapter in turn; Athena is imitated, with DuckDB behind it."""
    duckdb = DuckDbQueries(TABLE)
    if request.param == "duckdb":
        yield duckdb
        return
    settings = request.getfixturevalue("settings")
    for url in serve(AthenaMiddleware(no_other_service, duckdb)):
        yield athena(url, settings)


def no_other_service(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("500 Internal Server Error", [])
    return [b""]


def test_the_rows_of_a_query_are_texts(queries: LogQueries) -> None:
    query = queries.start("SELECT 1 AS a, 'Zoë' AS b, NULL AS c, CAST(3000000000 AS bigint) AS d")
    assert queries.rows(query) == [["1", "Zoë", "", "3000000000"]]


def test_a_result_of_many_pages_is_read_whole(queries: LogQueries) -> None:
    query = queries.start("SELECT n FROM range(2500) AS r(n) ORDER BY n")
    assert queries.rows(query) == [[str(number)] for number in range(2500)]


def test_an_empty_result_has_no_rows(queries: LogQueries) -> None:
    assert queries.rows(queries.start('SELECT "cs-method" FROM access_log')) == []


def test_a_query_with_a_fault_fails_when_its_result_is_taken(queries: LogQueries) -> None:
    query = queries.start("SELECT nothing FROM access_log")
    with pytest.raises(LogQueryFailed, match="nothing"):
        queries.rows(query)


def test_a_query_that_nobody_started_fails(queries: LogQueries) -> None:
    with pytest.raises(LogQueryFailed, match="query 5c1d"):
        queries.rows("5c1d9a70-0000-4000-8000-000000000000")


class ScriptedAthena:
    """Answers each call of an operation with what a test chose, and records the arguments."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Answer], Answer]] = {}
        self.calls: list[tuple[str, Answer]] = []

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        name = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
        arguments = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self.calls.append((name, arguments))
        content = json.dumps(self.answers[name](arguments)).encode()
        start("200 OK", [("Content-Length", str(len(content)))])
        return [content]


@pytest.fixture
def scripted() -> ScriptedAthena:
    return ScriptedAthena()


@pytest.fixture
def scripted_queries(scripted: ScriptedAthena, settings: Settings) -> Iterator[AthenaQueries]:
    for url in serve(scripted):
        yield athena(url, settings)


def test_a_query_is_started_in_the_stacks_database_and_workgroup(
    scripted: ScriptedAthena, scripted_queries: AthenaQueries
) -> None:
    scripted.answers["StartQueryExecution"] = lambda arguments: {"QueryExecutionId": "q1"}
    assert scripted_queries.start("SELECT 1") == "q1"
    ((_, arguments),) = scripted.calls
    assert arguments["QueryString"] == "SELECT 1"
    assert arguments["QueryExecutionContext"] == {"Database": "postcard_dev"}
    assert arguments["WorkGroup"] == "postcard-dev-access-log"
    assert len(arguments["ClientRequestToken"]) >= 32, "a repeated call starts no second query"


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING"])
def test_a_query_that_runs_has_no_rows_yet(
    scripted: ScriptedAthena, scripted_queries: AthenaQueries, state: str
) -> None:
    status = {"QueryExecution": {"Status": {"State": state}}}
    scripted.answers["GetQueryExecution"] = lambda arguments: status
    assert scripted_queries.rows("q1") is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"State": "CANCELLED"}, "CANCELLED"),
        ({"State": "FAILED", "StateChangeReason": "Bytes scanned limit was exceeded"}, "limit"),
    ],
    ids=["cancelled", "failed"],
)
def test_a_query_that_ended_otherwise_says_why(
    scripted: ScriptedAthena, scripted_queries: AthenaQueries, status: Answer, reason: str
) -> None:
    scripted.answers["GetQueryExecution"] = lambda arguments: {"QueryExecution": {"Status": status}}
    with pytest.raises(LogQueryFailed, match=reason):
        scripted_queries.rows("q1")


def test_the_names_of_columns_and_missing_values_are_no_values(
    scripted: ScriptedAthena, scripted_queries: AthenaQueries
) -> None:
    """As Athena sends them: the names first, and a NULL without a value."""
    status = {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}
    pages: dict[str | None, Answer] = {
        None: {
            "ResultSet": {"Rows": [{"Data": [{"VarCharValue": "day"}, {"VarCharValue": "n"}]}]},
            "NextToken": "2",
        },
        "2": {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "2026-11-28"}, {}]}]}},
    }
    scripted.answers["GetQueryExecution"] = lambda arguments: status
    scripted.answers["GetQueryResults"] = lambda arguments: pages[arguments.get("NextToken")]
    assert scripted_queries.rows("q1") == [["2026-11-28", ""]]
