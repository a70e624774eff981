"""A client of Postcard's HTTP API."""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import urllib3

from postcard.cli.output import CommandError
from postcard.errors import BadRequest, Fault, Problem
from postcard.ports import JsonObject

_Result = TypeVar("_Result")
PIECE_BYTES = 1 << 20
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
UPLOAD_TIMEOUT = urllib3.Timeout(connect=5, read=300)
TIMEOUT = urllib3.Timeout(connect=3, read=35)  # API Gateway responds within 30 s


class ApiClient:
    """Calls the API at one base URL with an API key. Error responses are raised as `Problem`."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.strip().rstrip("/")
        key = api_key.strip()
        if not re.fullmatch(r"https?://[!-~]+", self.base_url):
            raise CommandError(
                f"POSTCARD_API_URL is {base_url[:80]!r}: write it with its scheme, such as"
                " https://api.example.com or http://127.0.0.1:8080."
            )
        if not re.fullmatch("[!-~]+", key):
            raise CommandError("POSTCARD_API_KEY is no API key: it begins with postcard_.")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=urllib3.Retry(0, redirect=3))

    def call(
        self,
        method: str,
        path: str,
        body: str | None = None,
        more_headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Send one request, with `body` as JSON text; returns the JSON object of the response."""
        response = self._answered(method, path, body, more_headers)
        return parse_json_object(response) if response else {}

    def text(self, path: str) -> str:
        """The text that a GET returns, unchanged."""
        response = self._answered("GET", path, None)
        parse_json_object(response)
        return response.decode()

    def content(self, path: str) -> bytes:
        """The bytes that a GET returns."""
        return self._answered("GET", path, None)

    def _answered(
        self,
        method: str,
        path: str,
        body: str | None,
        more_headers: Mapping[str, str] | None = None,
    ) -> bytes:
        headers = {**self._headers, **(more_headers or {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
        response = self._send(method, self.base_url + path, body, headers)
        if response.status >= 400:
            problem = problem_from_response(response.status, response.data)
            if problem.code == "not_found" and not problem.errors and "/v1" in self.base_url:
                raise CommandError("POSTCARD_API_URL is the address without /v1.") from problem
            raise problem
        return bytes(response.data)

    def upload(self, target: Mapping[str, Any], body: bytes, content_type: str) -> None:
        """Send a file to the presigned URL of an upload that `POST /v1/assets` returned."""
        if fields := target.get("fields"):
            parts = {**fields, "file": ("asset", body, content_type)}
            request_body, form_type = urllib3.encode_multipart_formdata(parts)
            headers = {"Content-Type": form_type}
        else:
            request_body = body
            headers = dict(target.get("headers") or {"Content-Type": content_type})
        response = self._send(target.get("method", "PUT"), target["url"], request_body, headers)
        if response.status >= 300:
            raise CommandError(f"The upload failed with status {response.status}. Try again.")

    def upload_file(
        self, target: Mapping[str, Any], path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        """Send a file by the form of `POST /v1/batches`, a piece at a time.

        `on_bytes` gets the number of bytes that were sent so far.
        """
        boundary = secrets.token_hex(16)
        head, form_type = urllib3.encode_multipart_formdata(
            {**target["fields"], "file": (path.name, b"", "application/octet-stream")}, boundary
        )
        end = f"\r\n--{boundary}--\r\n".encode()
        size = path.stat().st_size
        headers = {
            "Content-Type": form_type,
            "Content-Length": str(len(head) + size),
        }
        body = _file_parts(head.removesuffix(end), path, end, on_bytes)
        response = self._send("POST", target["url"], body, headers, timeout=UPLOAD_TIMEOUT)
        if response.status >= 300:
            raise CommandError(f"The upload failed with status {response.status}. Try again.")

    def download(self, url: str, path: Path) -> None:
        """Write the file at a presigned URL; `path` is there only when it is complete."""
        part = download_path(path)
        response = self._send("GET", url, None, {}, preload_content=False)
        with response, part.open("wb") as file:
            if response.status >= 300:
                raise CommandError(f"The download failed with status {response.status}. Try again.")
            try:
                for piece in response.stream(PIECE_BYTES):
                    file.write(piece)
            except urllib3.exceptions.HTTPError as error:
                raise CommandError("The download was cut short. Try again.") from error
        part.replace(path)

    def _send(
        self,
        method: str,
        url: str,
        body: str | bytes | Iterator[bytes] | None,
        headers: Mapping[str, str],
        **options: Any,
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(method, url, body=body, headers=headers, **options)
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(
                f"{self.base_url} does not answer. Start Postcard with `make serve`, or set"
                " POSTCARD_API_URL and POSTCARD_API_KEY to use another installation."
            ) from error


def list_items(call: Callable[[str, str], JsonObject], path: str) -> Iterator[JsonObject]:
    """Every item of a paginated list; `call` is `ApiClient.call`."""
    cursor: str | None = None
    while True:
        next_page = f"&cursor={cursor}" if cursor else ""
        page = call("GET", f"{path}?limit=200{next_page}")
        yield from page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            return


def download_path(path: Path) -> Path:
    """Where a file is written until its download is complete."""
    return path.with_name(f"{path.name}.part")


def _file_parts(
    head: bytes, path: Path, end: bytes, on_bytes: Callable[[int], None]
) -> Iterator[bytes]:
    """The body of a form with a file."""
    yield head
    sent = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
            sent += len(piece)
            on_bytes(sent)
    yield end


def problem_from_response(status: int, body: bytes) -> Problem:
    """An error response of the API (problem+json) as an exception."""
    fields = _error_fields(status, body)
    exception_type = BadRequest if status in (400, 413, 414, 422) else Problem
    faults = [Fault(e["code"], e["pointer"], e["detail"]) for e in fields.get("errors") or ()]
    detail = fields.get("detail") or f"The API answered with status {status}."
    problem = exception_type(detail, fields.get("code") or "internal_error", faults)
    if exception_type is Problem:
        problem.status = status
    return problem


def _error_fields(status: int, body: bytes) -> JsonObject:
    """The members of an error response; one of a server that only starts or of a proxy has none."""
    if status in (502, 503, 504) and not body.lstrip().startswith(b"{"):
        detail = f"The service is starting or overloaded (status {status}): try again in a moment."
        return {"code": "service_unavailable", "detail": detail}
    return parse_json_object(body)


def is_temporary(problem: Problem) -> bool:
    """Whether the same call may succeed in a moment: too many calls, or a service is down."""
    return problem.status in (429, 502, 503, 504) and problem.code != "quota_exceeded"


def repeated(call: Callable[[], _Result], sleep: Callable[[float], None] = time.sleep) -> _Result:
    """The result of a call that may be made again: it is, a few times, if that may help."""
    for seconds in RETRY_SECONDS:
        try:
            return call()
        except Problem as problem:
            if not is_temporary(problem):
                raise
        sleep(seconds)
    return call()


def parse_json_object(body: bytes) -> JsonObject:
    """The JSON object of a response; `CommandError` if it is something else."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise CommandError(
            "The server that answered is not Postcard's API. Check POSTCARD_API_URL."
        )
    return parsed
