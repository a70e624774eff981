"""The HTTP API, called with a key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3

from postcard.cli.output import CommandError
from postcard.errors import BadRequest, Fault, Problem
from postcard.ports import JsonObject

TIMEOUT = urllib3.Timeout(connect=3, read=35)  # an HTTP API answers within 30 s


class ApiClient:
    """Calls under one base URL. Every refusal is raised as a `Problem` with the API's words."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=urllib3.Retry(0, redirect=3))

    def call(self, method: str, path: str, body: str | None = None) -> JsonObject:
        """One call; `body` is JSON text. A template that is not there is a `Problem`."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._send(method, self.base_url + path, body, headers)
        if answer.status >= 400:
            raise problem_from_response(answer.status, answer.data)
        return parse_json_object(answer.data) if answer.data else {}

    def check_uploaded_fonts(self) -> None:
        """Lists fonts, before which those that were uploaded since are checked."""
        answer = self._send("GET", f"{self.base_url}/v1/fonts", None, self._headers)
        if answer.status >= 400:
            raise problem_from_response(answer.status, answer.data)

    def list_items(self, path: str) -> Iterator[JsonObject]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            tail = f"&cursor={cursor}" if cursor else ""
            page = self.call("GET", f"{path}?limit=200{tail}")
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def upload(self, target: Mapping[str, Any], body: bytes, content_type: str) -> None:
        """Send a file to the presigned address that the API gave."""
        if fields := target.get("fields"):
            parts = {**fields, "file": ("asset", body, content_type)}
            sent, kind = urllib3.encode_multipart_formdata(parts)
            headers = {"Content-Type": kind}
        else:
            sent, headers = body, dict(target.get("headers") or {"Content-Type": content_type})
        answer = self._send(target.get("method", "PUT"), target["url"], sent, headers)
        if answer.status >= 300:
            raise CommandError(f"The upload was refused ({answer.status}); try again.")

    def _send(
        self, method: str, url: str, body: str | bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(method, url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(
                f"{self.base_url} does not answer: start it with `make serve`, or name another"
                " with POSTCARD_API_URL and POSTCARD_API_KEY."
            ) from error


def problem_from_response(status: int, body: bytes) -> Problem:
    """The API's problem+json as an error of ours."""
    said = parse_json_object(body)
    family = BadRequest if status in (400, 413, 414, 422) else Problem
    faults = [Fault(e["code"], e["pointer"], e["detail"]) for e in said.get("errors") or ()]
    detail = said.get("detail") or f"The API answered {status}."
    return family(detail, said.get("code") or "internal_error", faults)


def parse_json_object(body: bytes) -> JsonObject:
    """A JSON object, or a sentence about what else came."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandError("What answers there is not Postcard's API: look at POSTCARD_API_URL.")
    return found
