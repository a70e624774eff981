"""Queries of the CDN's access log in Athena."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.ports import LogQueryFailed

PAGE_ROWS = 1000  # the most that Athena gives at once
UNKNOWN_QUERY_CODE = "InvalidRequestException"
_ENDED = ("FAILED", "CANCELLED")


class AthenaQueries:
    """One database, through boto3's `athena` client; the workgroup bounds what a query reads."""

    def __init__(self, client: Any, *, database: str, workgroup: str) -> None:
        self._client = client
        self._database = database
        self._workgroup = workgroup

    def start(self, sql: str) -> str:
        """Start a query and return its id."""
        response = self._client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self._database},
            WorkGroup=self._workgroup,
        )
        return str(response["QueryExecutionId"])

    def rows(self, query_id: str) -> Sequence[Sequence[str]] | None:
        """The rows of its result; None while it runs. `LogQueryFailed`."""
        status = self._status(query_id)
        if status["State"] in _ENDED:
            raise LogQueryFailed(str(status.get("StateChangeReason", status["State"])))
        if status["State"] != "SUCCEEDED":
            return None
        rows = [[value.get("VarCharValue", "") for value in row] for row in self._pages(query_id)]
        return rows[1:]  # the first one is the names of the columns

    def _status(self, query_id: str) -> Mapping[str, Any]:
        try:
            response = self._client.get_query_execution(QueryExecutionId=query_id)
        except AwsCallFailed as failure:
            if failure.aws_code == UNKNOWN_QUERY_CODE:  # Athena forgets it after 45 days
                raise LogQueryFailed(f"Athena does not know the query {query_id}.") from failure
            raise
        status: Mapping[str, Any] = response["QueryExecution"]["Status"]
        return status

    def _pages(self, query_id: str) -> Iterator[Sequence[Mapping[str, str]]]:
        arguments: dict[str, Any] = {"QueryExecutionId": query_id, "MaxResults": PAGE_ROWS}
        while True:
            response = self._client.get_query_results(**arguments)
            yield from (row["Data"] for row in response["ResultSet"]["Rows"])
            if not (token := response.get("NextToken")):
                return
            arguments["NextToken"] = token
