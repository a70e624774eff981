"""Imitates Athena: runs its queries in DuckDB, on the access log in the state folder.

The queries are in the part of SQL that both have. Differences from AWS: a query is done when its
start is answered, and its result is there until the server stops.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.aws.cloudformation import CloudFormationTemplate
from postcard.ports import LogQueryFailed

if TYPE_CHECKING:
    import duckdb

MAX_RESULTS = 20  # that are there at once; then the oldest is forgotten
_TARGET = "AmazonAthena."


class LogTable:
    """The table of the access log, as the template's Glue table describes it, in a folder."""

    def __init__(self, folder: Path, name: str, columns: Sequence[str]) -> None:
        self._folder = folder
        self.name = name
        self._columns = columns

    @classmethod
    def read(cls, template: CloudFormationTemplate, folder: Path) -> "LogTable":
        """Read the template's only Glue table."""
        (properties,) = template.resources("AWS::Glue::Table").values()
        table = properties["TableInput"]
        columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
        return cls(folder, table["Name"], columns)

    def create_view(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Create the view of its files; a line that is no JSON is left out, as by Athena."""
        connection.execute(f"CREATE VIEW {_identifier(self.name)} AS {self._rows()}")

    def restrict(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Let a query read the files of this table and no others."""
        connection.execute(f"SET allowed_directories = [{_quoted(str(self._folder))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")

    def _rows(self) -> str:
        """The SQL that reads all files, with the folder of each line."""
        files = sorted(str(path) for path in self._folder.glob("**/*.gz"))
        if not files:
            columns = (f"NULL::VARCHAR AS {_identifier(name)}" for name in self._columns)
            return f"SELECT {', '.join(columns)}, NULL::VARCHAR AS folder WHERE false"
        types = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in self._columns)
        folder = "regexp_extract(filename, '([0-9]+/[0-9]+/[0-9]+)/[^/]+$', 1)"
        options = "format='newline_delimited', compression='gzip', ignore_errors=true"
        listed = ", ".join(map(_quoted, files))
        source = f"read_json([{listed}], columns={{{types}}}, filename=true, {options})"
        return f"SELECT *, {folder} AS folder FROM {source}"  # noqa: S608 - names of our own files


class DuckDbQueries:
    """Queries of the access log in DuckDB (`ports.LogQueries`). `before` is called before each."""

    def __init__(self, table: LogTable, *, before: Callable[[], object] = lambda: None) -> None:
        self._table = table
        self._before = before
        self._results: dict[str, Sequence[Sequence[str]] | LogQueryFailed] = {}
        self._lock = threading.Lock()

    def start(self, sql: str) -> str:
        """Run a query and return its id."""
        self._before()
        with self._lock:
            query_id = str(uuid.uuid4())
            self._results[query_id] = self._run(sql)
            while len(self._results) > MAX_RESULTS:
                del self._results[next(iter(self._results))]
        return query_id

    def rows(self, query_id: str) -> Sequence[Sequence[str]] | None:
        """The rows of its result. `LogQueryFailed`."""
        result = self._results.get(query_id, LogQueryFailed(f"there is no query {query_id}"))
        if isinstance(result, LogQueryFailed):
            raise result
        return result

    def knows(self, query_id: str) -> bool:
        """Whether there is such a query."""
        return query_id in self._results

    def _run(self, sql: str) -> Sequence[Sequence[str]] | LogQueryFailed:
        import duckdb  # here because few runs of the tests query the log

        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("CREATE MACRO regexp_like(s, p) AS regexp_matches(s, p)")
            self._table.restrict(connection)
            try:
                self._table.create_view(connection)
                rows = connection.execute(sql).fetchall()
            except duckdb.Error as error:
                return LogQueryFailed(str(error))
        return [["" if value is None else str(value) for value in row] for row in rows]


class AthenaMiddleware:
    """WSGI middleware before moto: answers the calls of Athena that production makes."""

    def __init__(self, app: WSGIApplication, queries: DuckDbQueries) -> None:
        self._app = app
        self._queries = queries

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Handle one call (WSGI)."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(_TARGET):
            return self._app(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        arguments = json.loads(environ["wsgi.input"].read(length) or b"{}")
        status, answer = self._answer(target.removeprefix(_TARGET), arguments)
        content = json.dumps(answer).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1")]
        start(status, [*headers, ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if name == "StartQueryExecution":
            return "200 OK", {"QueryExecutionId": self._queries.start(arguments["QueryString"])}
        query_id = str(arguments.get("QueryExecutionId"))
        if name not in ("GetQueryExecution", "GetQueryResults"):
            return _refused(f"{name} is not imitated")
        if not self._queries.knows(query_id):
            return _refused(f"QueryExecution {query_id} was not found")
        try:
            rows = self._queries.rows(query_id) or ()
        except LogQueryFailed as failure:
            status = {"State": "FAILED", "StateChangeReason": str(failure)}
            return "200 OK", {"QueryExecution": {"Status": status}}
        if name == "GetQueryExecution":
            return "200 OK", {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}
        return "200 OK", _page(rows, arguments)


def _page(rows: Sequence[Sequence[str]], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a result; the first row of all is the names of the columns."""
    header = [f"column_{number}" for number in range(len(rows[0]) if rows else 0)]
    begin = int(arguments.get("NextToken") or 0)
    end = begin + int(arguments.get("MaxResults", 1000))
    listed = [header, *rows]
    page = [{"Data": [{"VarCharValue": text} for text in row]} for row in listed[begin:end]]
    more = {"NextToken": str(end)} if end < len(listed) else {}
    return {"ResultSet": {"Rows": page}, **more}


def _refused(message: str) -> tuple[str, Mapping[str, Any]]:
    return "400 Bad Request", {"__type": "InvalidRequestException", "message": message}


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _identifier(text: str) -> str:
    return f'"{text}"'
