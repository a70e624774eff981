"""Smoke test of a deployed stack: publishes a template, draws an image and opens a signed link."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import urllib3

TEMPLATE_ID = "postcard-smoke"
TEMPLATE = {
    "name": "Smoke test",
    "width": 600,
    "height": 200,
    "background": "#0f172a",
    "fields": {"name": {"type": "text", "default": "there", "max_length": 40}},
    "layers": [
        {
            "type": "text",
            "name": "greeting",
            "x": 40,
            "y": 60,
            "width": 520,
            "height": 80,
            "text": "Hello {{ name }}",
            "size": 44,
            "color": "#ffffff",
        }
    ],
}
MAX_ATTEMPTS = 10  # CloudFront needs some seconds until all edge locations have new keys


class SmokeTestFailed(Exception):
    """A step failed; the text names the step and the response."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


class SmokeTest:
    """Calls the API and the picture host. `key` needs the scopes images and templates."""

    def __init__(
        self,
        api_url: str,
        key: str,
        *,
        http: urllib3.PoolManager | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._http = http or urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=30))
        self._sleep = sleep

    def run(self, unique_text: str) -> Iterator[str]:
        """Run all steps and yield a sentence after each; `SmokeTestFailed` at the first failure.

        `unique_text` makes the picture a new one, so that it must be drawn.
        """
        self._expect_status(self._call("GET", "/v1/health"), 200, "health")
        yield "health: every dependency works"
        self._expect_status(
            self._call("PUT", f"/v1/templates/{TEMPLATE_ID}", TEMPLATE), 200, "template"
        )
        yield f'template "{TEMPLATE_ID}" published'
        values = {
            "template_id": TEMPLATE_ID,
            "modifications": [{"name": "name", "text": unique_text}],
        }
        image = self._expect_status(self._call("POST", "/v1/images", values), 200, "image").json()
        self.expect_picture(image["url"], "the image's url")
        yield f"image drawn and served: {image['url']}"
        link = self._expect_status(self._call("POST", "/v1/links", values), 200, "link").json()
        self.expect_picture(link["url"], "the signed link")
        yield "signed link drawn when it was first opened"
        self._expect_refusal(link["url"])
        yield "a changed link is refused at the edge"
        self._expect_status(self._call("DELETE", f"/v1/images/{image['id']}"), 204, "erasure")
        yield "image erased"

    def _call(self, method: str, path: str, body: object = None) -> HttpResponse:
        text = None if body is None else json.dumps(body)
        return self._send(method, self._api_url + path, self._headers, text)

    def _send(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> HttpResponse:
        try:
            response = self._http.request(
                method, url, headers=headers, body=body, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise SmokeTestFailed(f"{method} {url}: no response ({error})") from error
        return HttpResponse(response.status, dict(response.headers), response.data)

    def expect_picture(self, url: str, step: str) -> None:
        """Require a drawn picture, not a fallback; retried, because the edge may lack the keys."""
        for attempt in range(MAX_ATTEMPTS):
            response = self._send("GET", url)
            headers = _lowercase_names(response.headers)
            if response.status == 200 and "x-postcard-fallback" not in headers:
                break
            self._sleep(min(5.0, 0.2 * 2**attempt))
        self._expect_status(response, 200, step)
        reason = headers.get("x-postcard-fallback")
        if reason:
            raise SmokeTestFailed(f"{step}: got a fallback picture, reason {reason}")
        if not response.body.startswith(b"\x89PNG\r\n\x1a\n"):
            raise SmokeTestFailed(f"{step}: the response is not a PNG")

    def _expect_refusal(self, url: str) -> None:
        """Require a 403 for the link with a changed value under the old signature."""
        forged = url.replace("name=", "name=not-", 1)
        self._expect_status(self._send("GET", forged), 403, "a forged link")

    def _expect_status(self, response: HttpResponse, status: int, step: str) -> HttpResponse:
        if response.status != status:
            text = response.body[:300].decode("utf-8", "replace")
            raise SmokeTestFailed(f"{step}: status {response.status} instead of {status}: {text}")
        return response


def _lowercase_names(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
